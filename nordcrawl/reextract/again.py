"""Again: what an engine read, completed by what others told of the page, and with its rights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.crawl.told import Told, completed
from nordcrawl.model.article import Rejected
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.reextract.engine import Engine, Extracted, Refused
from nordcrawl.reextract.plan import Task
from nordcrawl.rights import PageRights, decide, recorded_again, remembered
from nordcrawl.sources.source import Source


@dataclass(frozen=True, slots=True)
class Read:
    """A page with what today's extractor makes of it."""

    task: Task
    page: Page
    """Without its body."""
    reading: Reading
    record_before: dict[str, Any] | None = field(repr=False)
    """The record of its latest revision, where the content is another one now and the archive has
    it."""


Found: TypeAlias = Read | Refused


class Again:
    """Reads pages of one source again; of the event loop's thread."""

    def __init__(self, source: Source, earlier: Earlier, engine: Engine) -> None:
        self._source = source
        self._earlier = earlier
        self._engine = engine
        self._feeds = frozenset(source.entries("feed"))

    async def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool]
    ) -> AsyncIterator[tuple[Task, Found | None]]:
        """Yield each task, in its order, with what comes of it; None where the engine was stopped
        before. Ends early once `go_on` says no, and raises as the engine does."""
        async for task, got in self._engine.read(tasks, go_on):
            yield task, await self._judged(task, got) if isinstance(got, Extracted) else got

    async def _judged(self, task: Task, got: Extracted) -> Found:
        if isinstance(got.found, Rejected):
            return Refused(Outcome.NOT_ARTICLE, f"read again: {got.found.reason}")
        told = Told(task.link, self._kind_of, self._source.zone, task.before)
        return await self._with_rights(task, got.page, completed(got.found, told, task.fetched_at))

    async def _with_rights(self, task: Task, page: Page, found: Reading) -> Found:
        """Return the reading with what page and site say of rights, or why it is not to be kept."""
        before = None
        if found.content_sha256 != task.before.content_sha256:
            wanted = task.before.article_id, task.before.revision, task.before_fetched_at
            before = await asyncio.to_thread(self._earlier.record, *wanted)
        told = (before or {}).get("rights") or {}
        said = remembered(PageRights.from_record(page.url, found.article.rights), told)
        if (denial := decide(self._source.rights, said, None)) is not None:
            return Refused(Outcome.RIGHTS_DENIED, f"read again: {denial.reason}")
        rights = recorded_again(found.article.rights, said, told)
        return Read(task, page, found.with_rights(rights), before)

    def _kind_of(self, url: str) -> str:
        return "feed" if url in self._feeds else "sitemap"
