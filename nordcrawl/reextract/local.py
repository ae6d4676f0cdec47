"""Local: the engine of this machine, with the workers of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from itertools import takewhile

from nordcrawl.archive.read.captures import CapturedParts
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.model.profile import Profile
from nordcrawl.reextract.engine import Got
from nordcrawl.reextract.pages import AHEAD, Pages, in_order
from nordcrawl.reextract.plan import Task
from nordcrawl.workers.pool import Workers


class Local:
    """Reads the captures of one source; see `nordcrawl.reextract.engine.Engine`."""

    def __init__(self, store: Store, profile: Profile, workers: Workers, count: int) -> None:
        """Read by `workers`, of which there are `count`, and which are closed with this."""
        self._pages = Pages(CapturedParts(store, Reader(store)), workers, profile)
        self._workers = workers
        self._most = AHEAD * count

    async def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool]
    ) -> AsyncIterator[tuple[Task, Got | None]]:
        """As `nordcrawl.reextract.engine.Engine.read`."""
        wanted = takewhile(lambda _: go_on(), tasks)
        async for task, got in in_order(wanted, self._read, self._most):
            yield task, got

    async def _read(self, task: Task) -> Got | None:
        return await self._pages.read(task.wanted)

    def close(self) -> None:
        """As `nordcrawl.reextract.engine.Engine.close`."""
        self._workers.close()
