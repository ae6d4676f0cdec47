"""Downloader middlewares: what may leave this machine. Thin; no rule about content."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urljoin

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http import Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.responsetypes import responsetypes
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler
from twisted.python.failure import Failure
from w3lib.url import safe_url_string

from nordcrawl.copies import FRESH_FOR, Copies, Copy
from nordcrawl.fetch import coding, robots
from nordcrawl.fetch.pauses import Pauses, retry_after
from nordcrawl.net import is_down, refusal
from nordcrawl.page import Page
from nordcrawl.run import Run, spool_folder, utc_now
from nordcrawl.sources import Source
from nordcrawl.url import canonicalize, shown, without_user
from nordcrawl.words import reason

logger = logging.getLogger(__name__)

#: The headers that make a request conditional. Source: RFC 9110 sections 13.1.2 and 13.1.3.
VALIDATORS = ("If-None-Match", "If-Modified-Since")


class UrlRefused(IgnoreRequest):
    """The address is not of the source's hosts and ports."""


class RobotsDenied(IgnoreRequest):
    """robots.txt says no."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be had, so everything on the host counts as denied."""

    def __init__(self, text: str, *, down: bool) -> None:
        super().__init__(text)
        self.down = down
        """No connection could be made: the host is away, and not its robots.txt alone."""


class UrlGuardMiddleware:
    """Let only requests to the source's own hosts and ports pass, redirects included; those without
    the validators of the address that led there."""

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
        if request.meta.get("redirect_urls"):
            # Of two pages with one tag the other would pass for unchanged.
            for name in VALIDATORS:
                request.headers.pop(name, None)


class RedirectsNowhere(IgnoreRequest):
    """Where a redirect leads is no address."""


class RedirectTargetMiddleware:
    """Take user name and password out of where a redirect leads: no name and password is ever
    sent, and none may come to a log, a ledger line or a record.

    Stands between the network and RedirectMiddleware, which logs where it goes.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response with a target that may be shown."""
        location = response.headers.get("Location")
        if location is None or b"@" not in location:
            return response
        path, mark, query = location.partition(b"?")
        # Browsers read \\ as / before the query, and any number of them before the host as two.
        # Source: WHATWG URL section 4.4, "special authority ignore slashes state".
        text = safe_url_string(path.strip().replace(b"\\", b"/") + mark + query)
        text = re.sub(r"^(https?:)?/{2,}", r"\1//", text, flags=re.IGNORECASE)
        try:
            response.headers["Location"] = without_user(urljoin(request.url, text))
        except ValueError as error:
            raise RedirectsNowhere("redirects to what is no address") from error
        return response


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


class BodyUnreadable(IgnoreRequest):
    """The body can't be had whole: cut short or damaged after all retries, or too large."""


class WholeBodyMiddleware:
    """Undo the content codings of bodies, and ask again for one that was cut on the way; Scrapy
    inflates what there is and would pass half an article for a whole one.

    Of a request whose meta has `HEAD_BYTES`, no more than so many bytes are read; the transfer
    ends there.

    Stands between the network and HttpCompressionMiddleware, where bodies are still as sent; that
    one finds nothing left to do.
    """

    HEAD_BYTES = "head_bytes"

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._most = crawler.settings.getint("DOWNLOAD_MAXSIZE")
        crawler.signals.connect(self._received, signals.bytes_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Ask for what can be proven whole, and for no other coding."""
        request.headers["Accept-Encoding"] = ", ".join(coding.READABLE)
        if self.HEAD_BYTES in request.meta:
            request.meta["head_received"] = 0

    def _received(self, data: bytes, request: Request) -> None:
        """End a transfer of which enough has come."""
        if (most := request.meta.get(self.HEAD_BYTES)) is not None:
            request.meta["head_received"] += len(data)
            if request.meta["head_received"] > most:
                raise StopDownload(fail=False)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the response without its codings, or the request once more; raise
        `BodyUnreadable` at the last."""
        most: int | None = request.meta.get(self.HEAD_BYTES)
        codings = coding.names(
            value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")
        )
        if request.method == "HEAD" or not codings:
            return response if most is None else response.replace(body=response.body[:most])
        response.headers.pop("Content-Encoding")
        if not 200 <= response.status < 300 or response.status == 204:
            # The status says it all, and many of these have no body but the header.
            decoded = coding.decode(response.body, codings, self._most or sys.maxsize)
            return _with_body(response, b"" if decoded.fault else decoded.body)
        limit: int = most or request.meta.get("download_maxsize", self._most) or sys.maxsize
        decoded = coding.decode(response.body, codings, limit)
        wanted = {"too large"} if most else set()
        if "download_stopped" in response.flags:
            wanted.add("cut short")
        if decoded.fault is None or decoded.fault in wanted:
            return _with_body(response, decoded.body)
        if decoded.fault == "too large":
            raise BodyUnreadable(f"the body is larger than {limit} bytes when unpacked")
        why = f"the body is {decoded.fault} ({shown(', '.join(codings), 40)})"
        spider = self.crawler.spider
        if spider is not None:
            again = get_retry_request(request, spider=spider, reason=why)
            if again is not None:
                return again
        raise BodyUnreadable(why)


def _with_body(response: Response, body: bytes) -> Response:
    """Return a response with another body; its class and encoding are guessed anew, for they
    were guessed of the coded one."""
    kind = responsetypes.from_args(headers=response.headers, url=response.url, body=body)
    if issubclass(kind, TextResponse):
        return response.replace(cls=kind, body=body, encoding=None)
    return response.replace(cls=kind, body=body)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the robots.txt of one host says."""

    at: datetime
    """When it was asked for, UTC."""
    parser: RobotParser | None = None
    unreachable: str | None = None
    """Why there are no rules, so that nothing may be asked."""
    down: bool = False
    """No connection could be made."""


class RobotsMiddleware(RobotsTxtMiddleware):
    """robots.txt by RFC 9309: 4xx allows all, 5xx and unreachable deny all, 500 KiB are read.

    It is asked for once a run and host, and again after a day. Where it can't be had, the copy of
    an earlier run stands in, if it is no older than that.

    Source: RFC 9309 sections 2.3.1.3 (unavailable), 2.3.1.4 (unreachable), 2.4 (caching),
    2.5 (limits).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._rules: dict[str, _Rules] = {}
        self._asking: dict[str, asyncio.Task[_Rules]] = {}
        self._kept: Copies | None = None
        self._agent: str = self._robotstxt_useragent or self._default_useragent

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        """Raise `RobotsDenied` or `RobotsUnreachable` where the request may not be made."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parser = await self.robot_parser(request)
        self._slow_down(request, parser, self._agent)
        if request.meta.get("statement"):
            return  # a file for crawlers: asked wherever robots.txt could be had, whatever it says
        if parser is not None and not parser.allowed(request.url, self._agent):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsDenied("robots.txt says no")

    def _slow_down(self, request: Request, parser: RobotParser | None, agent: str) -> None:
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
        """Return the rules for a request's host, asked for once a run.

        Whoever waits for them gets the very same; one that stops waiting stops no other.

        Raises:
            RobotsUnreachable: they could not be had.
        """
        netloc = urlparse_cached(request).netloc
        rules = self._rules.get(netloc)
        if rules is None or utc_now() - rules.at >= FRESH_FOR:
            rules = await self._ask_once(netloc, request)
        if rules.unreachable is not None:
            raise RobotsUnreachable(f"robots.txt: {rules.unreachable}", down=rules.down)
        return rules.parser

    async def _ask_once(self, netloc: str, request: Request) -> _Rules:
        task = self._asking.get(netloc)
        if task is None:
            task = self._asking[netloc] = asyncio.ensure_future(self._ask(netloc, request))
            task.add_done_callback(lambda _: self._asking.pop(netloc, None))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            ours = asyncio.current_task()
            if not task.cancelled() or (ours is not None and ours.cancelling()):
                raise  # it is this request that is no longer wanted
            return _Rules(utc_now(), unreachable="the asking was broken off")

    async def _ask(self, netloc: str, request: Request) -> _Rules:
        """Ask for a host's robots.txt and keep what it says."""
        wanted = Request(
            f"{urlparse_cached(request).scheme}://{netloc}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            # Its size is no error: what is beyond the head is not read.
            meta={
                "dont_obey_robotstxt": True,
                WholeBodyMiddleware.HEAD_BYTES: robots.MAX_BYTES,
                "download_maxsize": 0,
            },
            callback=NO_CALLBACK,
        )
        self._stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(wanted)
        except Exception as error:  # noqa: BLE001 - whatever failed, the host is not asked
            text = refusal(wanted.url) or reason(error)
            down = await is_down(error, wanted.url)
            self._stats.inc_value(f"robotstxt/exception_count/{type(error)}")
        else:
            self._stats.inc_value("robotstxt/response_count")
            self._stats.inc_value(f"robotstxt/response_status_count/{response.status}")
            text, down = f"HTTP {response.status}", False
            if not _is_unreachable(response.status):
                copy = Copy(utc_now(), response.status, robots.kept(response.body))
                if (copies := self._copies()) is not None:
                    copies.put(netloc, copy)
                return await self._read(netloc, request, copy)
        if (stand_in := self._stand_in(wanted, text)) is not None:
            return await self._read(netloc, request, stand_in)
        logger.warning("robots.txt of %s: %s", shown(netloc), text)
        self._rules[netloc] = _Rules(utc_now(), unreachable=text, down=down)
        return self._rules[netloc]

    async def _read(self, netloc: str, request: Request, copy: Copy) -> _Rules:
        """Take what a robots.txt says for the host's rules, and tell of its Sitemap lines."""
        text = robots.rules(copy.body, self._agent) if 200 <= copy.status < 300 else b""
        parser = build_from_crawler(self._parserimpl, self.crawler, text)
        self._rules[netloc] = _Rules(utc_now(), parser)
        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=parser, request=request
        )
        return self._rules[netloc]

    def _stand_in(self, wanted: Request, why: str) -> Copy | None:
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
        return copy

    def _copies(self) -> Copies | None:
        """Return the copies of the run's state folder; None where there is no run."""
        run: Run | None = getattr(self.crawler.spider, "run", None)
        if self._kept is None and run is not None:
            folder = spool_folder(run.options, run.source.name)
            self._kept = Copies(folder / "robots.json")
        return self._kept


def _is_unreachable(status: int) -> bool:
    """Tell whether a status says that robots.txt can't be had now. 429 is no statement about
    what is allowed, though RFC 9309 counts all of 4xx as one."""
    return status >= 500 or status == 429
