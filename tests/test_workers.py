"""One page can't stop the crawl: a slow, greedy or dying task costs itself only."""

import asyncio
import os
import time
from pathlib import Path

import pytest

from nordcrawl.workers import Workers, WorkFailed
from waiting import HANG_S


def double(number):
    return 2 * number


def hang(_):
    time.sleep(10 * HANG_S)


def die(_):
    os._exit(3)


def devour(_):
    return len(bytearray(4 << 30))


@pytest.fixture
def workers():
    pool = Workers(2, timeout_s=HANG_S, memory_bytes=1 << 30)
    yield pool
    pool.close()


async def test_bad_tasks_cost_themselves_only(workers):
    tasks = [workers.call(double, n) for n in range(10)]
    tasks += [workers.call(f, 0) for f in (die, devour)]
    tasks += [workers.call(double, n) for n in range(10, 20)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[:10] + results[12:] == [2 * n for n in range(20)]
    assert [str(r) for r in results[10:12]] == [
        "the worker died (exit code 3)",
        "needed too much memory",
    ]
    assert all(isinstance(r, WorkFailed) for r in results[10:12])


async def test_a_slow_task_costs_itself_only():
    pool = Workers(2, timeout_s=0.5, memory_bytes=1 << 30)
    try:
        with pytest.raises(WorkFailed, match=r"took longer than 0\.5 s"):
            await pool.call(hang, 0)
        pool._timeout_s = HANG_S
        assert await pool.call(double, 1) == 2
    finally:
        pool.close()


def test_closing_leaves_no_process(workers):
    at_work = asyncio.run(workers.call(os.getpid))
    workers.close()
    assert not Path(f"/proc/{at_work}").exists()
