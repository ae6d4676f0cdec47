"""The spool: what is accepted and not yet archived, on the local disk, one a (archive, source).

A folder with ``lock`` (held by the one live process), ``spool.sqlite`` and ``sealed/`` (parts as
they will be put). A line is in exactly one place: the outbox, or a sealed part, or the archive.
Knows nothing of the store; `nordcrawl.archive.write.shipper` moves lines on. What is known by the
lines lies in a file of its own beside, for it is a cache (`nordcrawl.archive.local.state_file`).
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.local.captures import DROP_ROW, KEEP_ROW, Captures
from nordcrawl.archive.local.outbox_file import OutboxFile
from nordcrawl.archive.local.sealed import (
    SEALED,
    SELECT_PART,
    STRAY,
    SealedPart,
    insert_parts,
    part_of,
)
from nordcrawl.archive.local.state_file import StateFile
from nordcrawl.archive.local.waiting import Backlog, SpooledLine
from nordcrawl.system.disk import make_folders, sync_folder
from nordcrawl.system.lock import Lock, explained

logger = logging.getLogger(__name__)


class Spool:
    """The open spool. Thread-safe: one connection writes, one reads, each behind a lock."""

    def __init__(
        self, folder: Path, source: str, lock: Lock, file: OutboxFile, state: StateFile
    ) -> None:
        self.folder = folder
        self.source = source
        self.sealed = folder / "sealed"
        self.path = file.path
        self.writer, _ = file.own
        """This spool's id in the archive."""
        self.backlog = Backlog()
        self.state = state
        """What is known, of this spool's lines and of the archive's."""
        self.captures = Captures(self)
        self._lock = lock
        self._file = file
        self.transaction, self.query = file.transaction, file.query
        self._write_lock = file.lock
        self._files_lock = threading.Lock()
        """Held while a file in ``sealed/`` is written; taken before the other two."""
        self._closed = False

    @classmethod
    def open(cls, folder: Path, source: str, *, fresh_state: bool = False) -> Spool:
        """Lock the folder, made if missing, and open what is in it.

        A state that is damaged, or with `fresh_state` any, is dropped.

        Raises:
            LockHeld: another live process has it.
            SpoolError: it can't be written, is damaged, or belongs to another source.
        """
        with explained(folder):
            make_folders(folder / "sealed", _PRIVATE)
            folder.chmod(_PRIVATE)
        with ExitStack() as opened:
            lock = Lock(folder / "lock")
            opened.callback(lock.release)
            with explained(folder / "spool.sqlite"):
                file = OutboxFile.open(folder / "spool.sqlite", source)
                opened.callback(file.close)
            with explained(folder):
                _, token = file.own
                state = StateFile.open(folder, token, file.last_seq, fresh=fresh_state)
                opened.callback(state.close)
                sync_folder(folder)
                spool = cls(folder, source, lock, file, state)
                spool._tidy()
            opened.pop_all()
        return spool

    def add(self, lines: Sequence[SpooledLine], captures: Sequence[tuple[Any, ...]] = ()) -> int:
        """Put lines into the outbox, in this order, as one transaction, with the rows of the files
        that hold their captures; return the number of the last one.

        Raises:
            SpoolError: the disk refuses; nothing of it is done.
        """
        with self._write_lock:
            with self.transaction() as db:
                db.executemany(
                    "INSERT INTO outbox(kind, date, at, run_id, line) VALUES (?, ?, ?, ?, ?)",
                    [(str(x.kind), x.date, x.at, x.run_id, x.line) for x in lines],
                )
                db.executemany(KEEP_ROW, captures)
            self.backlog.count(lines)
            return self._file.last_seq

    def head(self, limit_bytes: int) -> list[SpooledLine]:
        """Return the oldest lines, of one run, at least one and at most `limit_bytes` raw.

        A prefix of what was accepted, so that no commit holds a ledger line whose article is in
        a later one. It ends with a ledger line: an article goes with its own.
        """
        batch: list[SpooledLine] = []
        size = 0
        with self._file.held() as db:
            rows = db.execute("SELECT kind, date, at, run_id, line, seq FROM outbox ORDER BY seq")
            for kind, date, at, run_id, line, seq in rows:
                last = batch[-1].kind if batch else PartKind.ARTICLE
                ended = last is PartKind.LEDGER and size + len(line) > limit_bytes
                if ended or (last is not PartKind.ARTICLE and run_id != batch[0].run_id):
                    break
                batch.append(SpooledLine(PartKind(kind), date, at, run_id, line, seq))
                size += len(line)
            rows.close()
        return batch

    def record_sealed(self, parts: Sequence[SealedPart], lines: Sequence[SpooledLine]) -> None:
        """Take note of parts that are on the disk, in place of their lines in the outbox."""
        with self._write_lock:
            with self.transaction() as db:
                insert_parts(db, parts)
                db.execute("DELETE FROM outbox WHERE seq <= ?", (lines[-1].seq,))
            self.backlog.count(lines, -1)
            for part in parts:
                self.backlog.count_sealed(part.lines, part.bytes)
            self.backlog.capture_bytes -= sum(p.bytes for p in parts if p.own)

    def parts(self) -> list[SealedPart]:
        """Return the parts that are not committed, oldest first."""
        return [part_of(row) for row in self.query(f"{SELECT_PART} ORDER BY first_seq")]

    def next_batch(self) -> list[SealedPart]:
        """Return the parts of the oldest commit to be."""
        oldest = " WHERE batch = (SELECT min(batch) FROM part) ORDER BY first_seq"
        return [part_of(row) for row in self.query(SELECT_PART + oldest)]

    def unmark_put(self) -> None:
        """Forget what the store has: the next try puts it again, which is then "already"."""
        with self.transaction() as db:
            db.execute("UPDATE part SET put = 0")

    def mark_put(self, part: SealedPart) -> None:
        """Take note that the store has a part."""
        with self.transaction() as db:
            db.execute("UPDATE part SET put = 1 WHERE first_seq = ?", (part.first_seq,))

    def frozen(self) -> tuple[int, int, bytes] | None:
        """Return (batch, cseq, bytes) of the commit that is under way, if one is."""
        rows = self.query("SELECT batch, cseq, body FROM frozen")
        return rows[0] if rows else None

    def freeze(self, batch: int, cseq: int, body: bytes) -> None:
        """Fix a commit's bytes before the store is told of it: each try puts the same."""
        with self.transaction() as db:
            db.execute("INSERT INTO frozen VALUES (?, ?, ?)", (batch, cseq, body))

    def committed(self) -> tuple[int, str | None]:
        """Return seq and hash of this writer's last commit; 0 if there is none."""
        return self.query("SELECT cseq, sha256 FROM own")[0]

    def mark_committed(self, batch: int, cseq: int, sha256: str) -> None:
        """Forget a batch that the archive has, then delete its files."""
        with self._write_lock:
            done = [part for part in self.parts() if part.batch == batch]
            with self.transaction() as db:
                db.execute("DELETE FROM part WHERE batch = ?", (batch,))
                db.executemany(DROP_ROW, [(p.first_seq,) for p in done])
                db.execute("DELETE FROM frozen")
                db.execute("UPDATE own SET cseq = ?, sha256 = ?", (cseq, sha256))
            self.state.follow(self.writer, cseq, sha256, batch)
            self._forget(done)

    def change_writer(self, archived: Sequence[SealedPart] = ()) -> None:
        """Become a new writer: all that is not committed will be put anew under keys of its own.

        `archived` are parts that the archive turned out to have; they are forgotten.
        """
        with self._write_lock:
            writer = secrets.token_hex(5)
            with self.transaction() as db:
                db.execute("UPDATE own SET writer = ?, cseq = 0, sha256 = NULL", (writer,))
                db.execute("UPDATE part SET put = 0")
                db.execute("DELETE FROM frozen")
                db.executemany(
                    "DELETE FROM part WHERE first_seq = ?", [(p.first_seq,) for p in archived]
                )
                db.executemany(DROP_ROW, [(p.first_seq,) for p in archived])
            self.writer = writer
            self._forget(archived)

    def begin_run(self, run_id: str) -> None:
        """Take note that a run began, so that one that is killed leaves a trace."""
        with self.transaction() as db:
            db.execute("INSERT OR IGNORE INTO run VALUES (?)", (run_id,))
            if not self.backlog.outbox_lines:  # of no other run is anything to come
                db.execute("DELETE FROM held WHERE run_id <> ?", (run_id,))

    def unfinished_runs(self) -> list[str]:
        """Return the runs that began and have no manifest."""
        return [run_id for (run_id,) in self.query("SELECT run_id FROM run ORDER BY run_id")]

    def keep_manifest(self, run_id: str, body: bytes) -> None:
        """Keep a run's manifest until the store has it."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO manifest VALUES (?, ?)", (run_id, body))
            db.execute("DELETE FROM run WHERE run_id = ?", (run_id,))

    def drop_manifest(self, run_id: str) -> None:
        """Forget a manifest that the store has."""
        with self.transaction() as db:
            db.execute("DELETE FROM manifest WHERE run_id = ?", (run_id,))

    def manifests(self) -> list[tuple[str, bytes]]:
        """Return (run id, bytes) of the manifests that wait."""
        return self.query("SELECT run_id, body FROM manifest ORDER BY run_id")

    # --- erasure ----------------------------------------------------------------------------

    def obeyed(self) -> frozenset[str]:
        """Return the ids of the erasure orders that were obeyed here."""
        return frozenset(order_id for (order_id,) in self.query("SELECT order_id FROM obeyed"))

    def outbox(self) -> Iterator[SpooledLine]:
        """Yield all that waits, oldest first; nothing may be added or sealed meanwhile."""
        after = 0
        while True:
            rows = self.query(
                "SELECT kind, date, at, run_id, line, seq FROM outbox WHERE seq > ?"
                " ORDER BY seq LIMIT 100",
                (after,),
            )
            for kind, date, at, run_id, line, seq in rows:
                yield SpooledLine(PartKind(kind), date, at, run_id, line, seq)
            if not rows:
                return
            after = rows[-1][5]

    def drop_lines(self, lines: Sequence[SpooledLine]) -> None:
        """Take lines out of the outbox."""
        with self._write_lock:
            with self.transaction() as db:
                db.executemany("DELETE FROM outbox WHERE seq = ?", [(x.seq,) for x in lines])
            self.backlog.count(lines, -1)

    def new_seq(self) -> int:
        """Return a number that no line has or will have."""
        with self.transaction() as db:
            row = ("ledger", "", 0, "", b"")
            sql = "INSERT INTO outbox(kind, date, at, run_id, line) VALUES (?, ?, ?, ?, ?)"
            seq = db.execute(sql, row).lastrowid
            db.execute("DELETE FROM outbox WHERE seq = ?", (seq,))
        return int(seq or 0)

    def replace_part(self, old: SealedPart, new: SealedPart | None) -> None:
        """Put another part, whose file is on the disk, in the place of one that is not frozen."""
        with self._write_lock:
            with self.transaction() as db:
                db.execute("DELETE FROM part WHERE first_seq = ?", (old.first_seq,))
                db.execute(DROP_ROW, (old.first_seq,))
                if new is not None:
                    insert_parts(db, [new])
            self._forget([old])
            if new is not None:
                self.backlog.count_sealed(new.lines, new.bytes)

    def change_lines(self, lines: Sequence[SpooledLine]) -> None:
        """Put other bytes in the place of lines of the outbox."""
        with self._write_lock, self.transaction() as db:
            db.executemany(
                "UPDATE outbox SET line = ? WHERE seq = ?", [(x.line, x.seq) for x in lines]
            )

    def scrub(self, order_ids: Iterable[str]) -> None:
        """Leave no byte of what was deleted in the files, then take note of the orders."""
        self.state.scrub()
        self._file.scrub()
        with self.transaction() as db:
            db.executemany(
                "INSERT OR IGNORE INTO obeyed VALUES (?)", [(order_id,) for order_id in order_ids]
            )

    def free_bytes(self) -> int:
        """Return the room on the spool's disk for this user."""
        with explained(self.folder):
            found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    @contextmanager
    def files(self) -> Iterator[None]:
        """Write files in ``sealed/`` within this, so that no other spool has the folder by then.

        Raises:
            SpoolError: the spool is closed.
        """
        with self._files_lock:
            self._file.require_open()
            yield

    def close(self) -> None:
        """Close the file and give back the lock; safe to call again, from any thread.

        Waits for what another thread is doing here; whatever it tries afterwards is a `SpoolError`
        and changes nothing, for the folder may be another spool's by then.
        """
        with self._files_lock:
            if self._closed:
                return
            self._closed = True
            try:
                self._file.close()
                self.state.close()
            finally:
                self._lock.release()

    def strays(self) -> list[Path]:
        """Return the files in ``sealed/`` of which the database knows nothing, oldest first."""
        with explained(self.sealed):
            found = [file for file in self.sealed.iterdir() if STRAY.fullmatch(file.name)]
        return sorted(found, key=lambda file: (file.name.split("-")[1], file.name))

    def adopt(self, lines: Sequence[SpooledLine], files: Sequence[Path]) -> None:
        """Put the lines of strays into the outbox, to be sealed anew, and delete the files.

        The state knows nothing of them: it folds them from the archive as those of others.
        """
        with self._write_lock:
            if lines:
                self.add(lines)
            self._file.require_open()
            with explained(self.sealed):
                for file in files:
                    file.unlink()

    def _tidy(self) -> None:
        """Set aside what the database does not know of in ``sealed/``, and count what waits.

        A part without a row was either never put, and its lines are in the outbox still, or is
        committed already; or the database is a new or an older one. Which of these it is,
        `nordcrawl.archive.write.adoption` finds out. Its name may be that of a part to come.
        """
        parts = self.parts()
        known = {part.file_name for part in parts}
        known |= {file.name for file in self.captures.unsealed()}
        for file in list(self.sealed.iterdir()):
            if file.suffix == ".tmp":  # not sealed yet: its lines were never out of the outbox
                file.unlink()
            elif SEALED.fullmatch(file.name) and file.name not in known:
                stem = file.name.partition(".")[0]
                file.rename(file.with_name(f"{stem}-{secrets.token_hex(4)}.stray"))
        ((lines, size),) = self.query("SELECT count(*), coalesce(sum(length(line)), 0) FROM outbox")
        self.backlog = Backlog(
            lines, size, sum(p.lines for p in parts), sum(p.bytes for p in parts)
        )
        self.captures.recover(are_named=bool(lines or self.strays()))

    def _forget(self, parts: Sequence[SealedPart]) -> None:
        for part in parts:
            self.backlog.count_sealed(part.lines, part.bytes, -1)
            with suppress(OSError):  # what stays is a stray at the next open
                (self.sealed / part.file_name).unlink()


_PRIVATE: Final = 0o700
"""What waits and what is known is for the crawler's user alone; so all in the folder is."""
