"""The disk: folders and small files that are there whole, and still there after a power cut.

A name is durable only when the folder that it stands in is synced. Source: man 2 fsync, NOTES.
Every function may raise `OSError`.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems can't fsync a directory: they commit names at once.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def make_folders(folder: Path, mode: int | None = None) -> None:
    """Make a folder and those above it that are missing, each durably; it may be there already.

    `mode` is of those that are made, whatever the umask; without one it is as the umask says.
    """
    missing = []
    level = folder.absolute()
    while not level.is_dir() and level != level.parent:
        missing.append(level)
        level = level.parent
    with suppress(PermissionError):  # of a folder that is not ours
        sync_folder(level.parent)  # who made it may have been killed before it did so
    for new in reversed(missing):
        new.mkdir(exist_ok=True)
        if mode is not None:
            new.chmod(mode)
        sync_folder(new.parent)


def private(path: Path) -> IO[bytes]:
    """Open a file to write it anew, for this user alone, whatever the umask."""

    def opener(name: str, flags: int) -> int:
        descriptor = os.open(name, flags, 0o600)
        os.fchmod(descriptor, 0o600)
        return descriptor

    return open(path, "wb", opener=opener)


@contextmanager
def replaced(path: Path, *, shared: bool = False) -> Iterator[IO[bytes]]:
    """Write a file that gets its name when the block ends well, with all bytes on disk; until then
    a file of that name stays as it is. It is for this user alone, or `shared`: as the umask says.
    """
    staged = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        with staged.open("wb") if shared else private(staged) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    finally:
        with suppress(FileNotFoundError):
            staged.unlink()
    sync_folder(path.parent)


def write_file(path: Path, body: bytes) -> None:
    """Write or replace a small file: others see the one before or this one, whole."""
    with replaced(path) as file:
        file.write(body)
