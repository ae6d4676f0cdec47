"""What the spool asks of its disk: a lock that ends with the process, and errors that say where."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

from nordcrawl.errors import LockHeld, SpoolError


class Lock:
    """An exclusive lock on a file, which the kernel gives back however the process ends."""

    _open: ClassVar[weakref.WeakSet[Lock]] = weakref.WeakSet()

    def __init__(self, path: Path) -> None:
        with explained(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with suppress(PermissionError):  # of a file that is not ours
                os.fchmod(self._descriptor, 0o600)  # whatever the umask
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            self.release()
            if not isinstance(error, BlockingIOError):
                raise SpoolError(f"{path}: can't be locked: {error.strerror}") from error
            who = f"process {holder}" if holder.isdecimal() else "another process"
            raise LockHeld(f"{path}: {who} works on this source and archive") from error
        try:
            with explained(path):
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except SpoolError:
            self.release()
            raise
        Lock._open.add(self)

    def release(self) -> None:
        """Give the lock back; safe to call again.

        Unlocked, and not only closed: a process that another thread is just starting holds a copy
        of the descriptor until it becomes another program, and with it the lock.
        """
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            finally:
                os.close(descriptor)

    def fileno(self) -> int:
        """Return its descriptor: a process that inherits it keeps the lock until it ends, too."""
        return self._descriptor

    @classmethod
    def forget_all(cls) -> None:
        """In a forked child: let go, so that a worker that outlives us does not hold the lock."""
        for lock in list(cls._open):
            descriptor, lock._descriptor = lock._descriptor, -1
            if descriptor >= 0:
                os.close(descriptor)  # to unlock it would take it from the parent


os.register_at_fork(after_in_child=Lock.forget_all)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what disk and SQLite say into a `SpoolError` that names the path."""
    try:
        yield
    except OSError as error:
        raise SpoolError(f"{path}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise SpoolError(f"{path}: {error}") from error
