"""The writer: takes records and ledger lines, says when they are durable, and ships meanwhile.

Two threads of its own: one commits what was accepted, all that waits in one transaction, so that
an fsync is shared; the other seals and ships. So neither disk nor store ever holds up the caller.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, encode_line
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.local.polls import Polls
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.spool import Spool, SpooledLine
from nordcrawl.archive.local.state import Change, State
from nordcrawl.archive.local.state_file import is_noted
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.store.protocol import Capabilities, Store
from nordcrawl.archive.write.catch_up import catch_up, write_checkpoint
from nordcrawl.archive.write.recovery import rebuild_state, ship_left_over, ship_waiting
from nordcrawl.archive.write.shipper import Limits, Shipped, Shipper, ShipReport, log_head
from nordcrawl.errors import NordcrawlError, SpoolError, StoreError, StoreUnavailable
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.record import Record
from nordcrawl.model.times import micros, utc_date
from nordcrawl.model.words import reason

__all__ = [
    "Limits",
    "ShipReport",
    "Shipped",
    "State",
    "Writer",
    "rebuild_state",
    "ship_left_over",
]

logger = logging.getLogger(__name__)

_PATIENCE_S: Final = (5.0, 300.0)
"""First and longest pause after a failed try to ship while the crawl goes on."""
_HASTE_S: Final = (0.5, 15.0)
"""The same once the caller waits in `Writer.finish`."""
_LOOK_S: Final = 0.2
"""Time between two looks at what the store has taken, once there is a hurry."""
_LEAVE_S: Final = 1.0
"""How long `Writer.close` waits for a call of the store that is under way to end well."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    lines: tuple[SpooledLine, ...]
    change: Change
    future: Future[None]


class Writer:
    """One process's way into the archive for one source. Thread-safe; close it."""

    def __init__(
        self, store: Store, spool: Spool, run_id: str, limits: Limits, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._spool = spool
        self._run_id = run_id
        self._limits = limits
        self.state = State(spool)
        self.polls = Polls(spool)
        self.can = Capabilities(conditional_put=False, checksum=False)
        """What the store was seen to do."""
        self.notes: list[str] = []
        """What a person should know of the spool as it was found."""
        if why := spool.state.dropped:
            self.notes.append(f"the local state was dropped ({why}) and made anew from the archive")
        self.failure: SpoolError | None = None
        """Why nothing more is accepted."""
        self.ship_failure: NordcrawlError | None = None
        """Why the latest try to ship failed; it is tried again."""
        self._clock = clock
        self._obedience = Obedience(store, spool, self.state)
        self._shipper = Shipper(store, spool, limits, clock, self._obedience)
        self._gate = threading.Condition()
        self._stale: SpoolError | None = None
        """Why the state could not be written; it answers wrongly from the next batch on."""
        self._queue: list[_Accepted] = []
        self._under_way_bytes = 0  # accepted, and not durable yet
        self._committing = False
        self._closing = False
        # Daemons: neither a store that does not answer nor a forgotten close keeps us alive.
        self._acceptor = threading.Thread(
            target=self._accept_all, name="archive-accept", daemon=True
        )
        self._turn = threading.Condition()
        self._drain_until: float | None = None
        self._hurry: tuple[float, float] | None = None
        self._leaving = False
        self._pause_s = 0.0
        self._not_before = 0.0
        self._is_new = not spool.state.cursors() and not spool.committed()[0]
        self._ship_thread = threading.Thread(
            target=self._ship_all, name="archive-ship", daemon=True
        )

    @classmethod
    def open(
        cls,
        store: Store,
        folder: Path,
        source: str,
        run_id: str,
        *,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        clock: Callable[[], datetime],
    ) -> Self:
        """Lock the spool, prove the store, ship what earlier runs left, and catch up.

        Raises:
            LockHeld: another live process has the spool.
            SpoolError: the spool can't be written, is damaged, or its disk is full.
            StoreRefused, StoreUnavailable: the archive can't be written or read now.
            ArchiveDamaged: it is no archive, or what it holds contradicts its log.
            ValueError: source or run id can't stand in a key.
        """
        keys.check_names(source, run_id)
        try:
            return cls._open(store, folder, source, run_id, limits, clock)
        except SpoolError:
            if not is_noted(folder):
                raise
            return cls._open(store, folder, source, run_id, limits, clock)  # with a new state

    @classmethod
    def _open(
        cls,
        store: Store,
        folder: Path,
        source: str,
        run_id: str,
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> Self:
        spool = Spool.open(folder, source)
        try:
            writer = cls(store, spool, run_id, limits, clock)
            writer.can = ship_waiting(store, spool, writer.state, writer._shipper)
            left_over = writer._shipper.shipped
            if left_over.lines:
                logger.info("shipped %d lines that earlier runs left", left_over.lines)
            writer._shipper.shipped = Shipped()
            writer._check_room()
            catch_up(store, spool, writer.state)
            writer._obedience.check()
            writer._obedience.purged.clear()
            spool.begin_run(run_id)
        except BaseException as error:
            if isinstance(error, StoreError) and spool.backlog.lines:
                logger.error(
                    "%d lines that earlier runs left wait in the spool %s; the next run ships them "
                    "first",
                    *(spool.backlog.lines, folder),
                )
            spool.close()
            raise
        writer._acceptor.start()
        writer._ship_thread.start()
        return writer

    @property
    def name(self) -> str:
        """The writer's name in the archive."""
        return self._spool.writer

    @property
    def pending_records(self) -> int:
        """Lines, of articles and of the ledger, accepted and not yet in the archive."""
        return self._spool.backlog.lines

    @property
    def backlog_bytes(self) -> int:
        """Room that they take on the disk."""
        return self._spool.backlog.bytes

    @property
    def is_full(self) -> bool:
        """Whether the spool holds as much as it may: whoever has a choice waits with the next
        record until the store has taken some of it."""
        return self.backlog_bytes + self._under_way_bytes >= self._limits.spool_bytes

    @property
    def erasures(self) -> Erasures:
        """The archive's erasure orders, as of the last commit: what they cover is not to be
        accepted."""
        return self._obedience.erasures

    @property
    def shipped(self) -> Shipped:
        """What was committed since this writer was opened, left-overs of earlier runs left out."""
        return self._shipper.shipped

    # --- accept -----------------------------------------------------------------------------

    def accept(self, entry: LedgerEntry, record: Record | None = None) -> Future[None]:
        """Take a ledger line and the record it tells of; returns at once.

        `state` knows of it from here on. The future, which can't be cancelled, is done when both
        are durable, or has the `SpoolError` that says why not; then no later one is accepted
        either.

        Raises:
            ValueError: they are not of this source and run, don't agree with each other, or
                can't be written as JSON.
        """
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        lines = self._lines(entry, record)
        if _has_half_characters(entry):  # the state must know it as the archive has it
            entry = LedgerEntry.from_json(decode_json(lines[-1].line))
        with self._gate:
            failure = self.failure
            if failure is None and self._closing:
                failure = SpoolError(f"{self._spool.folder}: the writer is closed")
            if failure is None:
                try:
                    change = self.state.absorb(entry)
                except SpoolError as error:
                    failure = self.failure = error
            if failure is None:
                self._queue.append(_Accepted(lines, change, future))
                self._under_way_bytes += _size(lines)
                self._gate.notify_all()
        if failure is not None:
            future.set_exception(failure)
        return future

    def _lines(self, entry: LedgerEntry, record: Record | None) -> tuple[SpooledLine, ...]:
        self._check(entry, record)
        ledger = SpooledLine(
            kind=PartKind.LEDGER,
            date=utc_date(entry.at),
            at=micros(entry.at),
            run_id=self._run_id,
            line=encode_line(entry.to_json()),
        )
        if record is None:
            return (ledger,)
        fetched_at = record.page.fetched_at
        article = SpooledLine(
            kind=PartKind.ARTICLE,
            date=utc_date(fetched_at),
            at=micros(fetched_at),
            run_id=self._run_id,
            line=encode_line(record.to_json()),
        )
        return article, ledger

    def _check(self, entry: LedgerEntry, record: Record | None) -> None:
        here = (self._spool.source, self._run_id)
        if (entry.source, entry.run_id) != here:
            raise ValueError(f"{entry.url}: {entry.source}, {entry.run_id}: not of {here}")
        if record is None:
            return
        if (record.source, record.run_id) != here:
            raise ValueError(f"{entry.url}: record not of {here}")
        if entry.article is None:
            raise ValueError(f"{entry.url}: a record without the article's new state")
        told = (entry.article_id, entry.revision)
        known = (entry.article.article_id, entry.article.revision)
        if not (record.article_id, record.revision) == told == known:
            raise ValueError(f"{entry.url}: {told} in the ledger, {known} as state, but a record "
                             f"of {record.article_id}, {record.revision}")  # fmt: skip

    def _accept_all(self) -> None:
        last = 0.0
        while True:
            with self._gate:
                self._gate.wait_for(lambda: self._queue or self._closing)
                pause = last + self._limits.group_s - time.monotonic()
                if pause > 0 and not self._closing:
                    self._gate.wait_for(lambda: self._closing, timeout=pause)
                batch, self._queue = self._queue, []
                if not batch:
                    return
                self._committing = True
            last = time.monotonic()
            failure = self._commit(batch)
            with self._gate:
                if failure is not None:
                    batch += self._queue  # accepted by `state`, but not to be
                    self._queue = []
                    self.failure = failure
                    self.state.forget_unsettled()
                self._under_way_bytes -= sum(_size(accepted.lines) for accepted in batch)
                self._committing = False
                self._gate.notify_all()
            for accepted in batch:
                if failure is None:
                    accepted.future.set_result(None)
                else:
                    accepted.future.set_exception(failure)
            with self._turn:
                self._turn.notify_all()

    def _commit(self, batch: list[_Accepted]) -> SpoolError | None:
        lines = [line for accepted in batch for line in accepted.lines]
        changes = [accepted.change for accepted in batch]
        try:
            if self._stale is not None:
                raise self._stale
            self._check_room()
            last_seq = self._spool.add(lines)
            try:
                self.state.commit(changes, last_seq)
            except SpoolError as error:  # the lines are safe, and folded from the archive one day
                self._stale = error
        except SpoolError as error:
            logger.error("nothing more is accepted: %s", error)
            return error
        except Exception as error:  # a bug; but nobody may wait for ever
            logger.exception("nothing more is accepted")
            return SpoolError(f"{self._spool.path}: {reason(error)}")
        return None

    def _check_room(self) -> None:
        free = self._spool.free_bytes()
        if free < self._limits.free_bytes:
            raise SpoolError(
                f"{self._spool.folder}: disk full: {free >> 20} MiB free, "
                f"{self._limits.free_bytes >> 20} MiB are the least"
            )
        limit = self._limits.spool_bytes
        margin = max(self._limits.margin_share * limit, self._limits.margin_bytes)
        if self.backlog_bytes >= limit + margin:
            raise SpoolError(
                f"{self._spool.folder}: holds {self.backlog_bytes >> 20} MiB that the archive did "
                f"not take yet; the limit is {limit >> 20} MiB"
            )

    def _flush(self, timeout_s: float) -> None:
        """Wait until all that was accepted is durable, or failed."""
        with self._gate:
            self._gate.wait_for(lambda: not self._queue and not self._committing, timeout_s)

    # --- ship -------------------------------------------------------------------------------

    def finish(self, *, deadline_s: float, last: bool = False) -> ShipReport:
        """Seal and ship everything, trying again until the deadline; accepting may go on after.

        `last` says that nothing more will come in this run. If the spool is new with it, as on a
        machine that is thrown away, the last commit closes its log, so that nobody looks for more
        of it; where the spool is kept, the next run goes on as another writer.

        A store that refuses is not asked again. A call of the store that is under way at the
        deadline goes on behind; what it stores is found there by the next open. `hurry` makes it
        end sooner.
        """
        deadline = time.monotonic() + deadline_s
        self._flush(deadline_s)
        with self._turn:
            self._shipper.closing = last and self._is_new
            self._drain_until = deadline
            self._pause_s, self._not_before = 0.0, 0.0
            self._turn.notify_all()
            self._wait_for_drain(deadline)
            self._drain_until = None
        failure = self.ship_failure
        if failure is None and self.pending_records:
            failure = self.failure or StoreUnavailable(
                f"{self._store.uri}: not all was stored within {deadline_s:g} s"
            )
        purged = self._obedience.purged
        return replace(
            self._shipper.report(failure),
            erased_records=purged[PartKind.ARTICLE],
            erased_ledger_lines=purged[PartKind.LEDGER],
        )

    def hurry(self, *, deadline_s: float, stall_s: float) -> None:
        """Make `finish`, which may be called later or in another thread, end by a deadline from
        now, and sooner when the store takes nothing for `stall_s`."""
        with self._turn:
            self._hurry = (time.monotonic() + deadline_s, stall_s)
            self._turn.notify_all()

    def _wait_for_drain(self, deadline: float) -> None:
        """Wait until all is shipped, or there is no more time or use in waiting; holds `_turn`."""
        puts, moved_at = self._shipper.puts, time.monotonic()
        while self._drain_until is not None and not self._leaving and self._ship_thread.is_alive():
            now = time.monotonic()
            if self._shipper.puts != puts:
                puts, moved_at = self._shipper.puts, now
            until = deadline
            if self._hurry is not None:
                until = min(until, self._hurry[0], moved_at + self._hurry[1])
                # Nobody tells of a put; whether there was one is looked at now and then.
                self._turn.wait(max(0.0, min(until - now, _LOOK_S)))
            else:
                self._turn.wait(max(0.0, until - now))
            if time.monotonic() >= until and self._shipper.puts == puts:
                return

    def put_run(self, manifest: Mapping[str, Any]) -> None:
        """Put the run's manifest, with the head of this writer's log in it; kept in the spool
        first, so that the next open can, too.

        Raises:
            StoreRefused, StoreUnavailable: not put now.
            SpoolError: not kept either.
            ValueError: it can't be written as JSON.
        """
        self.keep_run(manifest)
        for run_id, body in self._spool.manifests():
            if run_id == self._run_id:
                self._shipper.put_manifest(run_id, body)

    def keep_run(self, manifest: Mapping[str, Any]) -> None:
        """Keep the run's manifest in the spool, to be put with the lines that wait there.

        Raises:
            SpoolError: the disk refuses.
            ValueError: it can't be written as JSON.
        """
        orders = self._obedience.erasures.latest
        body = encode_sealed({**manifest, "log": log_head(self._spool), "orders": [*orders]})
        self._spool.keep_manifest(self._run_id, body)

    def checkpoint(self) -> bool:
        """Put a checkpoint of the state if it is time for one and nothing waits; see
        `catch_up.write_checkpoint`.

        Raises:
            StoreRefused, StoreUnavailable: the store.
            SpoolError: the disk.
        """
        self._obedience.check()  # what was ordered since the last commit must not be in it
        now, policy = self._clock(), self._limits.checkpoints
        return write_checkpoint(self._store, self._spool, self.state, now, policy)

    def _ship_all(self) -> None:
        while self._await_work():
            self._ship_once()

    def _await_work(self) -> bool:
        """Wait until there is something to do; False when the writer is closing."""
        with self._turn:
            while not self._leaving:
                wait_s = self._not_before - time.monotonic()
                if self._drain_until is None:
                    wait_s = max(wait_s, self._idle_s())
                if wait_s <= 0:
                    return True
                self._turn.wait(min(wait_s, 3600.0))
        return False

    def _idle_s(self) -> float:
        if self._spool.backlog.sealed_lines or self.is_full:
            return 0.0
        due_in = self._shipper.due_in()
        return math.inf if due_in is None else due_in

    def _ship_once(self) -> None:
        with self._turn:
            draining = self._drain_until is not None
        failure: NordcrawlError | None = None
        try:
            if draining or self.is_full:
                self._shipper.seal_all()
            else:
                self._shipper.seal_due()
            self._shipper.ship(stop=lambda: self._leaving)
        except NordcrawlError as error:
            failure = error
        except Exception as error:  # a bug; but `finish` must not wait for ever
            logger.exception("shipping failed")
            failure = NordcrawlError(f"shipping failed: {reason(error)}")
        with self._turn:
            self._after(failure, draining)
            self._turn.notify_all()

    def _after(self, failure: NordcrawlError | None, draining: bool) -> None:
        """Choose when to try next, and let `finish` go where trying more is of no use."""
        self.ship_failure = failure
        if failure is None:
            self._pause_s, self._not_before = 0.0, 0.0
            if draining:
                self._drain_until = None
            return
        waited_for = self._drain_until is not None or self.is_full
        first, longest = _HASTE_S if waited_for else _PATIENCE_S
        self._pause_s = min(longest, max(first, 2 * self._pause_s))
        self._not_before = time.monotonic() + self._pause_s * random.uniform(0.8, 1.2)
        given_up = not isinstance(failure, StoreUnavailable) or (
            self._drain_until is not None and self._not_before > self._drain_until
        )
        if draining and given_up:
            self._drain_until = None
        if not self._leaving:
            logger.warning(
                "not shipped, %d lines wait in the spool: %s", self.pending_records, failure
            )

    # --- end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Make durable what was accepted, end the threads, give back the lock; idempotent.

        What is not shipped stays in the spool, which another writer may open when this returns. A
        call of the store that is under way then goes on behind, and nothing comes of it but what
        it was asked to put: the spool is closed to its thread, which so can neither begin a commit
        nor take note of one. The next writer puts the same bytes under the same key.
        """
        try:
            with self._gate:
                self._closing = True
                self._gate.notify_all()
            self._acceptor.join()
            with self._turn:
                self._leaving = True
                self._turn.notify_all()
            self._ship_thread.join(_LEAVE_S)
        finally:
            self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _size(lines: tuple[SpooledLine, ...]) -> int:
    return sum(len(line.line) for line in lines)


def _has_half_characters(entry: LedgerEntry) -> bool:
    """Return whether one of the texts that the state keeps has half a surrogate pair in it."""
    article = entry.article
    kept = (entry.url, entry.lastmod, entry.etag, entry.last_modified, entry.article_id)
    more = (article.url, article.title, article.article_id, article.extractor) if article else ()
    try:
        "".join(filter(None, (*kept, *more))).encode()
    except UnicodeEncodeError:
        return True
    return False
