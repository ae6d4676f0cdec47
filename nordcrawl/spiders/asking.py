"""Ask a source for a few addresses, politely, without a run: for commands that only look.

The same middlewares, settings and manners as a crawl: robots.txt, the guard of hosts and
addresses, delay, user agent, limits. Nothing is extracted, remembered or archived. Knows nothing
of what stands in the pages; `on_page` says which addresses to ask next.

One call a process: Twisted's reactor can't be started twice.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.utils.project import get_project_settings
from twisted.python.failure import Failure

from nordcrawl.config.options import Options
from nordcrawl.errors import NordcrawlError
from nordcrawl.middlewares.address_guard import UrlRefused
from nordcrawl.middlewares.resolver import refusal
from nordcrawl.middlewares.robots import RobotsDenied, RobotsMiddleware, RobotsUnreachable
from nordcrawl.model.page import Page
from nordcrawl.model.url import canonicalize
from nordcrawl.sources.source import LEAST_DELAY_S, Source
from nordcrawl.spiders.responses import reason, to_page

ROBOTS_PATH = "/robots.txt"
#: Files in which a site speaks to crawlers: asked for even where robots.txt disallows them, for
#: whoever does not read them can't obey them. Where robots.txt can't be had they are not asked.
#: Source: RFC 9309 section 2.2.2 (robots.txt itself is always allowed); RFC 8615 section 1
#: (well-known addresses are for what is looked up before a request).
STATEMENTS = frozenset({ROBOTS_PATH, "/.well-known/tdmrep.json"})
#: Addresses asked in one call, unless the caller says otherwise.
MOST = 100
#: Whose INFO lines tell an operator of a command nothing.
_DEFAULT_LEVEL, _QUIET_LEVEL = "INFO", "WARNING"


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An address that gave no page, and why, on one line."""

    url: str
    reason: str
    denied: bool = False
    """robots.txt, or the guard of hosts, kept us from asking."""


Answer: TypeAlias = Page | Unanswered
#: Given each page as it comes, with any status; what it returns is asked too, relative to the
#: page. An ``async`` function may await workers, where hostile pages are best parsed.
OnPage: TypeAlias = Callable[[Page], Iterable[str] | Awaitable[Iterable[str]]]


def nothing_more(page: Page) -> Iterable[str]:
    """Ask for nothing that a page names."""
    return ()


def project_settings() -> Settings:
    """Return Scrapy's settings as ``nordcrawl crawl`` has them: the project's, else our own."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    return get_project_settings()


def ask(
    settings: Settings,
    options: Options,
    source: Source,
    start_urls: Sequence[str],
    on_page: OnPage = nothing_more,
    *,
    most: int = MOST,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Answer]:
    """Return one answer for each address, in the order in which they were first named.

    `settings` come from `project_settings`; `source` from `Options.source`, which holds the rule
    that real hosts want a contact. An address is asked once, however often it is named; a
    fragment is no part of it. More than `most` are not asked, and say so. robots.txt is fetched
    once a host: asked for here, it is the very answer that the crawl obeys.

    Raises:
        NordcrawlError: the crawl did not begin.
        KeyboardInterrupt: a signal ended it.
        Exception: whatever `on_page` raised; the crawl ends with it.
    """
    settings = settings.copy()
    settings.set("USER_AGENT", options.user_agent, priority="cmdline")
    settings.set("DOWNLOAD_DELAY", max(source.delay, LEAST_DELAY_S), priority="cmdline")
    if settings.get("LOG_LEVEL") == _DEFAULT_LEVEL:
        settings.set("LOG_LEVEL", _QUIET_LEVEL, priority="cmdline")
    asked = _Asked(tuple(start_urls), on_page, most, clock)
    process = AsyncCrawlerProcess(settings)
    process.crawl(AskingSpider, source=source, asked=asked)
    process.start()
    if asked.error is not None:
        raise asked.error
    if asked.ended is None or process.bootstrap_failed:
        raise NordcrawlError(f"{source.name}: the asking broke off before its end")
    if asked.ended == "shutdown":
        raise KeyboardInterrupt
    return [answer or Unanswered(url, "no answer") for url, answer in asked.answers.items()]


@dataclass(slots=True)
class _Asked:
    """What was asked and answered, shared between `ask` and its spider."""

    start_urls: tuple[str, ...]
    on_page: OnPage
    most: int
    clock: Callable[[], datetime]
    answers: dict[str, Answer | None] = field(default_factory=dict)
    under_way: int = 0
    error: BaseException | None = None
    ended: str | None = None


class AskingSpider(Spider):
    """The spider of `ask`; the guard knows its `source`, and it has no run."""

    name = "asking"

    def __init__(self, source: Source, asked: _Asked, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.asked = asked
        self._robots: dict[str, Page] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Scrapy's constructor; listens for the robots.txt that the middleware fetches."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.received, signals.response_received)
        crawler.signals.connect(spider.closed_by, signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first addresses."""
        async for request in self._requests(self.asked.start_urls, None):
            yield request

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Request]:
        """Take an answer, and ask for what it leads to."""
        page = to_page(response, kwargs["url"], self.asked.clock())
        self.asked.answers[kwargs["url"]] = page
        async for request in self._after(page):
            yield request

    def failed(self, failure: Failure) -> None:
        """Take note of an address that gave no answer."""
        request: Request = failure.request  # type: ignore[attr-defined]
        url = request.cb_kwargs["url"]
        refused = refusal(request.url)
        denied = refused is not None or isinstance(
            failure.value, (RobotsDenied, RobotsUnreachable, UrlRefused)
        )
        self.asked.answers[url] = Unanswered(url, refused or reason(failure), denied)

    def received(self, response: Response, request: Request) -> None:
        """Keep what the middleware got for robots.txt, under the address first asked for."""
        first = request.meta.get("redirect_urls", (request.url,))[0]
        if urlsplit(first).path == ROBOTS_PATH:
            self._robots[_key(first)] = to_page(response, _key(first), self.asked.clock())

    def closed_by(self, spider: Spider, reason: str) -> None:
        """Take note of how the crawl ended."""
        self.asked.ended = reason

    async def _requests(self, urls: Iterable[str], base: str | None) -> AsyncIterator[Request]:
        for text in urls:
            try:
                url = canonicalize(text, base)
            except ValueError as error:
                self.asked.answers.setdefault(text, Unanswered(text, str(error)))
                continue
            if url in self.asked.answers:
                continue
            if self.asked.under_way >= self.asked.most:
                self.asked.answers[url] = Unanswered(
                    url, f"not asked: the limit is {self.asked.most}"
                )
                continue
            self.asked.under_way += 1
            self.asked.answers[url] = None
            path = urlsplit(url).path
            unreachable = await self._robots_problem(url) if path in STATEMENTS else None
            if path == ROBOTS_PATH and (page := self._robots.get(_key(url))) is not None:
                self.asked.answers[url] = page
                async for request in self._after(page):
                    yield request
            elif unreachable is not None:
                self.asked.answers[url] = Unanswered(url, unreachable, denied=True)
            else:
                yield self._request(url, path in STATEMENTS)

    async def _robots_problem(self, url: str) -> str | None:
        """Have robots.txt fetched, and return why it could not be had."""
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        if robots is None or not self.source.allows(url):
            return None  # switched off by the operator; or refused by the guard anyhow
        try:
            await robots.process_request(Request(url))
        except RobotsDenied:
            return None
        except RobotsUnreachable as error:
            return str(error)
        return None

    def _request(self, url: str, statement: bool) -> Request:
        return Request(
            url,
            callback=self.parse,
            errback=self.failed,
            cb_kwargs={"url": url},
            meta={"dont_obey_robotstxt": True} if statement else {},
            dont_filter=True,
        )

    async def _after(self, page: Page) -> AsyncIterator[Request]:
        try:
            named = self.asked.on_page(page)
            urls = await named if inspect.isawaitable(named) else named
            wanted = list(urls)
        except Exception as error:  # raised again by `ask`; Scrapy would only log it
            self.asked.error = error
            raise CloseSpider("failed") from error
        async for request in self._requests(wanted, page.url):
            yield request


def _key(url: str) -> str:
    parts = urlsplit(canonicalize(url))
    return f"{parts.scheme}://{parts.netloc}{ROBOTS_PATH}"


__all__ = [
    "STATEMENTS",
    "Answer",
    "AskingSpider",
    "OnPage",
    "Unanswered",
    "ask",
    "nothing_more",
    "project_settings",
    "to_page",
]
