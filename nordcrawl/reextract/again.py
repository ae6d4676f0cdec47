"""Again: captures, read by worker processes as a crawl reads pages that just came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from nordcrawl.archive.read.captures import CapturedParts
from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.crawl.extraction import MOST_BYTES, PageReader
from nordcrawl.crawl.told import Told
from nordcrawl.fetch.recorded import page_of
from nordcrawl.model.article import Rejected
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.reextract.plan import Task
from nordcrawl.rights import PageRights, decide, recorded_again, remembered
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers, WorkFailed, WorkStopped

#: Pages that are read or wait for it, a worker.
_AHEAD: Final = 3


@dataclass(frozen=True, slots=True)
class Refused:
    """No reading of a page, and why; its article stays as it is."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """A page with what today's extractor makes of it."""

    task: Task
    page: Page
    reading: Reading
    record_before: dict[str, Any] | None = field(repr=False)
    """The record of its latest revision, where the content is another one now and the archive has
    it."""


Found: TypeAlias = Read | Refused


@dataclass(frozen=True, slots=True)
class Places:
    """Where pages and earlier records are read; both block, so one thread at a time uses them."""

    parts: CapturedParts
    earlier: Earlier


class Again:
    """Reads pages of one source again; of the event loop's thread."""

    def __init__(self, source: Source, places: Places, workers: Workers) -> None:
        self._source = source
        self._places = places
        self._workers = workers
        self._blocking = asyncio.Lock()
        self._pages = PageReader()
        self._feeds = frozenset(source.entries("feed"))

    async def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool], most: int
    ) -> AsyncIterator[tuple[Task, asyncio.Task[Found | None]]]:
        """Yield each task, in its order, with what comes of it, which may still be on its way; that
        is None where the workers were stopped before. Ends early once `go_on` says no; `most`
        workers there are."""
        window: list[tuple[Task, asyncio.Task[Found | None]]] = []
        for task in tasks:
            if not go_on():
                break
            window.append((task, asyncio.create_task(self._one(task))))
            if len(window) > _AHEAD * most:
                yield window.pop(0)
        for ahead in window:
            yield ahead

    async def _one(self, task: Task) -> Found | None:
        page = await self._page(task)
        if isinstance(page, Refused):
            return page
        told = Told(task.link, self._kind_of, self._source.zone, task.before)
        try:
            found = await self._pages.article(self._workers, self._source, page, told)
        except WorkStopped:
            return None
        except WorkFailed as error:
            return Refused(Outcome.EXTRACTION_FAILED, f"read again: {error}")
        if isinstance(found, Rejected):
            return Refused(Outcome.NOT_ARTICLE, f"read again: {found.reason}")
        return await self._with_rights(task, page, found)

    async def _page(self, task: Task) -> Page | Refused:
        async with self._blocking:
            kept = await asyncio.to_thread(self._places.parts.get, task.capture)
        if kept is None:
            return Refused(Outcome.RIGHTS_DENIED, "its page was erased")
        try:
            return page_of(kept.record, task.fetched_at, requested_url=task.url, most=MOST_BYTES)
        except ValueError as error:
            return Refused(Outcome.EXTRACTION_FAILED, f"{task.capture.object}: {error}")

    async def _with_rights(self, task: Task, page: Page, found: Reading) -> Found:
        """Return the reading with what page and site say of rights, or why it is not to be kept."""
        before = None
        if found.content_sha256 != task.before.content_sha256:
            before = await self._record_before(task)
        told = (before or {}).get("rights") or {}
        said = remembered(PageRights.from_record(page.url, found.article.rights), told)
        if (denial := decide(self._source.rights, said, None)) is not None:
            return Refused(Outcome.RIGHTS_DENIED, f"read again: {denial.reason}")
        rights = recorded_again(found.article.rights, said, told)
        return Read(task, page, found.with_rights(rights), before)

    async def _record_before(self, task: Task) -> dict[str, Any] | None:
        wanted = task.before.article_id, task.before.revision, task.before_fetched_at
        async with self._blocking:
            return await asyncio.to_thread(self._places.earlier.record, *wanted)

    def _kind_of(self, url: str) -> str:
        return "feed" if url in self._feeds else "sitemap"
