"""The pages that are made of the code say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site.from_code import DOCS, PAGES, settings
from nordcrawl.cli.main import COMMANDS
from nordcrawl.config.options import SETTINGS
from nordcrawl.errors import MEANINGS, ExitCode


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_the_code_makes_of_it(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), "run: make docs"


def test_every_setting_has_a_meaning_a_default_and_a_reader() -> None:
    found = {one.name: one for one in settings()}
    assert found.keys() == set(SETTINGS)
    assert all(one.meaning and one.default for one in found.values())
    assert all((DOCS.parent / path).is_file() for one in found.values() for path in one.readers)


def test_a_setting_is_read_out_of_the_code() -> None:
    one = next(one for one in settings() if one.name == "NORDCRAWL_WORKER_MEMORY_MIB")
    assert (one.default, one.unit, one.allowed) == (
        "`160`",
        "MiB",
        "a number from 64 to 1,048,576",
    )
    assert "nordcrawl/crawl/run.py" in one.readers


def test_every_code_has_a_meaning() -> None:
    assert [*MEANINGS] == [*ExitCode]
    assert all("|" not in text for meaning in MEANINGS.values() for text in meaning)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_usage_options_and_an_example(command: str) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    part = text.split(f"\n## {command}\n", 1)[1].split("\n## ", 1)[0]
    assert f"\nnordcrawl {command} " in part
    assert f"nordcrawl {command}" in part.split("```console", 1)[1]


def test_each_page_of_docs_is_on_the_site() -> None:
    from docs.site.build import CONTENTS, pages

    root = Path(__file__).parents[2]
    listed = {f"{name}.md" for names in CONTENTS.values() for name in names}
    made = {page for page in pages(root).values() if not page.startswith("decisions/")}
    assert made - listed == {"index.md"}
