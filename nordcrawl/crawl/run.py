"""Run: one crawl of one source, from the first link to the last commit.

Opens and closes what its parts share, and holds the parts; whoever needs one asks it for it. It
decides nothing about pages and knows no Scrapy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl import stopping
from nordcrawl.crawl.captures import Captures
from nordcrawl.crawl.changed import Changed
from nordcrawl.crawl.discovered import Discovered
from nordcrawl.crawl.failure import Failures
from nordcrawl.crawl.finish import Finish, recent_file
from nordcrawl.crawl.frontier import Frontier
from nordcrawl.crawl.judging import Judge
from nordcrawl.crawl.knowledge import Knowledge
from nordcrawl.crawl.opening import Opened
from nordcrawl.crawl.outcomes import Outcomes, Parts
from nordcrawl.crawl.planning import Planner
from nordcrawl.crawl.reservations import Reservations
from nordcrawl.crawl.statements import Statements
from nordcrawl.crawl.under_way import UnderWay
from nordcrawl.model.tally import Tally
from nordcrawl.model.times import utc_now
from nordcrawl.report.health import Asked, Recent
from nordcrawl.report.run_report import Report
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers


class Run:
    """Open it before the first request, `finish` it after the last item, then ask `report`."""

    def __init__(self, opened: Opened) -> None:
        info, store, writer = opened.info, opened.store, opened.writer
        options, source = info.options, info.source
        self.info = info
        self.folder = opened.folder
        self.lease = opened.lease
        self.report: Report | None = None
        """The report, once finished."""
        self.on_stop: Callable[[], None] | None = None
        """Called in the event loop's thread when the run is told to stop."""
        self.workers = Workers(
            options.workers,
            timeout_s=options.page_timeout_s,
            memory_bytes=options.worker_memory_bytes,
            preload=("nordcrawl.discover", "nordcrawl.extract.warmed"),
        )
        self.failures = Failures()
        self.statements = Statements()
        self.captures = Captures(info, writer, self.statements)
        self.under_way = UnderWay()
        self.reservations = Reservations()
        self.frontier = Frontier(source, writer.state, stands_all=bool(info.arguments.urls))
        self.knowledge = Knowledge(
            source, writer, self.frontier.stands, self.frontier.unconditional, self.captures.lacks
        )
        self.judge = Judge(self.knowledge, self.reservations)
        tally = Tally()
        asked = Asked(info.suspect, Recent.read(recent_file(self.folder)))
        changed = Changed(info, store, writer.state, self.workers)
        self.discovered = Discovered(info, writer, self.frontier, self.knowledge, tally)
        parts = Parts(
            info, writer, self.frontier, self.knowledge, self.under_way, changed, self.failures,
            asked, self.captures,
        )  # fmt: skip
        self.outcomes = Outcomes(parts, tally)
        self.planner = Planner(info, self.frontier, self.discovered, self.outcomes)
        self._finish = Finish(
            info, store, writer, self.outcomes, self.discovered, self.failures, asked,
            opened.watch, self.folder,
        )  # fmt: skip
        self._opened = opened

    @classmethod
    def open(
        cls,
        options: Options,
        source: Source,
        arguments: Arguments,
        clock: Callable[[], datetime] = utc_now,
    ) -> Run:
        """Open what a run holds; raises as `Opened.open`."""
        return cls(Opened.open(options, source, arguments, clock))

    def stop(self) -> None:
        """End the crawl within the times of `nordcrawl.crawl.stopping`, which begin with the first
        `stopping.request`: nothing more is asked, what was fetched is archived. Called in the
        event loop's thread; before the crawl has begun, it ends as it begins."""
        told = self.info.stopping
        if not told.requested:
            told.request()
        self._opened.writer.hurry(deadline_s=told.left(stopping.SHIP_S), stall_s=stopping.STALL_S)
        if self.on_stop is not None:
            self.on_stop()

    async def finish(self, reason: str) -> Report:
        """Settle what was not reached, ship everything, write the report; never raises for what
        the store does, the report says it."""
        self.failures.on_first = self.on_stop = self.under_way.on_landed = None
        self.planner.ended = True
        self.workers.close()
        await self._finish.settle_rest(reason)
        self.report = await asyncio.to_thread(self._finish.ship, reason)
        if self.lease is not None:  # here, as a run that was stopped is not waited for later
            await asyncio.to_thread(self.lease.release)
        return self.report

    def close(self) -> None:
        """Give lock and lease back; safe to call more than once. What is not shipped stays in the
        spool, and whoever still waits for the store is let go."""
        self.workers.close()
        self._opened.close()
