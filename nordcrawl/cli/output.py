"""Output: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from nordcrawl.errors import NordcrawlError, UsageError
from nordcrawl.system.disk import replaced


@contextmanager
def opened(path: Path | None) -> Iterator[IO[bytes]]:
    """Give a file to write bytes into: standard output if there is no path.

    A file gets its name only when the block ends well, with all bytes on disk.

    Raises:
        UsageError: the path can't be that of a file that we write.
        NordcrawlError: it can't be written: disk full, no permission.
    """
    if path is None:
        with _explained("standard output"):
            try:
                yield sys.stdout.buffer
                sys.stdout.buffer.flush()
                _sync_file(sys.stdout)
            except OSError:
                # What is still buffered would fail again at exit, with Python's own exit code.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise
        return
    check(path)
    with _explained(str(path)), replaced(path.resolve(), shared=True) as file:
        yield file


def check(path: Path) -> None:
    """Refuse a path before there is anything to lose.

    Raises:
        UsageError: it is a folder or a device, or lies in no folder that we can write.
    """
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file; give the name of a file")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: the folder {folder} can't be written")


def write(path: Path, body: bytes) -> None:
    """Replace a small file, durably.

    Raises:
        UsageError, NordcrawlError: as `opened`.
    """
    with opened(path) as file:
        file.write(body)


def _sync_file(out: TextIO) -> None:
    """Put what was redirected into a file on disk; a pipe or terminal has none."""
    try:
        descriptor = out.fileno()
    except (OSError, ValueError):  # captured
        return
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fsync(descriptor)


@contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NordcrawlError(f"can't write {where}: {error.strerror or error}") from error
