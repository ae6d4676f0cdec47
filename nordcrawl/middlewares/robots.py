"""robots.txt by RFC 9309."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler

from nordcrawl.crawl.run import Run
from nordcrawl.fetch import robots
from nordcrawl.fetch.robots_copies import FRESH_FOR, Copies, Copy
from nordcrawl.middlewares.address_guard import logger
from nordcrawl.middlewares.resolver import is_down, never_connected, refusal
from nordcrawl.middlewares.whole_body import WholeBodyMiddleware
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.times import utc_now
from nordcrawl.model.words import reason


class RobotsDenied(IgnoreRequest):
    """robots.txt says no."""


class RobotsUnreachable(IgnoreRequest):
    """robots.txt could not be had, so everything on the host counts as denied."""

    def __init__(self, text: str, *, down: bool) -> None:
        super().__init__(text)
        self.down = down
        """No connection could be made: the host is away, and not its robots.txt alone."""


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
        asked = crawl_delay(parser, agent)
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
        kept = downloader.per_slot_settings.setdefault(key, {})
        if asked > kept.get("delay", self.crawler.settings.getfloat("DOWNLOAD_DELAY")):
            kept["delay"] = asked
            if (slot := downloader.slots.get(key)) is not None:
                slot.delay = asked

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
            # Where a proxy is asked, whether the host is there is the proxy's to say.
            proxied = "proxy" in wanted.meta
            down = never_connected(error) if proxied else await is_down(error, wanted.url)
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
        run.info.notes.append(
            f"robots.txt of {host}: {why}; the copy of {copy.fetched_at:%Y-%m-%d %H:%M} was used"
        )
        if copy.status == 200:
            run.statements.take(
                Page(wanted.url, copy.body, copy.fetched_at, wanted.url, status=copy.status)
            )
        return copy

    def _copies(self) -> Copies | None:
        """Return the copies of the run's state folder; None where there is no run."""
        run: Run | None = getattr(self.crawler.spider, "run", None)
        if self._kept is None and run is not None:
            self._kept = Copies(run.folder / "robots.json")
        return self._kept


def crawl_delay(parser: RobotParser | None, agent: str) -> float:
    """Return the seconds between two requests that a robots.txt asks for; 0 where it asks for
    none."""
    parsed = getattr(parser, "rp", None)
    asked = parsed.crawl_delay(agent) if parsed is not None else None
    return float(asked or 0)


def _is_unreachable(status: int) -> bool:
    """Return whether a status says that robots.txt can't be had now. 429 is no statement about
    what is allowed, though RFC 9309 counts all of 4xx as one."""
    return status >= 500 or status == 429
