"""The observer of a run: turns Scrapy's signals of errors and of the end into the run's own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from nordcrawl.items import address_of
from nordcrawl.run import Run

logger = logging.getLogger(__name__)


class RunObserver:
    """Connected to every crawler; does nothing where a spider has no run."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; connects the signals."""
        observer = cls(crawler)
        connect = crawler.signals.connect
        connect(observer.spider_opened, signals.spider_opened)
        connect(observer.item_error, signals.item_error)
        connect(observer.item_dropped, signals.item_dropped)
        connect(observer.spider_error, signals.spider_error)
        connect(observer.spider_closed, signals.spider_closed)
        return observer

    @property
    def run(self) -> Run | None:
        """The spider's run, if it has one."""
        return getattr(self.crawler.spider, "run", None)

    def spider_opened(self, spider: Spider) -> None:
        """End the crawl at once when the run says that it can't go on."""
        if self.run is not None:
            self.run.on_failure = self._stop
            if self.run.failure is not None:
                self._stop()

    def _stop(self) -> None:
        task = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="failed"))
        task.add_done_callback(lambda done: done.exception())

    def item_error(self, item: Any, failure: Failure, **_: Any) -> None:
        """Settle a page on which a pipeline failed."""
        if self.run is not None:
            self.run.release(address_of(item))
            self.run.crashed(address_of(item), failure.value)

    def item_dropped(self, item: Any, **_: Any) -> None:
        """Give back what a page held that a pipeline dropped on its way to the archive, for
        another page of its article may wait for it."""
        if self.run is not None:
            self.run.release(address_of(item))

    def spider_error(self, failure: Failure, response: Response | None, **_: Any) -> None:
        """Settle a page on which the spider failed."""
        if self.run is None:
            return
        request = getattr(response, "request", None)
        url = request.cb_kwargs.get("url") if request is not None else None
        self.run.crashed(str(url), failure.value)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Ship everything and write the report."""
        if self.run is not None:
            report = await self.run.finish(reason)
            for outcome, count in report.outcomes.items():
                self.crawler.stats.set_value(f"nordcrawl/outcome/{outcome}", count)
