"""Outcomes: the one way in which a discovered URL ends, with its ledger line and maybe a record.

Each end is counted, told to the log and to the report's examples, and weighed for the site's
health. Decides nothing about pages.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Final

from nordcrawl.archive.format.order import set_url
from nordcrawl.archive.write import Held, Writer
from nordcrawl.crawl import entries
from nordcrawl.crawl.captures import Captures
from nordcrawl.crawl.changed import Changed
from nordcrawl.crawl.entries import ERASED_REASON
from nordcrawl.crawl.failure import Failures
from nordcrawl.crawl.frontier import Frontier
from nordcrawl.crawl.info import RunInfo
from nordcrawl.crawl.knowledge import Knowledge
from nordcrawl.crawl.under_way import UnderWay
from nordcrawl.errors import NordcrawlError, SpoolError, StoreUnavailable
from nordcrawl.identity import decide
from nordcrawl.identity.decide import Verdict
from nordcrawl.model.article import Article
from nordcrawl.model.capture import Capture, Draft
from nordcrawl.model.ledger import LedgerEntry, Outcome, UrlState
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Record
from nordcrawl.model.tally import Tally
from nordcrawl.model.words import reason as words_of
from nordcrawl.report.health import Asked
from nordcrawl.report.run_report import Example

logger = logging.getLogger(__name__)

#: Examples kept for the report, of each kind.
EXAMPLES: Final = 50
#: Outcomes that are too many for a log that is read.
_QUIET: Final = frozenset({Outcome.SKIPPED_FRESH, Outcome.OVER_BUDGET, Outcome.OUT_OF_RANGE})
#: Seconds between two looks at a full spool.
_ROOM_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Parts:
    """What an outcome is made with."""

    info: RunInfo
    writer: Writer
    frontier: Frontier
    knowledge: Knowledge
    under_way: UnderWay
    changed: Changed
    failures: Failures
    asked: Asked
    captures: Captures


class Outcomes:
    """How the URLs of a run ended; of the event loop's thread."""

    def __init__(self, parts: Parts, tally: Tally) -> None:
        self.tally = tally
        self.examples: dict[Outcome, list[Example]] = {}
        self.fetched = 0
        """Article pages that answered."""
        self._not_due: list[str] = []
        self._info = parts.info
        self._writer = parts.writer
        self._frontier = parts.frontier
        self._knowledge = parts.knowledge
        self._under_way = parts.under_way
        self._changed = parts.changed
        self._failures = parts.failures
        self._asked = parts.asked
        self._captures = parts.captures

    @property
    def backlog_bytes(self) -> int:
        """What waits in the spool for the store."""
        return self._writer.backlog_bytes

    def settle(self, url: str, outcome: Outcome, reason: str, page: Page | None = None) -> None:
        """Give a URL an outcome that has no record; the ledger line is durable soon after.

        One that is not due has none of its own, as nothing happened to it; see `tell_not_due`.
        """
        if outcome is Outcome.SKIPPED_FRESH:
            self._not_due.append(url)
            self._note(url, outcome, reason, None, None)
            return
        known = self._knowledge.url(url)
        entry, record = self._line(url, outcome, reason, known, page), None
        if page is not None and entry.is_gone:
            entry, record = self._lost(entry, known, page)
        self._accept(url, entry, record, self._captures.of_ending(entry, page))
        self._weigh(entry, known)
        self._note(url, entry.outcome, entry.reason or "", None, entry.article_id)

    def tell_not_due(self) -> None:
        """Accept the one line that stands for all URLs that were not due: how many, and the digest
        of their set. Once, when no more will come."""
        if self._not_due:
            name, count = set_url(self._not_due), len(self._not_due)
            self._accept(name, entries.not_due(self._info.origin, name, count, self._info.clock()),
                         None)  # fmt: skip
            self._not_due.clear()

    def internal_error(self, url: str, error: BaseException | None) -> None:
        """Settle a URL on which our own code failed; the run will not call itself whole."""
        self._failures.internal.append(f"{shown(url)}: {words_of(error) if error else 'unknown'}")
        if self.is_open(url):
            why = f"internal error: {type(error).__name__}"
            self.settle(url, Outcome.EXTRACTION_FAILED, why)

    def is_open(self, url: str) -> bool:
        """Return whether a URL has no outcome yet and can get one."""
        return url in self.tally.open and self._failures.first is None

    async def archive(
        self, verdict: Verdict, reading: Reading, kept: Capture | None = None
    ) -> None:
        """Settle a judged page: its record and ledger line are durable when this returns.

        `reading` is that of the verdict's candidate, or what became of it since; `kept` is where
        the archive has the page, if it was read there.

        Raises:
            SpoolError: they could not be made so; the URL is not done.
            ValueError: the verdict is of no candidate.
        """
        if (candidate := verdict.candidate) is None:
            raise ValueError(f"{verdict.article_id}: a verdict of no page")
        visit, url, info = candidate.visit, candidate.visit.asked, self._info
        await self._room()
        if self._knowledge.is_covered(visit, reading, verdict.article_id):
            self._settle_erased(url)
            return
        record, state = None, None
        if verdict.change is not None:
            around = self._knowledge.around(candidate, reading, verdict)
            changed = await self._changed.describe(verdict, reading.article.text)
            record = entries.record(
                info.origin,
                visit,
                reading,
                verdict,
                around,
                info.clock(),
                changed=changed,
                kept=kept,
            )
            state = entries.article_state(visit, reading, verdict)
        elif verdict.outcome is Outcome.UNCHANGED:
            fetched_at = self._knowledge.fetched_at(verdict.article_id)
            state = entries.read_by(verdict.before, reading, fetched_at)
        known = self._knowledge.url(url)
        line = self._line(
            url, verdict.outcome, verdict.reason, known, visit.page, reading.body_sha256
        )
        entry = entries.judged(line, verdict, state, kept)
        page = None
        if kept is None:
            page = self._captures.of_article(url, visit.page, verdict.article_id)
        try:
            await asyncio.wrap_future(self._writer.accept(entry, record, page))
        except SpoolError as error:
            self._failures.stop(error)
            raise
        self._under_way.land(url)
        if verdict.ambiguous:
            info.notes.append(f"{shown(url)}: kept apart: {shown(verdict.reason)}")
        # A stub stands for many stories where they are to be paid for, and is no wall of all.
        text = None if reading.article.paywalled else reading.text_sha256
        self._weigh(entry, known, text)
        self._note(url, verdict.outcome, verdict.reason, reading.article, verdict.article_id)

    def tell_held(self, held: Held) -> None:
        """Give the URLs of records that are held in quarantine that outcome, their ledger lines
        having become others before they were committed."""
        if not held.urls:
            return
        urls = {one.url for one in held.urls}
        for url in urls & self.tally.outcomes.keys():
            self.tally.resettle(url, Outcome.QUARANTINED)
        self.examples = {
            outcome: kept
            for outcome, some in self.examples.items()
            if (kept := [one for one in some if one.url not in urls])
        }
        self.examples[Outcome.QUARANTINED] = [
            Example(one.url, one.reason, one.title, one.article_id) for one in held.urls[:EXAMPLES]
        ]

    # --- parts ------------------------------------------------------------------------------

    def _line(
        self,
        url: str,
        outcome: Outcome,
        reason: str,
        known: UrlState | None,
        page: Page | None,
        body_sha256: str | None = None,
    ) -> LedgerEntry:
        self.fetched += page is not None
        return entries.settled(
            self._info.origin,
            url,
            outcome,
            reason,
            self._info.clock(),
            found=self._frontier.found[url],
            known=known,
            page=page,
            body_sha256=body_sha256,
            local=self._info.source.zone,
        )

    def _lost(
        self, entry: LedgerEntry, known: UrlState | None, page: Page
    ) -> tuple[LedgerEntry, Record | None]:
        """Return the line of an address where nothing is, and the record of a removal, if any."""
        verdict = decide.removal(entry.url, known, self._knowledge.article_of(known))
        aliases: tuple[str, ...] = ()
        if verdict is not None:
            aliases = self._knowledge.aliases(verdict.article_id, (), entry.url)
        origin, now = self._info.origin, self._info.clock()
        return entries.lost(origin, entry, page, verdict, aliases, now)

    def _settle_erased(self, url: str) -> None:
        """Settle a page of an erased article that came by another address."""
        self._captures.drop(url)
        entry = entries.erased(self._info.origin, url, self._info.clock())
        self._accept(url, entry, None)
        self.fetched += 1
        self.tally.settle(url, entry.outcome)
        logger.info("%s %s (%s)", entry.outcome, entry.url, ERASED_REASON)

    def _accept(
        self, url: str, entry: LedgerEntry, record: Record | None, page: Draft | None = None
    ) -> None:
        future = self._writer.accept(entry, record, page)
        future.add_done_callback(partial(self._accepted, asyncio.get_running_loop(), url))

    def _accepted(self, loop: asyncio.AbstractEventLoop, url: str, future: Future[None]) -> None:
        """Called in the archive's thread: a line that could not be kept ends the run, as a record
        would."""
        error = future.exception()
        if isinstance(error, NordcrawlError):
            loop.call_soon_threadsafe(self._failures.stop, error)
        elif url in self._under_way.in_flight:  # most were never asked for
            loop.call_soon_threadsafe(self._under_way.land, url)

    def _note(
        self,
        url: str,
        outcome: Outcome,
        reason: str,
        article: Article | None,
        article_id: str | None,
    ) -> None:
        self.tally.settle(url, outcome)
        title = article.title if article else None
        examples = self.examples.setdefault(outcome, [])
        if len(examples) < EXAMPLES:
            examples.append(Example(url, reason, title, article_id))
        level = logging.DEBUG if outcome in _QUIET else logging.INFO
        if logger.isEnabledFor(level):
            told = f" {shown(title, 80)}" if title else ""
            structured = {"outcome": str(outcome), "url": url, "reason": reason, "title": title}
            logger.log(
                level, "%s %s (%s)%s", outcome, shown(url), shown(reason), told,
                extra={"told": structured},
            )  # fmt: skip

    def _weigh(
        self, entry: LedgerEntry, known: UrlState | None, text_sha256: str | None = None
    ) -> None:
        """Take note of what a page's end says of the site; `known` is from before it."""
        stands = self._frontier.stands(entry.url)
        self._asked.add(entry, known, stands=stands, text_sha256=text_sha256)

    async def _room(self) -> None:
        """Hold this page back while the spool is full; ends the run if the store takes nothing
        for as long as it is to be tried.

        Raises:
            SpoolError: the store took nothing; the URL is not done.
        """
        writer, retry_s = self._writer, self._info.options.store_retry_s
        least = writer.backlog_bytes
        patience = time.monotonic() + retry_s
        while writer.is_full and self._failures.first is None and not self._info.stopping.requested:
            if writer.backlog_bytes < least:
                least = writer.backlog_bytes
                patience = time.monotonic() + retry_s
            elif time.monotonic() > patience:
                why = writer.ship_failure or "it gave no answer"
                self._failures.stop(
                    StoreUnavailable(f"the spool is full and the store takes nothing: {why}")
                )
                break
            await asyncio.sleep(_ROOM_S)
        if writer.is_full:
            raise SpoolError("the spool is full")
