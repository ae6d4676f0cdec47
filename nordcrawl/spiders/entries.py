"""Entries: a source's sitemaps, feeds and listings, asked, read, and followed to further ones.

What they say is `nordcrawl.discover`'s to read and `nordcrawl.crawl.discovered`'s to keep; here
stands when which of them is asked, and what becomes of one that does not answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from urllib.parse import urljoin

from scrapy import Request
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from nordcrawl import discover
from nordcrawl.crawl.run import Run
from nordcrawl.discover import Discovery, Link
from nordcrawl.fetch.answer import READABLE, is_gate
from nordcrawl.middlewares.pauses import HostPaused, RunStopped
from nordcrawl.middlewares.resolver import never_connected, refusal
from nordcrawl.middlewares.robots import RobotsDenied, RobotsUnreachable
from nordcrawl.model.page import Page
from nordcrawl.report.entry import NAMES_NOTHING
from nordcrawl.sources.source import EntryKind
from nordcrawl.spiders.responses import is_conditional, reason, to_page
from nordcrawl.workers.pool import LARGE_BYTES, WorkFailed

#: Source: sitemaps.org: a file has at most 50 MB.
SITEMAP_MAXSIZE = 50 << 20
_STOPPED = "the run was stopped"


class Entries:
    """The entries of one run; of the event loop's thread."""

    def __init__(self, run: Run, wait: Callable[[Request, float], None]) -> None:
        """`wait` asks again after so many seconds, the pause of a host."""
        self._run = run
        self._wait = wait
        self._spared: list[Request] = []
        self._reading: set[asyncio.Future[Discovery]] = set()

    async def ask(self) -> AsyncIterator[Request]:
        """Ask for the source's own entries, in the order sitemaps, feeds, listings."""
        discovered, source = self._run.discovered, self._run.info.source
        kinds: tuple[EntryKind, ...] = ("sitemap", "feed", "listing")
        for kind in kinds:
            for url in source.entries(kind):
                discovered.begin(kind, url)
                async for request in self._open(kind, url):
                    yield request
        if source.robots_sitemaps and not discovered.entries:
            # Nothing else would make Scrapy ask for robots.txt, whose Sitemap lines are wanted.
            for host in source.hosts:
                async for request in self._open("listing", source.home(host)):
                    yield request

    async def ask_named(self, robotparser: RobotParser, request: Request) -> AsyncIterator[Request]:
        """Ask for what the Sitemap lines of a robots.txt name (its text is not kept by Scrapy, its
        parser is)."""
        discovered = self._run.discovered
        parsed = getattr(robotparser, "rp", None)
        links = [Link(str(url)) for url in getattr(parsed, "sitemaps", ())]
        async for link in discovered.sitemaps(links, 1, urljoin(request.url, "/robots.txt")):
            ask = discovered.ask("sitemap", link.url)
            yield self._entry("sitemap", link.url, ask.headers, 1, None)

    async def _open(
        self,
        kind: str,
        url: str,
        depth: int = 1,
        told: str | None = None,
        parent: str | None = None,
    ) -> AsyncIterator[Request]:
        """Ask an entry, or take what it said the last time; yields requests either way."""
        discovered = self._run.discovered
        entry = discovered.entry(kind, url, parent)
        ask = discovered.ask(kind, url, told)
        if ask.spared is None:
            yield self._entry(kind, url, ask.headers, depth, told)
            return
        entry.spared = ask.spared
        self._spared.append(self._entry(kind, url, {}, depth, told))
        found = await discovered.asked_before(url)
        async for request in self._follow(found, kind, url, depth):
            yield request

    def _entry(
        self, kind: str, url: str, headers: Mapping[str, str], depth: int, told: str | None
    ) -> Request:
        self._run.discovered.entry(kind, url)
        meta = {"download_maxsize": SITEMAP_MAXSIZE} if kind == "sitemap" else {}
        return Request(
            url,
            callback=self.parse,
            errback=self.failed,
            headers=dict(headers),
            cb_kwargs={"kind": kind, "url": url, "depth": depth, "told": told},
            meta=meta,
            priority=100,
            dont_filter=True,
        )

    async def parse(
        self, response: Response, kind: str, url: str, depth: int, told: str | None
    ) -> AsyncIterator[Request]:
        """Take the links of a sitemap, feed or listing; parsing happens in a worker."""
        run = self._run
        discovered, stopping = run.discovered, run.info.stopping
        entry = discovered.entry(kind, url)
        entry.status = response.status
        if stopping.requested:
            entry.problem = _STOPPED
            return
        if response.status == 304 and not is_conditional(response):
            entry.problem = "HTTP 304 to a request without condition"
            return
        if response.status == 304:
            found = await discovered.asked_before(url)
        elif response.status not in READABLE:
            entry.problem = f"HTTP {response.status}"
            return
        else:
            page = to_page(response, url, run.info.clock())
            if is_gate(page.url, page.redirects):
                entry.problem = "redirects to a gate, which is to lead back"
                return
            try:
                found = await self._read(kind, page)
            except (WorkFailed, asyncio.CancelledError) as error:
                entry.problem = str(error) or _STOPPED
                return
            if stopping.requested:
                entry.problem = _STOPPED
                return
            found = replace(found, problem=await discovered.answered(kind, page, found, told))
        entry.problem = found.problem
        entry.skipped.extend(found.skipped)
        entry.damage.extend(found.damage)
        entry.latest = found.is_news
        async for request in self._follow(found, kind, url, depth):
            yield request
        if stopping.requested:
            return
        if entry.problem is None and not entry.names_anything:
            entry.problem = NAMES_NOTHING
        if discovered.gaps:
            for request in self._walk():
                yield request

    async def _read(self, kind: str, page: Page) -> Discovery:
        """Have a worker read an entry, until `stop_reading`."""
        type_ = page.header("content-type")
        run = self._run
        workers = run.workers
        if len(page.body) > LARGE_BYTES:
            workers = workers.apart
        reading = asyncio.ensure_future(
            workers.call(discover.read, kind, page.body, page.url, type_, run.info.source.timezone)
        )
        self._reading.add(reading)
        try:
            return await reading
        finally:
            self._reading.discard(reading)

    def _walk(self) -> Iterator[Request]:
        """Ask, after a gap, what was spared until then."""
        while self._spared:
            request = self._spared.pop()
            self._run.discovered.entry("", request.cb_kwargs["url"]).spared = None
            yield request

    async def _follow(
        self, found: Discovery, kind: str, url: str, depth: int
    ) -> AsyncIterator[Request]:
        """Have the run take what an entry names, and ask for the entries among it."""
        discovered = self._run.discovered
        listings = await discovered.take(found, kind, url)
        if self._run.info.stopping.requested:
            return
        async for link in discovered.sitemaps(found.sitemaps, depth + 1, url):
            async for request in self._open("sitemap", link.url, depth + 1, link.lastmod, url):
                yield request
        for listing in discovered.listings(listings):
            async for request in self._open("listing", listing, parent=url):
                yield request

    def failed(self, failure: Failure) -> None:
        """Take note that a sitemap, feed or listing could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self._run.info.stopping.requested:
            failure = Failure(RunStopped())  # type: ignore[no-untyped-call]
        if isinstance(failure.value, HostPaused):
            self._wait(request, failure.value.seconds)
            return
        asked = request.cb_kwargs
        entry = self._run.discovered.entry(asked["kind"], asked["url"])
        refused = refusal(request.url)
        entry.problem = refused or reason(failure)
        if refused is not None:
            return  # neither the site's robots.txt nor its absence: we don't go there
        if isinstance(failure.value, RobotsUnreachable):
            entry.down = failure.value.down
            entry.robots = not entry.down
        else:
            entry.down = never_connected(failure.value)
            entry.unanswered = not isinstance(failure.value, (RobotsDenied, RunStopped))

    def stop_reading(self) -> None:
        """Give up what is being read of sitemaps, feeds and listings: nothing would be asked."""
        for reading in tuple(self._reading):
            reading.cancel()
