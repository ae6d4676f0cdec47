"""Worker processes that parse what a page can make expensive, so that no page stops the crawl.

pebble's pool kills a worker that takes too long and replaces one that dies; only the page at
fault is lost. Knows nothing of what the functions do: bytes in, a small value out.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import multiprocessing
import resource
import signal
from collections.abc import Callable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as WorkerTimeout
from typing import Any, ParamSpec, TypeVar

from pebble import CONSTS, ProcessExpired, ProcessPool

P = ParamSpec("P")
T = TypeVar("T")

#: A worker is replaced after so many tasks, against leaks in C libraries.
TASKS_PER_WORKER = 500


class WorkFailed(Exception):
    """A worker gave no value: it took too long, needed too much memory, or died. The text says
    which, in a few words fit for the ledger."""


def _start(memory_bytes: int, warm_up: Callable[[], None]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # pebble has set its own by now
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warm_up()
    # What is loaded stays; and parsing makes many objects that no collection would free.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _nothing() -> None:
    pass


def process_pool(
    count: int,
    *,
    memory_bytes: int,
    preload: tuple[str, ...] = (),
    warm_up: Callable[[], None] = _nothing,
) -> ProcessPool:
    """Return a pebble pool of forkserver processes with bounded memory, for plain programs."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["nordcrawl.forkserver", *preload])
    # Workers ignore SIGTERM (see nordcrawl.forkserver), so pebble need not wait after sending it.
    CONSTS.term_timeout = 0.05
    return ProcessPool(
        max_workers=count,
        max_tasks=TASKS_PER_WORKER,
        initializer=_start,
        initargs=[memory_bytes, warm_up],
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
        warm_up: Callable[[], None] = _nothing,
    ) -> None:
        self._timeout_s = timeout_s
        self._pool = process_pool(
            count, memory_bytes=memory_bytes, preload=preload, warm_up=warm_up
        )

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns in a worker; it and its values are pickled.

        Raises:
            WorkFailed: time or memory ran out, or the worker died.
        """
        future = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._timeout_s)
        try:
            value: Any = await asyncio.wrap_future(future)
        except (TimeoutError, WorkerTimeout):
            raise WorkFailed(f"took longer than {self._timeout_s:g} s") from None
        except MemoryError:
            raise WorkFailed("needed too much memory") from None
        except ProcessExpired as error:
            raise WorkFailed(f"the worker died (exit code {error.exitcode})") from None
        except (CancelledError, asyncio.CancelledError):
            raise WorkFailed("stopped") from None
        result: T = value
        return result

    def close(self) -> None:
        """Stop at once: what is still at work is given up."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join(timeout=5)
