"""Spools: what waits on this machine, and who holds it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nordcrawl.archive.write import is_spool
from nordcrawl.doctor.finding import Finding, fail, note, ok
from nordcrawl.errors import ExitCode
from nordcrawl.model.times import from_micros

_SPOOL_VERSIONS: Final = (1, 2)


def examine_spools(parent: Path, of: str = "") -> Iterator[Finding]:
    """Look at the spools of one archive, a source each; changes nothing, waits for nobody. `of`
    names an archive that is not the one that is examined."""
    try:
        folders = sorted(path for path in parent.iterdir() if is_spool(path))
    except OSError:
        folders = []
    for folder in folders:
        name = f"spool {of}/{folder.name}" if of else f"spool {folder.name}"
        try:
            yield _spool(name, folder)
        except (sqlite3.Error, OSError, IndexError) as error:
            yield fail(
                name,
                f"{folder / 'spool.sqlite'}: {error}",
                "keep a copy of the folder, for it may hold articles that are not archived yet",
                ExitCode.SPOOL,
            )


def examine_lock(folder: Path) -> Finding:
    """Look whether another process works on a source; `folder` is its spool's."""
    if holder := _holder(folder / "lock"):
        seen = f"{folder / 'lock'}: {holder} works on this source and archive"
        return fail("lock", seen, "", ExitCode.LOCKED)
    return ok("lock", "nobody else on this machine works on it")


def _spool(name: str, folder: Path) -> Finding:
    path = folder / "spool.sqlite"
    if not (path.exists() and path.stat().st_size):
        text = f"{path}: missing or empty, but parts are in {folder / 'sealed'}"
        return note(name, text, "the next crawl archives them; or: nordcrawl ship")
    # Not immutable=1: that would pass over all that lies in the write-ahead log still.
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as db:
        ((version,),) = db.execute("PRAGMA user_version").fetchall()
        if version not in _SPOOL_VERSIONS:
            return fail(
                name,
                f"{path}: of version {version}, not {_SPOOL_VERSIONS[-1]}",
                "written by another nordcrawl; use that one",
                ExitCode.SPOOL,
            )
        ((source, writer),) = db.execute("SELECT source, writer FROM own").fetchall()
        lines, since = _waiting(db)
    if source != folder.name:
        text = f"{path}: is the spool of source {source!r}"
        return fail(name, text, f"move it back to {folder.parent / source}", ExitCode.SPOOL)
    text = f"writer {writer}, {lines} lines wait"
    if since:
        text += f", the oldest of {since[:10]}"
    holder = _holder(folder / "lock")
    if holder:
        return ok(name, f"{text}; {holder} works on it")
    if lines:
        advice = "the next crawl stores them first; or: nordcrawl ship"
        return note(name, text, f"{advice}, with the archive's address" if "/" in name else advice)
    return ok(name, text)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a spool holds that the store does not have yet."""

    lines: int
    since: str
    """The day of the oldest of them, UTC; empty where there is none."""
    held: bool
    """A process works on the spool, so that it is no wonder that lines wait."""


def waiting(folder: Path) -> Waiting | None:
    """Look at a source's spool; None if there is none that this nordcrawl can read. Changes
    nothing, waits for nobody."""
    path = folder / "spool.sqlite"
    if not (path.exists() and path.stat().st_size):
        return None
    held = bool(_holder(folder / "lock"))
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as db:
            ((version,),) = db.execute("PRAGMA user_version").fetchall()
            if version not in _SPOOL_VERSIONS:
                return None
            lines, since = _waiting(db)
    except sqlite3.Error:  # the doctor and the next crawl say so
        return None
    # Asked before and after, so that a crawl that begins or ends meanwhile is not blamed.
    return Waiting(lines, since[:10], held or bool(_holder(folder / "lock")))


def _waiting(db: sqlite3.Connection) -> tuple[int, str]:
    """Return how many lines a spool holds, and when the oldest came; empty where none is told."""
    ((lines, oldest),) = db.execute("SELECT count(*), min(at) FROM outbox").fetchall()
    ((sealed,),) = db.execute("SELECT coalesce(sum(records), 0) FROM part").fetchall()
    ((oldest_sealed,),) = db.execute("SELECT min(min_at) FROM part").fetchall()
    return lines + sealed, min(filter(None, (_moment(oldest), oldest_sealed)), default="")


def _moment(micros: int | None) -> str:
    return "" if micros is None else f"{from_micros(micros):%Y-%m-%dT%H:%M:%SZ}"


def _holder(lock: Path) -> str:
    """Say who holds a spool's lock; empty if nobody does."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        # Shared and given back at once: two doctors don't see each other.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        return f"process {pid}" if pid.isdecimal() else "another process"
    finally:
        os.close(descriptor)
    return ""
