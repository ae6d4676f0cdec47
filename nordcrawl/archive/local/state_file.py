"""The state's file: a cache of the archive's ledgers, and how far they were folded into it.

Whatever is wrong with it, it is dropped and made anew. It may be behind what it should know, as
after a power cut, for it is not synced at each transaction: its own `cursors` say of which commits
the lines are folded, and `StateFile.follow` takes note of own commits only where it has their
lines; the others are folded from the archive. It must never be ahead: the spool's lines are durable
before they are folded, and a file that knows of lines which the spool never had is dropped.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from nordcrawl.archive.local.database import Database, connect, is_damage
from nordcrawl.errors import SpoolError
from nordcrawl.system.disk import write_file
from nordcrawl.system.lock import explained

logger = logging.getLogger(__name__)

NAME: Final = "state.sqlite"
_NOTE: Final = "state.damaged"
"""Left beside the file by who found that it is wrong; says why."""
_DAMAGED: Final = "a page of it was damaged"
_VERSION: Final = 1
_DDL: Final = """
CREATE TABLE IF NOT EXISTS cursor(
  writer TEXT PRIMARY KEY, cseq INTEGER NOT NULL, sha256 TEXT) WITHOUT ROWID;
-- One row: the spool whose lines are folded, and up to which one.
CREATE TABLE IF NOT EXISTS spool(token TEXT NOT NULL, seq INTEGER NOT NULL)
"""


class StateFile(Database):
    """``state.sqlite``, open."""

    def __init__(self, path: Path, write: sqlite3.Connection) -> None:
        super().__init__(path, write)
        self.dropped: str | None = None
        """Why the file before was dropped, if it was."""

    @classmethod
    def open(cls, folder: Path, token: str, last_seq: int, *, fresh: bool = False) -> StateFile:
        """Open or make the state of a spool, whose token and last line's number are given.

        Raises:
            OSError, sqlite3.Error: the disk refuses.
        """
        path = folder / NAME
        why = "asked for" if fresh else _noted(folder)
        if path.exists() and why is None:
            why = _unfit(path, token, last_seq)
        if why is not None:
            for name in (f"{NAME}-wal", f"{NAME}-shm", NAME, _NOTE):
                (folder / name).unlink(missing_ok=True)
            logger.warning("%s: dropped (%s); it is made anew from the archive", path, why)
        write = connect(path, synchronous="NORMAL")
        try:
            write.execute("PRAGMA journal_mode=WAL")
            write.execute("BEGIN IMMEDIATE")
            for statement in _DDL.split(";\n"):
                write.execute(statement)
            if not write.execute("SELECT 1 FROM spool").fetchall():
                write.execute("INSERT INTO spool VALUES (?, 0)", (token,))
            write.execute(f"PRAGMA user_version={_VERSION}")
            write.execute("COMMIT")
            opened = cls(path, write)
        except BaseException:
            write.close()
            raise
        opened.dropped = why
        return opened

    def damaged(self, error: sqlite3.Error) -> SpoolError:
        """Take note for the next open; return what to raise."""
        with suppress(OSError):
            self.path.with_name(_NOTE).touch(0o600)
        return SpoolError(
            f"{self.path}: damaged ({error}). It is a cache: the next run drops it, and makes it "
            "anew from the archive"
        )

    def distrust(self, why: str) -> None:
        """Take note for the next open that it is to be dropped, durably; whoever uses it now may go
        on.

        Raises:
            SpoolError: the disk refuses.
        """
        with explained(self.path):
            write_file(self.path.with_name(_NOTE), why.encode())

    def trust(self) -> None:
        """Forget `distrust`, the state having been dropped and folded anew."""
        with explained(self.path):
            self.path.with_name(_NOTE).unlink(missing_ok=True)

    def cursors(self) -> dict[str, tuple[int, str | None]]:
        """Return seq and digest of the last commit of each writer that is folded."""
        rows = self.query("SELECT writer, cseq, sha256 FROM cursor")
        return {writer: (cseq, sha256) for writer, cseq, sha256 in rows}

    def follow(self, writer: str, cseq: int, sha256: str, last_seq: int) -> None:
        """Take note of an own commit, with the number of its last line, if its lines were folded
        when they were accepted, and all commits before it are.

        Raises:
            SpoolError: the disk refuses.
        """
        with self.transaction() as db:
            ((folded,),) = db.execute("SELECT seq FROM spool").fetchall()
            known = db.execute("SELECT cseq FROM cursor WHERE writer = ?", (writer,)).fetchone()
            if last_seq <= folded and cseq == (known[0] if known else 0) + 1:
                set_cursor(db, writer, cseq, sha256)


def set_cursor(db: sqlite3.Connection, writer: str, cseq: int, sha256: str | None) -> None:
    """Take note, in a transaction, of the last commit of a writer that is folded, and its digest if
    that is known."""
    db.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)", (writer, cseq, sha256))


def is_noted(folder: Path) -> bool:
    """Return whether a folder's state was found to be wrong the last time."""
    return (folder / _NOTE).exists()


def _noted(folder: Path) -> str | None:
    """Return what was found wrong with a folder's state the last time; None for nothing."""
    if not is_noted(folder):
        return None
    return (folder / _NOTE).read_text(encoding="utf-8", errors="replace") or _DAMAGED


def _unfit(path: Path, token: str, last_seq: int) -> str | None:
    """Return why a file is not the state of a spool; None if it is."""
    try:
        db = connect(path, synchronous="NORMAL")
        try:
            ((version,),) = db.execute("PRAGMA user_version").fetchall()
            if version not in (0, _VERSION):
                return f"of version {version}"
            rows = db.execute("SELECT token, seq FROM spool").fetchall() if version else []
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return str(error)
        raise
    if rows and rows[0][0] != token:
        return "the state of another spool"
    if rows and rows[0][1] > last_seq:
        return "the spool is older: brought back from a backup?"
    return None
