"""FolderStore: the archive as a local or mounted folder.

An object is a file. Its bytes are written and fsynced under ``<root>/.tmp/`` and then hard-linked
to the final name: a link fails if the name is there, so creation is atomic and exclusive, and a
final name never holds part of an object. The directories are fsynced before a put returns.

A full disk is `StoreUnavailable`, not `StoreRefused`: nothing is lost, for the spool keeps every
article, and the next run stores them once there is room.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from nordcrawl.archive.store.protocol import (
    MARKER_BODY,
    MARKER_KEY,
    Capabilities,
    ObjectEntry,
    Put,
    check_key,
    check_marker,
    check_prefix,
    is_key,
)
from nordcrawl.errors import ObjectConflict, ObjectMissing, StoreRefused, StoreUnavailable
from nordcrawl.system.disk import make_folders, sync_folder

_STAGING: Final = ".tmp"
_LOCK: Final = "lock"
_STALE_S: Final = 24 * 3600
"""A staged file this old belongs to a process that was killed; no put lasts a day."""
_PLACING_TRIES: Final = 100
_OWN_NAMES: Final = frozenset(
    {
        *("articles-v1", "ledger-v1", "captures-v1", "commits", "runs", "schema", "checkpoints"),
        *("catalog", "erasures", "leases", "probe", "quarantine", "quarantine-v1"),
        *("lost+found", "_nordcrawl-id.json"),
    }
)
"""What may be in a folder without marker that becomes an archive: what an archive has, which may
have lost its marker; and what a new disk has."""

_PASSING: Final = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        *(errno.EIO, errno.ESTALE, errno.EAGAIN, errno.EBUSY, errno.EINTR),
        *(errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOTCONN),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    }
)
_NO_LINKS: Final = frozenset(
    {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
)
"""What link(2) says on FAT, some FUSE and SMB mounts. Source: man 2 link, ERRORS."""


class FolderStore:
    """A `Store` in a folder; made if missing when it is probed or first written."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._staging = self._root / _STAGING
        self._probed = False
        self._links = True

    @property
    def uri(self) -> str:
        """The absolute ``file://`` address."""
        return self._root.as_uri()

    @property
    def exclusive(self) -> bool:
        """No put has met a disk without hard links yet, so creating a file is exclusive."""
        return self._links

    def probe(self) -> Capabilities:
        """Prove by writing: permission bits say nothing to root, nor of a read-only mount.

        Raises:
            ArchiveDamaged: the marker there is of another format or version.
            StoreRefused: there is no archive, and other files are there.
            StoreRefused, StoreUnavailable: nothing can be written there.
        """
        with self._explained("prepare", self._root):
            self._refuse_foreign()
            make_folders(self._staging)
        self._remove_stale()
        try:
            marker = self.get(MARKER_KEY)
        except ObjectMissing:
            marker = MARKER_BODY
        check_marker(self.uri, marker)
        self.put(MARKER_KEY, marker, content_type="application/json")
        self._probed = True
        return Capabilities(conditional_put=self._links, checksum=False)

    def _refuse_foreign(self) -> None:
        """Begin no archive in a folder that is used for something else."""
        if not self._root.is_dir() or (self._root / MARKER_KEY).exists():
            return
        for name in sorted(entry.name for entry in self._root.iterdir()):
            if not (name.startswith(".") or name in _OWN_NAMES):
                raise StoreRefused(
                    f"prepare {self._root}: {name} is there, which is of no archive; let "
                    "NORDCRAWL_ARCHIVE name an empty folder, or a new one"
                )

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        """Store `body` under `key`; on disk, with its directories, when this returns.

        Raises:
            ObjectConflict: the key holds other bytes; they are left as they are.
            StoreRefused: permission, a read-only mount, a file where a folder should be.
            StoreUnavailable: disk full, I/O error, or the folder is not mounted any more.
        """
        path = self._path(key)
        staged = self._staging / f"{os.getpid()}-{secrets.token_hex(8)}"
        with self._explained("put", path):
            if self._probed and key != MARKER_KEY:
                # An unmounted disk leaves an empty folder: writing there would hide the articles.
                self._require_marker("put", key)
            while not (created := self._stage_and_place(staged, path, body)):
                if _holds(path, body):
                    break
                if path.exists():
                    raise ObjectConflict(f"put {key}: {path} holds other bytes; left as they are")
                # It was there a moment ago, and somebody deleted it.
            if not created:  # perhaps by a process killed before its fsync
                sync_folder(path)
            self._sync_directories(path.parent)
        return Put.CREATED if created else Put.ALREADY

    def _stage_and_place(self, staged: Path, path: Path, body: bytes) -> bool:
        """As `_place`; again, if somebody swept the staged file away meanwhile."""
        for last in (*[False] * _PLACING_TRIES, True):
            if not self._staging.is_dir():
                make_folders(self._staging)
            try:
                _write_durably(staged, body)
                return self._place(staged, path)
            except FileNotFoundError:
                if last or staged.exists():
                    raise
            finally:
                with suppress(OSError):
                    staged.unlink()
        raise AssertionError("not reached")

    def sweep(self) -> None:
        """Remove all staged files; who is just putting one stages it again.

        Raises:
            StoreRefused, StoreUnavailable: they can't be removed.
        """
        with self._explained("sweep", self._staging), suppress(FileNotFoundError):
            for file in self._staging.iterdir():
                if file.name != _LOCK:
                    with suppress(FileNotFoundError):
                        file.unlink()
            sync_folder(self._staging)

    def get(self, key: str) -> bytes:
        """Return the file's bytes.

        Raises:
            ObjectMissing: there is no such file.
            StoreRefused: the archive's folder itself is missing or can't be read.
        """
        path = self._path(key)
        with self._explained("get", path):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
                self._require_root("get")
                raise ObjectMissing(f"get {key}: no file {path}") from error

    def exists(self, key: str) -> bool:
        """Return whether there is a file under `key`."""
        path = self._path(key)
        with self._explained("look for", path):
            try:
                return stat.S_ISREG(path.stat().st_mode)
            except (FileNotFoundError, NotADirectoryError):
                self._require_root("look for")
                return False

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        """Yield the files whose keys start with `prefix`; a file that is no key of ours is none."""
        folder = check_prefix(prefix).rpartition("/")[0]
        self._require_root("list")
        for key in self._walk(folder):
            if key.startswith(prefix):
                with self._explained("list", self._root / key):
                    try:
                        found = (self._root / key).stat()
                    except FileNotFoundError:  # deleted since the folder was read
                        continue
                yield ObjectEntry(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the folders below `prefix` that hold at least one object."""
        folder = check_prefix(prefix).rstrip("/")
        self._require_root("list")
        for key, is_folder in self._scan(folder):
            if is_folder and next(self._walk(key), None) is not None:
                yield key.rpartition("/")[2]

    def strangers(self) -> Iterator[str]:
        """Yield the paths of files that can be none of ours: by their name, as links to nowhere
        or to folders, or as devices; and of those that are staged."""
        with self._explained("list", self._root):
            for folder, folders, files in os.walk(self._root, onerror=_unless_missing):
                links = [name for name in folders if Path(folder, name).is_symlink()]
                for name in sorted((*files, *links)):
                    path = Path(folder, name)
                    relative = path.relative_to(self._root).as_posix()
                    if relative == f"{_STAGING}/{_LOCK}":
                        continue
                    if not is_key(relative) or not path.is_file():
                        yield relative

    def delete(self, key: str) -> None:
        """Remove the file under `key`, for good when this returns, and folders that it empties.

        Raises:
            StoreRefused: the archive's folder is missing, or this user may not write in it.
            StoreUnavailable: I/O error.
        """
        path = self._path(key)
        self._require_root("delete")
        with self._explained("delete", path):
            try:
                if not stat.S_ISREG(path.stat().st_mode):
                    return
                path.unlink()
            except (FileNotFoundError, NotADirectoryError):
                self._require_marker(
                    "delete", key
                )  # else what is to go may lie on a disk elsewhere
                return
            with suppress(FileNotFoundError):  # removed as empty by another process
                sync_folder(path.parent)
            self._remove_empty(path.parent)

    def _remove_empty(self, folder: Path) -> None:
        """Remove a folder and those above it as far as nothing is left in them, never the root."""
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:  # not empty, or a writer is about to fill it: it does no harm
                return
            folder = folder.parent
            with suppress(FileNotFoundError):
                sync_folder(folder)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _require_root(self, operation: str) -> None:
        with self._explained(operation, self._root):
            is_there = self._root.is_dir()
        if not is_there:
            raise StoreRefused(
                f"{operation}: no folder {self._root}; give another one to --archive or "
                "NORDCRAWL_ARCHIVE"
            )

    def _require_marker(self, operation: str, key: str) -> None:
        if not (self._root / MARKER_KEY).exists():
            raise StoreUnavailable(
                f"{operation} {key}: {self._root / MARKER_KEY} is gone; is the archive's disk "
                "mounted?"
            )

    def _scan(self, folder: str) -> tuple[tuple[str, bool], ...]:
        """Return the keys in one folder and whether each is a folder. Foreign names are left out,
        and links to folders: what lies there may not be ours, or have no end."""
        keys = []
        with self._explained("list", self._root / folder):
            try:
                with os.scandir(self._root / folder) as entries:
                    for entry in entries:
                        key = f"{folder}/{entry.name}" if folder else entry.name
                        is_folder = entry.is_dir(follow_symlinks=False)
                        if is_key(key) and (is_folder or entry.is_file()):
                            keys.append((key, is_folder))
            except (FileNotFoundError, NotADirectoryError):
                return ()
        return tuple(sorted(keys))

    def _walk(self, folder: str) -> Iterator[str]:
        for key, is_folder in self._scan(folder):
            if is_folder:
                yield from self._walk(key)
            else:
                yield key

    def _place(self, staged: Path, path: Path) -> bool:
        """As `_create`, with the folders that it takes; a deletion may remove them, empty yet."""
        for _ in range(_PLACING_TRIES):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)  # `put` syncs them all
            except FileNotFoundError:
                continue
            except FileExistsError:  # also if it went between the two looks that `mkdir` takes
                if path.parent.is_file():
                    raise
                continue
            with suppress(FileNotFoundError):
                return self._create(staged, path)
        return self._create(staged, path)

    def _create(self, staged: Path, path: Path) -> bool:
        """Give the staged file its final name; False if the name is taken."""
        try:
            os.link(staged, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._links = False
            return self._create_by_rename(staged, path)
        return True

    def _create_by_rename(self, staged: Path, path: Path) -> bool:
        """As `_create`, where there are no hard links.

        A rename replaces, so a lock keeps the other processes of this machine from coming between
        look and rename; the kernel frees it if we are killed.
        """
        with (self._staging / _LOCK).open("ab") as lock:
            with suppress(OSError):  # no locks on this mount: then the deterministic keys must do
                fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return False
            staged.rename(path)
        return True

    def _sync_directories(self, folder: Path) -> None:
        """Make the names durable up to the root: another process may have made a folder of them."""
        while True:
            sync_folder(folder)
            if folder == self._root:
                return
            folder = folder.parent

    def _remove_stale(self) -> None:
        before = time.time() - _STALE_S
        with self._explained("tidy", self._staging):
            for file in self._staging.iterdir():
                with suppress(FileNotFoundError):
                    if file.name != _LOCK and file.stat().st_mtime < before:
                        file.unlink()

    @contextmanager
    def _explained(self, operation: str, path: Path) -> Iterator[None]:
        """Turn what the system says into the store's two errors."""
        try:
            yield
        except OSError as error:
            text = f"{operation} {path}: {error.strerror or error}"
            if error.filename and str(error.filename) != str(path):
                text += f" ({error.filename})"
            if error.errno in _PASSING:
                raise StoreUnavailable(text) from error
            raise StoreRefused(
                f"{text}; NORDCRAWL_ARCHIVE must name a folder that this user can write"
            ) from error


def _write_durably(path: Path, body: bytes) -> None:
    with path.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _unless_missing(error: OSError) -> None:
    """Raise what keeps a folder from being read, but that it was removed meanwhile."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _holds(path: Path, body: bytes) -> bool:
    try:
        return path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body
    except FileNotFoundError:  # deleted meanwhile
        return False
