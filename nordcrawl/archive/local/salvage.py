"""Salvage: a spool's file made anew without the state, which is a cache, when that is damaged."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from nordcrawl.archive.local.database import connect, damage_told, prepare
from nordcrawl.errors import SpoolError
from nordcrawl.system.disk import sync_folder

logger = logging.getLogger(__name__)

_NOTE: Final = "state.damaged"
"""Left beside the file by who found a page of it damaged."""
_KEPT: Final = ("own", "outbox", "part", "frozen", "manifest", "run", "obeyed")
"""Tables that hold what is nowhere else."""


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite says that its file is damaged."""
    return isinstance(error, sqlite3.DatabaseError) and (
        getattr(error, "sqlite_errorcode", 0) & 0xFF
        in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    )


def note_damage(path: Path, error: BaseException) -> SpoolError:
    """Take note that a spool's file is damaged, for the next open; return what to raise."""
    with suppress(OSError):
        path.with_name(_NOTE).touch()
    return SpoolError(
        f"{path}: damaged ({error}). What waits to be archived is looked at when the spool is "
        "opened the next time; if that is whole, the state is made anew from the archive then"
    )


def is_noted(path: Path) -> bool:
    """Return whether damage was found in a spool's file the last time."""
    return path.with_name(_NOTE).exists()


def salvage(path: Path, source: str) -> None:
    """Put what waits and who we are into a new file, and that into the place of the old one. The
    state is folded anew by `nordcrawl.archive.write.catch_up`.

    Killed anywhere, there is the old file or the new one, whole.

    Raises:
        SpoolError: what is nowhere else is damaged, too; nothing was changed.
        OSError, sqlite3.Error: the disk refuses.
    """
    if not path.exists():
        return
    new = path.with_name(f"{path.name}.new")
    for left in path.parent.glob(f"{new.name}*"):  # of a process that was killed
        left.unlink()
    with damage_told(path):
        with closing(connect(path)) as old:
            prepare(old, path, source)  # which looks at what is nowhere else
        with closing(connect(new)) as db:
            prepare(db, new, source)
            db.execute("ATTACH ? AS old", (str(path),))
            db.execute("BEGIN IMMEDIATE")
            for table in _KEPT:
                db.execute(f"DELETE FROM main.{table}")  # noqa: S608
                db.execute(f"INSERT INTO main.{table} SELECT * FROM old.{table}")  # noqa: S608
            db.execute("DELETE FROM main.sqlite_sequence")
            db.execute("INSERT INTO main.sqlite_sequence SELECT * FROM old.sqlite_sequence")
            db.execute("UPDATE main.own SET refold = 1")
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
    path.with_name(_NOTE).unlink(missing_ok=True)
    logger.warning("%s: made anew without the state, which is folded from the archive again", path)
