"""Budgets: how long a run may take, how much it may fetch, and how long nothing may come of it.

Pages are the limit of `nordcrawl.crawl.planning`, memory is watched by Scrapy's own MemoryUsage.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from nordcrawl.config.options import Budgets
from nordcrawl.errors import ExitCode


class Spent:
    """Whether one of a run's budgets is spent; monotonic seconds from when it was made."""

    def __init__(self, budgets: Budgets, clock: Callable[[], float] = time.monotonic) -> None:
        self._budgets = budgets
        self._clock = clock
        self._began = self._moved = clock()
        self._seen: object = None

    def look(self, fetched_bytes: int, progress: object) -> ExitCode | None:
        """Return the budget that is spent, if any; `progress` is any value that changes when
        something came of the run.

        >>> ticks = iter([0.0, 30.0, 59.0, 90.0, 120.0])
        >>> spent = Spent(Budgets(time_s=120, stall_s=60), clock=ticks.__next__)
        >>> [spent.look(0, done) for done in (1, 1, 2)], spent.look(0, 3).name
        ([None, None, None], 'OUT_OF_TIME')
        """
        now, budgets = self._clock(), self._budgets
        if progress != self._seen:
            self._seen, self._moved = progress, now
        if budgets.time_s and now - self._began >= budgets.time_s:
            return ExitCode.OUT_OF_TIME
        if budgets.bytes and fetched_bytes >= budgets.bytes:
            return ExitCode.OUT_OF_BYTES
        if budgets.stall_s and now - self._moved >= budgets.stall_s:
            return ExitCode.STALLED
        return None
