"""What docs/ shows as an example works as it stands there."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from nordcrawl import Archive
from nordcrawl.reading.fields import columns

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ARCHIVE = ROOT / "tests" / "compat" / "archive-0.1.0"


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(name: str, *translations: str, near: str | None = None) -> dict[str, Any]:
    return {
        "article_id": name,
        "translations": [{"article_id": other} for other in translations],
        "near_duplicate_of": {"article_id": near} if near else None,
    }


def test_what_belongs_together_is_on_one_side() -> None:
    split = example("splits").split
    alone = split([record(f"a:{n}") for n in range(1000)])
    sides = [*alone.values()]
    assert 750 < sides.count("train") < 850
    assert sides.count("validation") > 50 < sides.count("test")
    # A chain in which no two neighbours are told from the same end.
    chain = [record(f"a:{n}", f"a:{n - 1}") for n in range(1, 30)]
    chain += [record("b:1", near="a:29"), record("c:1", "b:1"), record("a:0")]
    assert len(set(split(chain).values())) == 1
    assert split(chain) == split(reversed(chain))


def test_a_split_stays_as_the_archive_grows() -> None:
    split = example("splits").split
    articles = [*Archive(ARCHIVE).articles()]
    assert len(split(articles)) == 32
    early = split(articles[:20])
    later = split([*articles, record("zz:later", near=articles[0]["article_id"])])
    assert {name: later[name] for name in early} == early


def test_the_dataset_card_names_columns_that_there_are() -> None:
    text = (DOCS / "dataset-card.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    card = YAML(typ="safe").load(head)
    assert card["configs"][0]["data_files"][0]["path"] in body
    rows = [row.split("|")[1] for row in body.splitlines() if row.startswith("| `")]
    named = [name.strip(" `") for row in rows for name in row.split(",")]
    assert len(named) > 20
    assert [name for name in named if name not in columns()] == []


@pytest.mark.parametrize(
    "path", sorted((DOCS / "examples").rglob("[!_]*.py")), ids=lambda path: path.stem
)
def test_an_example_is_named_in_the_docs(path: Path) -> None:
    shown = str(path.relative_to(DOCS))
    assert any(shown in page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
