"""Archive: what was read again becomes revisions, through the parts of a run.

The run holds the lock and the lease of its source, so no crawl of it goes on beside; its writer,
outcomes, entries and report are those of a crawl.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from nordcrawl.archive.format.order import hidden_url
from nordcrawl.archive.read.earlier import Earlier
from nordcrawl.archive.store.protocol import Store
from nordcrawl.crawl.entries import ERASED_REASON
from nordcrawl.crawl.run import Run
from nordcrawl.errors import NordcrawlError, SpoolError
from nordcrawl.identity.decide import reread
from nordcrawl.model.ledger import BY_CAPTURES, Outcome
from nordcrawl.model.printable import counted
from nordcrawl.reextract.again import Again, Found, Read
from nordcrawl.reextract.engine import Engine, Refused
from nordcrawl.reextract.findings import Findings
from nordcrawl.reextract.local import Local
from nordcrawl.reextract.plan import Plan, Task
from nordcrawl.reextract.progress import Progress

#: Pages whose lines are on their way to the disk.
_AT_ONCE: Final = 16


@dataclass(slots=True)
class _Under:
    """The part whose pages are being settled, and what of them is not durable yet."""

    part: str | None = None
    whole: bool = True
    settling: set[asyncio.Task[None]] = field(default_factory=set)


class Archiving:
    """One re-extraction of one source within a run; of the event loop's thread."""

    def __init__(
        self, run: Run, store: Store, plan: Plan, progress: Progress, engine: Engine
    ) -> None:
        self.findings = Findings(plan.left, planned=len(plan))
        self._run = run
        self._plan = plan
        self._progress = progress
        source = run.info.source
        self._again = Again(source, Earlier(store, source.name), engine)
        self._under = _Under()

    async def work(self) -> None:
        """Read and archive all that is planned, as long as the run may go on; the first failure of
        store or disk ends it, and is the run's."""
        run = self._run
        if self._progress.done:
            done = counted(len(self._progress.done), "part")
            run.info.notes.append(f"went on behind {done} that an earlier run had done with")
        tasks = self._plan.behind(self._progress.done)
        try:
            async for task, found in self._again.read(tasks, self._goes_on):
                await self._take(task, found)
            if not self._goes_on():  # more of this part may be left
                self._under.whole = False
            await self._end_part(None)
            if self._goes_on():
                self._progress.forget()
        except NordcrawlError as error:
            run.failures.stop(error)
        finally:
            for settling in self._under.settling:
                settling.cancel()
            run.info.more["reextraction"] = self.findings.counts()

    def _goes_on(self) -> bool:
        return self._run.failures.first is None and not self._run.info.stopping.requested

    async def _take(self, task: Task, found: Found | None) -> None:
        if task.capture.object != self._under.part:
            await self._end_part(task.capture.object)
        under = self._under
        if found is None:  # stopped; the next run reads it
            under.whole = False
            return
        while len(under.settling) >= _AT_ONCE:
            await self._settled(asyncio.FIRST_COMPLETED)
        under.settling.add(asyncio.create_task(self._settle(task, found)))

    async def _end_part(self, part: str | None) -> None:
        """Go on to another part, once all of the one before is durable, which is noted."""
        under = self._under
        while under.settling:
            await self._settled(asyncio.ALL_COMPLETED)
        if under.part is not None and under.whole and self._run.failures.first is None:
            await asyncio.to_thread(self._progress.add, under.part)
        self._under = _Under(part)

    async def _settled(self, when: str) -> None:
        done, self._under.settling = await asyncio.wait(
            self._under.settling, return_when=when
        )  # fmt: skip
        for one in done:
            one.result()  # raises what it raised

    async def _settle(self, task: Task, found: Found) -> None:
        run, url = self._run, task.url
        run.discovered.note(url, task.link, BY_CAPTURES)
        if not run.outcomes.is_open(url):
            if run.outcomes.is_open(hidden_url(url)):
                run.outcomes.settle(hidden_url(url), Outcome.RIGHTS_DENIED, ERASED_REASON)
            return
        if isinstance(found, Refused):
            self.findings.refuse(task, found)
            run.outcomes.settle(url, found.outcome, found.reason)
            return
        self.findings.add(found)
        await self._archive(task, found)

    async def _archive(self, task: Task, found: Read) -> None:
        run = self._run
        visit = run.info.source.locate(found.page, task.url)
        candidate = run.knowledge.candidate(visit, found.reading)
        known = run.knowledge.known(candidate, task.before.article_id)
        verdict = reread(candidate, known, known.article or task.before)
        run.under_way.in_flight.add(task.url)
        try:
            await run.outcomes.archive(verdict, found.reading, task.capture)
        except SpoolError:
            self._under.whole = False  # the run knows, and ends; the next one reads it


async def reextract(
    run: Run, store: Store, progress: Progress, plan: Plan, engine: Engine | None = None
) -> Findings:
    """Read a source's captures again, by the run's own workers or by another engine, and archive
    what comes of it; then end the run."""
    info = run.info
    if engine is None:
        engine = Local(store, info.source.profile, run.workers, info.options.workers)
    run.on_stop = engine.close  # what is not read yet is read by the next run
    archiving = Archiving(run, store, plan, progress, engine)
    try:
        await archiving.work()
    finally:
        engine.close()
    reason = "shutdown" if run.info.stopping.requested else "finished"
    await run.finish(reason)
    return archiving.findings
