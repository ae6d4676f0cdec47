"""Run: one crawl of one source, from the first link to the last commit.

Opens and closes what its parts share, and holds the parts; whoever needs one asks it for it. It
decides nothing about pages and knows no Scrapy.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.writer import Limits, Writer, ship_left_over
from nordcrawl.config.arguments import Arguments, new_run_id
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders, spool_folders
from nordcrawl.crawl import stopping
from nordcrawl.crawl.changed import Changed
from nordcrawl.crawl.discovered import Discovered
from nordcrawl.crawl.failure import Failures
from nordcrawl.crawl.finish import Finish, recent_file
from nordcrawl.crawl.frontier import Frontier
from nordcrawl.crawl.info import RunInfo
from nordcrawl.crawl.judging import Judge
from nordcrawl.crawl.knowledge import Knowledge
from nordcrawl.crawl.outcomes import Outcomes, Parts
from nordcrawl.crawl.planning import Planner
from nordcrawl.crawl.reservations import Reservations
from nordcrawl.crawl.statements import Statements
from nordcrawl.crawl.under_way import UnderWay
from nordcrawl.model.ledger import Tally
from nordcrawl.model.times import utc_now
from nordcrawl.report.health import Asked, Recent
from nordcrawl.report.run_report import Report
from nordcrawl.sources.source import Source
from nordcrawl.workers.pool import Workers


class Run:
    """Open it before the first request, `finish` it after the last item, then ask `report`."""

    def __init__(
        self, info: RunInfo, store: Store, writer: Writer, store_stop: threading.Event, folder: Path
    ) -> None:
        options, source = info.options, info.source
        self.info = info
        self.folder = folder
        """The run's part of the state folder."""
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
        self.under_way = UnderWay()
        self.reservations = Reservations()
        self.frontier = Frontier(source, writer.state, stands_all=bool(info.arguments.urls))
        self.knowledge = Knowledge(
            source, writer, self.frontier.stands, self.frontier.unconditional
        )
        self.judge = Judge(self.knowledge, self.reservations)
        tally = Tally()
        asked = Asked(info.suspect, Recent.read(recent_file(folder)))
        changed = Changed(info, store, writer.state, self.workers)
        self.discovered = Discovered(info, writer, self.frontier, self.knowledge, tally)
        parts = Parts(
            info, writer, self.frontier, self.knowledge, self.under_way, changed, self.failures,
            asked,
        )  # fmt: skip
        self.outcomes = Outcomes(parts, tally)
        self.planner = Planner(info, self.frontier, self.discovered, self.outcomes)
        self._finish = Finish(
            info, writer, self.outcomes, self.discovered, self.failures, asked, folder
        )
        self._writer = writer
        self._store_stop = store_stop

    @classmethod
    def open(
        cls,
        options: Options,
        source: Source,
        arguments: Arguments,
        clock: Callable[[], datetime] = utc_now,
    ) -> Run:
        """Take the lock, prove the store, ship what an earlier run left, and catch up.

        Raises:
            LockHeld: another run works on this source and archive.
            SpoolError: the state folder can't be written.
            StoreError: the archive can't be written or read.
            UsageError: the archive's address is wrong.
        """
        stop = threading.Event()
        store = open_store(options.archive, retry_s=options.store_retry_s, stop=stop)
        run_id = new_run_id(source.name, clock(), secrets.token_hex(2))
        limits = Limits(
            part_bytes=options.part_bytes,
            part_age_s=options.part_age_s,
            spool_bytes=options.spool_bytes,
        )
        folder, *others = spool_folders(options, store, source.name)
        for other in others:  # made by crawlers that took it for another archive's
            ship_left_over(store, other, source.name, limits=limits, clock=clock)
        writer = Writer.open(store, folder, source.name, run_id, limits=limits, clock=clock)
        info = RunInfo(
            options, source, arguments, run_id, clock, started_at=clock(), notes=writer.notes
        )
        archive_folders(options, store)  # which marks the folder as this archive's
        return cls(info, store, writer, stop, folder)

    def stop(self) -> None:
        """End the crawl within the times of `nordcrawl.crawl.stopping`, which begin with the first
        `stopping.request`: nothing more is asked, what was fetched is archived. Called in the
        event loop's thread; before the crawl has begun, it ends as it begins."""
        told = self.info.stopping
        told.request()
        self._writer.hurry(deadline_s=told.left(stopping.SHIP_S), stall_s=stopping.STALL_S)
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
        return self.report

    def close(self) -> None:
        """Give the lock back; safe to call more than once. What is not shipped stays in the spool,
        and whoever still waits for the store is let go."""
        self._store_stop.set()
        self.workers.close()
        self._writer.close()
