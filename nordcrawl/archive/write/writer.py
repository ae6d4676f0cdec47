"""The writer: takes records and ledger lines, says when they are durable, and ships meanwhile.

A thread of its own commits what was accepted, all that waits in one transaction, so that an fsync
is shared; another one (`ship_loop`) seals and ships. So neither disk nor store ever holds up the
caller.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.local.polls import Polls
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.local.state_file import is_noted
from nordcrawl.archive.log.catalog import NO_TAIL, Tail
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.store.protocol import Capabilities, Store
from nordcrawl.archive.write.accepted import Accepted, has_half_characters, keep, lines_of
from nordcrawl.archive.write.catch_up import catch_up, tell_ended, write_checkpoint
from nordcrawl.archive.write.gate import Gate, Held, Judge
from nordcrawl.archive.write.identity import log_head
from nordcrawl.archive.write.limits import Limits, Shipped, ShipReport, check_room
from nordcrawl.archive.write.recovery import ship_waiting
from nordcrawl.archive.write.ship_loop import ShipLoop
from nordcrawl.archive.write.shipper import Shipper
from nordcrawl.errors import NordcrawlError, SpoolError, StoreError, StoreUnavailable
from nordcrawl.model.capture import Draft
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.record import Record
from nordcrawl.model.words import reason

logger = logging.getLogger(__name__)


class Writer:
    """One process's way into the archive for one source. Thread-safe; close it."""

    def __init__(
        self,
        store: Store,
        spool: Spool,
        run_id: str,
        limits: Limits,
        clock: Callable[[], datetime],
        judge: Judge | None = None,
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
        self._clock = clock
        self._obedience = Obedience(store, spool, self.state)
        self._shipper = Shipper(store, spool, limits, clock, self._obedience, Gate(judge))
        self._gate = threading.Condition()
        self._stale: SpoolError | None = None
        """Why the state could not be written; it answers wrongly from the next batch on."""
        self._queue: list[Accepted] = []
        self._under_way_bytes = 0  # accepted, and not durable yet
        self._committing = False
        self._closing = False
        # A daemon: a forgotten close must not keep the process alive.
        self._acceptor = threading.Thread(
            target=self._accept_all, name="archive-accept", daemon=True
        )
        self._tail: Tail = NO_TAIL
        self._is_new = not spool.state.cursors() and not spool.committed()[0]
        self._shipping = ShipLoop(spool, self._shipper, lambda: self.is_full)

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
        judge: Judge | None = None,
    ) -> Self:
        """Lock the spool, prove the store, ship what earlier runs left, and catch up; `judge` says
        what is held in quarantine.

        Raises:
            LockHeld: another live process has the spool.
            SpoolError: the spool can't be written, is damaged, or its disk is full.
            StoreRefused, StoreUnavailable: the archive can't be written or read now.
            ArchiveDamaged: it is no archive, or what it holds contradicts its log.
            ValueError: source or run id can't stand in a key.
        """
        keys.check_names(source, run_id)
        for last in (False, True):  # the second time with a new state
            spool = Spool.open(folder, source)
            try:
                writer = cls(store, spool, run_id, limits, clock, judge)
                writer._begin()
                return writer
            except BaseException as error:
                if isinstance(error, StoreError) and spool.backlog.lines:
                    logger.error(
                        "%d lines that earlier runs left wait in the spool %s; the next run ships "
                        "them first",
                        *(spool.backlog.lines, folder),
                    )
                spool.close()
                if last or not (isinstance(error, SpoolError) and is_noted(folder)):
                    raise
        raise AssertionError("not reached")

    def _begin(self) -> None:
        store, spool, shipper = self._store, self._spool, self._shipper
        self.can = ship_waiting(store, spool, self.state, shipper)
        if shipper.shipped.lines:
            logger.info("shipped %d lines that earlier runs left", shipper.shipped.lines)
        shipper.shipped = Shipped()
        self._forget_held()
        check_room(spool, self._limits)
        tail = catch_up(store, spool, self.state)
        spool.state.trust()
        self._tail = tell_ended(store, tail, self._clock(), only_if_long=True)
        self._obedience.check()
        self._obedience.purged.clear()
        spool.begin_run(self._run_id)
        self._acceptor.start()
        self._shipping.start()

    def _forget_held(self) -> None:
        """Drop the state if something that an earlier run left was held just now."""
        for run_id, held in self._shipper.gate.held.items():
            self.notes.append(
                f"{held.records} records that run {run_id} left are in quarantine: "
                f"{'; '.join(held.why) or 'as others of that run'}"
            )
        if self._shipper.gate.held:
            self._shipper.gate.held.clear()
            self.state.drop()

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
    def ship_failure(self) -> NordcrawlError | None:
        """Why the latest try to ship failed; it is tried again."""
        return self._shipping.failure

    @property
    def erasures(self) -> Erasures:
        """The archive's erasure orders, as of the last commit: what they cover is not to be
        accepted."""
        return self._obedience.erasures

    @property
    def held(self) -> Held:
        """What was held in quarantine of this run."""
        return self._shipper.gate.held.get(self._run_id) or Held()

    @property
    def shipped(self) -> Shipped:
        """What was committed since this writer was opened, left-overs of earlier runs left out."""
        return self._shipper.shipped

    # --- accept -----------------------------------------------------------------------------

    def accept(
        self, entry: LedgerEntry, record: Record | None = None, page: Draft | None = None
    ) -> Future[None]:
        """Take a ledger line, the record it tells of, and the page to be kept as it was fetched,
        which the lines will name; returns at once.

        `state` knows of it from here on. The future, which can't be cancelled, is done when all
        are durable, or has the `SpoolError` that says why not; then no later one is accepted
        either.

        Raises:
            ValueError: they are not of this source and run, don't agree with each other, or
                can't be written as JSON.
        """
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()
        lines = lines_of(entry, record, self._spool.source, self._run_id)
        if has_half_characters(entry):  # the state must know it as the archive has it
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
                self._queue.append(Accepted(lines, change, future, entry, record, page))
                self._under_way_bytes += self._queue[-1].size
                self._gate.notify_all()
        if failure is not None:
            future.set_exception(failure)
        return future

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
                self._under_way_bytes -= sum(accepted.size for accepted in batch)
                self._committing = False
                self._gate.notify_all()
            for accepted in batch:
                if failure is None:
                    accepted.future.set_result(None)
                else:
                    accepted.future.set_exception(failure)
            self._shipping.wake()

    def _commit(self, batch: list[Accepted]) -> SpoolError | None:
        try:
            if self._stale is not None:
                raise self._stale
            check_room(self._spool, self._limits)
            changes, last_seq = keep(self._spool, batch, self._clock())
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
        began = time.monotonic()
        self._flush(deadline_s)
        left_s = deadline_s - (time.monotonic() - began)
        self._shipping.drain(left_s, closing=last and self._is_new)
        failure = self._shipping.failure
        if failure is None and self.pending_records:
            failure = self.failure or StoreUnavailable(
                f"{self._store.uri}: not all was stored within {deadline_s:g} s"
            )
        purged = self._obedience.purged
        return replace(
            self._shipper.report(failure),
            erased_records=purged[keys.PartKind.ARTICLE],
            erased_ledger_lines=purged[keys.PartKind.LEDGER],
        )

    def hurry(self, *, deadline_s: float, stall_s: float) -> None:
        """Make `finish`, which may be called later or in another thread, end by a deadline from
        now, and sooner when the store takes nothing for `stall_s`."""
        self._shipping.hurry(deadline_s, stall_s)

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
        if self._shipper.gate.held:
            return False  # the state knows what is in quarantine
        self._obedience.check()  # what was ordered since the last commit must not be in it
        now, policy = self._clock(), self._limits.checkpoints
        if not write_checkpoint(self._store, self._spool, self.state, now, policy):
            return False
        # Who begins with the checkpoint does not see those logs end.
        tell_ended(self._store, self._tail, now)
        return True

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
            self._shipping.leave()
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
