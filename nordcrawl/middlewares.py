"""Downloader middlewares: what may leave this machine. Thin; no rule about content."""

from __future__ import annotations

import logging
import zlib
from typing import Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

from nordcrawl.sources import Source
from nordcrawl.url import canonicalize, shown

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

    Source: RFC 9309 sections 2.3.1.3 (unavailable), 2.3.1.4 (unreachable), 2.5 (limits).
    """

    MAX_BYTES = 500 << 10

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreachable: dict[str, RobotsUnreachable] = {}

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        """Raise `RobotsDenied` or `RobotsUnreachable` where the request may not be made."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        parser = await self.robot_parser(request)
        if (error := self._unreachable.get(urlparse_cached(request).netloc)) is not None:
            raise error
        agent: str | bytes = self._robotstxt_useragent or self._default_useragent
        if parser is not None and not parser.allowed(request.url, agent):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsDenied("robots.txt says no")

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules for a request's host, asked for once a run; None where there are
        none to be had."""
        url = urlparse_cached(request)
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
                await self._parse_robots(response, url.netloc, request)
            except Exception as error:  # noqa: BLE001 - whatever failed, the host is not asked
                self._robots_error(error, url.netloc)
        parser = self._parsers[url.netloc]
        if isinstance(parser, Deferred):
            return await maybe_deferred_to_future(parser)
        return parser

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._unreachable[netloc] = RobotsUnreachable(
                f"robots.txt: HTTP {response.status}", answered=True
            )
        body = b"" if not 200 <= response.status < 300 else response.body[: self.MAX_BYTES]
        await super()._parse_robots(response.replace(body=_utf8(body)), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        text = shown(str(exc) or type(exc).__name__)
        logger.warning("robots.txt of %s: %s", netloc, text)
        self._unreachable[netloc] = RobotsUnreachable(f"robots.txt: {text}", answered=False)
        super()._robots_error(exc, netloc)


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
