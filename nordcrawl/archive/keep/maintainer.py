"""Maintenance: the writer that compaction and erasure commit as, and how they write parts.

It is a writer like any other, with a log of its own, but it brings no lines: what it puts is in
the archive already, so it needs no spool. Its id is made anew for each commit, which closes its
log, and never used by another process, so that no two can ever take each other's parts for their
own.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, CommitKind, KnownCommit, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.sealed import readable
from nordcrawl.archive.format.units import without
from nordcrawl.archive.keep.delete import Deleter, delete_own
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.pieces import PartMovedError, part_body, slices
from nordcrawl.archive.log.snapshot import LivePart
from nordcrawl.archive.store.protocol import Capabilities, Store
from nordcrawl.capture.cdxj import index
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, StoreError, StoreUnavailable
from nordcrawl.model.times import parse_rfc3339
from nordcrawl.system.disk import make_folders
from nordcrawl.system.lock import Lock, explained

logger = logging.getLogger(__name__)

_NUMBERS: Final = 1000
"""Where its numbers of parts begin."""
PARTS_A_COMMIT: Final = 500


class Maintainer:
    """One process that maintains an archive. Close it, or use it as a context manager."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        lock: Lock | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`clock` gives aware UTC; `pause` is how it waits for a store whose listing lags."""
        self.store = store
        self.clock = clock
        self.pause = pause
        self.writer = secrets.token_hex(5)
        """Whose commit the next one is."""
        self.known: dict[str, KnownCommit] = {}
        """Its own commits, which a listing may lack yet; as `follow` takes them."""
        self.head: dict[str, str | int | None] = {"writer": self.writer, "seq": 0, "sha256": None}
        """The last commit, as a receipt tells it."""
        self.can = Capabilities(conditional_put=False, checksum=False)
        """What the store was seen to do."""
        self._lock = lock
        self._number = 0
        self._uncommitted: dict[str, bytes] = {}

    @classmethod
    def open(cls, store: Store, folder: Path, clock: Callable[[], datetime]) -> Self:
        """Open under the lock in `folder`, made if missing: one at a time on this machine.

        Raises:
            LockHeld: another maintenance of this archive is under way on this machine.
            SpoolError: the folder can't be written.
            StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
        """
        with explained(folder):
            make_folders(folder, 0o700)
        lock = Lock(folder / "lock")
        try:
            can = store.probe()
            opened = cls(store, clock, lock)
            opened.can = can
            return opened
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def deleter(self) -> Deleter:
        """Return a `Deleter` that knows of all commits of this one; raises as its constructor."""
        return Deleter(self.store, self.pause, self.known)

    def put_part(
        self,
        kind: PartKind,
        source: str,
        date: str,
        body: bytes,
        records: int,
        times: Collection[str],
        segments: Sequence[Segment] = (),
    ) -> PartEntry:
        """Put a part under a key of the next commit, read it back, and return its entry.

        `segments` are what it is made of, if it holds lines of others; the earliest and latest of
        `times` are its own.

        Raises:
            StoreUnavailable: also where the store goes on saying that it has none.
            StoreRefused, ArchiveDamaged: the store.
        """
        number = _NUMBERS + self._number
        self._number += 1
        key = keys.part_key(kind, source, date, self.writer, number)
        self._put(key, body, keys.PART_TYPE)
        if (beside := keys.index_key(key)) is not None:
            self._put(beside, index(body, key), keys.INDEX_TYPE)
        return PartEntry(
            key=key,
            kind=kind,
            sha256=hashlib.sha256(body).hexdigest(),
            bytes=len(body),
            records=records,
            first_seq=number,
            last_seq=number,
            min_at=min(times, key=_moment),
            max_at=max(times, key=_moment),
            segments=tuple(segments),
        )

    def put_without(
        self, part: LivePart, goes: Callable[[Mapping[str, Any]], bool]
    ) -> tuple[PartEntry | None, int]:
        """Put a live part anew without the units of whose values `goes` says so; return its entry,
        None if nothing is left of it, and how many units went. Raises as `put_part`, and:

        Raises:
            PartMovedError: it was removed meanwhile.
        """
        entry, kind = part.entry, part.entry.kind
        bodies: list[bytes] = []
        segments: list[Segment] = []
        gone = 0
        for segment, piece in slices(part, part_body(self.store, part)):
            with readable(entry.key, "a part"):
                body, left, went = without(kind, piece, goes)
            gone += went
            if left:
                bodies.append(body)
                sha256 = hashlib.sha256(body).hexdigest()
                segments.append(replace(segment, sha256=sha256, bytes=len(body), records=left))
        if not bodies:
            return None, gone
        put = self.put_part(
            *(kind, part.commit.source, keys.date_of(entry.key), b"".join(bodies)),
            records=sum(segment.records for segment in segments),
            times=(entry.min_at, entry.max_at),
            segments=segments,
        )
        return put, gone

    def _put(self, key: str, body: bytes, content_type: str) -> None:
        self._uncommitted[key] = body  # before, as it may land though the put fails
        self.store.put(key, body, content_type=content_type)
        # What it replaces will be deleted, so the proof of the put is not enough.
        try:
            shown = get_patiently(self.store, key)
        except ObjectMissing:  # or an erasure an hour long took it for nobody's
            raise StoreUnavailable(f"{key}: was put, and the store does not show it") from None
        if shown != body:
            raise ArchiveDamaged(f"{key}: the store gives back other bytes than were put")

    def commit(
        self,
        kind: CommitKind,
        source: str,
        run_id: str,
        add: Sequence[PartEntry],
        remove: Iterable[LivePart],
    ) -> Commit:
        """Put a commit that replaces parts.

        Raises:
            StoreRefused, StoreUnavailable: the store.
        """
        removed = list(remove)
        base: dict[str, int] = {}
        for part in removed:
            base[part.commit.writer] = max(part.commit.seq, base.get(part.commit.writer, 0))
            for segment in part.entry.segments:
                base[segment.writer] = max(segment.seq, base.get(segment.writer, 0))
        commit = Commit(
            writer=self.writer,
            seq=1,
            prev_sha256=None,
            source=source,
            run_id=run_id,
            committed_at=self.clock(),
            add=tuple(add),
            remove=tuple(sorted(part.entry.key for part in removed)),
            kind=kind,
            base=base,
            closed=True,
        )
        body = commit.encode()
        # If the answer is lost nobody knows whether they count, so they are not to be discarded.
        self._uncommitted.clear()
        self.writer, self._number = secrets.token_hex(5), 0
        self.store.put(commit.key, body, content_type=keys.JSON_TYPE)
        sha256 = hashlib.sha256(body).hexdigest()
        self.known[commit.writer] = KnownCommit(1, sha256, "this maintenance put it")
        self.head = {"writer": commit.writer, "seq": 1, "sha256": sha256}
        return commit

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Put parts and commit them within this; what was put and will not be committed is deleted
        where that fails, as far as the store lets it: what stays is an orphan."""
        try:
            yield
        except (StoreError, PartMovedError):
            with suppress(StoreError):
                while self._uncommitted:
                    delete_own(self.store, *self._uncommitted.popitem())
            raise


def _moment(text: str) -> tuple[datetime, str]:
    """Return a time so that times compare: as text half a second comes before the whole one."""
    return (parse_rfc3339(text) if text else None) or datetime.min.replace(tzinfo=UTC), text
