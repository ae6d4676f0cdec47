"""The news spider: what hosts say of themselves, a source's entries, then the pages that are due.

Thin: it asks and passes on. How entries are asked is for `nordcrawl.spiders.entries` to say, what
is due for `nordcrawl.fetch`, what a page is worth for the item pipelines.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self
from urllib.parse import urljoin

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from nordcrawl.crawl import statements
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import stop_requested
from nordcrawl.discover import Link
from nordcrawl.errors import UsageError
from nordcrawl.fetch.answer import judge
from nordcrawl.items import PageItem
from nordcrawl.middlewares.address_guard import UrlRefused
from nordcrawl.middlewares.capture import EXCHANGE, WANTED
from nordcrawl.middlewares.pauses import HostGivenUp, HostPaused
from nordcrawl.middlewares.resolver import refusal
from nordcrawl.middlewares.robots import RobotsDenied, RobotsUnreachable
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.printable import shown
from nordcrawl.model.url import path_of
from nordcrawl.rights import TDMREP_PATH
from nordcrawl.sources.landing import Landing, landing
from nordcrawl.sources.source import Source
from nordcrawl.spiders.entries import Entries
from nordcrawl.spiders.responses import FETCHED_AT, is_conditional, reason, to_page

#: Pages on their way where CONCURRENT_REQUESTS sets no limit.
_MOST_IN_FLIGHT = 16


class NewsSpider(Spider):
    """A source's spider; subclasses made by `nordcrawl.spiders.loader` differ in data only."""

    name = "news"
    source: Source
    entries: Entries
    """Only where there is a run."""

    def __init__(self, *args: Any, run: Run | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        if run is not None:
            self.source = run.info.source
            self.entries = Entries(run, self._wait)
        self._planning: asyncio.Future[None] | None = None
        self._paused: list[Request] = []
        self._resumes: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's constructor; connects the signals that move the crawl on."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.run is not None:
            spider.run.under_way.on_landed = spider._top_up
            crawler.signals.connect(spider.entries.stop_reading, stop_requested)
        crawler.signals.connect(spider.robots_parsed, signals.robots_parsed)
        crawler.signals.connect(spider.idle, signals.spider_idle)
        crawler.signals.connect(spider.statement_received, signals.response_received)
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
        async for request in self.entries.ask():
            yield request

    async def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Follow the Sitemap lines of a robots.txt."""
        if self.run is None or self.run.info.arguments.urls or not self.source.robots_sitemaps:
            return
        async for asked in self.entries.ask_named(robotparser, request):
            self.crawler.engine.crawl(asked)

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
