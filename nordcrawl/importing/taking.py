"""Taking: what was read becomes articles, through the parts of a run.

The run holds the lock and the lease of its source, so no crawl of it goes on beside; its judge,
outcomes, entries, gate and report are those of a crawl. Pages are taken one after the other, in the
order of their dates: what is told of a page depends on those before it, and a run that was killed
and begun again must come to the same.

A run has one outcome for each URL, so of each it takes one page; later ones wait for the next run.
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import datetime

from nordcrawl.crawl.run import Run
from nordcrawl.discover import Link
from nordcrawl.errors import NordcrawlError
from nordcrawl.identity.decide import Verdict
from nordcrawl.importing.findings import Findings, Left
from nordcrawl.importing.gathered import Gathered, Task
from nordcrawl.importing.reading import Ended, Later, Read, Reader
from nordcrawl.model.ledger import BY_WARC


class Taking:
    """One import of one source within a run; of the event loop's thread."""

    def __init__(self, run: Run, gathered: Gathered, findings: Findings) -> None:
        self._run = run
        self._gathered = gathered
        self._findings = findings
        self._reader = Reader(
            run.info.source, gathered, run.workers, run.knowledge, self._has_ended
        )

    async def work(self) -> None:
        """Read and archive all that was gathered, as long as the run may go on; the first failure
        of store or disk ends it, and is the run's."""
        run, findings, gathered = self._run, self._findings, self._gathered
        pages = self._reader.read(gathered, self._goes_on, run.info.options.workers)
        try:
            async with aclosing(pages):
                async for task, found in pages:
                    if isinstance(found, Later):
                        gathered.put_off(task)
                    elif found is not None:
                        await self._take(task, found)
                        gathered.done(task)
        except NordcrawlError as error:
            run.failures.stop(error)
        finally:
            findings.stopped = len(gathered) - gathered.later
            run.info.more["import"] = findings.to_json()

    def _goes_on(self) -> bool:
        return self._run.failures.first is None and not self._run.info.stopping.requested

    def _has_ended(self, url: str) -> bool:
        return url in self._run.outcomes.tally.outcomes

    async def _take(self, task: Task, found: Left | Ended | Read) -> None:
        if isinstance(found, Left):
            self._findings.left[found] += 1
            return
        run, url = self._run, task.asked
        if isinstance(found, Read):
            await self._judge(task, found)
        elif self._noted(task):
            run.captures.hold(url, found.exchange)
            run.outcomes.settle(url, found.outcome, found.reason, found.page)
            self._count(task)

    async def _judge(self, task: Task, found: Read) -> None:
        run = self._run
        visit = run.info.source.locate(found.page, task.asked)
        verdict = await run.judge.judge(visit, found.reading)
        try:
            if self._is_older(verdict, task.fetched_at):
                self._findings.left[Left.OLDER] += 1
            elif self._noted(task):
                run.captures.hold(task.asked, found.exchange)
                run.under_way.in_flight.add(task.asked)
                await run.outcomes.archive(verdict, found.reading)
                self._count(task)
        finally:
            run.reservations.release(task.asked)

    def _is_older(self, verdict: Verdict, at: datetime) -> bool:
        """Return whether a page would make a revision of an article of which the archive has a
        later page, by whatever address."""
        if verdict.change is None or verdict.before is None:
            return False
        knowledge, before = self._run.knowledge, verdict.before
        own = knowledge.url(before.url)
        latest = knowledge.fetched_at(before.article_id), own.fetched_at if own else None
        return any(one is not None and at < one for one in latest)

    def _noted(self, task: Task) -> bool:
        """Take note of a page's URL, and return whether it can get an outcome."""
        run, url = self._run, task.asked
        run.discovered.note(url, Link(url), f"{BY_WARC}{task.file}")
        return run.outcomes.is_open(url)

    def _count(self, task: Task) -> None:
        ended = self._run.outcomes.tally.outcomes.get(task.asked)
        if ended is not None:  # None: it turned out to be of an erased article
            self._findings.outcomes[ended] += 1


async def take(run: Run, gathered: Gathered, findings: Findings) -> None:
    """Import what was gathered; then end the run."""
    run.on_stop = run.workers.close  # what is not read yet is read by the next run
    await Taking(run, gathered, findings).work()
    await run.finish("shutdown" if run.info.stopping.requested else "finished")
