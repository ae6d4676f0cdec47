"""Examination: what ``nordcrawl doctor`` looks at, and what an operator is told of it.

Each look is one `Finding`. What can't be seen (a store without the operation, a key that may not
ask) is a note, never a failure; what only a broken configuration does is one. Nothing is left
behind but, where this identity may not delete, one small object a day: ``probe/<day>.json``.
A bucket is examined by `nordcrawl.archive.bucket_examination`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from nordcrawl.archive.folder import FolderStore
from nordcrawl.archive.layout import JSON_TYPE, from_micros
from nordcrawl.archive.redaction import redact
from nordcrawl.archive.shipper import Limits
from nordcrawl.archive.spool import is_spool
from nordcrawl.archive.store import MARKER_KEY, Put, check_marker
from nordcrawl.archive.uri import archive_name
from nordcrawl.disk import sync_folder
from nordcrawl.errors import (
    ArchiveDamaged,
    NordcrawlError,
    ObjectMissing,
    StoreError,
    UsageError,
)
from nordcrawl.exitcodes import ExitCode

Clock = Callable[[], datetime]

_LITTLE_ROOM: Final = 1 << 30
"""Bytes below which a disk is called narrow: half a day of a large crawl with its store away."""
_SPOOL_VERSION: Final = 1


class Status(StrEnum):
    """How a look ended."""

    OK = "ok"
    NOTE = "note"
    """Works, but is worth knowing; or can't be seen."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. All texts are without secrets."""

    name: str
    status: Status
    seen: str
    advice: str = ""
    exit_code: ExitCode = ExitCode.WHOLE
    """What a crawl would end with, if this is a failure."""

    def to_json(self) -> dict[str, Any]:
        """Return the values for ``--json``."""
        return asdict(self) | {"status": str(self.status), "exit_code": int(self.exit_code)}


def ok(name: str, seen: str, advice: str = "") -> Finding:
    """Return a finding that all is as it should be."""
    return Finding(name, Status.OK, redact(seen), advice)


def note(name: str, seen: str, advice: str = "") -> Finding:
    """Return a finding that is worth knowing."""
    return Finding(name, Status.NOTE, redact(seen), advice)


def fail(name: str, seen: str, advice: str, exit_code: ExitCode) -> Finding:
    """Return a finding that keeps nordcrawl from its work."""
    return Finding(name, Status.FAIL, redact(seen), redact(advice), exit_code)


def failed(name: str, error: NordcrawlError) -> Finding:
    """Return an error as a finding."""
    return fail(name, str(error), "", error.exit_code)


def exit_code(findings: list[Finding]) -> ExitCode:
    """Return 0 if nothing failed, else what has to be mended first: usage, spool, store, waiting.

    >>> exit_code([fail("a", "", "", ExitCode.PENDING), fail("b", "", "", ExitCode.SPOOL)]).name
    'SPOOL'
    """
    codes = {finding.exit_code for finding in findings if finding.status is Status.FAIL}
    first = (ExitCode.USAGE, ExitCode.SPOOL, ExitCode.STORE, ExitCode.PENDING)
    return next((code for code in (*first, *sorted(codes)) if code in codes), ExitCode.WHOLE)


def probe_object(now: datetime) -> tuple[str, bytes]:
    """Return key and bytes of the object that is put to try a store: the same all day (UTC), so
    that it is put once however often it is tried.

    >>> probe_object(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    ('probe/2026-11-23.json', b'{"format":"nordcrawl-probe","date":"2026-11-23"}\\n')
    """
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    return f"probe/{day}.json", b'{"format":"nordcrawl-probe","date":"%s"}\n' % day.encode()


def examine_archive(address: str, clock: Clock) -> Iterator[Finding]:
    """Look at the archive at `address`, in a folder or a bucket, in the order of what fails first.

    Takes seconds whatever the store does. Each finding is yielded as it is made.
    """
    try:
        name = archive_name(address)
    except UsageError as error:
        yield failed("address", error)
        return
    yield ok("address", name)
    if name.startswith("s3:"):
        # Here, so that an archive in a folder needs no boto3.
        from nordcrawl.archive.bucket_examination import examine_bucket

        yield from examine_bucket(name, clock)
    else:
        yield from _examine_folder(Path(unquote(urlsplit(name).path)), clock)


def marker_finding(uri: str, body: bytes | None) -> Finding:
    """Judge an archive's marker; None if there is none."""
    if body is None:
        return note("marker", f"no {MARKER_KEY}: no archive yet", "the first crawl begins one")
    try:
        check_marker(uri, body)
    except ArchiveDamaged as error:
        return failed("marker", error)
    return ok("marker", "an archive of version 1")


# --- a folder -------------------------------------------------------------------------------


def _examine_folder(root: Path, clock: Clock) -> Iterator[Finding]:
    store = FolderStore(root)
    staging = root / ".tmp"
    made = [path for path in (staging, root, *root.parents) if not path.exists()]
    if not root.exists():
        yield note("folder", f"{root} is not there yet", "the first crawl makes it; is it mounted?")
    elif not root.is_dir():
        yield fail(
            "folder", f"{root} is no folder", "let NORDCRAWL_ARCHIVE name one", ExitCode.STORE
        )
        return
    else:
        yield ok("folder", f"{root} is there")
        try:
            marker = store.get(MARKER_KEY)
        except ObjectMissing:
            yield marker_finding(store.uri, None)
        except StoreError as error:
            yield failed("marker", error)
        else:
            yield marker_finding(store.uri, marker)
    key, body = probe_object(clock())
    try:
        yield from _try_folder(store, key, body)
    except StoreError as error:
        yield failed("write", error)
        return
    finally:
        for path in made:
            with suppress(OSError):  # not made, or a crawl uses it already
                path.rmdir()
    yield _room("archive room", _nearest(root), 0)


def _try_folder(store: FolderStore, key: str, body: bytes) -> Iterator[Finding]:
    store.put(key, body, content_type=JSON_TYPE)
    yield ok("write", f"{key} put, with its folders on disk (fsync)")
    if store.get(key) != body:
        text = f"{key} has other bytes than were put"
        yield fail("read", text, "look at the disk", ExitCode.STORE)
    else:
        yield ok("read", "the same bytes are read back")
    if store.put(key, body, content_type=JSON_TYPE) is Put.ALREADY and store.exclusive:
        yield ok("fence", "a file is created or not, by hard link: nothing can be overwritten")
    else:
        yield note(
            "fence",
            "no hard links here: a lock keeps this machine's processes apart, no others",
            "let one machine only write as one spool: never copy a state folder",
        )
    store.delete(key)
    yield ok("delete", f"{key} deleted again")


# --- this machine ---------------------------------------------------------------------------


def examine_state(folder: Path) -> Iterator[Finding]:
    """Look at the state folder: can it be written, made durable, and is there room."""
    place = _nearest(folder)
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
            "let NORDCRAWL_STATE_DIR name a folder that this user can write",
            ExitCode.SPOOL,
        )
        return
    where = "" if place == folder else f", to be made in {place}"
    yield ok("state", f"{folder}{where}: can be written, and fsync works")
    yield _room("state room", place, Limits().free_bytes)


def _room(name: str, place: Path, least: int) -> Finding:
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


def _nearest(folder: Path) -> Path:
    """Return the folder itself, or what is there of the way to it; it may be a file."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def examine_spools(parent: Path) -> Iterator[Finding]:
    """Look at the spools of one archive, a source each; changes nothing, waits for nobody."""
    try:
        folders = sorted(path for path in parent.iterdir() if is_spool(path))
    except OSError:
        folders = []
    for folder in folders:
        name = f"spool {folder.name}"
        try:
            yield _spool(name, folder)
        except (sqlite3.Error, OSError, IndexError) as error:
            yield fail(
                name,
                f"{folder / 'spool.sqlite'}: {error}",
                "keep a copy of the folder, for it may hold articles that are not archived yet",
                ExitCode.SPOOL,
            )


def _spool(name: str, folder: Path) -> Finding:
    path = folder / "spool.sqlite"
    if not (path.exists() and path.stat().st_size):
        text = f"{path}: missing or empty, but parts are in {folder / 'sealed'}"
        return note(name, text, "the next crawl archives them; or: nordcrawl ship")
    # Not immutable=1: that would pass over all that lies in the write-ahead log still.
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as db:
        ((version,),) = db.execute("PRAGMA user_version").fetchall()
        if version != _SPOOL_VERSION:
            return fail(
                name,
                f"{path}: of version {version}, not {_SPOOL_VERSION}",
                "written by another nordcrawl; use that one",
                ExitCode.SPOOL,
            )
        ((source, writer),) = db.execute("SELECT source, writer FROM own").fetchall()
        ((lines, oldest),) = db.execute("SELECT count(*), min(at) FROM outbox").fetchall()
        ((sealed,),) = db.execute("SELECT coalesce(sum(records), 0) FROM part").fetchall()
        ((oldest_sealed,),) = db.execute("SELECT min(min_at) FROM part").fetchall()
    if source != folder.name:
        text = f"{path}: is the spool of source {source!r}"
        return fail(name, text, f"move it back to {folder.parent / source}", ExitCode.SPOOL)
    waiting = lines + sealed
    text = f"writer {writer}, {waiting} lines wait"
    since = min(filter(None, (_moment(oldest), oldest_sealed)), default="")
    if since:
        text += f", the oldest of {since[:10]}"
    holder = _holder(folder / "lock")
    if holder:
        return ok(name, f"{text}; {holder} works on it")
    if waiting:
        return note(name, text, "the next crawl stores them first; or: nordcrawl ship")
    return ok(name, text)


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
