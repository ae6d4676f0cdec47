"""One page can't stop the crawl: a slow, greedy or dying task costs itself only."""

import asyncio
import os
import time

import pytest

from nordcrawl.workers import Workers, WorkFailed


def double(number):
    return 2 * number


def hang(_):
    time.sleep(60)


def die(_):
    os._exit(3)


def devour(_):
    return len(bytearray(4 << 30))


@pytest.fixture
def workers():
    pool = Workers(2, timeout_s=1.5, memory_bytes=1 << 30)
    yield pool
    pool.close()


async def test_bad_tasks_cost_themselves_only(workers):
    tasks = [workers.call(double, n) for n in range(10)]
    tasks += [workers.call(f, 0) for f in (hang, die, devour)]
    tasks += [workers.call(double, n) for n in range(10, 20)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[:10] + results[13:] == [2 * n for n in range(20)]
    assert [str(r) for r in results[10:13]] == [
        "took longer than 1.5 s",
        "the worker died (exit code 3)",
        "needed too much memory",
    ]
    assert all(isinstance(r, WorkFailed) for r in results[10:13])


def test_closing_leaves_no_process(workers):
    asyncio.run(workers.call(double, 1))
    began = time.monotonic()
    workers.close()
    assert time.monotonic() - began < 3
