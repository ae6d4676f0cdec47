"""The news spider: a source's sitemaps, feeds and listings, then the article pages that are due.

Thin: it asks and passes on. What links mean is `nordcrawl.discover`'s, what is due
`nordcrawl.fetch`'s, what a page is worth the item pipelines' to say.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self
from urllib.parse import urljoin

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from nordcrawl import discover
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import stop_requested
from nordcrawl.discover import Discovery, Link
from nordcrawl.errors import UsageError
from nordcrawl.fetch.answer import READABLE, judge
from nordcrawl.items import PageItem
from nordcrawl.middlewares.address_guard import VALIDATORS, UrlRefused
from nordcrawl.middlewares.pauses import HostGivenUp, HostPaused, RunStopped
from nordcrawl.middlewares.resolver import never_connected, refusal
from nordcrawl.middlewares.robots import RobotsDenied, RobotsUnreachable
from nordcrawl.model import words
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.url import canonicalize, path_of
from nordcrawl.rights import TDMREP_PATH
from nordcrawl.sources.landing import Landing, landing
from nordcrawl.sources.source import EntryKind, Source
from nordcrawl.workers.pool import WorkFailed

#: Where a host speaks of itself.
STATEMENTS = frozenset({"/robots.txt", TDMREP_PATH})
#: Pages on their way where CONCURRENT_REQUESTS sets no limit.
_MOST_IN_FLIGHT = 16
#: Links of a sitemap taken between two looks at what else there is to do.
LINKS_AT_ONCE = 500
#: Sitemaps read in a run, and how deep an index may nest (sitemaps.org: it may not).
MAX_SITEMAPS = 500
MAX_SITEMAP_DEPTH = 3
#: Bad addresses of an entry that the report names; of the others it has the number.
BAD_SHOWN = 20
#: Source: sitemaps.org: a file has at most 50 MB.
SITEMAP_MAXSIZE = 50 << 20


class NewsSpider(Spider):
    """A source's spider; subclasses made by `nordcrawl.spiders.loader` differ in data only."""

    name = "news"
    source: Source

    def __init__(self, *args: Any, run: Run | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        if run is not None:
            self.source = run.source
        self._due: deque[str] = deque()
        self._planning: asyncio.Future[None] | None = None
        self._followed = 0
        self._sitemaps_left = MAX_SITEMAPS
        self._spared: list[Request] = []
        self._paused: list[Request] = []
        self._paused_pages: list[str] = []
        self._reading: set[asyncio.Future[Discovery]] = set()
        self._resumes: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's constructor; connects the two signals that move the crawl on."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.run is not None:
            spider.run.on_landed = spider._top_up
        crawler.signals.connect(spider.robots_parsed, signals.robots_parsed)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        crawler.signals.connect(spider.statement_received, signals.response_received)
        crawler.signals.connect(spider.stop_reading, stop_requested)
        return spider

    @property
    def active_run(self) -> Run:
        """The run that this spider works for.

        Raises:
            UsageError: it was started otherwise than by ``crawl``.
        """
        if self.run is None:
            raise UsageError(f"start it by: scrapy crawl {self.name}")
        return self.run

    def stop_reading(self) -> None:
        """Give up what is being read of sitemaps, feeds and listings: nothing would be asked."""
        for reading in tuple(self._reading):
            reading.cancel()

    # --- discover ---------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the source's entries, in the order sitemaps, feeds, listings; or, with the
        argument ``urls``, for none: then those are all there is."""
        run = self.active_run
        for url in run.arguments.urls:
            run.discover(url, Link(url), "argument urls")
        for host in self.source.all_hosts:
            yield self._statement(urljoin(self.source.home(host), TDMREP_PATH))
        if run.arguments.urls:
            return
        kinds: tuple[EntryKind, ...] = ("sitemap", "feed", "listing")
        for kind in kinds:
            for url in self.source.entries(kind):
                self._sitemaps_left -= kind == "sitemap" and self._sitemaps_left > 0
                async for request in self._open(kind, url):
                    yield request
        if self.source.robots_sitemaps and not run.entries:
            # Nothing else would make Scrapy ask for robots.txt, whose Sitemap lines are wanted.
            for host in self.source.hosts:
                async for request in self._open("listing", self.source.home(host)):
                    yield request

    async def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Follow the Sitemap lines of a robots.txt (its text is not kept by Scrapy, its parser
        is)."""
        if self.run is None or self.run.arguments.urls or not self.source.robots_sitemaps:
            return
        parsed = getattr(robotparser, "rp", None)
        links = [Link(str(url)) for url in getattr(parsed, "sitemaps", ())]
        async for link in self._sitemaps(links, 1, urljoin(request.url, "/robots.txt")):
            ask = self.run.ask("sitemap", link.url)
            self.crawler.engine.crawl(self._entry("sitemap", link.url, ask.headers, 1, None))

    async def _open(
        self,
        kind: str,
        url: str,
        depth: int = 1,
        told: str | None = None,
        parent: str | None = None,
    ) -> AsyncIterator[Request]:
        """Ask an entry, or take what it said the last time; yields requests either way."""
        entry = self.active_run.entry(kind, url, parent)
        ask = self.active_run.ask(kind, url, told)
        if ask.spared is None:
            yield self._entry(kind, url, ask.headers, depth, told)
            return
        entry.spared = ask.spared
        self._spared.append(self._entry(kind, url, {}, depth, told))
        found = await self.active_run.asked_before(url)
        async for request in self._follow(found, kind, url, depth):
            yield request

    def _entry(
        self, kind: str, url: str, headers: Mapping[str, str], depth: int, told: str | None
    ) -> Request:
        self.active_run.entry(kind, url)
        meta = {"download_maxsize": SITEMAP_MAXSIZE} if kind == "sitemap" else {}
        return Request(
            url,
            callback=self.parse_entry,
            errback=self.entry_failed,
            headers=dict(headers),
            cb_kwargs={"kind": kind, "url": url, "depth": depth, "told": told},
            meta=meta,
            priority=100,
            dont_filter=True,
        )

    async def parse_entry(
        self, response: Response, kind: str, url: str, depth: int, told: str | None
    ) -> AsyncIterator[Request]:
        """Take the links of a sitemap, feed or listing; parsing happens in a worker."""
        run = self.active_run
        entry = run.entry(kind, url)
        entry.status = response.status
        if run.stopping.requested:
            entry.problem = "the run was stopped"
            return
        if response.status == 304 and not is_conditional(response):
            entry.problem = "HTTP 304 to a request without condition"
            return
        if response.status == 304:
            found = await run.asked_before(url)
        elif response.status not in READABLE:
            entry.problem = f"HTTP {response.status}"
            return
        else:
            page = to_page(response, url, run)
            type_ = page.header("content-type")
            reading = asyncio.ensure_future(
                run.workers.call(
                    discover.read, kind, page.body, page.url, type_, self.source.timezone
                )
            )
            self._reading.add(reading)
            try:
                found = await reading
            except (WorkFailed, asyncio.CancelledError) as error:
                entry.problem = str(error) or "the run was stopped"
                return
            finally:
                self._reading.discard(reading)
            if run.stopping.requested:
                entry.problem = "the run was stopped"
                return
            await run.answered(kind, page, found, told)
        entry.problem = found.problem
        entry.skipped.extend(found.skipped)
        entry.damage.extend(found.damage)
        async for request in self._follow(found, kind, url, depth):
            yield request
        if run.stopping.requested:
            return
        if entry.problem is None and not entry.names_anything:
            entry.problem = "names nothing"
        if run.gaps:
            for request in self._walk():
                yield request

    def _walk(self) -> Iterator[Request]:
        """Ask, after a gap, what was spared until then."""
        while self._spared:
            request = self._spared.pop()
            self.active_run.entry("", request.cb_kwargs["url"]).spared = None
            yield request

    async def _follow(
        self, found: Discovery, kind: str, url: str, depth: int
    ) -> AsyncIterator[Request]:
        run = self.active_run
        entry = run.entry(kind, url)
        entry.clear()
        listings: list[str] = []
        bad = 0
        for number, link in enumerate(found.links):
            if number % LINKS_AT_ONCE == 0:
                await asyncio.sleep(0)
                if run.stopping.requested:
                    return
            try:
                sort, kept = self.source.sort(link.url, url)
            except ValueError as error:
                bad += 1
                if bad <= BAD_SHOWN:
                    entry.skipped.append(str(error))
                continue
            match sort:
                case "article":
                    entry.links += 1
                    entry.known += run.state_of(kept) is not None
                    run.discover(kept, link, url)
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
        async for link in self._sitemaps(found.sitemaps, depth + 1, url):
            async for request in self._open("sitemap", link.url, depth + 1, link.lastmod, url):
                yield request
        for listing in self._listings(listings):
            async for request in self._open("listing", listing, parent=url):
                yield request

    async def _sitemaps(self, links: Sequence[Link], depth: int, base: str) -> AsyncIterator[Link]:
        """Yield the sitemaps to read that an entry names, their addresses in canonical form; where
        there are more than a run reads, those that changed last."""
        run = self.active_run
        if self._sitemaps_left < len(links):
            links = sorted(links, key=lambda link: link.lastmod or "", reverse=True)
        left_out = bad = 0
        for number, link in enumerate(links):
            if run.stopping.requested:
                break
            if number % LINKS_AT_ONCE == 0:
                await asyncio.sleep(0)
            if link.url in run.entries:
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
                    run.notes.append(f"sitemap named by {shown(base)}: {error}")
                continue
            if url not in run.entries:
                self._sitemaps_left -= 1
                yield replace(link, url=url)
        if bad > BAD_SHOWN:
            run.notes.append(f"sitemaps named by {shown(base)}: and {bad - BAD_SHOWN} more")
        if left_out:
            run.leave_sitemaps(left_out, base)

    def _sitemap_url(self, text: str, base: str) -> str:
        url = canonicalize(text, base)
        if not self.source.allows(url):
            raise ValueError(f"{shown(url)}: not on a host of {self.source.name}")
        return url

    def _listings(self, urls: Iterable[str]) -> Iterator[str]:
        """Yield the listings to read that an entry leads to."""
        run = self.active_run
        for url in urls:
            if url in run.entries or url in run.unread:
                continue
            if self._followed < self.source.max_listings:
                self._followed += 1
                yield url
            else:
                run.unread.add(url)

    def _statement(self, url: str) -> Request:
        return Request(
            url,
            callback=self.parse_statement,
            errback=self.statement_failed,
            meta={"statement": True},
            priority=200,
            dont_filter=True,
        )

    def parse_statement(self, response: Response) -> None:
        """Nothing is left to do: `statement_received` has taken it."""

    def statement_failed(self, failure: Failure) -> None:
        """Take note that a host did not say what it reserves."""
        if self.active_run.stopping.requested:
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(failure.value, HostPaused):
            self._wait(request, failure.value.seconds)
            return
        self.active_run.notes.append(f"{shown(request.url)}: {reason(failure)}")

    def statement_received(self, response: Response, request: Request) -> None:
        """Hand robots.txt and tdmrep.json to the run, by the address first asked for."""
        first = request.meta.get("redirect_urls", (request.url,))[0]
        if self.run is not None and path_of(first) in STATEMENTS:
            self.run.take_statement(to_page(response, first, self.run))

    def entry_failed(self, failure: Failure) -> None:
        """Take note that a sitemap, feed or listing could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self.active_run.stopping.requested:
            failure = Failure(RunStopped())  # type: ignore[no-untyped-call]
        if isinstance(failure.value, HostPaused):
            self._wait(request, failure.value.seconds)
            return
        entry = self.active_run.entry(request.cb_kwargs["kind"], request.cb_kwargs["url"])
        refused = refusal(request.url)
        entry.problem = refused or reason(failure)
        if refused is not None:
            return  # neither the site's robots.txt nor its absence: we don't go there
        if isinstance(failure.value, RobotsUnreachable):
            entry.down = failure.value.down
            entry.robots = not entry.down
        else:
            entry.down = never_connected(failure.value)

    # --- fetch ------------------------------------------------------------------------------

    def idle(self) -> None:
        """Plan when discovery has come to rest, then keep the crawl going until all is asked."""
        if self.run is None:
            return
        if self._paused or self._paused_pages:
            raise DontCloseSpider
        if self._planning is None:
            if self.run.unread:
                self.run.notes.append(
                    f"{len(self.run.unread)} listings were not read: max_listings is "
                    f"{self.source.max_listings}"
                )
            self._planning = asyncio.ensure_future(self._plan())
        if not self._planning.done():
            raise DontCloseSpider
        self._planning.result()
        # With nothing going on, what is open is lost on the way; the rest becomes durable soon.
        self.run.in_flight -= self.run.tally.open
        if self._top_up() or self._due:
            raise DontCloseSpider

    def _wait(self, request: Request, seconds: float) -> None:
        """Ask again when a host's pause is over; the others go on meanwhile."""
        if request.callback == self.parse_page:
            self._paused_pages.append(request.cb_kwargs["url"])
        else:
            self._paused.append(request)
        if self._resumes is None:
            self._resumes = asyncio.get_running_loop().call_later(seconds + 0.1, self._resume)

    def _resume(self) -> None:
        """Ask what was held back; what is still to wait comes back."""
        self._resumes = None
        if not self.crawler.engine.running or self.crawler.engine.spider is None:
            return
        requests, self._paused = self._paused, []
        for request in requests:
            self.crawler.engine.crawl(request.copy())
        pages, self._paused_pages = self._paused_pages, []
        self._due.extendleft(reversed(pages))
        self._top_up()

    async def _plan(self) -> None:
        due = deque(await self.active_run.plan())
        if self.active_run.stopping.requested:
            return
        self._due = due
        self._top_up()

    def _top_up(self) -> bool:
        """Ask for due pages as long as few enough are on their way, the ones counted that wait for
        a worker or the disk; the rest waits as plain strings. Tell whether any was asked for."""
        run, engine = self.active_run, self.crawler.engine
        if run.stopping.requested or engine.spider is None:
            return False
        most = self.crawler.settings.getint("CONCURRENT_REQUESTS") or _MOST_IN_FLIGHT
        asked = False
        while self._due and len(run.in_flight) < most:
            url = self._due.popleft()
            run.in_flight.add(url)
            engine.crawl(self._article(url))
            asked = True
        return asked

    def _article(self, url: str) -> Request:
        return Request(
            url,
            callback=self.parse_page,
            errback=self.page_failed,
            cb_kwargs={"url": url},
            headers=self.active_run.validators(url),
            # The ledger knows what was asked; Scrapy's filter would drop the target of a
            # redirect that was asked for before, and its outcome with it.
            dont_filter=True,
        )

    def parse_page(self, response: Response, url: str) -> Iterator[PageItem]:
        """Settle an answer that is no article, and hand all others to the pipelines."""
        run = self.active_run
        page = to_page(response, url, run)
        ending = judge(
            page,
            run.known_body(url),
            conditional=is_conditional(response),
            landing=landing(self.source, page.url) if page.redirects else Landing.ARTICLE,
        )
        if ending is not None:
            run.settle(url, ending.outcome, ending.reason, page)
        else:
            yield PageItem(url, page)

    def page_failed(self, failure: Failure) -> None:
        """Settle an article that could not be fetched."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self.active_run.stopping.requested:
            return  # whatever failed, failed by that: the run settles it when it ends
        if isinstance(failure.value, HostPaused):
            self.active_run.in_flight.discard(request.cb_kwargs["url"])
            self._wait(request, failure.value.seconds)
            self._top_up()
            return
        outcome = Outcome.FETCH_FAILED
        if isinstance(failure.value, HostGivenUp) and failure.value.status == 429:
            outcome = Outcome.BLOCKED
        elif isinstance(failure.value, (RobotsDenied, RobotsUnreachable)):
            outcome = Outcome.ROBOTS_DENIED
        elif isinstance(failure.value, UrlRefused):
            outcome = Outcome.BLOCKED
        why = reason(failure)
        refused = refusal(request.url)
        if (
            self.active_run.arguments.urls
            and isinstance(failure.value, RobotsUnreachable)
            and refused is None
        ):
            # No sitemap, feed or listing is asked, which would say so.
            lost = self.active_run.entry("robots.txt", urljoin(request.url, "/robots.txt"))
            lost.problem, lost.down = why, failure.value.down
            lost.robots = not lost.down
        if refused is not None:
            outcome, why = Outcome.BLOCKED, refused
        self.active_run.settle(request.cb_kwargs["url"], outcome, why)


def is_conditional(response: Response) -> bool:
    """Tell whether the request that was answered, the last one after redirects, was conditional."""
    request = response.request
    return request is not None and any(request.headers.get(name) for name in VALIDATORS)


def to_page(response: Response, url: str, run: Run) -> Page:
    """Return a response as a value; `fetched_at` is the run's clock now."""
    return Page(
        url=response.url,
        body=response.body,
        fetched_at=run.clock(),
        requested_url=url,
        redirects=tuple(response.meta.get("redirect_urls", ())),
        status=response.status,
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        ),
    )


def reason(failure: Failure) -> str:
    """Return why a request failed, on one line that names no library."""
    return words.reason(failure.value) if failure.value is not None else "unknown"
