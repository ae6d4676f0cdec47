"""The news spider: a source's sitemaps, feeds and listings, then the article pages that are due.

Thin: it asks and passes on. What links mean is `nordcrawl.discover`'s, what is due
`nordcrawl.fetch`'s, what a page is worth the item pipelines' to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
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
from nordcrawl.crawl import statements
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import stop_requested
from nordcrawl.discover import Discovery, Link
from nordcrawl.errors import UsageError
from nordcrawl.fetch.answer import READABLE, is_gate, judge
from nordcrawl.items import PageItem
from nordcrawl.middlewares.address_guard import UrlRefused
from nordcrawl.middlewares.capture import EXCHANGE, WANTED
from nordcrawl.middlewares.pauses import HostGivenUp, HostPaused, RunStopped
from nordcrawl.middlewares.resolver import never_connected, refusal
from nordcrawl.middlewares.robots import RobotsDenied, RobotsUnreachable
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.url import path_of
from nordcrawl.report.entry import NAMES_NOTHING
from nordcrawl.rights import TDMREP_PATH
from nordcrawl.sources.landing import Landing, landing
from nordcrawl.sources.source import EntryKind, Source
from nordcrawl.spiders.responses import FETCHED_AT, is_conditional, reason, to_page
from nordcrawl.workers.pool import LARGE_BYTES, WorkFailed

#: Pages on their way where CONCURRENT_REQUESTS sets no limit.
_MOST_IN_FLIGHT = 16
#: Source: sitemaps.org: a file has at most 50 MB.
SITEMAP_MAXSIZE = 50 << 20
_STOPPED = "the run was stopped"


class NewsSpider(Spider):
    """A source's spider; subclasses made by `nordcrawl.spiders.loader` differ in data only."""

    name = "news"
    source: Source

    def __init__(self, *args: Any, run: Run | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        if run is not None:
            self.source = run.info.source
        self._planning: asyncio.Future[None] | None = None
        self._spared: list[Request] = []
        self._paused: list[Request] = []
        self._reading: set[asyncio.Future[Discovery]] = set()
        self._resumes: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's constructor; connects the two signals that move the crawl on."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.run is not None:
            spider.run.under_way.on_landed = spider._top_up
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
        given = run.info.arguments.urls
        for url in given:
            run.discovered.note(url, Link(url), "argument urls")
        for host in self.source.all_hosts:
            yield self._statement(urljoin(self.source.home(host), TDMREP_PATH))
        if given:
            return
        kinds: tuple[EntryKind, ...] = ("sitemap", "feed", "listing")
        for kind in kinds:
            for url in self.source.entries(kind):
                run.discovered.begin(kind, url)
                async for request in self._open(kind, url):
                    yield request
        if self.source.robots_sitemaps and not run.discovered.entries:
            # Nothing else would make Scrapy ask for robots.txt, whose Sitemap lines are wanted.
            for host in self.source.hosts:
                async for request in self._open("listing", self.source.home(host)):
                    yield request

    async def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Follow the Sitemap lines of a robots.txt (its text is not kept by Scrapy, its parser
        is)."""
        if self.run is None or self.run.info.arguments.urls or not self.source.robots_sitemaps:
            return
        discovered = self.run.discovered
        parsed = getattr(robotparser, "rp", None)
        links = [Link(str(url)) for url in getattr(parsed, "sitemaps", ())]
        async for link in discovered.sitemaps(links, 1, urljoin(request.url, "/robots.txt")):
            ask = discovered.ask("sitemap", link.url)
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
        discovered = self.active_run.discovered
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
        self.active_run.discovered.entry(kind, url)
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
        workers = self.active_run.workers
        if len(page.body) > LARGE_BYTES:
            workers = workers.apart
        reading = asyncio.ensure_future(
            workers.call(discover.read, kind, page.body, page.url, type_, self.source.timezone)
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
            self.active_run.discovered.entry("", request.cb_kwargs["url"]).spared = None
            yield request

    async def _follow(
        self, found: Discovery, kind: str, url: str, depth: int
    ) -> AsyncIterator[Request]:
        """Have the run take what an entry names, and ask for the entries among it."""
        discovered = self.active_run.discovered
        listings = await discovered.take(found, kind, url)
        if self.active_run.info.stopping.requested:
            return
        async for link in discovered.sitemaps(found.sitemaps, depth + 1, url):
            async for request in self._open("sitemap", link.url, depth + 1, link.lastmod, url):
                yield request
        for listing in discovered.listings(listings):
            async for request in self._open("listing", listing, parent=url):
                yield request

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
        info = self.active_run.info
        if info.stopping.requested:
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        if isinstance(failure.value, HostPaused):
            self._wait(request, failure.value.seconds)
            return
        info.notes.append(f"{shown(request.url)}: {reason(failure)}")

    def statement_received(self, response: Response, request: Request) -> None:
        """Hand robots.txt and tdmrep.json to the run, by the address first asked for."""
        first = request.meta.get("redirect_urls", (request.url,))[0]
        if self.run is not None and path_of(first) in statements.PATHS:
            self.run.statements.take(to_page(response, first, self.run.info.clock()))

    def entry_failed(self, failure: Failure) -> None:
        """Take note that a sitemap, feed or listing could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        if self.active_run.info.stopping.requested:
            failure = Failure(RunStopped())  # type: ignore[no-untyped-call]
        if isinstance(failure.value, HostPaused):
            self._wait(request, failure.value.seconds)
            return
        asked = request.cb_kwargs
        entry = self.active_run.discovered.entry(asked["kind"], asked["url"])
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

    # --- fetch ------------------------------------------------------------------------------

    def idle(self) -> None:
        """Plan when discovery has come to rest, then keep the crawl going until all is asked."""
        if self.run is None:
            return
        run = self.run
        if self._paused or run.under_way.held:
            raise DontCloseSpider
        if self._planning is None:
            if unread := len(run.discovered.unread):
                run.info.notes.append(
                    f"{unread} listings were not read: max_listings is {self.source.max_listings}"
                )
            self._planning = asyncio.ensure_future(self._plan())
        if not self._planning.done():
            raise DontCloseSpider
        self._planning.result()
        # With nothing going on, what is open is lost on the way; the rest becomes durable soon.
        run.under_way.lose(run.outcomes.tally.open)
        if self._top_up() or run.under_way.due:
            raise DontCloseSpider

    def _wait(self, request: Request, seconds: float) -> None:
        """Ask again when a host's pause is over; the others go on meanwhile."""
        if request.callback == self.parse_page:
            self.active_run.under_way.hold(request.cb_kwargs["url"])
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
        self.active_run.under_way.resume()
        self._top_up()

    async def _plan(self) -> None:
        run = self.active_run
        due = await run.planner.plan()
        if run.info.stopping.requested:
            return
        run.under_way.due.extend(due)
        if not self._top_up():
            self._look_again()

    def _look_again(self) -> None:
        """Have Scrapy see at once that nothing is left to do. It would within five seconds, and has
        no public call for it."""
        slot = getattr(self.crawler.engine, "_slot", None)
        if slot is not None:
            asyncio.get_running_loop().call_soon(slot.nextcall.schedule)

    def _top_up(self) -> bool:
        """Ask for due pages as long as few enough are on their way, the ones counted that wait for
        a worker or the disk. Return whether any was asked for."""
        run, engine = self.active_run, self.crawler.engine
        if run.info.stopping.requested or engine.spider is None:
            return False
        most = self.crawler.settings.getint("CONCURRENT_REQUESTS") or _MOST_IN_FLIGHT
        asked = False
        while (url := run.under_way.next(most)) is not None:
            engine.crawl(self._article(url))
            asked = True
        return asked

    def _article(self, url: str) -> Request:
        return Request(
            url,
            callback=self.parse_page,
            errback=self.page_failed,
            cb_kwargs={"url": url},
            headers=self.active_run.knowledge.validators(url),
            meta={WANTED: True} if self.active_run.captures.wanted else {},
            # The ledger knows what was asked; Scrapy's filter would drop the target of a
            # redirect that was asked for before, and its outcome with it.
            dont_filter=True,
        )

    def parse_page(self, response: Response, url: str) -> list[PageItem]:
        """Settle an answer that is no article, and hand all others to the pipelines. A list, for
        of a generator Scrapy would read the source at each answer."""
        run = self.active_run
        conditional = is_conditional(response)
        page = to_page(response, url, response.meta.get(FETCHED_AT) or run.info.clock())
        run.captures.hold(url, response.meta.pop(EXCHANGE, None))
        known_body = run.knowledge.known_body(url)
        landed = landing(self.source, page.url) if page.redirects else Landing.ARTICLE
        ending = judge(page, known_body, conditional=conditional, landing=landed)
        if ending is None:
            return [PageItem(url, page)]
        run.outcomes.settle(url, ending.outcome, ending.reason, page)
        return []

    def page_failed(self, failure: Failure) -> None:
        """Settle an article that could not be fetched."""
        request: Request = failure.request  # type: ignore[attr-defined]
        run = self.active_run
        if run.info.stopping.requested:
            return  # whatever failed, failed by that: the run settles it when it ends
        if isinstance(failure.value, HostPaused):
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
            run.info.arguments.urls
            and isinstance(failure.value, RobotsUnreachable)
            and refused is None
        ):
            # No sitemap, feed or listing is asked, which would say so.
            lost = run.discovered.entry("robots.txt", urljoin(request.url, "/robots.txt"))
            lost.problem, lost.down = why, failure.value.down
            lost.robots = not lost.down
        if refused is not None:
            outcome, why = Outcome.BLOCKED, refused
        run.outcomes.settle(request.cb_kwargs["url"], outcome, why)
