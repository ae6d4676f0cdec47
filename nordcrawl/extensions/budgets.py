"""The watch over a run's budgets: ends the crawl as a signal would when one is spent.

A thread of its own, because what stalls a run may be the event loop. Scrapy's CloseSpider has no
budget of bytes, counts items where we want any progress, and waits for all that is under way.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from typing import Final, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler

from nordcrawl.crawl.budgets import Spent
from nordcrawl.crawl.run import Run
from nordcrawl.errors import ExitCode

logger = logging.getLogger(__name__)

#: Seconds between two looks.
_LOOK_S: Final = 0.5
#: Seconds that a stalled crawl has to end, which takes less (`nordcrawl.crawl.stopping`) unless it
#: hangs. Another one has as long as a run may stall.
_LEAVE_S: Final = 60.0


class RunBudgets:
    """Connected to every crawler; does nothing where a spider has no run."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._closed = threading.Event()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; connects the signals."""
        watch = cls(crawler)
        crawler.signals.connect(watch.spider_opened, signals.spider_opened)
        crawler.signals.connect(watch.spider_closed, signals.spider_closed)
        return watch

    def spider_opened(self, spider: Spider) -> None:
        """Begin to watch."""
        run = getattr(spider, "run", None)
        if run is None:
            return
        arguments = (run, asyncio.get_running_loop())
        threading.Thread(target=self._watch, args=arguments, name="budgets", daemon=True).start()

    def spider_closed(self) -> None:
        """Watch no more: how a run ends has bounds of its own."""
        self._closed.set()

    def _watch(self, run: Run, loop: asyncio.AbstractEventLoop) -> None:
        budgets, stats = run.info.options.budgets, self.crawler.stats
        spent, stall_s = Spent(budgets), budgets.stall_s
        while not self._closed.wait(_LOOK_S):
            fetched = stats.get_value("downloader/response_bytes", 0)
            settled = run.outcomes.tally.discovered - len(run.outcomes.tally.open)
            answers = stats.get_value("downloader/response_count", 0)
            code = spent.look(fetched, (fetched, answers, settled, run.outcomes.tally.discovered))
            if code is not None:
                break
        else:
            return
        loop.call_soon_threadsafe(self._end, run, code)
        if not self._closed.wait(_LEAVE_S if code is ExitCode.STALLED else stall_s or None):
            text = f"nordcrawl: error: {code.name.lower()}, and the crawl does not end: leaving\n"
            sys.stderr.write(text)
            sys.stderr.flush()
            os._exit(code)

    def _end(self, run: Run, code: ExitCode) -> None:
        """Let the crawl end; what was fetched is archived, and shipped without hurry."""
        if run.info.stopping.requested:
            return
        logger.warning("%s: stopping", code.name.lower().replace("_", " "))
        run.info.stopping.request(because=code.name.lower())
        if run.on_stop is not None:
            run.on_stop()
