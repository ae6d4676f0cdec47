"""Machine: has this one the room and the rights that a crawl needs?

What can't be seen is a note, never a failure; what only a broken configuration does is one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nordcrawl.archive.write.limits import Limits
from nordcrawl.config.state_folder import STATE_DIR_ADVICE
from nordcrawl.doctor.finding import Clock, Finding, fail, note, ok
from nordcrawl.errors import ExitCode
from nordcrawl.system.disk import sync_folder

_EARLIEST: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""No clock that is right is before it: a machine without a battery begins at 1970."""
_LITTLE_ROOM: Final = 1 << 30
"""Bytes below which a disk is called narrow: half a day of a large crawl with its store away."""


def examine_state(folder: Path) -> Iterator[Finding]:
    """Look at the state folder: can it be written, made durable, and is there room."""
    place = nearest_folder(folder)
    file = place / f".nordcrawl-doctor-{secrets.token_hex(4)}"
    try:
        with file.open("xb") as opened:
            opened.write(b"x" * 4096)
            opened.flush()
            os.fsync(opened.fileno())
        file.unlink()
        sync_folder(place)
    except OSError as error:
        with suppress(OSError):
            file.unlink()
        yield fail(
            "state",
            f"{folder}: {error.strerror or error}",
            STATE_DIR_ADVICE,
            ExitCode.SPOOL,
        )
        return
    where = "" if place == folder else f", to be made in {place}"
    yield ok("state", f"{folder}{where}: can be written, and fsync works")
    yield room_finding("state room", place, Limits().free_bytes)


def examine_clock(clock: Clock) -> Iterator[Finding]:
    """Look at this machine's clock, as far as it can be wrong by itself; a bucket tells more."""
    now = clock()
    seen = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < _EARLIEST:
        advice = "synchronise this machine's clock: each record has its time"
        yield fail("time", f"{seen}, before this nordcrawl was made", advice, ExitCode.STORE)
        return
    yield ok("time", seen)


def room_finding(name: str, place: Path, least: int) -> Finding:
    """Return whether a disk has so many bytes left."""
    try:
        found = os.statvfs(place)
    except OSError as error:
        return note(name, f"{place}: {error.strerror or error}")
    free = found.f_bavail * found.f_frsize
    seen = f"{free / (1 << 30):.1f} GiB free"
    if free < least:
        advice = f"{least >> 20} MiB are the least; make room"
        return fail(name, f"{free >> 20} MiB free", advice, ExitCode.SPOOL)
    if free < _LITTLE_ROOM:
        return note(name, seen, "little, should the store be away for long")
    return ok(name, seen)


def nearest_folder(folder: Path) -> Path:
    """Return the folder itself, or what is there of the way to it; it may be a file."""
    return next(path for path in (folder, *folder.parents) if path.exists())
