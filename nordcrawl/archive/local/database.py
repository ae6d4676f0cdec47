"""Database: the spool's SQLite file, its tables and versions."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from nordcrawl.errors import SpoolError

VERSION: Final = 1


_DDL: Final = """
-- One row. cseq, sha256: this writer's last commit. refold: the state was dropped, and own commits
-- are to be folded again as those of others are.
CREATE TABLE own(
  source TEXT NOT NULL, writer TEXT NOT NULL, cseq INTEGER NOT NULL DEFAULT 0, sha256 TEXT,
  refold INTEGER NOT NULL DEFAULT 0, opened_by INTEGER);
-- AUTOINCREMENT: a number must never come back, for keys are made of it.
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, date TEXT NOT NULL,
  at INTEGER NOT NULL, run_id TEXT NOT NULL, line BLOB NOT NULL);
CREATE TABLE part(
  first_seq INTEGER PRIMARY KEY, last_seq INTEGER NOT NULL, batch INTEGER NOT NULL,
  kind TEXT NOT NULL, date TEXT NOT NULL, run_id TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, records INTEGER NOT NULL, min_at TEXT NOT NULL, max_at TEXT NOT NULL,
  put INTEGER NOT NULL DEFAULT 0);
CREATE TABLE frozen(batch INTEGER PRIMARY KEY, cseq INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE cursor(writer TEXT PRIMARY KEY, cseq INTEGER NOT NULL, sha256 TEXT) WITHOUT ROWID;
CREATE TABLE manifest(run_id TEXT PRIMARY KEY, body BLOB NOT NULL);
"""


_LATER_DDL: Final = """
-- Runs that began and have left no manifest.
CREATE TABLE IF NOT EXISTS run(run_id TEXT PRIMARY KEY) WITHOUT ROWID;
-- Erasure orders that spool and state obey already.
CREATE TABLE IF NOT EXISTS obeyed(order_id TEXT PRIMARY KEY) WITHOUT ROWID
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the spool's file, of this user alone if it is new, so that what is committed survives a
    power cut."""
    with suppress(OSError):  # SQLite says why it can't open it
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # its logs get the mode of it
    db = sqlite3.connect(path, timeout=30.0, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA page_size=8192")  # of a new file: a line is longer than the usual 4096
    db.execute("PRAGMA synchronous=FULL")
    return db


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Say what to do where SQLite says that the file is none of its own."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, what: str) -> SpoolError:
    return SpoolError(
        f"{path}: damaged ({what}); nothing was changed. Keep a copy of {path.parent}, for it may "
        f"hold articles that are not archived yet; then bring {path.name} back from a backup, or "
        f"move {path.name}* away: the next run archives the parts in sealed/, and makes the state "
        "anew from the archive"
    )


def _refuse_lost_beginning(path: Path) -> None:
    """SQLite deletes a log that has no database, with all that is acknowledged in it."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size and not (path.exists() and path.stat().st_size):
        raise _damaged(path, f"missing or empty, but {log.name} is there")


def prepare(db: sqlite3.Connection, path: Path, source: str) -> str:
    """Make or check the file's tables; return the writer id."""
    db.execute("PRAGMA journal_mode=WAL")
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    if version > VERSION:
        raise SpoolError(f"{path}: written by a later nordcrawl (version {version}); update")
    db.execute("BEGIN IMMEDIATE")  # also proves that the file can be written
    if version == 0:
        for statement in _DDL.split(";\n"):
            db.execute(statement)
        values = (source, secrets.token_hex(5))
        db.execute("INSERT INTO own(source, writer) VALUES (?, ?)", values)
        db.execute(f"PRAGMA user_version={VERSION}")
    for statement in _LATER_DDL.split(";\n"):
        db.execute(statement)
    # Who comes back after a long time puts its parts again: the archive may have tidied them away.
    db.execute("UPDATE part SET put = 0")
    db.execute("UPDATE own SET opened_by = ?", (os.getpid(),))
    db.execute("COMMIT")
    for table in ("outbox", "part", "frozen"):
        ((found,),) = db.execute(f"PRAGMA quick_check({table})").fetchmany(1)
        if found != "ok":
            raise _damaged(path, found)
    ((owner, writer),) = db.execute("SELECT source, writer FROM own").fetchall()
    if owner != source:
        raise SpoolError(f"{path}: is the spool of source {owner!r}, not of {source!r}")
    return str(writer)
