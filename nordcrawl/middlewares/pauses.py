"""Leave a host alone for as long as its 429 or 503 asks."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from nordcrawl.crawl.run import Run
from nordcrawl.fetch.pauses import Pauses, retry_after
from nordcrawl.model.times import utc_now


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
        if run is not None and run.info.stopping.requested:
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
