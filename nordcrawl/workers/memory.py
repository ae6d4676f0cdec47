"""Memory of a process: what a worker's task may take, and how what was taken goes back.

A worker calls `bound_tasks` once, for it keeps here what it had at its start; `steady_memory`,
`keep_loaded` and `own_memory` are for any process.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import gc
import resource
from collections.abc import Iterator
from pathlib import Path

#: Bytes of a worker's own, beyond what it had at its start or could not do without, above which it
#: gives back what it can after a page.
_MUCH = 24 << 20
#: Bytes of address space that each task may take anew, whatever those before it have kept.
_LEAST_NEW = 48 << 20
#: Bytes that a task may take, in a worker, and the pages of address space that it began with.
_memory_bytes = 0
_at_first = 0
#: Bytes of its own that a worker can't do without, as far as is known.
_needed = 0
#: Bytes below its limit at which a process counts as having reached it.
_NEAR = 4 << 20


def steady_memory() -> None:
    """Have the C library give large blocks back to the system as soon as they are freed. By default
    it keeps ever larger ones after the first, in an arena for each thread.

    Source: mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX; elsewhere than with glibc of no effect.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-3, 256 << 10)  # M_MMAP_THRESHOLD, bytes
        mallopt(-8, 2)  # M_ARENA_MAX


def keep_loaded() -> None:
    """Have no garbage collection look any more at what there is by now: it stays as long as the
    process does, and each full collection would go through all of it."""
    gc.collect()
    gc.freeze()


def bound_tasks(memory_bytes: int) -> None:
    """Have each task of this process, from now on, take so many bytes at most; see `bounded`."""
    global _memory_bytes, _at_first, _needed  # noqa: PLW0603 - of a process that is nothing else
    _memory_bytes = memory_bytes
    _at_first = _pages_of_memory()[0]
    _needed = own_memory()


def peak() -> int:
    """Return the most bytes of address space that this process ever had; 0 where that is not known.
    Source: VmPeak of proc_pid_status(5), in KiB."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_bytes().splitlines():
            if line.startswith(b"VmPeak:"):
                return int(line.split()[1]) << 10
    return 0


def came_near(most: int, before: int) -> bool:
    """Return whether the process has had nearly `most` bytes of address space, and more than
    `before`, its peak until then."""
    return peak() > max(before, most - max(_memory_bytes // 4, _NEAR))


def is_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out; a library that is loaded then says so in the loader's words,
    and C code that got none often returns without saying why, which Python tells as a
    `SystemError`.
    Source: glibc, elf/dl-load.c, "failed to map segment from shared object"."""
    if isinstance(error, ImportError):
        return "failed to map segment" in str(error) or "annot allocate memory" in str(error)
    if isinstance(error, (MemoryError, SystemError)):
        return True
    return getattr(error, "errno", None) == errno.ENOMEM


@contextlib.contextmanager
def bounded() -> Iterator[int]:
    """Bound what a task may take beyond what the worker had at its start; gives the bound, in bytes
    of address space. Between tasks there is none, for a worker that dies while it takes one leaves
    the others waiting for ever.

    What earlier tasks took and gave back stays the C library's: it is there to be filled again, and
    counts as taken. A little new is left to each task all the same, as it lies in pieces.
    """
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    in_all = _pages_of_memory()[0]
    kept = max(0, in_all - _at_first) * resource.getpagesize()
    room = max(_memory_bytes - kept, min(_memory_bytes, _LEAST_NEW))
    most = in_all * resource.getpagesize() + room
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield most
    finally:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def _pages_of_memory() -> tuple[int, int, int]:
    """Return how many pages of memory this process has: in all, resident, shared with files.
    Source: proc_pid_statm(5)."""
    in_all, resident, shared = Path("/proc/self/statm").read_text("ascii").split()[:3]
    return int(in_all), int(resident), int(shared)


def give_back() -> None:
    """Give memory back after a page that needed much; the C library keeps what is freed."""
    global _needed  # noqa: PLW0603 - of a process that is nothing else
    with contextlib.suppress(OSError, AttributeError, ValueError):
        if own_memory() > _needed + _MUCH:
            gc.collect()
            ctypes.CDLL(None).malloc_trim(0)
            _needed = max(_needed, own_memory())


def own_memory() -> int:
    """Return how many bytes of memory this process has that no file is behind."""
    _, resident, shared = _pages_of_memory()
    return (resident - shared) * resource.getpagesize()
