"""Bodies that were cut on the way are asked for again."""

from __future__ import annotations

import sys
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from nordcrawl.fetch import coding
from nordcrawl.model.printable import shown


class BodyUnreadable(IgnoreRequest):
    """The body can't be had whole: cut short or damaged after all retries, or too large."""


class WholeBodyMiddleware:
    """Undo the content codings of bodies, and ask again for one that was cut on the way; Scrapy
    inflates what there is and would pass half an article for a whole one.

    Of a request whose meta has `HEAD_BYTES`, no more than so many bytes are read; the transfer
    ends there.

    Stands in the place of HttpCompressionMiddleware.
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
