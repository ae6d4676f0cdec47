"""Downloads that end when a run is told to stop, and that ask once. Scrapy's own wait for an answer
to its last byte, and ask again where a connection that was kept is closed.

Thin: how to download is Scrapy's handler's.
"""

from __future__ import annotations

import asyncio

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import GRACE_S, stop_requested
from nordcrawl.middlewares.host_slot import asked_now
from nordcrawl.middlewares.pauses import RunStopped


class DownloadHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https; breaks off what is under way at `stop_requested`."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # That would ask again at once, whatever the delay; RetryMiddleware does in its turn.
        self._pool.retryAutomatically = False
        self._under_way: set[asyncio.Future[Response]] = set()
        crawler.signals.connect(self.stop, stop_requested)

    async def download_request(self, request: Request) -> Response:
        """Return the answer, or raise `RunStopped`."""
        run = self._run()
        if run is not None and run.info.stopping.requested:
            raise RunStopped
        download = asyncio.ensure_future(super().download_request(request))
        self._under_way.add(download)
        try:
            return await download
        except asyncio.CancelledError:
            asked_now(self._crawler, request)
            if run is not None and run.info.stopping.requested:
                raise RunStopped from None
            raise
        except Exception:
            # Before Scrapy begins the next one: whether and when the host had it, nobody knows.
            asked_now(self._crawler, request)
            raise
        finally:
            self._under_way.discard(download)

    def stop(self) -> None:
        """Break off what is not here after `GRACE_S`."""
        run = self._run()
        if run is not None:
            left = run.info.stopping.left(GRACE_S)
            asyncio.get_running_loop().call_later(left, self._break_off)

    def _break_off(self) -> None:
        for download in tuple(self._under_way):
            download.cancel()

    def _run(self) -> Run | None:
        return getattr(self._crawler.spider, "run", None)
