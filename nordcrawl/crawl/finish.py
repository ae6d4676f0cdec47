"""Finish: how a run ends. What was not reached is settled, everything is shipped, the report is
written, and a checkpoint where it is time for one."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from nordcrawl._version import __version__
from nordcrawl.archive.store.address import archive_name
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import Writer
from nordcrawl.config.arguments import Arguments
from nordcrawl.crawl import stopping
from nordcrawl.crawl.discovered import Discovered
from nordcrawl.crawl.failure import Failures
from nordcrawl.crawl.info import RunInfo
from nordcrawl.crawl.old_reports import delete_old
from nordcrawl.crawl.outcomes import Outcomes
from nordcrawl.crawl.planning import SETTLED_AT_ONCE
from nordcrawl.errors import NordcrawlError
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.times import rfc3339
from nordcrawl.quarantine.watch import Watch
from nordcrawl.report.facts import Quarantine
from nordcrawl.report.health import Asked
from nordcrawl.report.run_report import Report
from nordcrawl.report.silence import HISTORY, silence
from nordcrawl.system.disk import make_folders, write_file

logger = logging.getLogger(__name__)

#: An article read so long after its publication came as new, and not by a backfill.
SOON: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Finish:
    """What it takes to end a run."""

    info: RunInfo
    store: Store
    writer: Writer
    outcomes: Outcomes
    discovered: Discovered
    failures: Failures
    asked: Asked
    watch: Watch
    folder: Path
    """The run's part of the state folder."""

    async def settle_rest(self, reason: str) -> None:
        """Settle what was not reached, unless the run came to its end by itself or can't go on;
        `reason` is Scrapy's word for how it ended. The report names what got no outcome in time."""
        self.outcomes.tell_not_due()
        if reason == "finished" or self.failures.first is not None:
            return
        told = self.info.stopping
        stopped = told.requested and not told.because
        why = "the run was stopped" if stopped else f"the run ended: {reason.replace('_', ' ')}"
        for number, url in enumerate(list(self.outcomes.tally.open)):
            if number % SETTLED_AT_ONCE == 0:
                await asyncio.sleep(0)
            if not told.left(stopping.SETTLE_S):
                return
            self.outcomes.settle(url, Outcome.OVER_BUDGET, why)

    def ship(self, reason: str) -> Report:
        """Ship everything and write the report; never raises for what the store does, the report
        says it. Takes long: not for the event loop's thread."""
        # Whoever stops a run wants it gone; what is not shipped by then waits in the spool.
        shipped = self.writer.finish(deadline_s=self.info.options.store_retry_s, last=True)
        failure = self.failures.first or self.writer.failure or shipped.failure
        self.outcomes.tell_held(self.writer.held)
        info, outcomes, discovered = self.info, self.outcomes, self.discovered
        report = Report(
            run_id=info.run_id,
            source=info.source.name,
            nordcrawl=__version__,
            archive=archive_name(info.options.archive),
            started_at=info.started_at,
            finished_at=info.clock(),
            finish_reason=reason,
            mode=info.arguments.told_mode,
            arguments=arguments_json(info.arguments),
            discovered=outcomes.tally.discovered,
            unsettled=sorted(outcomes.tally.open),
            outcomes=outcomes.tally.counts(),
            fetched=outcomes.fetched,
            entries=list(discovered.entries.values()),
            hosts=tuple(info.source.hosts) if not info.arguments.urls else (),
            examples=outcomes.examples,
            internal_errors=self.failures.internal,
            notes=info.notes,
            pending_records=shipped.pending_records,
            committed_lines=shipped.ledger_lines + shipped.erased_ledger_lines,
            committed_records=shipped.records + shipped.erased_records,
            erased_lines=shipped.erased_ledger_lines,
            captures=shipped.captures,
            failure=str(failure) if failure else None,
            failure_code=failure.exit_code if failure else None,
            gaps=discovered.gaps,
            unread=tuple(sorted(discovered.unread)),
            health=self.asked.health(),
            sitemaps_unread=discovered.sitemaps_unread,
            silence=self._silence(),
            texts=self.watch.texts,
            quarantine=self._quarantine(),
            more=info.more,
        )
        if info.arguments.kind == "crawl":  # pages of long ago say nothing of how the site is now
            self.asked.recent.write(recent_file(self.folder))
        write_report(report, self.folder)
        self._put(report)
        return report

    def _quarantine(self) -> Quarantine:
        held, watch = self.writer.held, self.watch
        return Quarantine(held.records, tuple(held.why), watch.held_texts, watch.idle)

    def _silence(self) -> str | None:
        """Return that nothing new has come for too long, for a run that looked for all of it."""
        arguments, now = self.info.arguments, self.info.clock()
        window = arguments.window
        if arguments.urls or arguments.limit or window.since or window.until:
            return None
        return silence(self.writer.state.published_lately(now - HISTORY, SOON), now)

    def _put(self, report: Report) -> None:
        """Put the report to the store with the run, or keep it until what waits is shipped."""
        try:
            if report.pending_records or report.failure_code is not None:
                self.writer.keep_run(report.to_json())
                return
            self.writer.put_run(report.to_json())
        except NordcrawlError as error:
            logger.error("report not put to the archive: %s", error)
            if report.failure_code is None:
                report.failure, report.failure_code = str(error), error.exit_code
                write_report(report, self.folder)  # which said that all is well
            return
        if self.info.stopping.requested:
            return  # it may take long, and the next run writes one
        try:
            self.writer.checkpoint()
        except NordcrawlError as error:  # only a cache
            logger.warning("no checkpoint: %s", error)
            return
        told = self.info.stopping
        delete_old(
            reports_folder(self.folder), report.source, report.run_id, self.store,
            go_on=lambda: not told.requested,
        )  # fmt: skip


def reports_folder(folder: Path) -> Path:
    """Return where the reports of this machine's runs are, below a run's part of the state
    folder."""
    return folder / "reports"


def recent_file(folder: Path) -> Path:
    """Return where the latest pages of earlier runs are kept."""
    return folder / "recent.json"


def write_report(report: Report, folder: Path) -> None:
    """Write the report below a run's part of the state folder, and let it say where; a disk that
    refuses is logged."""
    reports = reports_folder(folder)
    file = reports / f"{report.run_id}.json"
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n"
    try:
        make_folders(reports, 0o700)
        # Half a surrogate pair is written as JSON's own escape of it.
        write_file(file, text.encode(errors="backslashreplace"))
        report.file = str(file)
    except OSError as error:
        logger.error("report not written to %s: %s", reports, error.strerror)


def arguments_json(arguments: Arguments) -> dict[str, str | int | None]:
    """Return the spider arguments for the report."""
    return {
        "since": rfc3339(arguments.window.since),
        "until": rfc3339(arguments.window.until),
        "limit": arguments.limit,
        "urls": len(arguments.urls) or None,
        "mode": arguments.mode,
    }
