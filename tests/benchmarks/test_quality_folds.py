"""`make quality-folds` and `make quality-signs`: pages apart by site, and each sign taken away."""

# ruff: noqa: E501 - the stand-in's lines are a program of their own
from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
LONG = "The council of the outer isles wants a second ferry before the winter, since the one that crosses today is older than most of its passengers"

#: Stands in for the scorer of a truth folder: the same functions, by whole lines.
SCORER = """
def prf(tp, fp, fn):
    p, r = tp / max(1, tp + fp), tp / max(1, tp + fn)
    return p, r, 2 * p * r / (p + r) if p + r else 0.0
def score_page(row, told):
    have = told.get("paragraphs") or told.get("text", "").split("\\n")
    hits = sum(line in row["body"] for line in have)
    return {"shingle": (hits, len(have) - hits, len(row["body"]) - hits)}
def summarize(scores):
    found = [prf(*s["shingle"])[2] for s in scores]
    return {"text_f1": sum(found) / len(found)} if found else {}
"""


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in ("quality", "score"):  # it puts them there
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    spec = importlib.util.spec_from_file_location("folds", BENCHMARKS / "quality_folds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "folds", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sites; on each page one line that a label and its form take out."""
    (tmp_path / "pages").mkdir()
    rows = []
    for number in range(4):
        body = [f"{LONG}, says part {part} of page {number}." for part in range(4)]
        shown = [*body[:2], "Advertisement", *body[2:]]
        markup = (
            "<!doctype html><html lang=en><head><title>A second ferry</title></head><body><article>"
            f"<h1>A second ferry</h1>{''.join(f'<p>{text}</p>' for text in shown)}</article></body></html>"
        )
        (tmp_path / "pages" / f"p{number}.html.gz").write_bytes(gzip.compress(markup.encode()))
        site = f"site{number % 2}.test"
        rows.append({"id": f"p{number}", "site": site, "source": "aeb", "url": f"https://{site}/{number}", "body": body})  # fmt: skip
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "truth.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "score.py").write_text(SCORER, encoding="utf-8")
    return tmp_path


def test_pages_of_a_site_are_in_one_fold_and_the_gap_is_told(
    folds: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = folds.fold_of("site0.test")
    assert held != folds.fold_of("site1.test")  # else the two sites tell nothing here
    assert folds.main([str(folder), "--held", str(held)]) == 0
    lines = capsys.readouterr().out.splitlines()
    pages = {line.split()[0]: int(line.split()[1]) for line in lines[1:-3]}
    assert pages["held"] == pages[str(held)] == pages["nine"] == 2
    assert sum(pages[str(n)] for n in range(10)) == 4
    assert lines[-1].startswith(f"gap between the nine folds and fold {held}: text F1 +0.0000")
    assert lines[-3] == "by more than 0.1: better 4, worse 0 of 4 pages"


def test_names_of_an_unknown_site_say_nothing_and_its_text_is_as_before(
    folds: ModuleType, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    markup = (
        "<html lang=nb><body><p class='lead big' id=ingress data-kind=lead role=note>Blåbær "
        "<a rel=tag href=/x>så</a></p>"
    )
    page = folds.Page("https://a.test/", markup.encode(), folds.datetime.now(folds.UTC))
    text = folds.unnamed(page).decode()
    assert "Blåbær" in text
    assert 'href="/x"' in text
    assert not any(name in text for name in ("lead", "ingress", "note", "rel="))
    assert len(text.partition('class="')[2].partition('"')[0].split()) == 2
    assert folds.main([str(folder), "--unknown"]) == 0
    assert "by more than 0.1: better 4, worse 0 of 4 pages" in capsys.readouterr().out


def test_sign_that_pays_is_told_with_the_pages_that_it_decides_on(
    folds: ModuleType, folder: Path, tmp_path: Path
) -> None:
    document = tmp_path / "extraction.md"
    document.write_text(f"a\n{folds.BEGIN}\nbefore this\n{folds.END}\nz\n", encoding="utf-8")
    assert folds.main([str(folder), "--signs", "--markdown", str(document)]) == 0
    text = document.read_text(encoding="utf-8")
    rows = {c[1].strip(" `"): [cell.strip() for cell in c[2:5]] for line in text.splitlines() if len(c := line.split("|")) == 9}  # fmt: skip
    assert rows["label"] == ["4", "4", "0"]
    assert rows["comments"] == ["0", "0", "0"]
    assert "before this" not in text
    assert text.startswith(f"a\n{folds.BEGIN}\n\nMeasured on 20")
    assert text.endswith(f"{folds.END}\nz\n")
