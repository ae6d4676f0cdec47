"""The shipper: moves lines from the spool to the archive, each step repeatable after any crash.

outbox -> sealed part -> put -> commit frozen -> commit put -> parts confirmed -> forgotten. What is
put is fixed on the disk before the store hears of it, so a repeated put is the same bytes under the
same key, and the store's answer to it is "already". Knows no threads;
`nordcrawl.archive.write.writer` has those.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import pack
from nordcrawl.archive.format.schema_file import QUARANTINE_SCHEMA
from nordcrawl.archive.format.sealed import decode_sealed, encode_sealed
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.sealed import SealedPart
from nordcrawl.archive.local.sealed_files import read_sealed, sync_sealed, write_sealed
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.gate import Gate
from nordcrawl.archive.write.identity import (
    become_new_writer,
    digest_at,
    key_of,
    log_head,
    taken_commit,
)
from nordcrawl.archive.write.limits import Limits, Shipped, ShipReport
from nordcrawl.archive.write.schemas import put_schema
from nordcrawl.capture.cdxj import index
from nordcrawl.errors import (
    NordcrawlError,
    ObjectConflict,
    SpoolError,
    StoreError,
)
from nordcrawl.model.times import from_micros, rfc3339

logger = logging.getLogger(__name__)

_CONFLICTS: Final = 3
"""A store that calls a fourth new writer id taken is broken; going on would litter it."""


class Shipper:
    """Seals and ships one spool. One thread at a time."""

    def __init__(
        self,
        store: Store,
        spool: Spool,
        limits: Limits,
        clock: Callable[[], datetime],
        obedience: Obedience | None = None,
        gate: Gate | None = None,
    ) -> None:
        """`obedience` looks at the erasure orders before each commit is begun, and again before
        it is put; `gate` at each batch before it is sealed."""
        self.gate = gate or Gate()
        self._obedience = obedience
        self._store = store
        self._spool = spool
        self._limits = limits
        self._clock = clock
        self._waiting_since: float | None = None
        self.shipped = Shipped()
        self.puts = 0
        """Objects that the store took."""
        self.closing = False
        """Whether nothing more is expected: the commit after which nothing waits closes this
        writer's log. What comes all the same goes out as a new writer's."""
        self._closed = False

    def report(self, failure: NordcrawlError | None) -> ShipReport:
        """Return how things stand."""
        waiting = self._spool.backlog.lines
        return ShipReport(**asdict(self.shipped), pending_records=waiting, failure=failure)

    # --- seal -------------------------------------------------------------------------------

    def due_in(self) -> float | None:
        """Return in how many seconds the outbox is to be sealed; None if it is empty."""
        backlog = self._spool.backlog
        if not backlog.outbox_lines:
            self._waiting_since = None
            return None
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        if max(backlog.outbox_bytes, backlog.capture_bytes) >= self._limits.part_bytes:
            return 0.0
        return max(0.0, self._waiting_since + self._limits.part_age_s - now)

    def seal_due(self) -> None:
        """Seal while size or age of the outbox asks for it.

        Raises:
            SpoolError: the disk refuses.
            StoreRefused, StoreUnavailable, ArchiveDamaged: the gate can't judge a batch now.
        """
        while self.due_in() == 0.0:
            self._seal()

    def seal_all(self) -> None:
        """Seal whatever there is.

        Raises:
            SpoolError: the disk refuses.
            StoreRefused, StoreUnavailable, ArchiveDamaged: the gate can't judge a batch now.
        """
        while self._spool.backlog.outbox_lines:
            self._seal()

    def _seal(self) -> None:
        lines = self._spool.head(self._limits.part_bytes)
        if self._obedience is not None and len(self._obedience.sift(lines)) < len(lines):
            return  # the others may have changed, too
        lines = self.gate.sift(self._spool, lines)
        parts = [self._write_part(group, lines[-1].seq) for group in _groups(lines)]
        sync_sealed(self._spool)
        with self._spool.captures.lock:
            parts += self._spool.captures.seal(lines[-1].seq)
            self._spool.record_sealed(parts, lines)
        self._waiting_since = None

    def _write_part(self, lines: Sequence[SpooledLine], batch: int) -> SealedPart:
        body = pack((x.line for x in lines), self._limits.member_bytes)
        times = [x.at for x in lines]
        part = SealedPart(
            first_seq=lines[0].seq,
            last_seq=lines[-1].seq,
            batch=batch,
            kind=lines[0].kind,
            date=lines[0].date,
            run_id=lines[0].run_id,
            sha256=hashlib.sha256(body).hexdigest(),
            bytes=len(body),
            records=len(lines),
            min_at=rfc3339(from_micros(min(times))) or "",
            max_at=rfc3339(from_micros(max(times))) or "",
        )
        write_sealed(self._spool, part, body)
        return part

    # --- ship -------------------------------------------------------------------------------

    def ship(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Put and commit what is sealed, oldest first, then the manifests that wait.

        `stop` is asked between two calls of the store.

        Raises:
            StoreRefused, StoreUnavailable: the store; all that is not committed stays.
            ObjectConflict: new writer ids did not help either.
            SpoolError: the disk refuses, or a sealed part is damaged.
        """
        conflicts = 0
        while not stop() and self._spool.next_batch():
            if self._closed:
                self._begin_log()
            try:
                self.obey()
                self._ship_batch(self._spool.next_batch(), stop)
            except ObjectConflict as error:
                conflicts += 1
                if conflicts > _CONFLICTS:
                    raise
                self._become_new_writer(str(error))
            except StoreError:
                self._spool.unmark_put()  # by the next try they may have been tidied away
                raise
        for run_id, body in self._spool.manifests():
            if not stop():
                self.put_manifest(run_id, self._with_head(run_id, body))

    def _ship_batch(self, parts: Sequence[SealedPart], stop: Callable[[], bool]) -> None:
        if not parts:
            return
        if (frozen := self._spool.frozen()) is not None and self._is_there(frozen):
            # Its parts are not put as a matter of course: they may have been replaced since.
            self._committed(parts, *frozen)
            return
        for part in parts:
            if stop():
                return
            if not part.put:
                self._put(part)
                self._spool.mark_put(part)
        if stop() or self.obey():  # what was ordered while they were put may cover some of it
            return
        cseq, body = self._frozen(parts)
        key = keys.commit_key(self._spool.writer, cseq)
        self._store.put(key, body, content_type=keys.JSON_TYPE)
        self.puts += 1
        self._committed(parts, parts[0].batch, cseq, body)

    def obey(self) -> bool:
        """Look at the erasure orders; return whether new ones changed what is to be shipped."""
        return self._obedience is not None and self._obedience.check()

    def _put(self, part: SealedPart) -> None:
        body = read_sealed(self._spool, part)
        if hashlib.sha256(body).hexdigest() != part.sha256:
            raise SpoolError(f"{self._spool.sealed / part.file_name}: damaged (sha256)")
        if part.kind is PartKind.QUARANTINE:
            put_schema(self._store, QUARANTINE_SCHEMA)
        key = self._key(part)
        self._store.put(key, body, content_type=keys.PART_TYPE)
        if (beside := keys.index_key(key)) is not None:
            self._store.put(beside, index(body, key), content_type=keys.INDEX_TYPE)
        self.puts += 1

    def _confirm(self, parts: Sequence[SealedPart]) -> None:
        """See that the store has what was just committed, before the spool forgets it.

        A part may have been deleted between put and commit, as one that nobody wants; it is put
        again. Not so one that a commit has replaced by now: what it held is elsewhere, or erased.
        """
        missing = [part for part in parts if not self._store.exists(self._key(part))]
        removed = take(self._store).removed if missing else frozenset()
        for part in missing:
            if self._key(part) not in removed:
                self._put(part)

    def _is_there(self, frozen: tuple[int, int, bytes]) -> bool:
        """Return whether an earlier try put this very commit, and its answer was lost."""
        _, cseq, body = frozen
        found = digest_at(self._store, keys.commit_key(self._spool.writer, cseq))
        return found == hashlib.sha256(body).hexdigest()

    def _committed(self, parts: Sequence[SealedPart], batch: int, cseq: int, body: bytes) -> None:
        self._confirm(parts)
        self._closed = Commit.decode(keys.commit_key(self._spool.writer, cseq), body).closed
        self._spool.mark_committed(batch, cseq, hashlib.sha256(body).hexdigest())
        self._count(parts)

    def _frozen(self, parts: Sequence[SealedPart]) -> tuple[int, bytes]:
        """Return seq and bytes of the batch's commit, fixed on the disk."""
        frozen = self._spool.frozen()
        if frozen is None:
            cseq, prev_sha256 = self._spool.committed()
            commit = Commit(
                writer=self._spool.writer,
                seq=cseq + 1,
                prev_sha256=prev_sha256,
                source=self._spool.source,
                run_id=parts[0].run_id,
                committed_at=self._clock(),
                add=tuple(self._entry(part) for part in parts),
                closed=self.closing and self._is_all(parts),
            )
            frozen = (parts[0].batch, commit.seq, commit.encode())
            self._spool.freeze(*frozen)
        return frozen[1], frozen[2]

    def _is_all(self, parts: Sequence[SealedPart]) -> bool:
        """Return whether nothing waits but these."""
        lines = sum(part.lines for part in parts)
        return self._spool.backlog.lines == lines

    def _begin_log(self) -> None:
        """Go on as a new writer behind a log that was closed."""
        self._spool.change_writer()
        self._closed = False

    def _key(self, part: SealedPart) -> str:
        return key_of(self._spool, part)

    def _entry(self, part: SealedPart) -> PartEntry:
        return PartEntry(
            key=self._key(part),
            kind=part.kind,
            sha256=part.sha256,
            bytes=part.bytes,
            records=part.records,
            first_seq=part.first_seq,
            last_seq=part.last_seq,
            min_at=part.min_at,
            max_at=part.max_at,
        )

    def _count(self, parts: Sequence[SealedPart]) -> None:
        done = self.shipped
        done.records += sum(p.records for p in parts if p.kind is PartKind.ARTICLE)
        done.lines += sum(p.lines for p in parts)
        done.ledger_lines += sum(p.records for p in parts if p.kind is PartKind.LEDGER)
        done.captures += sum(p.records for p in parts if p.kind is PartKind.CAPTURE)
        done.parts += len(parts)
        done.commits += 1
        done.bytes += sum(p.bytes for p in parts)

    def put_manifest(self, run_id: str, body: bytes) -> None:
        """Put a run's manifest, then forget it; may run beside `ship`.

        Raises:
            StoreRefused, StoreUnavailable: the store; the spool keeps it if it has it.
        """
        key = keys.run_key(run_id)
        try:
            self._store.put(key, body, content_type=keys.JSON_TYPE)
        except ObjectConflict:
            # A run told of twice, or a cloned spool: neither of the two may hide the other.
            key = keys.run_key(f"{run_id}-{hashlib.sha256(body).hexdigest()[:8]}")
            self._store.put(key, body, content_type=keys.JSON_TYPE)
        self._spool.drop_manifest(run_id)

    def _with_head(self, run_id: str, body: bytes) -> bytes:
        """Return a manifest that waited for its lines, with the commit that the last of them are
        in; kept so, for each try must put the same."""
        values = decode_sealed(body)
        head = log_head(self._spool)
        if not head["seq"] or values.get("log") in (None, head):
            return body
        del values["sha256"]
        body = encode_sealed({**values, "log": head})
        self._spool.keep_manifest(run_id, body)
        return body

    # --- identity ---------------------------------------------------------------------------

    def check_not_cloned(self) -> None:
        """Become a new writer if somebody went on writing as this one."""
        if (key := taken_commit(self._store, self._spool)) is not None:
            self._become_new_writer(f"{key} exists already, and this spool did not write it")

    def _become_new_writer(self, why: str) -> None:
        archived = become_new_writer(self._store, self._spool, why)
        self.shipped.records += sum(p.records for p in archived if p.kind is PartKind.ARTICLE)
        self.shipped.ledger_lines += sum(p.records for p in archived if p.kind is PartKind.LEDGER)


def _groups(lines: Sequence[SpooledLine]) -> list[list[SpooledLine]]:
    """Divide a batch into parts: by kind and date, articles first."""
    groups: dict[tuple[PartKind, str], list[SpooledLine]] = {}
    for line in lines:
        groups.setdefault((line.kind, line.date), []).append(line)
    return [groups[key] for key in sorted(groups)]
