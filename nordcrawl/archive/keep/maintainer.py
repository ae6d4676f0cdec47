"""Maintenance: the writer that compaction and erasure commit as, and how they write parts.

It is a writer like any other, with a log of its own, but it brings no lines: what it puts is in
the archive already, so it needs no spool. A lost or doubled id costs nothing but a new log.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, CommitKind, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.follow import chain
from nordcrawl.archive.log.snapshot import LivePart
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, SpoolError
from nordcrawl.system.disk import make_folders, write_file
from nordcrawl.system.lock import Lock, explained

logger = logging.getLogger(__name__)

_FILE: Final = "writer"
_NUMBERS: Final = 1000
"""Part numbers that each commit has for its own; enough, as one commit adds fewer parts."""
PARTS_A_COMMIT: Final = 500


class Maintainer:
    """One process that maintains an archive. Close it, or use it as a context manager.

    The id is kept in a folder of its own in the state folder, under a lock, so that the archive
    does not get a new log each time.
    """

    def __init__(
        self, store: Store, writer: str, clock: Callable[[], datetime], lock: Lock | None = None
    ) -> None:
        self.store = store
        self.clock = clock
        self._writer = writer
        self._lock = lock
        log = chain(store, writer)
        self._seq = log[-1].seq if log else 0
        self._sha256 = log[-1].sha256 if log else None
        self._number = 0

    @classmethod
    def open(cls, store: Store, folder: Path, clock: Callable[[], datetime]) -> Self:
        """Open with the id that is kept in `folder`, made if missing.

        Raises:
            LockHeld: another maintenance of this archive is under way on this machine.
            SpoolError: the folder can't be written.
            StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
        """
        with explained(folder):
            make_folders(folder)
        lock = Lock(folder / "lock")
        try:
            file = folder / _FILE
            with explained(file):
                writer = file.read_text(encoding="ascii").strip() if file.exists() else ""
                if not keys.is_writer(writer):
                    writer = secrets.token_hex(5)
                    write_file(file, f"{writer}\n".encode("ascii"))
            store.probe()
            return cls(store, writer, clock, lock)
        except UnicodeDecodeError as error:
            lock.release()
            raise SpoolError(f"{folder / _FILE}: {error}") from error
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

    @property
    def head(self) -> dict[str, str | int | None]:
        """The last commit, as a receipt tells it."""
        return {"writer": self._writer, "seq": self._seq, "sha256": self._sha256}

    def owns(self, key: str) -> bool:
        """Tell whether a part was put under this id: one that no commit lists is then left of a
        maintenance that was killed, as there is no other under way."""
        return f"/{self._writer}-" in key

    def put_part(self, kind: PartKind, source: str, date: str, body: bytes) -> tuple[str, int]:
        """Put a part under a key of the next commit, read it back; return key and number.

        A key that an earlier, killed maintenance left with other bytes is passed over.

        Raises:
            StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
        """
        while True:
            number = (self._seq + 1) * _NUMBERS + self._number
            self._number += 1
            key = keys.part_key(kind, source, date, self._writer, number)
            with suppress(ObjectConflict):
                self.store.put(key, body, content_type=keys.PART_TYPE)
                break
        # What it replaces will be deleted, so the proof of the put is not enough.
        if self.store.get(key) != body:
            raise ArchiveDamaged(f"{key}: the store gives back other bytes than were put")
        return key, number

    def add_part(
        self,
        kind: PartKind,
        source: str,
        date: str,
        body: bytes,
        segments: Sequence[Segment],
        like: Sequence[PartEntry],
    ) -> PartEntry:
        """Put a part made of segments of others, and return its entry.

        Raises:
            StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
        """
        key, number = self.put_part(kind, source, date, body)
        return PartEntry(
            key=key,
            kind=kind,
            sha256=hashlib.sha256(body).hexdigest(),
            bytes=len(body),
            records=sum(segment.records for segment in segments),
            first_seq=number,
            last_seq=number,
            min_at=min(entry.min_at for entry in like),
            max_at=max(entry.max_at for entry in like),
            segments=tuple(segments),
        )

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
            ObjectConflict: somebody else commits under this id; nothing was done, try again.
            StoreRefused, StoreUnavailable: the store.
        """
        removed = list(remove)
        base: dict[str, int] = {}
        for part in removed:
            base[part.commit.writer] = max(part.commit.seq, base.get(part.commit.writer, 0))
            for segment in part.entry.segments:
                base[segment.writer] = max(segment.seq, base.get(segment.writer, 0))
        base.pop(self._writer, None)
        commit = Commit(
            writer=self._writer,
            seq=self._seq + 1,
            prev_sha256=self._sha256,
            source=source,
            run_id=run_id,
            committed_at=self.clock(),
            add=tuple(add),
            remove=tuple(sorted(part.entry.key for part in removed)),
            kind=kind,
            base=base,
        )
        body = commit.encode()
        self.store.put(commit.key, body, content_type=keys.JSON_TYPE)
        self._seq, self._sha256 = commit.seq, hashlib.sha256(body).hexdigest()
        self._number = 0
        return commit
