"""Which pages of a run are kept as they were fetched; a real run without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.run import Run
from nordcrawl.discover import Link
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.capture import Capture, Exchange
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.sources.source import Source

URL = "http://127.0.0.1/news/1"
T = datetime(2026, 11, 23, tzinfo=UTC)

Open = Callable[..., Run]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Return what opens one run after another on the same archive."""

    def open_run(told: bool | None = None, rights: str = "respect", capture: bool = True) -> Run:
        values: dict[str, Any] = {"capture": told, "rights": rights}
        source = Source(name="paper", title="The Paper", hosts={"127.0.0.1": "en"}, **values)
        archive, state = str(tmp_path / "archive"), tmp_path / "state"
        return Run.open(Options(archive, state, capture=capture), source, Arguments(urls=(URL,)))

    return open_run


def page(status: int = 200, *headers: tuple[str, str]) -> Page:
    body = b"" if status == 304 else b"What it has to tell. " * 20
    return Page(URL, body, T, URL, status=status, headers=headers)


def hold(run: Run, found: Page) -> None:
    run.discovered.note(URL, Link(URL), "test")
    run.captures.hold(URL, Exchange(URL, (), found.status, "HTTP/1.1", (), found.body))


async def archived(run: Run, *, hold_it: bool = True) -> None:
    found = page()
    run.discovered.note(URL, Link(URL), "test")
    if hold_it:
        hold(run, found)
    text = found.body.decode()
    article = Article("A title", (Block(BlockKind.P, text),), Extractor("generic", "1", "0"))
    reading = Reading.of(article, found.body_sha256)
    verdict = await run.judge.judge(run.info.source.locate(found, URL), reading)
    await run.outcomes.archive(verdict, reading)
    run.reservations.release(URL)


async def kept(run: Run) -> Capture | None:
    """End the run, and return what the archive has of its one page."""
    store, run_id = open_store(run.info.options.archive), run.info.run_id
    await run.finish("finished")
    run.close()
    (entry,) = Reader(store).ledger(run_id=run_id)
    return entry.capture


@pytest.mark.parametrize(
    ("capture", "told", "is_kept"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
async def test_a_source_goes_before_the_setting(
    opened: Open, capture: bool, told: bool | None, is_kept: bool
) -> None:
    run = opened(told, capture=capture)
    await archived(run)
    assert (await kept(run) is not None) is is_kept
    assert run.report is not None
    assert run.report.captures == is_kept


async def test_a_page_of_which_nobody_tells_what_was_sent_is_told(opened: Open) -> None:
    run = opened()
    await archived(run, hold_it=False)
    assert await kept(run) is None
    assert any("not kept as they were fetched" in note for note in run.info.notes)
    assert run.report is not None
    assert run.report.captures == 0


@pytest.mark.parametrize(
    "outcome",
    [Outcome.RIGHTS_DENIED, Outcome.NOT_ARTICLE, Outcome.BLOCKED, Outcome.FETCH_FAILED,
     Outcome.EXTRACTION_FAILED, Outcome.OUT_OF_RANGE],
)  # fmt: skip
async def test_what_is_no_article_that_may_be_archived_is_not_kept(
    opened: Open, outcome: Outcome
) -> None:
    run = opened()
    hold(run, page())
    run.outcomes.settle(URL, outcome, "a test", page())
    assert await kept(run) is None


@pytest.mark.parametrize(
    ("header", "rights", "kind"),
    [
        (("etag", '"1"'), "respect", "revisit"),
        (("x-robots-tag", "noarchive"), "respect", None),
        (("x-robots-tag", "noarchive"), "record", "revisit"),
    ],
)
async def test_a_revisit_is_kept_where_the_page_may_still_be(
    opened: Open, header: tuple[str, str], rights: str, kind: str | None
) -> None:
    run = opened()
    assert run.captures.lacks(URL)
    await archived(run)
    first = await kept(run)
    assert first is not None
    run = opened(rights=rights)
    assert not run.captures.lacks(URL)
    hold(run, replace(page(304, header)))
    run.outcomes.settle(URL, Outcome.UNCHANGED, "304", page(304, header))
    found = await kept(run)
    assert (found.type if found else None) == kind
    if found is not None:
        assert found.payload_digest == first.payload_digest
