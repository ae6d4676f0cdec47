"""The live display: how the crawl stands, drawn on a terminal while it runs."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from nordcrawl.config import logs
from nordcrawl.crawl.run import Run
from nordcrawl.report.live import Pace, Standing, lines
from nordcrawl.spiders.runs import run_of

#: Seconds between two drawings.
_EACH_S: Final = 0.5


class LiveDisplay:
    """Drawn where a crawl's log goes to a terminal that can be drawn on; else there is none.

    While it is shown, warnings are written above it, and stay; what is no warning is only counted.
    """

    def __init__(self, crawler: Crawler, handler: logs.LogHandler) -> None:
        self.crawler = crawler
        self._handler = handler
        self._console = Console(file=sys.stderr, highlight=False, emoji=False)
        self._live: Live | None = None
        self._pace = Pace()
        self._began = time.monotonic()
        self._next: asyncio.TimerHandle | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor.

        Raises:
            NotConfigured: there is nothing to draw on, or somebody wants each line.
        """
        handler = logs.current()
        if handler is None or not handler.is_drawn:
            raise NotConfigured
        display = cls(crawler, handler)
        crawler.signals.connect(display.spider_opened, signals.spider_opened)
        crawler.signals.connect(display.stop, signals.engine_stopped)
        return display

    def spider_opened(self, spider: Spider) -> None:
        """Begin to draw, where the spider has a run."""
        if self._run is None:
            return
        self._live = Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False,
            redirect_stderr=False, vertical_overflow="crop",
        )  # fmt: skip
        self._live.start()
        self._handler.above = self._above
        self._draw()

    def stop(self) -> None:
        """Take the display away; safe to call more than once."""
        if self._next is not None:
            self._next.cancel()
        self._handler.above = None
        if self._live is not None:
            self._live.stop()
            self._live = None

    @property
    def _run(self) -> Run | None:
        return run_of(self.crawler)

    def _above(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)

    def _draw(self) -> None:
        run = self._run
        if run is None or self._live is None:
            return
        seconds = time.monotonic() - self._began
        self._pace.add(seconds, run.outcomes.fetched)
        told = lines(standing_of(run, seconds), self._pace, self._console.width)
        self._live.update(Group(*told), refresh=True)
        self._next = asyncio.get_running_loop().call_later(_EACH_S, self._draw)


def standing_of(run: Run, seconds: float) -> Standing:
    """Return how a crawl stands that began so many seconds ago; of the event loop's thread only."""
    entries = run.discovered.entries.values()
    due, in_flight = len(run.under_way.due) + len(run.under_way.held), run.under_way.in_flight
    phase = "discovering"
    if run.planner.ended:
        phase = "shipping"
    elif run.info.stopping.requested:
        phase = "stopping"
    elif due or in_flight or run.outcomes.fetched:
        phase = "fetching"
    handler = logs.current()
    return Standing(
        source=run.info.source.name,
        phase=phase,
        seconds=seconds,
        asked=len(entries),
        answered=sum(entry.is_heard for entry in entries),
        discovered=run.outcomes.tally.discovered,
        fetched=run.outcomes.fetched,
        due=due,
        in_flight=len(in_flight),
        outcomes=run.outcomes.tally.counts(),
        spool_bytes=run.outcomes.backlog_bytes,
        warnings=handler.warnings if handler else 0,
        last_warning=handler.last_warning if handler else "",
    )
