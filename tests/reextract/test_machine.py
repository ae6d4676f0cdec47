"""Blocks of a plan, and pages that are read on a machine of a cluster. Without Ray; with it:
tests/fleet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import forkserver
from pathlib import Path

import pytest

from nordcrawl.archive.read.reader import Reader
from nordcrawl.discover import Link
from nordcrawl.model.capture import RESPONSE, Capture
from nordcrawl.model.ledger import ArticleState, Outcome
from nordcrawl.reextract.engine import Extracted, Refused
from nordcrawl.reextract.machine import LEAST, MOST, Limits, PagesThere, blocks
from nordcrawl.reextract.plan import Plan, Task
from tests.reextract.kept_pages import Paper, html

DAY = datetime(2026, 11, 2, 6, tzinfo=UTC)


def tasks(*sizes: int) -> Iterator[Task]:
    """So many pages of each part."""
    state = ArticleState("s:1", 1, "https://e.org/a", "t", "c", "generic/t 1/0.2.0", title="Told")
    for part, size in enumerate(sizes):
        for number in range(size):
            url = f"https://e.org/{part}/{number}"
            kept = Capture(f"captures-v1/{part}", number, 10, RESPONSE, "urn:uuid:1", "sha256:00")
            yield Task(url, url, DAY, kept, Link(url), state, DAY)


@pytest.mark.parametrize(
    ("parts", "sizes"),
    [
        ((), []),
        ((1,), [1]),
        ((5, 5, 5), [15]),
        ((5, 20, 20, 1), [25, 20, 1]),
        ((LEAST, 3), [LEAST, 3]),
        ((MOST, 3), [MOST, 3]),
        ((2 * MOST + 5, 100), [MOST, MOST, 105]),
    ],
)
def test_a_part_is_a_block_where_it_is_not_too_large_or_too_small(
    parts: tuple[int, ...], sizes: list[int]
) -> None:
    found = list(blocks(tasks(*parts)))
    assert [len(block) for block in found] == sizes
    assert [one for block in found for one in block] == [task.wanted for task in tasks(*parts)]


def test_a_title_that_was_told_goes_along() -> None:
    (task,) = tasks(1)
    assert task.wanted.told_title == "Told"
    assert replace(task, link=Link(task.url, title="Of a feed")).wanted.told_title == "Of a feed"


@pytest.fixture
def main_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is hidden from processes that begin here is there again afterwards."""
    main = vars(sys.modules["__main__"])
    monkeypatch.setitem(main, "__file__", main.get("__file__", "main.py"))


@pytest.fixture
def fork_server() -> None:
    """The workers are born with what is asked for here, not with what the first pool of this
    process asked for: one that loads the extractor for its first page needs memory for that."""
    forkserver._forkserver._stop()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("fork_server", "main_file")
def test_a_page_that_needs_too_much_memory_costs_itself(tmp_path: Path) -> None:
    paper = Paper(tmp_path)
    pages = {f"/news/{n}": html(f"Story number {n}") for n in range(4)}
    much = "<p>Words of this paragraph, and some more.</p>" * 8000
    pages["/news/2"] = html("A page of many words", much)
    paper.crawl(pages)
    with Plan(Reader(paper.store).ledger(source="pier")) as plan:
        (block,) = blocks(plan)
    there = PagesThere(paper.store, (paper.source.profile, Limits(120.0, 8 << 20)))
    try:
        found = there.work(block)
        assert there.work(block[:1])[0] == found[0], "the next block finds all as it was"
    finally:
        there.close()
    assert "__file__" not in vars(sys.modules["__main__"])
    assert [place for place, _ in found] == [(w.capture.object, w.capture.offset) for w in block]
    of = {wanted.url[-1]: got for wanted, (_, got) in zip(block, found, strict=True)}
    assert of.pop("2") == Refused(Outcome.EXTRACTION_FAILED, "read again: needed too much memory")
    assert all(isinstance(got, Extracted) and got.page.body == b"" for got in of.values())
