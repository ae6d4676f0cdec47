"""An archive that keeps its pages, made by the parts of a run without Scrapy: what a crawl of these
pages would leave, in a fraction of its time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.told import completed
from nordcrawl.discover import Link
from nordcrawl.extract import read
from nordcrawl.model.article import Rejected
from nordcrawl.model.capture import Exchange
from nordcrawl.model.page import Page
from nordcrawl.reextract.archive import reextract
from nordcrawl.reextract.engine import Engine
from nordcrawl.reextract.findings import Findings
from nordcrawl.reextract.plan import Plan
from nordcrawl.reextract.progress import Progress
from nordcrawl.report.run_report import Report
from nordcrawl.rights import PageRights, recorded
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import WorkStopped
from tests.support.news_site import WORDS, article_html

HOST = "http://127.0.0.1"
BEGAN = datetime(2026, 11, 2, 6, tzinfo=UTC)
NOTE = '<p class="note">Read also what we wrote of the harbour in the spring of last year.</p>'


def html(title: str, extra: str = "") -> bytes:
    """A page of three paragraphs, with more markup behind them."""
    text = f"{title}.\n{WORDS * 2}\n{WORDS}"
    end = b"</div></article>"
    return article_html(title, text).replace(end, extra.encode() + end)


class Inline:
    """Does what workers do in this process."""

    def __init__(self, *_: object, **__: object) -> None:
        self.closed = False

    async def call(self, function: Callable[..., Any], *args: Any) -> Any:
        await asyncio.sleep(0)
        if self.closed:
            raise WorkStopped("the run was stopped")
        return function(*args)

    @property
    def apart(self) -> Inline:
        return self

    def close(self) -> None:
        self.closed = True


@dataclass
class Paper:
    """A source and its archive, a run a day."""

    folder: Path
    table: dict[str, Any] = field(default_factory=dict)
    keeps: bool = True
    days: int = 0

    @property
    def source(self) -> Source:
        return Source(
            name="pier", title="The Pier", hosts={"127.0.0.1": "en"},
            article_urls=(r"^/news/",), **self.table,
        )  # fmt: skip

    @property
    def options(self) -> Options:
        return Options(
            archive=str(self.folder / "archive"), state_dir=self.folder / "state",
            capture=self.keeps, workers=1,
        )  # fmt: skip

    @property
    def store(self) -> Any:
        return open_store(self.options.archive, retry_s=1)

    def now(self) -> datetime:
        return BEGAN + timedelta(days=self.days)

    def opened(self, arguments: Arguments) -> Run:
        with mock.patch("nordcrawl.crawl.run.Workers", Inline):
            return Run.open(self.options, self.source, arguments, self.now)

    def crawl(self, pages: Mapping[str, bytes], **more: Any) -> Report:
        """A run of a day that fetches these pages, by their paths; `more` is told of each link."""
        self.days += 1
        run = self.opened(Arguments(urls=("given",), mode="full"))
        try:
            return asyncio.run(self._crawl(run, pages, more))
        finally:
            run.close()

    async def _crawl(self, run: Run, pages: Mapping[str, bytes], more: dict[str, Any]) -> Report:
        headers = (("content-type", "text/html; charset=utf-8"), *more.pop("headers", ()))
        site = more.pop("site", None)
        for path, body in pages.items():
            url = f"{HOST}{path}"
            page = Page(url, body, self.now(), url, headers=headers)
            run.discovered.note(url, Link(url, **more), "map")
            sent = tuple((name.encode(), value.encode()) for name, value in headers)
            exchange = Exchange(url, ((b"Accept", b"*/*"),), 200, "HTTP/1.1", sent, body)
            run.captures.hold(url, exchange)
            told = run.discovered.told(url)
            found = read(page, replace(run.info.source.profile, told_title=told.title))
            assert not isinstance(found, Rejected), found
            found = completed(found, told, page.fetched_at)
            rights = PageRights.from_record(url, found.article.rights)
            found = found.with_rights(recorded(found.article.rights, rights, site))
            verdict = await run.judge.judge(run.info.source.locate(page, url), found)
            await run.outcomes.archive(verdict, found)
            run.reservations.release(url)
        return await run.finish("finished")

    def reextract(
        self,
        *,
        since: datetime | None = None,
        stop_after: int | None = None,
        slowly: bool = False,
        anew: bool = False,
        engine: Engine | None = None,
    ) -> tuple[Findings, Report]:
        """Read the pages again; told to stop behind so many that were read, or
        with each page long on its way into the archive."""
        self.days += 1
        run = self.opened(Arguments(urls=("captures",), mode="full", kind="reextract"))
        try:
            with Plan(Reader(self.store).ledger(source="pier"), since) as plan:
                progress = Progress.open(run.folder, self.source, str(since), anew=anew)
                if slowly:
                    _slow_down(run)
                if stop_after is not None:
                    stop_after_pages(run, stop_after)
                findings = asyncio.run(reextract(run, self.store, progress, plan, engine))
        finally:
            run.close()
        assert run.report is not None
        return findings, run.report

    def records(self) -> list[dict[str, Any]]:
        """All revisions, in the order of their addresses."""
        found = [dict(record) for record in Reader(self.store).records()]
        return sorted(found, key=lambda record: (record["url"], record["revision"]))


def _slow_down(run: Run) -> None:
    """Let many other steps of the event loop go before each page is archived."""
    archive = run.outcomes.archive

    async def slow(*args: Any) -> None:
        for _ in range(500):
            await asyncio.sleep(0)
        await archive(*args)

    run.outcomes.archive = slow  # type: ignore[assignment, method-assign]


def stop_after_pages(run: Run, count: int) -> None:
    """Tell a run to stop when so many pages are archived."""
    archive = run.outcomes.archive

    async def stopping(*args: Any) -> None:
        nonlocal count
        await archive(*args)
        count -= 1
        if count <= 0:
            # As `Run.stop` does, but for the time that the store has: a busy machine may need more.
            run.info.stopping.request()
            run.workers.close()

    run.outcomes.archive = stopping  # type: ignore[assignment, method-assign]
