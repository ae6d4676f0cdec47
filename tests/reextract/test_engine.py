"""The seam of a re-extraction: whatever reads the pages, the same comes of them."""

from __future__ import annotations

import asyncio
import pickle
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.read.captures import CapturedParts
from nordcrawl.archive.read.reader import Reader
from nordcrawl.errors import ExitCode, NordcrawlError, StoreUnavailable
from nordcrawl.reextract.engine import Extracted, Got
from nordcrawl.reextract.pages import Pages
from nordcrawl.reextract.plan import Plan, Task
from tests.reextract.kept_pages import HOST, NOTE, Inline, Paper, html


@pytest.fixture
def paper(tmp_path: Path) -> Paper:
    return Paper(tmp_path)


class Elsewhere:
    """Reads as another machine would: nothing but bytes goes there and comes back."""

    def __init__(self, paper: Paper, fails_at: int | None = None) -> None:
        parts = CapturedParts(paper.store, Reader(paper.store))
        self.pages = Pages(parts, Inline(), paper.source.profile)  # type: ignore[arg-type]
        self.fails_at = fails_at
        self.there: list[int] = []
        self.back: list[int] = []
        self.closed = False

    async def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool]
    ) -> AsyncIterator[tuple[Task, Got | None]]:
        for number, task in enumerate(tasks):
            if not go_on():
                return
            if number == self.fails_at:
                raise StoreUnavailable("the store there: slow down")
            wanted = pickle.dumps(task.wanted)
            got = pickle.dumps(await self.pages.read(pickle.loads(wanted)))
            self.there.append(len(wanted))
            self.back.append(len(got))
            yield task, pickle.loads(got)

    def close(self) -> None:
        self.closed = True


def content(paper: Paper) -> list[dict[str, Any]]:
    """The records without what each run has of its own."""
    own = ("run_id", "archived_at")
    return [{name: one[name] for name in one if name not in own} for one in paper.records()]


def test_another_engine_makes_the_same_revisions(tmp_path: Path) -> None:
    here = Paper(tmp_path / "here")
    here.folder.mkdir()
    long = "<p>" + "Words that are no part of the article. " * 1000 + "</p>"
    here.crawl({f"/news/{n}": html(f"Story number {n}", NOTE * (n % 2)) for n in range(6)})
    here.crawl({"/news/7": html("A long story", f'<div class="note">{long}</div>')})
    there = Paper(tmp_path / "there", days=here.days)
    shutil.copytree(here.folder / "archive", there.folder / "archive")
    here.table = there.table = {"prune": (".note",)}
    told, _ = here.reextract()
    engine = Elsewhere(there)
    found, report = there.reextract(engine=engine)
    assert report.verdict()[0] is ExitCode.WHOLE
    assert (told.changed, found.counts()) == (4, told.counts())
    assert found.to_json() == told.to_json()
    assert content(there) == content(here)
    assert [one["fetch"]["bytes"] > 500 for one in there.records()] == [True] * 11
    assert engine.closed
    assert max(engine.there) < 1000, "what is known of an article stays here"
    assert max(engine.back) < 20_000, "a page's body does not come back"


def test_what_an_engine_fails_with_is_what_the_run_ends_with(paper: Paper) -> None:
    paper.crawl({f"/news/{n}": html(f"Story number {n}") for n in range(6)})
    engine = Elsewhere(paper, fails_at=3)
    findings, report = paper.reextract(engine=engine)
    assert report.verdict()[0] is ExitCode.PENDING
    assert findings.read <= 3
    assert engine.closed
    findings, _ = paper.reextract()
    assert findings.read == 6, "the part was not done with"


def test_a_part_that_was_left_in_the_middle_is_not_done_with(paper: Paper) -> None:
    """Even where all that was read of it is archived."""
    pages = {f"/news/{n}": html(f"Story number {n}", NOTE) for n in range(12)}
    paper.crawl(pages)
    paper.table = {"prune": (".note",)}
    for engine in (None, Elsewhere(paper)):
        findings, report = paper.reextract(stop_after=1, engine=engine)
        assert report.verdict()[0] is ExitCode.INTERRUPTED
        assert 1 <= findings.read < 12
    findings, report = paper.reextract()
    assert findings.read == 12
    revised = {record["url"] for record in paper.records() if record["revision"] == 2}
    assert revised == {f"{HOST}{path}" for path in pages}


def test_a_page_without_its_body_says_what_it_was(paper: Paper) -> None:
    paper.crawl({"/news/1": html("A story")})
    (record,) = paper.records()
    with Plan(Reader(paper.store).ledger(source="pier")) as plan:
        (task,) = plan

    async def read() -> Got | None:
        return await Elsewhere(paper).pages.read(task.wanted)

    got = asyncio.run(read())
    assert isinstance(got, Extracted)
    assert got.page.body == b""
    assert got.page.size == record["fetch"]["bytes"]
    assert got.page.body_sha256 == record["fetch"]["body_sha256"]
    again = pickle.loads(pickle.dumps(got.page))
    assert (again.size, again.body_sha256) == (got.page.size, got.page.body_sha256)


def test_errors_of_ours_travel(paper: Paper) -> None:
    error = pickle.loads(pickle.dumps(StoreUnavailable("away")))
    assert isinstance(error, NordcrawlError)
    assert (str(error), error.exit_code) == ("away", ExitCode.PENDING)
