"""Downloader middlewares: what may leave this machine. Thin; no rule about content."""

from __future__ import annotations

import logging
import zlib
from datetime import datetime
from typing import Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from nordcrawl.copies import FRESH_FOR, Copies, Copy
from nordcrawl.fetch.pauses import Pauses, retry_after
from nordcrawl.page import Page
from nordcrawl.run import Run, spool_folder, utc_now
from nordcrawl.sources import Source
from nordcrawl.url import canonicalize, shown
from nordcrawl.words import reason

logger = logging.getLogger(__name__)


class UrlRefused(IgnoreRequest):
    """The address is not of the source's hosts and ports."""


class RobotsDenied(IgnoreRequest):
    """robots.txt says no."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be had, so everything on the host counts as denied."""

    def __init__(self, text: str, *, answered: bool) -> None:
        super().__init__(text)
        self.answered = answered
        """The host is up and answered with an error of its own."""


class UrlGuardMiddleware:
    """Let only requests to the source's own hosts and ports pass, redirects included."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise `UrlRefused` for an address that is not the source's."""
        source: Source | None = getattr(self.crawler.spider, "source", None)
        if source is None:
            return
        try:
            allowed = source.allows(canonicalize(request.url))
        except ValueError as error:
            raise UrlRefused(str(error)) from error
        if not allowed:
            raise UrlRefused(f"{shown(request.url)} is not on {', '.join(source.all_hosts)}")


class RunStopped(IgnoreRequest):
    """The run was told to stop: nothing more is asked."""

    def __init__(self) -> None:
        super().__init__("the run was stopped")


class HostPaused(IgnoreRequest):
    """The host asked to be left alone for some seconds: ask again after them."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the host asked to be left alone for {seconds:.0f} s")
        self.seconds = seconds


class HostGivenUp(IgnoreRequest):
    """The host asked to be left alone for longer than a run waits."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class PauseMiddleware:
    """Leave a host alone for as long as its 429 or 503 asks, and give up the one that asks for too
    much. Holds no request back itself: a request that waits here would keep other hosts waiting.

    Stands between the network and RetryMiddleware, which would ask again at once.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._pauses = Pauses(crawler.settings.getfloat("NORDCRAWL_RETRY_AFTER_MAX_S"))
        self._status: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise `HostPaused` or `HostGivenUp` where the host is not to be asked now, `RunStopped`
        where nobody is."""
        run: Run | None = getattr(self.crawler.spider, "run", None)
        if run is not None and run.stopping.requested:
            raise RunStopped
        if not request.meta.get("dont_obey_robotstxt"):
            self._check(urlparse_cached(request).netloc)

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response, or raise as `process_request` does."""
        if response.status not in (429, 503) or request.meta.get("dont_obey_robotstxt"):
            return response
        asked = response.headers.get("Retry-After")
        date = response.headers.get("Date")
        now = utc_now()
        seconds = retry_after(
            asked.decode("latin-1") if asked else None,
            date.decode("latin-1") if date else None,
            now,
        )
        if seconds is None and response.status == 503:
            return response  # an error as any other, which RetryMiddleware tries again
        host = urlparse_cached(request).netloc
        self._status[host] = response.status
        self._pauses.take(host, response.status, seconds, now)
        self._call_back(request, host)
        self._check(host)
        return response  # asked to wait no second: RetryMiddleware's

    def _call_back(self, request: Request, host: str) -> None:
        """Take back what waits for its turn at the host, beyond `process_request` already."""
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(downloader.get_slot_key(request))
        while slot is not None and slot.queue:
            _, waiting = slot.queue.popleft()
            try:
                self._check(host)
            except IgnoreRequest as error:
                waiting.errback(Failure(error))  # type: ignore[no-untyped-call]

    def _check(self, host: str) -> None:
        if (given_up := self._pauses.given_up.get(host)) is not None:
            raise HostGivenUp(given_up.reason, self._status[host])
        if left := self._pauses.left(host, utc_now()):
            raise HostPaused(left)


class BodyCutShort(IgnoreRequest):
    """The compressed body ends before its end, after all retries."""


class WholeBodyMiddleware:
    """Ask again for a gzipped body that was cut on the way; Scrapy inflates what there is and
    would pass half an article for a whole one.

    Stands between the network and HttpCompressionMiddleware, where bodies are still as sent.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response, or the request once more; raise `BodyCutShort` at the last."""
        encoding = (response.headers.get("Content-Encoding") or b"").strip().lower()
        if encoding not in (b"gzip", b"x-gzip") or not response.body or _is_whole(response.body):
            return response
        spider = self.crawler.spider
        if spider is not None:
            again = get_retry_request(request, spider=spider, reason="body cut short")
            if again is not None:
                return again
        raise BodyCutShort("the gzipped body is cut short")


def _is_whole(body: bytes) -> bool:
    """Tell whether the first gzip member ends; inflates a bounded piece at a time."""
    stream = zlib.decompressobj(wbits=31)
    rest = body
    try:
        for _ in range(_MAX_PIECES):
            stream.decompress(rest, _PIECE)
            if stream.eof:
                return True
            rest = stream.unconsumed_tail
            if not rest:
                return False
    except zlib.error:
        return False
    return True  # larger than DOWNLOAD_MAXSIZE: Scrapy's to refuse


_PIECE = 1 << 20
_MAX_PIECES = 64


class RobotsMiddleware(RobotsTxtMiddleware):
    """robots.txt by RFC 9309: 4xx allows all, 5xx and unreachable deny all, 500 KiB are read.

    It is asked for once a run and host, and again after a day. Where it can't be had, the copy of
    an earlier run stands in, if it is no older than that.

    Source: RFC 9309 sections 2.3.1.3 (unavailable), 2.3.1.4 (unreachable), 2.4 (caching),
    2.5 (limits).
    """

    MAX_BYTES = 500 << 10

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreachable: dict[str, RobotsUnreachable] = {}
        self._asked_at: dict[str, datetime] = {}
        self._kept: Copies | None = None

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        """Raise `RobotsDenied` or `RobotsUnreachable` where the request may not be made."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parser = await self.robot_parser(request)
        if (error := self._unreachable.get(urlparse_cached(request).netloc)) is not None:
            raise error
        agent: str | bytes = self._robotstxt_useragent or self._default_useragent
        self._slow_down(request, parser, agent)
        if request.meta.get("statement"):
            return  # a file for crawlers: asked wherever robots.txt could be had, whatever it says
        if parser is not None and not parser.allowed(request.url, agent):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsDenied("robots.txt says no")

    def _slow_down(self, request: Request, parser: RobotParser | None, agent: str | bytes) -> None:
        """Give a host the delay that its robots.txt asks for; raise `RobotsDenied` if that is
        more than is reasonable.

        Crawl-delay is no part of RFC 9309, but publishers write it and most crawlers obey it.
        """
        parsed = getattr(parser, "rp", None)
        asked = parsed.crawl_delay(agent) if parsed is not None else None
        if not asked:
            return
        most = self.crawler.settings.getfloat("NORDCRAWL_CRAWL_DELAY_MAX_S")
        if asked > most:
            raise RobotsDenied(
                f"robots.txt asks for {asked:g} s between two requests; "
                f"NORDCRAWL_CRAWL_DELAY_MAX_S is {most:g}"
            )
        downloader = self.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        if asked > self.crawler.settings.getfloat("DOWNLOAD_DELAY"):
            downloader.per_slot_settings.setdefault(key, {})["delay"] = float(asked)
            if (slot := downloader.slots.get(key)) is not None:
                slot.delay = float(asked)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules for a request's host, asked for once a run; None where there are
        none to be had."""
        url = urlparse_cached(request)
        asked_at = self._asked_at.get(url.netloc)
        if asked_at is not None and utc_now() - asked_at >= FRESH_FOR:
            del self._parsers[url.netloc], self._asked_at[url.netloc]
            self._unreachable.pop(url.netloc, None)
        if url.netloc not in self._parsers:
            self._parsers[url.netloc] = Deferred()
            wanted = Request(
                f"{url.scheme}://{url.netloc}/robots.txt",
                priority=self.DOWNLOAD_PRIORITY,
                meta={"dont_obey_robotstxt": True},
                callback=NO_CALLBACK,
            )
            try:
                response = await self.crawler.engine.download_async(wanted)
                if _is_unreachable(response.status):
                    response = self._stand_in(wanted, f"HTTP {response.status}") or response
                else:
                    copy = Copy(utc_now(), response.status, response.body[: self.MAX_BYTES])
                    if (copies := self._copies()) is not None:
                        copies.put(url.netloc, copy)
                await self._parse_robots(response, url.netloc, request)
            except Exception as error:  # noqa: BLE001 - whatever failed, the host is not asked
                text = reason(error)
                if (stand_in := self._stand_in(wanted, text)) is not None:
                    await self._parse_robots(stand_in, url.netloc, request)
                else:
                    self._robots_error(error, url.netloc)
            self._asked_at[url.netloc] = utc_now()
        parser = self._parsers[url.netloc]
        if isinstance(parser, Deferred):
            return await maybe_deferred_to_future(parser)
        return parser

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if _is_unreachable(response.status):
            self._unreachable[netloc] = RobotsUnreachable(
                f"robots.txt: HTTP {response.status}", answered=True
            )
        body = b"" if not 200 <= response.status < 300 else response.body[: self.MAX_BYTES]
        await super()._parse_robots(response.replace(body=_utf8(body)), netloc, request)

    def _stand_in(self, wanted: Request, why: str) -> Response | None:
        """Return what a host said in an earlier run, if that still holds; the run hears of it."""
        host = urlparse_cached(wanted).netloc
        copies = self._copies()
        copy = copies.get(host) if copies is not None else None
        run: Run | None = getattr(self.crawler.spider, "run", None)
        if copy is None or run is None or not copy.is_fresh(utc_now()):
            return None
        run.notes.append(
            f"robots.txt of {host}: {why}; the copy of {copy.fetched_at:%Y-%m-%d %H:%M} was used"
        )
        if copy.status == 200:
            run.take_statement(
                Page(wanted.url, copy.body, copy.fetched_at, wanted.url, status=copy.status)
            )
        return TextResponse(wanted.url, status=copy.status, body=copy.body, encoding="utf-8")

    def _copies(self) -> Copies | None:
        """Return the copies of the run's state folder; None where there is no run."""
        run: Run | None = getattr(self.crawler.spider, "run", None)
        if self._kept is None and run is not None:
            folder = spool_folder(run.options, run.source.name)
            self._kept = Copies(folder / "robots.json")
        return self._kept

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        text = reason(exc)
        logger.warning("robots.txt of %s: %s", netloc, text)
        self._unreachable[netloc] = RobotsUnreachable(f"robots.txt: {text}", answered=False)
        super()._robots_error(exc, netloc)


def _is_unreachable(status: int) -> bool:
    """Tell whether a status says that robots.txt can't be had now. 429 is no statement about
    what is allowed, though RFC 9309 counts all of 4xx as one."""
    return status >= 500 or status == 429


def _utf8(body: bytes) -> bytes:
    """Return a robots.txt as UTF-8 without byte order mark; UTF-16 is told by its own."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if body.startswith(mark):
            text = body.decode(encoding, "replace")
            return text.removeprefix("\ufeff").encode()
    return body
