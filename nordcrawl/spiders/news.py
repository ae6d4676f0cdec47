"""The news spider: a source's sitemaps, feeds and listings, then the article pages that are due.

Thin: it asks and passes on. What links mean is `nordcrawl.discover`'s, what is due
`nordcrawl.fetch`'s, what a page is worth the item pipelines' to say.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from twisted.python.failure import Failure

from nordcrawl import discover
from nordcrawl.discover import Discovery, Link
from nordcrawl.errors import UsageError
from nordcrawl.fetch.answer import judge
from nordcrawl.items import PageItem
from nordcrawl.ledger import Outcome
from nordcrawl.middlewares import RobotsDenied, RobotsUnreachable, UrlRefused
from nordcrawl.net import refusal
from nordcrawl.page import Page
from nordcrawl.run import Run
from nordcrawl.sources import Source
from nordcrawl.url import canonicalize, path_of, shown
from nordcrawl.workers import WorkFailed

#: Requests given to Scrapy at a time; the rest wait as plain strings.
BATCH = 100
#: Sitemaps read in a run, and how deep an index may nest (sitemaps.org: it may not).
MAX_SITEMAPS = 500
MAX_SITEMAP_DEPTH = 3
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
        self._due: deque[str] | None = None
        self._under_way = 0
        self._listings = 0
        self._unread: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's constructor; connects the two signals that move the crawl on."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.robots_parsed, signals.robots_parsed)
        crawler.signals.connect(spider.idle, signals.spider_idle)
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
        for url in run.arguments.urls:
            run.discover(url, Link(url), "argument urls")
        if run.arguments.urls:
            return
        for url in self.source.entries("sitemap"):
            yield self._entry("sitemap", url)
        for url in self.source.entries("feed"):
            yield self._entry("feed", url)
        for url in self.source.entries("listing"):
            yield self._entry("listing", url)
        if self.source.robots_sitemaps and not run.entries:
            # Nothing else would make Scrapy ask for robots.txt, whose Sitemap lines are wanted.
            for host in self.source.hosts:
                yield self._entry("listing", self.source.home(host))

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        """Follow the Sitemap lines of a robots.txt (its text is not kept by Scrapy, its parser
        is)."""
        if self.run is None or self.run.arguments.urls or not self.source.robots_sitemaps:
            return
        parsed = getattr(robotparser, "rp", None)
        for url in getattr(parsed, "sitemaps", ()):
            for sitemap in self._sitemaps([Link(str(url))], 1, request.url):
                self.crawler.engine.crawl(sitemap)

    def _entry(self, kind: str, url: str, depth: int = 1) -> Request:
        self.active_run.entry(kind, url)
        meta = {"download_maxsize": SITEMAP_MAXSIZE} if kind == "sitemap" else {}
        return Request(
            url,
            callback=self.parse_entry,
            errback=self.entry_failed,
            cb_kwargs={"kind": kind, "url": url, "depth": depth},
            meta=meta,
            priority=100,
            dont_filter=True,
        )

    async def parse_entry(
        self, response: Response, kind: str, url: str, depth: int
    ) -> AsyncIterator[Request]:
        """Take the links of a sitemap, feed or listing; parsing happens in a worker."""
        run = self.active_run
        entry = run.entry(kind, url)
        entry.status = response.status
        if response.status != 200:
            entry.problem = f"HTTP {response.status}"
            return
        try:
            found = await run.workers.call(discover.read, kind, response.body, response.url)
        except WorkFailed as error:
            entry.problem = str(error)
            return
        entry.problem = found.problem
        entry.skipped.extend(found.skipped)
        for request in self._follow(found, kind, url, depth):
            yield request

    def _follow(self, found: Discovery, kind: str, url: str, depth: int) -> Iterator[Request]:
        entry = self.active_run.entry(kind, url)
        for link in found.links:
            try:
                kept = self.source.link(link.url, url)
                if not self.source.allows(kept):
                    entry.foreign.append(kept)
                    continue
                denied = self.source.is_denied(link.url)
            except ValueError as error:
                entry.skipped.append(str(error))
                continue
            if not denied and self.source.is_listing(kept):
                entry.listings += 1
                yield from self._listing(kept)
            elif not denied and path_of(kept) != "/" and self.source.is_article(kept):
                entry.links += 1
                self.active_run.discover(kept, link, url)
            else:
                entry.others += 1
        entry.listings += len(found.sitemaps)
        yield from self._sitemaps(found.sitemaps, depth + 1, url)

    def _sitemaps(self, links: Any, depth: int, base: str) -> Iterator[Request]:
        run = self.active_run
        for link in links:
            try:
                # A sitemap's query is part of its name, whatever the articles' is.
                url = self._sitemap_url(link.url, base)
            except ValueError as error:
                run.notes.append(f"sitemap named by {shown(base)}: {error}")
                continue
            if url in run.entries:
                continue
            count = sum(entry.kind == "sitemap" for entry in run.entries.values())
            if depth > MAX_SITEMAP_DEPTH or count >= MAX_SITEMAPS:
                run.entry("sitemap", url).problem = "not read: too deep or too many sitemaps"
                continue
            yield self._entry("sitemap", url, depth)

    def _sitemap_url(self, text: str, base: str) -> str:
        url = canonicalize(text, base)
        if not self.source.allows(url):
            raise ValueError(f"{shown(url)}: not on a host of {self.source.name}")
        return url

    def _listing(self, url: str) -> Iterator[Request]:
        if url in self.active_run.entries or url in self._unread:
            return
        if self._listings < self.source.max_listings:
            self._listings += 1
            yield self._entry("listing", url)
        else:
            self._unread.add(url)

    def entry_failed(self, failure: Failure) -> None:
        """Take note that a sitemap, feed or listing could not be had."""
        request: Request = failure.request  # type: ignore[attr-defined]
        entry = self.active_run.entry(request.cb_kwargs["kind"], request.cb_kwargs["url"])
        entry.problem = refusal(request.url) or reason(failure)
        entry.robots = isinstance(failure.value, RobotsUnreachable) and failure.value.answered

    # --- fetch ------------------------------------------------------------------------------

    def idle(self) -> None:
        """Plan when discovery has come to rest, then keep the crawl going until all is asked."""
        if self.run is None:
            return
        if self._due is None:
            if self._unread:
                self.run.notes.append(
                    f"{len(self._unread)} listings were not read: max_listings is "
                    f"{self.source.max_listings}"
                )
            self._due = deque(self.run.plan())
        self._under_way = 0
        self._top_up()
        if self._under_way:
            raise DontCloseSpider

    def _top_up(self) -> None:
        while self._due and self._under_way < BATCH:
            self._under_way += 1
            self.crawler.engine.crawl(self._article(self._due.popleft()))

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
        self._under_way -= 1
        run = self.active_run
        page = to_page(response, url, run)
        ending = judge(page, run.known_body(url))
        if ending is not None:
            run.settle(url, ending.outcome, ending.reason, page)
        else:
            yield PageItem(url, page)
        self._top_up()

    def page_failed(self, failure: Failure) -> None:
        """Settle an article that could not be fetched."""
        self._under_way -= 1
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome = Outcome.FETCH_FAILED
        if isinstance(failure.value, (RobotsDenied, RobotsUnreachable)):
            outcome = Outcome.ROBOTS_DENIED
        elif isinstance(failure.value, UrlRefused):
            outcome = Outcome.BLOCKED
        why = reason(failure)
        if (refused := refusal(request.url)) is not None:
            outcome, why = Outcome.BLOCKED, refused
        self.active_run.settle(request.cb_kwargs["url"], outcome, why)
        self._top_up()


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
    error = failure.value
    text = shown(re.sub(r"\s+", " ", str(error)).strip())
    if isinstance(error, IgnoreRequest):
        return text or "not asked"
    name = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__.removesuffix("Error")).lower()
    return f"{name}: {text}" if text else name
