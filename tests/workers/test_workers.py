"""One page can't stop the crawl: a slow, greedy or dying task costs itself only."""

import asyncio
import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nordcrawl.extract import extract
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.workers import excepthook
from nordcrawl.workers.pool import Workers, WorkFailed, WorkStopped
from tests.support.waiting import HANG_S


def double(number):
    return 2 * number


def pid(_):
    return os.getpid()


def hang(_):
    time.sleep(10 * HANG_S)


def die(_):
    os._exit(3)


def devour(_):
    return len(bytearray(4 << 30))


class Unfit(Exception):
    """Can be pickled, and not be unpickled: its arguments are lost."""

    def __init__(self, one, two):
        super().__init__(one)


class Spoiled:
    """A value that raises where it is to be read back."""

    def __reduce__(self):
        return double, (None,)


def raise_it(kind):
    match kind:
        case "value":
            raise ValueError("All strings\n must be XML compatible")
        case "unfit":
            raise Unfit("one", "two")
        case "local":
            raise type("ThatIsNowhere", (Exception,), {})(lambda: None)
        case "exit":
            raise SystemExit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "deep":
            return raise_it(kind)
        case "memory":
            raise MemoryError
        case "unpicklable value":
            return lambda: None
        case "spoiled value":
            return Spoiled()
        case "deep value":
            value: list[object] = []
            for _ in range(100_000):
                value = [value]
            return value


RAISED = {
    "value": "ValueError: All strings must be XML compatible",
    "unfit": "Unfit: one",
    "local": "ThatIsNowhere",
    "exit": "SystemExit: 3",
    "interrupt": "KeyboardInterrupt",
    "deep": "nested too deeply",
    "memory": "needed too much memory",
    "unpicklable value": "Error: ",
    "spoiled value": "the value can't be taken: TypeError: unsupported operand",
    "deep value": "nested too deeply",
}


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


async def test_whatever_a_task_raises_is_a_reason_and_the_workers_go_on(workers):
    calls = [workers.call(raise_it, kind) for kind in RAISED]
    results = await asyncio.gather(*calls, return_exceptions=True)
    for (kind, reason), result in zip(RAISED.items(), results, strict=True):
        assert isinstance(result, WorkFailed), kind
        assert reason in str(result), kind
        assert " at 0x" not in str(result), kind
    assert await workers.call(double, 4) == 8


async def test_what_can_not_be_given_to_a_worker_costs_itself_only(workers):
    with pytest.raises(WorkFailed, match="can't be given to a worker"):
        await workers.call(double, lambda: None)
    assert await workers.call(double, 4) == 8


async def test_a_worker_killed_while_it_waits_costs_nothing(workers):
    pids = {await workers.call(pid, 0) for _ in range(8)}
    for each in pids:
        os.kill(each, signal.SIGKILL)
    assert await asyncio.gather(*(workers.call(double, n) for n in range(4))) == [0, 2, 4, 6]


async def test_closing_lets_go_whoever_waits(workers):
    calls = [asyncio.ensure_future(workers.call(hang, n)) for n in range(6)]
    await asyncio.sleep(0)  # they are under way
    workers.close()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(r) for r in results] == [WorkStopped] * 6
    with pytest.raises(WorkStopped):
        await workers.call(double, 1)


async def test_a_page_that_needs_too_much_memory_is_said_to_and_not_to_have_no_text():
    """C code that gets no memory may loop, too, which then is the time limit's."""
    body = b"<title>T</title>" + b"<p>This is a line of text that is long enough.</p>" * 20_000
    page = Page("http://localhost/a/1", body, datetime(2026, 11, 1, tzinfo=UTC))
    for mib in (4, 10, 16):
        pool = Workers(1, timeout_s=30, memory_bytes=mib << 20)
        try:
            with pytest.raises(WorkFailed, match=r"needed too much memory|took longer than"):
                await pool.call(extract, page, Profile())
            assert await pool.call(double, 4) == 8
        finally:
            pool.close()


class UnknownError(Exception):
    """What lxml says of an XPath for which there was no memory."""


def swallow(size: int) -> None:
    held = []
    try:
        while True:
            held.append(bytearray(size))
    except MemoryError:
        held.clear()
    raise UnknownError("unknown error")


async def test_an_error_in_other_words_at_the_memory_limit_says_that_it_may_be_of_memory():
    pool = Workers(1, timeout_s=HANG_S, memory_bytes=64 << 20)
    try:
        with pytest.raises(WorkFailed, match="ValueError") as far:
            await pool.call(raise_it, "value")
        assert "memory" not in str(far.value)
        with pytest.raises(WorkFailed, match="unknown error, and perhaps needed too much memory"):
            await pool.call(swallow, 1 << 20)
        with pytest.raises(WorkFailed, match="ValueError") as later:
            await pool.call(raise_it, "value")
        assert "memory" not in str(later.value)
    finally:
        pool.close()


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


async def test_a_clock_that_somebody_sets_ends_no_task(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Workers(1, timeout_s=HANG_S, memory_bytes=1 << 30)
    try:
        calling = asyncio.ensure_future(pool.call(nap, 0.5))
        while not any(future.running() for future in pool._waiting):
            await asyncio.sleep(0.01)
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 86_400)
        assert await calling == 0.5
    finally:
        pool.close()


async def test_what_needs_much_memory_has_a_process_of_its_own_each_time(workers):
    own = {await workers.call(pid, 0) for _ in range(8)}
    apart = [await workers.apart.call(pid, n) for n in range(3)]
    assert len(set(apart)) == 3
    assert own.isdisjoint(apart)
    calling = asyncio.ensure_future(workers.apart.call(hang, 0))
    assert await workers.call(double, 1) == 2
    workers.close()
    with pytest.raises(WorkStopped):
        await calling
    with pytest.raises(WorkStopped):
        await workers.apart.call(double, 1)


def test_a_worker_that_starts_while_its_pool_closes_is_no_news(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lock = multiprocessing.get_context("forkserver").Lock()
    kind, most = lock._semlock.kind, lock._semlock.maxvalue  # type: ignore[attr-defined]
    with pytest.raises(FileNotFoundError) as gone:
        lock.__setstate__((0, kind, most, "/nordcrawl-no-such-lock"))  # type: ignore[attr-defined]
    excepthook.tell(gone.type, gone.value, gone.value.__traceback__.tb_next)  # type: ignore[union-attr]
    assert capsys.readouterr().err == ""
    try:
        Path("/no/such/file").read_bytes()
    except FileNotFoundError as error:
        excepthook.tell(type(error), error, error.__traceback__)
    assert "/no/such/file" in capsys.readouterr().err
