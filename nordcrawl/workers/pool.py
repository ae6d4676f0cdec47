"""Worker processes that parse what a page can make expensive, so that no page stops the crawl.

pebble's pool kills a worker that takes too long and replaces one that dies; only the page at
fault is lost. Knows nothing of what the functions do: bytes in, a small value out.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import multiprocessing
import pickle
import resource
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from typing import Any, ParamSpec, TypeVar

from pebble import CONSTS, ProcessExpired, ProcessPool

from nordcrawl.model.words import reason
from nordcrawl.workers.memory import (
    bound_tasks,
    bounded,
    came_near,
    give_back,
    is_of_memory,
    peak,
    steady_memory,
)

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

#: A worker is replaced after so many tasks, against leaks in C libraries.
TASKS_PER_WORKER = 500
#: Bytes of input above which a task is one for `Workers.apart`; a news page has a tenth of it.
LARGE_BYTES = 512 << 10
#: Seconds between two looks at whether the pool still is.
_LOOK_S = 1.0
#: How many times the limit of a task it may wait to be taken up; many may be before it.
_PATIENCE = 30
#: Seconds to wait for the workers' end.
_CLOSE_S = 2.0
#: How often a task is tried again, alone, after a pool broke.
_MORE_TRIES = 2
#: Bytes of a pickled value above which it is not unpickled between two steps of the event loop.
_LARGE = 1 << 18
_NO_MEMORY = "needed too much memory"
_SHORT = ", and perhaps needed too much memory"


class WorkFailed(Exception):
    """A worker gave no value: it took too long, needed too much memory, raised, or died. The text
    says which, in a few words fit for the ledger."""


class WorkStopped(WorkFailed):
    """The workers were told to stop before there was a value."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """What comes back instead of a pickled value."""

    reason: str


def _guarded(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> bytes | _Failed:
    """Run in the worker: return the pickled value, or why there is none.

    Nothing but bytes and text travels back, because an exception, or a value, that can't be pickled
    there or unpickled here would break the pool, and cost more than one page.
    """
    most, before = 0, peak()
    try:
        with bounded() as most:
            return pickle.dumps(function(*args, **kwargs), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - foreign code on hostile pages, SystemExit too
        if is_of_memory(error):
            return _Failed(_NO_MEMORY)
        # A library that gets no memory may say anything (lxml "unknown error", Python's compiler
        # that a field is required): this tells why.
        return _Failed(reason(error) + (_SHORT if came_near(most, before) else ""))
    finally:
        give_back()


def _nothing() -> None:
    pass


async def _unpickled(data: bytes) -> Any:
    """Return a value of our own worker's, the event loop not held up by a large one."""
    if len(data) > _LARGE:
        return await asyncio.to_thread(pickle.loads, data)
    return pickle.loads(data)  # noqa: S301


def _start(memory_bytes: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # pebble has set its own by now
    bound_tasks(memory_bytes)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    steady_memory()
    # What is loaded stays; and parsing makes many objects that no collection would free.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def process_pool(
    count: int,
    *,
    memory_bytes: int,
    preload: tuple[str, ...] = (),
    tasks: int = TASKS_PER_WORKER,
) -> ProcessPool:
    """Return a pebble pool of processes with bounded memory, each replaced after so many tasks.
    They are forked from a server that has imported `preload`; there is one server a process, with
    what the first pool asked for."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["nordcrawl.workers.forkserver", *preload])
    # Workers ignore SIGTERM (see nordcrawl.workers.forkserver), so pebble need not wait after
    # sending it.
    CONSTS.term_timeout = 0.05
    return ProcessPool(
        max_workers=count,
        max_tasks=tasks,
        initializer=_start,
        initargs=[memory_bytes],
        context=context,
    )


class Workers:
    """The pool of a crawl, for asyncio; processes start on first use."""

    def __init__(
        self,
        count: int,
        *,
        timeout_s: float,
        memory_bytes: int,
        preload: tuple[str, ...] = (),
        tasks: int = TASKS_PER_WORKER,
    ) -> None:
        self._timeout_s = timeout_s
        self._make = partial(
            process_pool, count, memory_bytes=memory_bytes, preload=preload, tasks=tasks
        )
        self._make_apart = partial(
            Workers, 1, timeout_s=timeout_s, memory_bytes=memory_bytes, preload=preload, tasks=1
        )
        self._apart: Workers | None = None
        self._pool = self._make()
        self._started: ProcessPool | None = None
        self._suspects = asyncio.Lock()
        self._waiting: set[Future[bytes | _Failed]] = set()
        self._closed = False

    @property
    def apart(self) -> Workers:
        """One more worker, for tasks that need much memory: it does one at a time, each in a
        process of its own, with which all of that memory goes; a worker that goes on keeps
        fragments of it."""
        if self._apart is None:
            self._apart = self._make_apart()
            self._apart._closed = self._closed
        return self._apart

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns in a worker; it and its values are pickled.

        Raises:
            WorkFailed: time or memory ran out, the function raised, or the worker died;
                `WorkStopped` if `close` came first.
            BrokenProcessPool: no worker can be started.
        """
        try:
            found = await self._once(function, args, kwargs)
        except BrokenProcessPool:
            found = await self._again(function, args, kwargs)
        if isinstance(found, _Failed):
            raise WorkFailed(found.reason)
        try:
            value = await _unpickled(found)
        except Exception as error:  # noqa: BLE001 - whatever the value's own code raises
            raise WorkFailed(f"the value can't be taken: {reason(error)}") from None
        result: T = value
        return result

    async def _once(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> bytes | _Failed:
        if self._closed:
            raise WorkStopped("the run was stopped")
        pool = self._pool
        if self._started is not pool:
            # The server loads all before its first worker; the event loop does not wait for it.
            await asyncio.to_thread(getattr, pool, "active")
            self._started = pool
            if self._closed:
                raise WorkStopped("the run was stopped")
        try:
            # No timeout of pebble's: it goes by the wall clock, which somebody may set.
            future: Future[bytes | _Failed] = pool.schedule(_guarded, args=(function, args, kwargs))
        except RuntimeError as error:  # pebble's word for a pool that broke before
            self._replace(pool)
            raise BrokenProcessPool(str(error)) from None
        self._waiting.add(future)
        try:
            return await self._result(pool, future)
        except MemoryError:
            raise WorkFailed(_NO_MEMORY) from None
        except ProcessExpired as error:
            raise WorkFailed(f"the worker died (exit code {error.exitcode})") from None
        except (CancelledError, asyncio.CancelledError):
            future.cancel()  # which frees the worker
            raise WorkStopped("the run was stopped") from None
        except (AttributeError, TypeError, pickle.PicklingError) as error:
            raise WorkFailed(f"can't be given to a worker: {reason(error)}") from None
        except BrokenProcessPool:
            if self._closed:
                raise WorkStopped("the run was stopped") from None
            self._replace(pool)
            raise
        finally:
            self._waiting.discard(future)

    async def _result(self, pool: ProcessPool, future: Future[bytes | _Failed]) -> bytes | _Failed:
        """Wait for a task, and free its worker when its time is over. pebble forgets those that it
        takes up while the pool breaks, and one that a worker died of before it said that it had it.
        """
        loop = asyncio.get_running_loop()
        waiting = asyncio.wrap_future(future)
        until = time.monotonic() + _PATIENCE * self._timeout_s
        since: float | None = None
        lost: Exception | None = None
        looking: asyncio.TimerHandle
        every = min(_LOOK_S, self._timeout_s / 4)

        def look(*, was_active: bool = True) -> None:
            nonlocal since, lost, looking
            is_active = pool.active
            now = time.monotonic()
            if since is None and future.running():
                since = now
            if not is_active and not was_active:
                lost = BrokenProcessPool("the pool broke")
            elif since is not None and now - since > self._timeout_s:
                lost = WorkFailed(f"took longer than {self._timeout_s:g} s")
            elif since is None and is_active and now > until:
                lost = WorkFailed("no worker took it up")
            if lost is None:
                looking = loop.call_later(every, partial(look, was_active=is_active))
            else:
                waiting.cancel()  # which frees the worker

        # No task and no wait with a time limit: each page would pay for them.
        looking = loop.call_later(every, look)
        try:
            return await waiting
        except asyncio.CancelledError:
            if lost is None:
                raise
            raise lost from None
        finally:
            looking.cancel()

    async def _again(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> bytes | _Failed:
        """Try what was under way when a pool broke, one after the other: that tells the task that
        breaks them from those that were only there."""
        async with self._suspects:
            for _ in range(_MORE_TRIES):
                with contextlib.suppress(BrokenProcessPool):
                    return await self._once(function, args, kwargs)
            await self._once(_nothing, (), {})  # raises where no worker can be had at all
            return _Failed("the workers die of it")

    def _replace(self, broken: ProcessPool) -> None:
        """Begin anew with another pool, unless that was done already."""
        if self._closed or self._pool is not broken:
            return
        logger.warning("the pool of workers broke, and is started anew")
        broken.stop()  # type: ignore[no-untyped-call]
        broken.join()
        self._pool = self._make()

    def close(self) -> None:
        """Stop at once: what is still at work, or waits for a worker, is given up."""
        if self._apart is not None and not self._closed:
            self._apart.close()
        self._closed = True
        for future in tuple(self._waiting):
            future.cancel()
        self._pool.stop()  # type: ignore[no-untyped-call]
        # A worker that is just being started keeps the pool waiting, and it ends with this process.
        joining = threading.Thread(target=self._pool.join, daemon=True)
        joining.start()
        joining.join(_CLOSE_S)
