"""Discovered: what a run asked its sitemaps, feeds and listings, and what they said.

Keeps a report of each, compares it with what it said the last time, and notes the articles that it
names. Which further sitemaps and listings are read is bounded here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from nordcrawl.archive.format.order import hidden_url
from nordcrawl.archive.write import Poll, Row, Writer
from nordcrawl.crawl.entries import own_validators
from nordcrawl.crawl.frontier import Frontier
from nordcrawl.crawl.info import RunInfo
from nordcrawl.crawl.knowledge import Knowledge
from nordcrawl.crawl.told import Told
from nordcrawl.discover import By, Discovery, Link, Words
from nordcrawl.fetch import polling
from nordcrawl.fetch.polling import Ask, Polled
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.tally import Tally
from nordcrawl.model.url import canonicalize
from nordcrawl.report.run_report import EntryReport, Gap

logger = logging.getLogger(__name__)

#: Links of an entry taken between two looks at what else there is to do.
LINKS_AT_ONCE: Final = 500
#: Sitemaps read in a run, and how deep an index may nest (sitemaps.org: it may not).
MAX_SITEMAPS: Final = 500
MAX_SITEMAP_DEPTH: Final = 3
#: Bad addresses of an entry that the report names; of the others it has the number.
BAD_SHOWN: Final = 20
#: Articles of an entry that can't all be gone the next time.
EMPTIED: Final = 3


class Discovered:
    """The entries of one run; of the event loop's thread."""

    def __init__(
        self,
        info: RunInfo,
        writer: Writer,
        frontier: Frontier,
        knowledge: Knowledge,
        tally: Tally,
        *,
        most_sitemaps: int = MAX_SITEMAPS,
    ) -> None:
        self.entries: dict[str, EntryReport] = {}
        self.gaps: list[Gap] = []
        self.unread: set[str] = set()
        """Listings that were found and not read, there being too many."""
        self.sitemaps_unread = 0
        self._info = info
        self._writer = writer
        self._frontier = frontier
        self._knowledge = knowledge
        self._tally = tally
        self._sitemaps_left = most_sitemaps
        self._asked_as: dict[str, str] = {}
        """Where redirects led -> the entry that was asked for."""
        self._followed = 0

    def note(self, url: str, link: Link, found_by: str) -> None:
        """Take note of an article's URL (canonical form) and of what is told of it."""
        if self._knowledge.is_erased(url):
            url, link = hidden_url(url), Link(hidden_url(url))
        if self._frontier.add(url, link, found_by):
            self._tally.discover(url)

    def told(self, url: str) -> Told:
        """Return what is said of a discovered URL, and by whom."""
        known = self._knowledge.url(url)
        return Told(
            self._frontier.found[url].link,
            self.kind_of,
            self._info.source.zone,
            None if known is None or known.weak_alias else self._knowledge.article_of(known),
        )

    # --- what is asked ----------------------------------------------------------------------

    def entry(self, kind: str, url: str, parent: str | None = None) -> EntryReport:
        """Return the report of a sitemap, feed or listing, begun on the first call."""
        return self.entries.setdefault(url, EntryReport(kind, url, parent=parent))

    def kind_of(self, url: str) -> str:
        """Return what an entry is, by its address: ``sitemap``, ``feed`` or ``listing``."""
        entry = self.entries.get(self._asked_as.get(url, url))
        return entry.kind if entry is not None else "sitemap"

    def begin(self, kind: str, url: str) -> EntryReport:
        """Return the report of an entry of the source's table: a sitemap among them counts."""
        if kind == "sitemap" and self._sitemaps_left:
            self._sitemaps_left -= 1
        return self.entry(kind, url)

    def ask(self, kind: str, url: str, told: str | None = None) -> Ask:
        """Return whether to ask an entry, with which headers; `told` is what an index says of its
        last change."""
        head = self._writer.polls.head(url)
        before = Polled(head.at, head.etag, head.last_modified, head.told) if head else None
        return polling.decide(
            kind,
            before,
            told=told,
            followed=self.entry(kind, url).parent is not None,
            whole=self._info.arguments.mode == "full" or bool(self.gaps),
            now=self._info.clock(),
        )

    async def sitemaps(self, links: Sequence[Link], depth: int, base: str) -> AsyncIterator[Link]:
        """Yield the sitemaps to read that an entry names, their addresses in canonical form; where
        there are more than a run reads, those that changed last."""
        if self._sitemaps_left < len(links):
            links = sorted(links, key=lambda link: link.lastmod or "", reverse=True)
        notes, left_out, bad = self._info.notes, 0, 0
        for number, link in enumerate(links):
            if self._info.stopping.requested:
                break
            if number % LINKS_AT_ONCE == 0:
                await asyncio.sleep(0)
            if link.url in self.entries:
                continue
            if depth > MAX_SITEMAP_DEPTH or not self._sitemaps_left:
                left_out += 1
                continue
            try:
                # A sitemap's query is part of its name, whatever the articles' is.
                url = self._sitemap_url(link.url, base)
            except ValueError as error:
                bad += 1
                if bad <= BAD_SHOWN:
                    notes.append(f"sitemap named by {shown(base)}: {error}")
                continue
            if url not in self.entries:
                self._sitemaps_left -= 1
                yield replace(link, url=url)
        if bad > BAD_SHOWN:
            notes.append(f"sitemaps named by {shown(base)}: and {bad - BAD_SHOWN} more")
        if left_out:
            self._leave_sitemaps(left_out, base)

    def listings(self, urls: Iterable[str]) -> Iterator[str]:
        """Yield the listings to read that an entry leads to."""
        for url in urls:
            if url in self.entries or url in self.unread:
                continue
            if self._followed < self._info.source.max_listings:
                self._followed += 1
                yield url
            else:
                self.unread.add(url)

    def _sitemap_url(self, text: str, base: str) -> str:
        url = canonicalize(text, base)
        if not self._info.source.allows(url):
            raise ValueError(f"{shown(url)}: not on a host of {self._info.source.name}")
        return url

    def _leave_sitemaps(self, count: int, named_by: str) -> None:
        """Take note of sitemaps that an entry names and that are not read in this run."""
        self.sitemaps_unread += count
        if named_by in self.entries:
            self.entries[named_by].unread += count
        self._info.notes.append(
            f"{count} sitemaps that {shown(named_by)} names were not read: too deep or too many"
        )

    # --- what is said -----------------------------------------------------------------------

    async def asked_before(self, url: str) -> Discovery:
        """Return what an entry named the last time."""
        before = await asyncio.to_thread(self._writer.polls.get, url)
        if before is None:
            return Discovery(problem="not changed, but what it said is not known any more")
        return Discovery(
            links=tuple(_link(row, url) for row in before.links),
            sitemaps=tuple(_link(row, url) for row in before.sitemaps),
        )

    async def answered(
        self, kind: str, page: Page, found: Discovery, told: str | None
    ) -> str | None:
        """Take note of what an entry named: for the next run, and for what it no longer names.
        Return why it is not to be believed, or None."""
        url = page.requested_url
        self._asked_as[page.url] = url
        if found.problem is not None:
            return found.problem
        before = await asyncio.to_thread(self._writer.polls.get, url)
        now = await asyncio.to_thread(self._articles_of, found.links, url)
        then = None
        if before is not None:
            rows = (_link(row, url) for row in before.links)
            then = await asyncio.to_thread(self._articles_of, rows, url)
        if then is not None and len(then) >= EMPTIED and not now:
            # A wall or an error page in its place has links, too, and names no article.
            return f"names no article, and {len(then)} the last time"
        if kind == "feed" or found.is_news:
            known = {link for link in now if self._knowledge.url(link) is not None}
            if not self._knowledge.is_first and polling.is_gap(then, now, known):
                since = before.at if before else None
                self.gaps.append(Gap(kind, url, since, self._info.clock()))
                logger.warning("%s", self.gaps[-1].warning)
        elif kind == "sitemap" and then is not None:
            missing = polling.vanished(then, now)
            if missing is None:
                self._info.notes.append(
                    f"sitemap {shown(url)}: names {len(now)} articles, {len(then)} the last time; "
                    "those that are missing are looked at when they are due"
                )
            else:
                self._frontier.vanished |= missing
        poll = Poll(
            url,
            page.fetched_at,
            *own_validators(page),
            told,
            tuple(map(_row, found.links)),
            tuple(map(_row, found.sitemaps)),
        )
        await asyncio.to_thread(self._writer.polls.put, poll)
        return None

    async def weigh_failures(self) -> None:
        """Look what became of the articles that entries named which failed in this run; when all
        others have answered."""
        for entry in self.entries.values():
            if entry.problem is None:
                continue
            before = await asyncio.to_thread(self._writer.polls.get, entry.url)
            if before is None:
                continue
            rows = (_link(row, entry.url) for row in before.links)
            named = await asyncio.to_thread(self._articles_of, rows, entry.url)
            maps = {row[0] for row in before.sitemaps}
            entry.unnamed = len(named - self._frontier.found.keys()) + len(
                maps - {e.url for e in self.entries.values() if e.is_heard}
            )

    async def take(self, found: Discovery, kind: str, url: str) -> list[str]:
        """Count what an entry names, take note of the articles, and return the listings; not all
        of them once the run is told to stop."""
        entry = self.entry(kind, url)
        entry.clear()
        listings: list[str] = []
        bad = 0
        for number, link in enumerate(found.links):
            if number % LINKS_AT_ONCE == 0:
                await asyncio.sleep(0)
                if self._info.stopping.requested:
                    return listings
            try:
                sort, kept = self._info.source.sort(link.url, url)
            except ValueError as error:
                bad += 1
                if bad <= BAD_SHOWN:
                    entry.skipped.append(str(error))
                continue
            match sort:
                case "article":
                    entry.links += 1
                    entry.known += self._knowledge.url(kept) is not None
                    self.note(kept, link, url)
                case "listing":
                    entry.listings += 1
                    listings.append(kept)
                case "foreign":
                    entry.foreign.append(kept)
                case "other":
                    entry.others += 1
        if bad > BAD_SHOWN:
            entry.skipped.append(f"and {bad - BAD_SHOWN} more")
        entry.listings += len(found.sitemaps)
        return listings

    def _articles_of(self, links: Iterable[Link], base: str) -> set[str]:
        found = set()
        for link in links:
            try:
                sort, url = self._info.source.sort(link.url, base)
            except ValueError:
                continue
            if sort == "article":
                found.add(url)
        return found


def _row(link: Link) -> Row:
    return link.url, link.lastmod, link.published, link.title, *link.words


def _link(row: Row, by: str) -> Link:
    """Return a link as the entry `by` told it; rows of earlier versions are shorter."""
    url, lastmod, published, title, *words = row
    said = By(*(by if value is not None else None for value in (lastmod, published, title)))
    return Link(url or "", lastmod, published, title, Words(*words), said)
