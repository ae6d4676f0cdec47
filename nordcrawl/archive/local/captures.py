"""Captures: the WARC files of a spool, which grow until they are sealed as parts.

Their names and keys are fixed when they are begun, before any line names a place in them, so a key
has an id of its own that no other process ever uses, instead of the writer's, which may change. A
capture is on the disk before the line that names it; both at once count, by one row, see
`Spool.add`. Whoever seals a line seals the files with it, so no commit has a line whose capture is
in a later one.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.local.outbox_file import VERSION
from nordcrawl.archive.local.sealed import SealedPart, capture_name
from nordcrawl.archive.local.waiting import Backlog
from nordcrawl.capture.read import units_of, whole_length
from nordcrawl.capture.write import Group, group, info
from nordcrawl.errors import SpoolError
from nordcrawl.model.capture import Capture, Draft
from nordcrawl.model.times import parse_rfc3339, rfc3339, utc_date
from nordcrawl.system.disk import private, sync_folder
from nordcrawl.system.lock import explained

FILE_BYTES: Final = 16 << 20
"""Size at which another file is begun, as when the store takes nothing for a long time: a file is
read as a whole when it is sealed."""
_MOST_OPEN: Final = 32
"""Files that are held open, one a day: an import has pages of many."""
KEEP_ROW: Final = "INSERT OR REPLACE INTO capture VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
DROP_ROW: Final = "DELETE FROM capture WHERE number = ?"


class Home(Protocol):
    """What is asked of the spool that the files are of."""

    source: str
    sealed: Path
    backlog: Backlog

    def query(self, sql: str, /) -> list[tuple[Any, ...]]:
        """Return the rows of a small look-up."""

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Run statements as one durable transaction."""

    def files(self) -> AbstractContextManager[None]:
        """Write files within this."""

    def new_seq(self) -> int:
        """Return a number that no line has or will have."""


@dataclass(slots=True)
class CaptureFile:
    """A WARC file that is not sealed."""

    number: int
    own: str
    """The id in its key."""
    day: str
    run_id: str
    size: int = 0
    """Bytes that count; what lies behind is of a write that failed."""
    held: int = 0
    """Captures."""
    low: datetime | None = None
    high: datetime | None = None
    """Earliest and latest fetch."""
    info_id: str = ""
    handle: IO[bytes] | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """Its name in ``sealed/``."""
        return capture_name(self.number, self.own, self.day)

    def close(self) -> None:
        """Let it not grow any more; what could not be written counts for nothing."""
        handle, self.handle = self.handle, None
        with suppress(OSError):
            if handle is not None:
                handle.close()

    def take(self, at: datetime) -> None:
        """Count a capture."""
        self.held += 1
        self.low = min(self.low or at, at)
        self.high = max(self.high or at, at)

    @classmethod
    def of_row(cls, row: tuple[Any, ...]) -> Self:
        """Read back `row`."""
        number, own, day, run_id, size, held, low, high = row
        times = parse_rfc3339(low or None), parse_rfc3339(high or None)
        return cls(number, own, day, run_id, size, held, *times)

    def row(self) -> tuple[Any, ...]:
        """Return what is kept of it in the table ``capture``."""
        low, high = rfc3339(self.low) or "", rfc3339(self.high) or ""
        return (self.number, self.own, self.day, self.run_id, self.size, self.held, low, high)


class Captures:
    """The capture files of an open spool. Thread-safe."""

    def __init__(self, spool: Home) -> None:
        self.lock = threading.RLock()
        """Held from the first byte of a capture until its line is in the outbox, and while files
        are sealed or written anew. Taken before all locks of the spool."""
        self.file_bytes = FILE_BYTES
        self._spool = spool
        self._own = secrets.token_hex(5)
        self._open: dict[str, CaptureFile] = {}
        self._rows: list[tuple[Any, ...]] = []

    # --- append -----------------------------------------------------------------------------

    def append(self, drafts: Sequence[Draft], now: datetime) -> list[Capture]:
        """Write captures, and return where they lie when they are durable; the caller holds `lock`.
        They count when `rows` of them are in the spool.

        Raises:
            SpoolError: the disk refuses; the files count as they were.
        """
        found, touched = [], {}
        for draft in drafts:
            day = utc_date(draft.fetched_at)
            file = self._open.get(day)
            if file is None or file.size >= self.file_bytes:
                file = self._begin(day, draft.run_id, now)
            one = group(draft, file.info_id)
            touched[file.number] = file
            found.append(self._write(file, one, draft))
        for file in touched.values():
            with explained(self._spool.sealed / file.name):
                if file.handle is not None:
                    os.fsync(file.handle.fileno())
                if self._open[file.day] is not file:  # full
                    file.close()
        while len(self._open) > _MOST_OPEN:
            self._open.pop(next(iter(self._open))).close()
        self._rows = [file.row() for file in touched.values()]
        return found

    def rows(self) -> list[tuple[Any, ...]]:
        """Return what the table ``capture`` is to say of the files to which the latest `append`
        wrote."""
        return self._rows

    def _write(self, file: CaptureFile, one: Group, draft: Draft) -> Capture:
        with explained(self._spool.sealed / file.name):
            if file.handle is not None:
                file.handle.write(one.body)
                file.handle.flush()
        place = Capture(
            object=self.key(file),
            offset=file.size,
            length=one.length,
            type=one.type,
            record_id=one.record_id,
            payload_digest=one.payload_digest,
        )
        file.size += len(one.body)
        file.take(draft.fetched_at)
        self._spool.backlog.capture_bytes += len(one.body)
        return place

    def _begin(self, day: str, run_id: str, now: datetime) -> CaptureFile:
        """Begin a file: its row first, so that none is there without one."""
        body, info_id = info(now)
        file = CaptureFile(self._spool.new_seq(), self._own, day, run_id, info_id=info_id)
        self._keep(file)
        path = self._spool.sealed / file.name
        with self._spool.files(), explained(path):
            file.handle = private(path)
            file.handle.write(body)
            file.handle.flush()
            os.fsync(file.handle.fileno())
            sync_folder(self._spool.sealed)
        file.size = len(body)
        self._spool.backlog.capture_bytes += len(body)
        self._open[day] = file
        return file

    def key(self, file: CaptureFile) -> str:
        """Return the key that a file will be put under."""
        source = self._spool.source
        return keys.part_key(PartKind.CAPTURE, source, file.day, file.own, file.number)

    # --- seal -------------------------------------------------------------------------------

    def seal(self, batch: int) -> list[SealedPart]:
        """End all files, and return them as parts of a batch; nothing is noted yet. The caller
        holds `lock`, and has read the lines of the batch before.

        Raises:
            SpoolError: the disk refuses.
        """
        self.end()
        parts = []
        for file in self.unsealed():
            if file.held:
                parts.append(self.sealed(file, batch))
            else:
                self.drop(file)
        return parts

    def end(self) -> None:
        """Let no file grow any more, and leave in each what counts: no line names the rest, which
        is of a write that failed.

        Raises:
            SpoolError: the disk refuses.
        """
        files, self._open = list(self._open.values()), {}
        for file in files:
            file.close()
        for file in self.unsealed() if files else ():
            path = self._spool.sealed / file.name
            with self._spool.files(), explained(path):
                if file.held and (size := path.stat().st_size) > file.size:
                    _cut(path, file.size)
                    self._spool.backlog.capture_bytes -= size - file.size

    def unsealed(self) -> list[CaptureFile]:
        """Return the files that are in no batch, oldest first, as their rows say."""
        rows = self._spool.query(
            "SELECT number, own, day, run, size, held, low, high FROM capture"
            " WHERE number NOT IN (SELECT first_seq FROM part) ORDER BY number"
        )
        return [CaptureFile.of_row(row) for row in rows]

    def sealed(self, file: CaptureFile, batch: int) -> SealedPart:
        """Return a file as a part."""
        body = self.read(file.name)
        return SealedPart(
            first_seq=file.number,
            last_seq=file.number,
            batch=batch,
            kind=PartKind.CAPTURE,
            date=file.day,
            run_id=file.run_id,
            sha256=hashlib.sha256(body).hexdigest(),
            bytes=len(body),
            records=file.held,
            min_at=rfc3339(file.low) or "",
            max_at=rfc3339(file.high) or "",
            own=file.own,
        )

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        path = self._spool.sealed / name
        with self._spool.files(), explained(path):
            return path.read_bytes()

    def write(self, body: bytes, like: CaptureFile) -> CaptureFile:
        """Keep other bytes as a file of a new key, with its row, and return it.

        Raises:
            SpoolError: the disk refuses.
            ValueError: it is no WARC file of ours.
        """
        file = CaptureFile(self._spool.new_seq(), secrets.token_hex(5), like.day, like.run_id)
        self._keep(file)  # as of one that holds nothing, until it does
        path = self._spool.sealed / file.name
        with self._spool.files(), explained(path):
            with private(path) as handle:
                handle.write(body)
                handle.flush()
                os.fsync(handle.fileno())
            sync_folder(self._spool.sealed)
        self._keep(counted(file, body))
        self._spool.backlog.capture_bytes += len(body)
        return file

    def drop(self, file: CaptureFile) -> None:
        """Delete a file that is in no batch, and forget it. Its row goes last, and tells before of
        nothing in it: killed in between, neither is a file missed nor one without a row found."""
        self._keep(CaptureFile(file.number, file.own, file.day, file.run_id))
        path = self._spool.sealed / file.name
        with self._spool.files(), explained(path), suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            backlog = self._spool.backlog
            backlog.capture_bytes = max(0, backlog.capture_bytes - size)
        self._forget(file.number)

    def _keep(self, file: CaptureFile) -> None:
        """Take note of a file; an earlier release would ship lines without it, so may not open the
        spool any more."""
        with self._spool.transaction() as db:
            db.execute(KEEP_ROW, file.row())
            db.execute(f"PRAGMA user_version={VERSION}")

    def _forget(self, number: int) -> None:
        with self._spool.transaction() as db:
            db.execute(DROP_ROW, (number,))

    # --- open -------------------------------------------------------------------------------

    def recover(self, *, are_named: bool) -> None:
        """Bring the files that a killed process left to whole captures, and the rows to what is in
        them: all that a line may name is there, and perhaps captures that none does. Where no line
        waits, and nothing else can bring any, so that none `are_named`, they go.

        Raises:
            SpoolError: one is not what a row says of it.
        """
        for file in self.unsealed():
            path = self._spool.sealed / file.name
            if not are_named:
                self.drop(file)
            elif not path.exists():
                if file.size:
                    raise _damaged(path, "missing")
                self._forget(file.number)
            else:
                self._mend(file, path)

    def adopt(self, stray: Path) -> None:
        """Take a file over of which the spool's database does not know: lines may name it. It keeps
        its key; what a kill cut off goes.

        Raises:
            SpoolError: the disk refuses.
        """
        _, number, own, *day, _ = stray.name.split("-")
        with self._spool.files(), explained(stray):
            body = stray.read_bytes()
        whole = whole_length(body)
        file = counted(CaptureFile(int(number), own, "-".join(day), ""), body[:whole])
        self._spool.new_seq()
        with self._spool.transaction() as db:  # no line may ever get the number in its key
            db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?)", (file.number,))
        with self._spool.files(), explained(stray):
            _cut(stray, whole)
            stray.rename(self._spool.sealed / file.name)
            sync_folder(self._spool.sealed)
        self._keep(file)
        self._spool.backlog.capture_bytes += whole

    def _mend(self, file: CaptureFile, path: Path) -> None:
        body = path.read_bytes()
        whole = whole_length(body)
        if whole < file.size:
            raise _damaged(path, f"whole up to byte {whole} of {file.size}")
        if whole < len(body):
            _cut(path, whole)
        now = counted(CaptureFile(file.number, file.own, file.day, file.run_id), body[:whole])
        self._keep(now)
        self._spool.backlog.capture_bytes += whole


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
        os.fsync(file.fileno())


def counted(file: CaptureFile, body: bytes) -> CaptureFile:
    """Return a file with what its bytes tell of it.

    Raises:
        ValueError: it is no WARC file of ours.
    """
    file.size = len(body)
    for unit in units_of(body):
        values = unit.values()
        if values and (at := parse_rfc3339(values["fetch"]["fetched_at"])):
            file.take(at)
            file.run_id = file.run_id or values["run_id"]
    return file


def _damaged(path: Path, what: str) -> SpoolError:
    return SpoolError(
        f"{path}: damaged ({what}); lines that wait name captures in it. Nothing was changed: "
        "bring it back from a backup"
    )
