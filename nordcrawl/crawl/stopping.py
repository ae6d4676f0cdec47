"""Stopping: whether a run was told to stop, and how long each of its stages may go on then.

One moment is kept, and every stage asks what is left of it, so that they add up to a bound.
Monotonic seconds. Knows no signals, and stops nothing itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

GRACE_S: Final = 1.0
"""What is being downloaded may still come in."""
LOOK_UP_S: Final = 2.0
"""The store may still be asked for a revision before."""
WORK_S: Final = 8.0
"""Pages that were fetched may still be extracted."""
SETTLE_S: Final = 11.0
"""What was not reached may still be written down."""
SHIP_S: Final = 14.0
"""The archive may still be written, as long as the store takes something."""
STALL_S: Final = 3.2
"""A store that took nothing for so long is given up."""
GONE_S: Final = 17.5
"""The process is ended, whatever it is at; service managers wait 30 or 90 seconds."""
AGAIN_S: Final = 4.0
"""The same, after a second signal."""

#: Scrapy signal (any object is one) sent when a crawl is told to stop.
stop_requested = object()


class Stopping:
    """Thread-safe; `request` may be called by a signal handler."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._by_person = False
        self.because = ""
        """What ended the run, where that was no person but a budget: its exit code's name."""

    @property
    def requested(self) -> bool:
        """Whether the run is to end."""
        return self._since is not None

    def request(self, because: str = "", *, by_person: bool = True) -> bool:
        """Ask the run to end, as a person does, or `because` a budget is spent, or as somebody who
        was told so, not `by_person`. The time runs from the first.

        Returns:
            True when that is news: no person asked before, or, of somebody else, nobody at all.
        """
        is_first = self._since is None
        if is_first:
            self._since = self._clock()
            self.because = because
        if because:
            return False
        if not by_person:
            return is_first
        is_first, self._by_person = not self._by_person, True
        return is_first

    def left(self, seconds: float) -> float:
        """Return what is left of so many seconds after the request, in seconds; infinity while
        there is none.

        >>> stopping = Stopping(clock=iter([100.0, 103.0, 120.0]).__next__)
        >>> stopping.left(8), stopping.request(), stopping.left(8), stopping.left(8)
        (inf, True, 5.0, 0.0)
        """
        return math.inf if self._since is None else max(0.0, self._since + seconds - self._clock())
