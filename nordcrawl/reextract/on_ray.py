"""On Ray: the engine of many machines (extra ``ray``): blocks of a plan through a cluster.

The plan stays here. A machine is told no more than where its captures lie and how its source's
pages are read; what comes back are readings, not pages.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable
from contextlib import suppress
from typing import Any, Final

from nordcrawl.archive.store.protocol import Store
from nordcrawl.cluster.machine import Told
from nordcrawl.cluster.stream import mapped
from nordcrawl.config.options import Options
from nordcrawl.errors import NordcrawlError
from nordcrawl.model.profile import Profile
from nordcrawl.reextract.engine import Got
from nordcrawl.reextract.machine import Limits, PagesThere, blocks
from nordcrawl.reextract.plan import Task

#: Blocks that have come and wait to be archived.
_AHEAD: Final = 4


class OnRay:
    """Reads the captures of one source; see `nordcrawl.reextract.engine.Engine`. The cluster is
    joined and left by who makes this."""

    def __init__(self, store: Store, options: Options, profile: Profile) -> None:
        """Prepare to read captures of the archive in a store, with the limits of these options.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: the archive's id can't be read.
        """
        limits = Limits(options.page_timeout_s, options.worker_memory_bytes)
        what = (profile, limits)
        self._told = Told.of(store, options.archive, options.store_retry_s, PagesThere, what)
        self._coming: _Coming | None = None
        self._closed = False

    async def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool]
    ) -> AsyncIterator[tuple[Task, Got | None]]:
        """As `nordcrawl.reextract.engine.Engine.read`."""
        if self._closed:
            return
        self._coming = coming = _Coming(mapped(blocks(tasks), self._told))
        ahead = iter(tasks)
        try:
            while go_on() and (block := await coming.next()) is not None:
                for place, got in block:
                    task = next(ahead)
                    if (task.capture.object, task.capture.offset) != place:
                        raise NordcrawlError(f"the cluster: {place} came instead of {task.capture}")
                    yield task, got
                    if not go_on():
                        return
        finally:
            coming.stop()

    def close(self) -> None:
        """As `nordcrawl.reextract.engine.Engine.close`."""
        self._closed = True
        if self._coming is not None:
            self._coming.stop()


class _Coming:
    """What comes of blocks, taken from the cluster by a thread: whoever waits for that waits for as
    long as a machine works, and a run that is to stop does not."""

    def __init__(self, values: Generator[Any, None, None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._there: asyncio.Queue[Any] = asyncio.Queue()
        self._room = threading.Semaphore(_AHEAD)
        self._stopped = False
        threading.Thread(target=self._take, args=(values,), name="cluster", daemon=True).start()

    async def next(self) -> Any:
        """Return the next value; None when there is none, or this was stopped.

        Raises:
            NordcrawlError: what the cluster met.
        """
        value = await self._there.get()
        self._room.release()
        if isinstance(value, BaseException):
            raise value
        return None if self._stopped else value

    def stop(self) -> None:
        """Take no more; of the event loop's thread, and safe to call again."""
        self._stopped = True
        self._room.release()
        self._there.put_nowait(None)

    def _take(self, values: Generator[Any, None, None]) -> None:
        last: BaseException | None = None
        try:
            while True:
                self._room.acquire()  # before the cluster is asked for more
                if self._stopped or (value := next(values, None)) is None:
                    break
                self._tell(value)
            values.close()
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for it
            last = error
        self._tell(last)

    def _tell(self, value: Any) -> None:
        with suppress(RuntimeError):  # the event loop has ended
            self._loop.call_soon_threadsafe(self._there.put_nowait, value)
