"""The observer of a run: turns Scrapy's signals of errors and of the end into the run's own."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import WORK_S, stop_requested
from nordcrawl.items import LeftOpen, address_of, page_of
from nordcrawl.middlewares.pauses import RunStopped
from nordcrawl.model.ledger import Outcome
from nordcrawl.spiders.runs import run_of

logger = logging.getLogger(__name__)

#: Seconds between two looks at whether the engine has started.
_STARTING_S = 0.05


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
        return run_of(self.crawler)

    def spider_opened(self, spider: Spider) -> None:
        """End the crawl at once when the run says that it can't go on, or is told to stop."""
        if self.run is None:
            return
        if self.run.info.stopping.requested:  # before there was a crawl
            raise CloseSpider("shutdown")
        self.run.on_stop = self._stop
        self.run.failures.on_first = self._fail
        if self.run.failures.first is not None:
            self._fail()
        if self.run.lease is not None:
            loop, stop = asyncio.get_running_loop(), self.run.failures.stop
            self.run.lease.on_lost = lambda error: loop.call_soon_threadsafe(stop, error)

    def _stop(self) -> None:
        """Let nothing more be asked, give what was fetched its time, and close the spider."""
        if self.run is None:
            return
        for slot in self.crawler.engine.downloader.slots.values():
            while slot.queue:
                _, waiting = slot.queue.popleft()
                waiting.errback(Failure(RunStopped()))  # type: ignore[no-untyped-call]
        self.crawler.signals.send_catch_log(stop_requested)
        loop = asyncio.get_running_loop()
        loop.call_later(self.run.info.stopping.left(WORK_S), self.run.workers.close)
        task = asyncio.ensure_future(self._shut_down())
        task.add_done_callback(lambda done: done.exception())

    async def _shut_down(self) -> None:
        """Stop the engine; Scrapy's own way to do so is of no effect until it runs."""
        while self.crawler.crawling and not self.crawler.engine.running:
            await asyncio.sleep(_STARTING_S)
        await self.crawler.stop_async()

    def _fail(self) -> None:
        task = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="failed"))
        task.add_done_callback(lambda done: done.exception())

    def item_error(self, item: Any, failure: Failure, **_: Any) -> None:
        """Settle a page on which a pipeline failed."""
        if self.run is not None:
            url = address_of(item)
            self.run.reservations.release(url)
            self.run.outcomes.internal_error(url, failure.value)

    def item_dropped(self, item: Any, exception: BaseException | None = None, **_: Any) -> None:
        """Give back what a page held that a pipeline dropped on its way to the archive, for
        another page of its article may wait for it; and settle it, if it was an operator's own
        pipeline that wanted no more of it."""
        if self.run is None:
            return
        url = address_of(item)
        self.run.reservations.release(url)
        if not isinstance(exception, LeftOpen) and self.run.outcomes.is_open(url):
            said = " ".join(str(exception or "").split())
            why = f"dropped by an item pipeline{f': {said}' if said else ''}"
            self.run.outcomes.settle(url, Outcome.OUT_OF_RANGE, why, page_of(item))

    def spider_error(self, failure: Failure, response: Response | None, **_: Any) -> None:
        """Settle a page on which the spider failed."""
        if self.run is None:
            return
        request = getattr(response, "request", None)
        url = request.cb_kwargs.get("url") if request is not None else None
        self.run.outcomes.internal_error(str(url), failure.value)

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Ship everything and write the report."""
        if self.run is not None:
            report = await self.run.finish(self.run.info.stopping.because or reason)
            for outcome, count in report.outcomes.items():
                self.crawler.stats.set_value(f"nordcrawl/outcome/{outcome}", count)
