"""The C library's memory, of the process that asks."""

from __future__ import annotations

import ctypes


def c_library() -> ctypes.CDLL:
    found = ctypes.CDLL(None)
    found.malloc.restype = ctypes.c_void_p
    found.malloc.argtypes = [ctypes.c_size_t]
    found.free.argtypes = [ctypes.c_void_p]
    return found


class MallInfo(ctypes.Structure):
    """Source: mallinfo(3), ``struct mallinfo2``."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
                     "uordblks", "fordblks", "keepcost")
    )  # fmt: skip


def large_block_of_its_own(size: int) -> bool:
    """Tell whether a second block of a size is one of the system's own, as the first was; by
    default the C library takes the first for a sign to keep such blocks."""
    library = c_library()
    library.free(library.malloc(size))
    library.mallinfo2.restype = MallInfo
    before = library.mallinfo2().hblkhd
    block = library.malloc(size)
    after = library.mallinfo2().hblkhd
    library.free(block)
    return bool(after - before >= size)
