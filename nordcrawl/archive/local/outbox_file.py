"""The spool's own file: its tables and version, and what is done where it can't be read.

It holds what is nowhere else, so it is never dropped, and never changed where it is damaged.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from nordcrawl.archive.local.database import Database, connect, is_damage
from nordcrawl.errors import SpoolError
from nordcrawl.system.disk import sync_folder

logger = logging.getLogger(__name__)

VERSION: Final = 3
"""Of a file with captures; without, it is 2, which earlier releases read."""
_PLAIN: Final = 2
_CAPTURES: Final = """
-- The WARC files of captures, from their first byte until they are committed: what is known to be
-- on the disk of each. Their number is the first_seq of the part that one becomes.
CREATE TABLE IF NOT EXISTS capture(
  number INTEGER PRIMARY KEY, own TEXT NOT NULL, day TEXT NOT NULL, run TEXT NOT NULL,
  size INTEGER NOT NULL, held INTEGER NOT NULL, low TEXT NOT NULL, high TEXT NOT NULL)
"""
_DDL: Final = """
-- One row. cseq, sha256: this writer's last commit. token: which file this is, made once; by it the
-- state knows whose lines it has folded.
CREATE TABLE own(
  source TEXT NOT NULL, writer TEXT NOT NULL, cseq INTEGER NOT NULL DEFAULT 0, sha256 TEXT,
  token TEXT NOT NULL);
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
CREATE TABLE manifest(run_id TEXT PRIMARY KEY, body BLOB NOT NULL);
-- Runs that began and have left no manifest.
CREATE TABLE run(run_id TEXT PRIMARY KEY) WITHOUT ROWID;
-- Erasure orders that spool and state obey already.
CREATE TABLE obeyed(order_id TEXT PRIMARY KEY) WITHOUT ROWID
"""
# Runs of which records are in quarantine: a row a held article, and one without.
_HELD: Final = """
CREATE TABLE IF NOT EXISTS held(
  run_id TEXT NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY(run_id, article_id)) WITHOUT ROWID
"""
_OWN: Final = "INSERT INTO own(source, writer, token) VALUES (?, ?, ?)"


class OutboxFile(Database):
    """``spool.sqlite``, open."""

    def damaged(self, error: sqlite3.Error) -> SpoolError:
        """Say what to do."""
        return _damaged(self.path, str(error))

    @classmethod
    def open(cls, path: Path, source: str) -> OutboxFile:
        """Open or make the file of a locked folder.

        Raises:
            SpoolError: it is damaged, of a later version, or of another source.
            OSError, sqlite3.Error: the disk refuses.
        """
        with _damage_told(path):
            _refuse_lost_beginning(path)
            if path.exists() and _version(path) == 1:
                _upgrade(path, source)
            write = connect(path)
            try:
                _prepare(write, path, source)
                return cls(path, write)
            except BaseException:
                write.close()
                raise

    @property
    def own(self) -> tuple[str, str]:
        """The writer id, and the token that no other file has."""
        ((writer, token),) = self.query("SELECT writer, token FROM own")
        return writer, token

    @property
    def last_seq(self) -> int:
        """The highest number that any line had; 0 for none."""
        rows = self.query("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
        return int(rows[0][0]) if rows else 0


def _prepare(db: sqlite3.Connection, path: Path, source: str) -> None:
    db.execute("PRAGMA journal_mode=WAL")
    ((version,),) = db.execute("PRAGMA user_version").fetchall()
    if version > VERSION:
        raise SpoolError(f"{path}: written by a later nordcrawl (version {version}); update")
    db.execute("BEGIN IMMEDIATE")  # also proves that the file can be written
    if version == 0:
        for statement in _DDL.split(";\n"):
            db.execute(statement)
        db.execute(_OWN, (source, secrets.token_hex(5), secrets.token_hex(8)))
        db.execute(f"PRAGMA user_version={_PLAIN}")
    db.execute(_CAPTURES)
    db.execute(_HELD)  # a file of an earlier nordcrawl has none, and that does not mind one
    # Who comes back after a long time puts its parts again: the archive may have tidied them away.
    db.execute("UPDATE part SET put = 0")
    db.execute("COMMIT")
    _check(db, path, source)


def _check(db: sqlite3.Connection, path: Path, source: str) -> None:
    """See that what is nowhere else can be read, and is of a source."""
    for table in ("outbox", "part", "frozen"):
        ((found,),) = db.execute(f"PRAGMA quick_check({table})").fetchmany(1)
        if found != "ok":
            raise _damaged(path, found)
    ((owner,),) = db.execute("SELECT source FROM own").fetchall()
    if owner != source:
        raise SpoolError(f"{path}: is the spool of source {owner!r}, not of {source!r}")


def _version(path: Path) -> int:
    with closing(connect(path)) as db:
        ((version,),) = db.execute("PRAGMA user_version").fetchall()
    return int(version)


def _upgrade(path: Path, source: str) -> None:
    """Put what waits and who we are out of a file of version 1, which held the state, too, into a
    new one, and that into its place. The state is folded anew.

    Killed anywhere, there is the old file or the new one, whole.
    """
    new = path.with_name(f"{path.name}.new")
    for left in path.parent.glob(f"{new.name}*"):  # of a process that was killed
        left.unlink()
    with closing(connect(path)) as old:
        _check(old, path, source)
        kept = {name for (name,) in old.execute("SELECT name FROM sqlite_master")} & _KEPT
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(connect(new)) as db:
        _prepare(db, new, source)
        db.execute("ATTACH ? AS old", (str(path),))
        db.execute("BEGIN IMMEDIATE")
        for table in sorted(kept):
            db.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")  # noqa: S608
        db.execute(
            "UPDATE main.own SET (writer, cseq, sha256) ="
            " (SELECT writer, cseq, sha256 FROM old.own)"
        )
        db.execute("DELETE FROM main.sqlite_sequence")
        db.execute("INSERT INTO main.sqlite_sequence SELECT * FROM old.sqlite_sequence")
        db.execute("COMMIT")
        db.execute("DETACH old")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")  # all of it is in the one file
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        raise SpoolError(f"{path}: {log.name} is in use; nothing was changed")
    for beside in (log, path.with_name(f"{path.name}-shm")):
        beside.unlink(missing_ok=True)
    new.replace(path)
    sync_folder(path.parent)
    logger.warning("%s: of an earlier nordcrawl; what waits was taken over, and the state is "
                   "folded from the archive again", path)  # fmt: skip


_KEPT: Final = {"outbox", "part", "frozen", "manifest", "run", "obeyed"}
"""Tables of version 1 that hold what is nowhere else, the same since."""


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Say what to do where SQLite says that the file is none of its own."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, what: str) -> SpoolError:
    return SpoolError(
        f"{path}: damaged ({what}); nothing was changed. Keep a copy of {path.parent}, for it may "
        f"hold articles that are not archived yet; then bring {path.name} back from a backup, or "
        f"move {path.name}* away: the next run archives the parts in sealed/"
    )


def _refuse_lost_beginning(path: Path) -> None:
    """SQLite deletes a log that has no database, with all that is acknowledged in it."""
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size and not (path.exists() and path.stat().st_size):
        raise _damaged(path, f"missing or empty, but {log.name} is there")
