"""Pages: captures of one source, read by worker processes as a crawl reads pages that just came.

The same on each machine, whoever asks: a page that takes too long, or too much memory, costs
itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final, TypeVar

from nordcrawl.archive.read.captures import CapturedParts
from nordcrawl.crawl.extraction import MOST_BYTES, PageReader
from nordcrawl.fetch.recorded import page_of
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.reextract.engine import Extracted, Got, Refused
from nordcrawl.reextract.plan import Wanted
from nordcrawl.workers.pool import Workers, WorkFailed, WorkStopped

#: Pages that are read or wait for it, a worker.
AHEAD: Final = 3

T = TypeVar("T")
R = TypeVar("R")


class Pages:
    """Reads pages; of the event loop's thread."""

    def __init__(self, parts: CapturedParts, workers: Workers, profile: Profile) -> None:
        self._parts = parts
        self._workers = workers
        self._profile = profile
        self._blocking = asyncio.Lock()
        self._pages = PageReader()

    async def read(self, wanted: Wanted) -> Got | None:
        """Return what comes of a page; None if the workers were closed before.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: its part can't be read.
            BrokenProcessPool: no worker can be started.
        """
        page = await self._page(wanted)
        if isinstance(page, Refused):
            return page
        profile = replace(self._profile, told_title=wanted.told_title)
        try:
            found = await self._pages.read(self._workers, page, profile)
        except WorkStopped:
            return None
        except WorkFailed as error:
            return Refused(Outcome.EXTRACTION_FAILED, f"read again: {error}")
        return Extracted(page.without_body(), found)

    async def _page(self, wanted: Wanted) -> Page | Refused:
        async with self._blocking:
            kept = await asyncio.to_thread(self._parts.get, wanted.capture)
        if kept is None:
            return Refused(Outcome.RIGHTS_DENIED, "its page was erased")
        try:
            return page_of(
                kept.record, wanted.fetched_at, requested_url=wanted.url, most=MOST_BYTES
            )
        except ValueError as error:
            return Refused(Outcome.EXTRACTION_FAILED, f"{wanted.capture.object}: {error}")


async def in_order(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], most: int
) -> AsyncIterator[tuple[T, R]]:
    """Yield each item with what comes of it, in their order, up to `most` more at work ahead."""
    window: list[tuple[T, asyncio.Future[R]]] = []
    try:
        for item in items:
            window.append((item, asyncio.ensure_future(work(item))))
            if len(window) > most:
                first, coming = window.pop(0)
                yield first, await coming
        while window:
            first, coming = window.pop(0)
            yield first, await coming
    finally:
        for _, coming in window:
            coming.cancel()
            coming.add_done_callback(_let_go)


def _let_go(done: asyncio.Future[R]) -> None:
    """Take what a task raised that nobody waits for."""
    _ = done.cancelled() or done.exception()
