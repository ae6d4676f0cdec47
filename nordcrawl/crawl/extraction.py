"""Extraction: a page, read by worker processes, with what others tell of it and what it reserves;
the same whether it just came or was kept somewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from nordcrawl.crawl.told import Told, completed
from nordcrawl.extract import read
from nordcrawl.model.article import Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.model.reading import Reading
from nordcrawl.rights import Denial, PageRights, SiteRights, decide, recorded
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import LARGE_BYTES, Workers

#: Bytes of a page when unpacked, of one that was kept: as many as a crawl takes (DOWNLOAD_MAXSIZE).
MOST_BYTES: Final = 16 << 20


class PageReader:
    """Has workers read pages: a large one apart and one at a time, because a tree takes a multiple
    of its page, and all workers share the memory of one machine. Of one event loop."""

    def __init__(self) -> None:
        self._large = asyncio.Semaphore()

    async def read(self, workers: Workers, page: Page, profile: Profile) -> Reading | Rejected:
        """Return what a page is read as.

        Raises:
            WorkStopped: the workers were closed.
            WorkFailed: it could not be read: too long, too large, an error of ours.
        """
        if len(page.body) <= LARGE_BYTES:
            return await workers.call(read, page, profile)
        async with self._large:
            return await workers.apart.call(read, page, profile)

    async def article(
        self, workers: Workers, source: Source, page: Page, told: Told
    ) -> Reading | Rejected:
        """Return what a page is read as, with what it leaves out as it was told; raises as
        `read`."""
        found = await self.read(workers, page, replace(source.profile, told_title=told.title))
        return found if isinstance(found, Rejected) else completed(found, told, page.fetched_at)


def permitted(
    source: Source, page: Page, reading: Reading, site: SiteRights | None
) -> Reading | Denial:
    """Return a page's reading with what it and its site say of rights, or why it is not to be
    kept; `site` is None where nobody asked it."""
    rights = PageRights.from_record(page.url, reading.article.rights)
    if (denial := decide(source.rights, rights, site)) is not None:
        return denial
    return reading.with_rights(recorded(reading.article.rights, rights, site))
