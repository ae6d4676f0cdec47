"""A worker gives memory back that a page needed for a while."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from nordcrawl.workers.memory import own_memory
from nordcrawl.workers.pool import Workers
from tests.support.c_library import c_library, large_block_of_its_own
from tests.support.waiting import HANG_S


@pytest.fixture
def worker() -> Iterator[Workers]:
    pool = Workers(1, timeout_s=HANG_S, memory_bytes=1 << 30)
    yield pool
    pool.close()


def small_blocks(size: int) -> int:
    """Take small blocks and free all but the last, which keeps the C library from giving the
    others back by itself; return how much memory there is of it."""
    library = c_library()
    blocks = [library.malloc(1000) for _ in range(size // 1000)]
    for block in blocks:
        ctypes.memset(block, 1, 1000)
    for block in blocks[:-1]:
        library.free(block)
    return own_memory()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33")
async def test_a_large_block_goes_back_to_the_system_at_once(worker: Workers) -> None:
    assert await worker.call(large_block_of_its_own, 8 << 20)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc")
async def test_what_a_task_has_freed_is_given_back_after_it(worker: Workers) -> None:
    before = await worker.call(own_memory)
    held = await worker.call(small_blocks, 100_000_000)
    assert held - before > 90_000_000
    assert await worker.call(own_memory) - before < 24 << 20
