"""The metrics endpoint: how a crawl stands, for a Prometheus on the same machine."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from nordcrawl.extensions.live_display import standing_of
from nordcrawl.report.live import Standing
from nordcrawl.spiders.runs import run_of

logger = logging.getLogger(__name__)

#: Seconds between two looks at the run: what is asked for is no older.
_EACH_S: Final = 1.0


class MetricsEndpoint:
    """Listens on ``NORDCRAWL_METRICS_PORT`` of 127.0.0.1 as long as the spider is open.

    A thread answers, which never touches the run: it is given the latest of values that the event
    loop takes once a second. A port that can't be had is a warning, and no failure of the crawl.
    """

    def __init__(self, crawler: Crawler, port: int) -> None:
        self.crawler = crawler
        self._port = port
        self._latest: Standing | None = None
        self._end: Callable[[], None] | None = None
        self._began = time.monotonic()
        self._next: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor.

        Raises:
            NotConfigured: no port is set.
        """
        port = crawler.settings.getint("NORDCRAWL_METRICS_PORT")
        if not port:
            raise NotConfigured
        endpoint = cls(crawler, port)
        crawler.signals.connect(endpoint.spider_opened, signals.spider_opened)
        crawler.signals.connect(endpoint.stop, signals.engine_stopped)
        return endpoint

    def spider_opened(self, spider: Spider) -> None:
        """Begin to listen, where the spider has a run."""
        from nordcrawl.report.metrics import serve  # of the extra; the options have looked for it

        if run_of(self.crawler) is None:
            return
        try:
            self._end = serve(self._port, lambda: self._latest)
        except OSError as error:
            logger.warning("no metrics: port %d of 127.0.0.1: %s", self._port, error.strerror)
            return
        self._look()

    def stop(self) -> None:
        """Listen no more; safe to call more than once."""
        if self._next is not None:
            self._next.cancel()
        end, self._end = self._end, None
        if end is not None:
            end()

    def _look(self) -> None:
        run = run_of(self.crawler)
        if run is not None:
            self._latest = standing_of(run, time.monotonic() - self._began)
        self._next = asyncio.get_running_loop().call_later(_EACH_S, self._look)
