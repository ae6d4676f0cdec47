"""Database: an SQLite file of this user alone. One connection writes, one reads, each behind a
lock."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from nordcrawl.errors import SpoolError
from nordcrawl.system.lock import explained


def connect(path: Path, *, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> sqlite3.Connection:
    """Open a file, made if missing. With FULL what is committed survives a power cut; with NORMAL
    the file does, as of some transaction before. Source: SQLite, "PRAGMA synchronous", of WAL."""
    with suppress(OSError):  # SQLite says why it can't open it
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)  # whatever the umask; its logs get the mode of it
        os.close(descriptor)
    db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA page_size=8192")  # of a new file: a line is longer than the usual 4096
    db.execute(f"PRAGMA synchronous={synchronous}")
    return db


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite says that its file is damaged."""
    return isinstance(error, sqlite3.DatabaseError) and (
        getattr(error, "sqlite_errorcode", 0) & 0xFF
        in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


class Database:
    """An open file. Thread-safe."""

    def __init__(self, path: Path, write: sqlite3.Connection) -> None:
        self.path = path
        self.lock = threading.RLock()
        """Held while something is written."""
        self._write = write
        self._read = connect(path)
        self._read_lock = threading.Lock()
        self._closed = False

    def damaged(self, error: sqlite3.Error) -> SpoolError:
        """Return what to raise where a page of the file is damaged."""
        return SpoolError(f"{self.path}: damaged ({error})")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run statements as one transaction; rolled back if anything is raised.

        Raises:
            SpoolError: the disk refuses, or the file is closed.
        """
        with self.held() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a failed COMMIT may have rolled back by itself
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def held(self) -> Iterator[sqlite3.Connection]:
        """Give the connection that writes, without a transaction.

        Raises:
            SpoolError: the disk refuses, or the file is closed.
        """
        with self.lock, explained(self.path):
            self.require_open()
            try:
                yield self._write
            except sqlite3.Error as error:
                if is_damage(error):
                    raise self.damaged(error) from error
                raise

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a small look-up, as last committed.

        Raises:
            SpoolError: the file can't be read.
        """
        try:  # not `explained`, which costs as much as the look-up itself
            with self._read_lock:
                return self._read.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            if is_damage(error):
                raise self.damaged(error) from error
            raise SpoolError(f"{self.path}: {error}") from error

    @property
    def total_changes(self) -> int:
        """Rows changed by this process; see sqlite3."""
        with self.lock:
            return self._write.total_changes

    def scrub(self) -> None:
        """Leave no byte of what was deleted in the file, durably.

        Raises:
            SpoolError: the disk refuses.
        """
        with self.held() as db, self._read_lock:
            for statement in ("wal_checkpoint(TRUNCATE)", "", "wal_checkpoint(TRUNCATE)"):
                db.execute(f"PRAGMA {statement}" if statement else "VACUUM")

    def require_open(self) -> None:
        """Raise `SpoolError` if the file is closed."""
        if self._closed:
            raise SpoolError(f"{self.path.parent}: the spool is closed")

    def close(self) -> None:
        """Close the file, when what other threads do in it is done; safe to call again."""
        with self.lock, self._read_lock:
            self._closed = True
            with suppress(sqlite3.Error):
                self._read.close()
                self._write.close()
