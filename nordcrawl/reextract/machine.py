"""Machine: blocks of a plan, and their captures read on a machine of a cluster.

There a worker process of ours reads beside the cluster's own: a page that takes too long, or too
much memory, costs itself as in a crawl.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from nordcrawl.archive.read.captures import CapturedParts
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.model.profile import Profile
from nordcrawl.reextract.engine import Got
from nordcrawl.reextract.pages import AHEAD, Pages, in_order
from nordcrawl.reextract.plan import Task, Wanted
from nordcrawl.workers.memory import steady_memory
from nordcrawl.workers.pool import Workers

#: Pages of a block: a part's, so that it is fetched once; of a large part, of which several
#: machines fetch what each needs, no more than are read in some ten seconds; of small parts
#: together as many as make a block worth its while.
MOST: Final = 200
LEAST: Final = 20

Place: TypeAlias = tuple[str, int]
"""Object and offset of a capture."""


def blocks(tasks: Iterable[Task]) -> Iterator[list[Wanted]]:
    """Yield the pages of a plan, in its order, in blocks."""
    block: list[Wanted] = []
    for task in tasks:
        other = bool(block) and block[-1].capture.object != task.capture.object
        if len(block) >= (LEAST if other else MOST):
            yield block
            block = []
        block.append(task.wanted)
    if block:
        yield block


@dataclass(frozen=True, slots=True)
class Limits:
    """Of a page."""

    timeout_s: float
    memory_bytes: int


class PagesThere:
    """Reads blocks of pages; see `nordcrawl.cluster.machine.Worker`."""

    def __init__(self, store: Store, what: tuple[Profile, Limits]) -> None:
        """Prepare to read captures in a store, by a profile and within limits."""
        profile, limits = what
        steady_memory()
        _hide_main()
        self._loop = asyncio.new_event_loop()
        # One: the cluster begins a process of this for each CPU.
        self._workers = Workers(
            1,
            timeout_s=limits.timeout_s,
            memory_bytes=limits.memory_bytes,
            preload=("nordcrawl.extract.warmed",),
        )
        self._pages = Pages(CapturedParts(store, Reader(store)), self._workers, profile)

    def work(self, items: Sequence[Wanted]) -> list[tuple[Place, Got | None]]:
        """Return what comes of each page, with its place.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: a part can't be read.
        """
        return self._loop.run_until_complete(self._work(items))

    async def _work(self, items: Sequence[Wanted]) -> list[tuple[Place, Got | None]]:
        found = in_order(items, self._pages.read, AHEAD)
        return [((one.capture.object, one.capture.offset), got) async for one, got in found]

    def close(self) -> None:
        """End the worker process."""
        self._workers.close()
        self._loop.close()


def _hide_main() -> None:
    """Have processes that begin here not load this one's program: it is the cluster's, and large.
    Source: multiprocessing/spawn.py, get_preparation_data."""
    vars(sys.modules["__main__"]).pop("__file__", None)
