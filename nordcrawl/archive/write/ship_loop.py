"""The ship loop: the thread that seals and ships what waits in a spool, as its parts come of age,
or all at once while somebody waits for that."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Final

from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.write.shipper import Shipper
from nordcrawl.errors import NordcrawlError, StoreUnavailable
from nordcrawl.model.words import reason

logger = logging.getLogger(__name__)

_PATIENCE_S: Final = (5.0, 300.0)
"""First and longest pause after a failed try to ship while the crawl goes on."""
_HASTE_S: Final = (0.5, 15.0)
"""The same once the caller waits in `ShipLoop.drain`."""
_LOOK_S: Final = 0.2
"""Time between two looks at what the store has taken, once there is a hurry."""
_LEAVE_S: Final = 1.0
"""How long `ShipLoop.leave` waits for a call of the store that is under way to end well."""


class ShipLoop:
    """Ships one spool. Thread-safe."""

    def __init__(self, spool: Spool, shipper: Shipper, is_full: Callable[[], bool]) -> None:
        """`is_full` says whether whoever accepts waits for room."""
        self.failure: NordcrawlError | None = None
        """Why the latest try failed; it is tried again."""
        self._spool = spool
        self._shipper = shipper
        self._is_full = is_full
        self._turn = threading.Condition()
        self._drain_until: float | None = None
        self._hurry: tuple[float, float] | None = None
        self._leaving = False
        self._pause_s = 0.0
        self._not_before = 0.0
        # A daemon: a store that does not answer must not keep the process alive.
        self._thread = threading.Thread(target=self._ship_all, name="archive-ship", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the spool now: something came into it."""
        with self._turn:
            self._turn.notify_all()

    def drain(self, deadline_s: float, *, closing: bool) -> None:
        """Seal and ship everything, trying again for so long; see `Shipper.closing`."""
        with self._turn:
            deadline = time.monotonic() + deadline_s
            self._shipper.closing = closing
            self._drain_until = deadline
            self._pause_s, self._not_before = 0.0, 0.0
            self._turn.notify_all()
            self._wait_for_drain(deadline)
            self._drain_until = None

    def hurry(self, deadline_s: float, stall_s: float) -> None:
        """Make `drain` end by a deadline from now, and sooner when the store takes nothing for
        `stall_s`."""
        with self._turn:
            self._hurry = (time.monotonic() + deadline_s, stall_s)
            self._turn.notify_all()

    def leave(self) -> None:
        """End, with a moment for the call of the store that is under way."""
        with self._turn:
            self._leaving = True
            self._turn.notify_all()
        self._thread.join(_LEAVE_S)

    def _wait_for_drain(self, deadline: float) -> None:
        """Wait until all is shipped, or there is no more time or use in waiting; holds `_turn`."""
        puts, moved_at = self._shipper.puts, time.monotonic()
        while self._drain_until is not None and not self._leaving and self._thread.is_alive():
            now = time.monotonic()
            if self._shipper.puts != puts:
                puts, moved_at = self._shipper.puts, now
            until = deadline
            if self._hurry is not None:
                until = min(until, self._hurry[0], moved_at + self._hurry[1])
                # Nobody tells of a put; whether there was one is looked at now and then.
                self._turn.wait(max(0.0, min(until - now, _LOOK_S)))
            else:
                self._turn.wait(max(0.0, until - now))
            if time.monotonic() >= until and self._shipper.puts == puts:
                return

    def _ship_all(self) -> None:
        while self._await_work():
            self._ship_once()

    def _await_work(self) -> bool:
        """Wait until there is something to do; False when the writer is closing."""
        with self._turn:
            while not self._leaving:
                wait_s = self._not_before - time.monotonic()
                if self._drain_until is None:
                    wait_s = max(wait_s, self._idle_s())
                if wait_s <= 0:
                    return True
                self._turn.wait(min(wait_s, 3600.0))
        return False

    def _idle_s(self) -> float:
        if self._spool.backlog.sealed_lines or self._is_full():
            return 0.0
        due_in = self._shipper.due_in()
        return math.inf if due_in is None else due_in

    def _ship_once(self) -> None:
        with self._turn:
            draining = self._drain_until is not None
        failure: NordcrawlError | None = None
        try:
            if draining or self._is_full():
                self._shipper.seal_all()
            else:
                self._shipper.seal_due()
            self._shipper.ship(stop=lambda: self._leaving)
        except NordcrawlError as error:
            failure = error
        except Exception as error:  # a bug; but `finish` must not wait for ever
            logger.exception("shipping failed")
            failure = NordcrawlError(f"shipping failed: {reason(error)}")
        with self._turn:
            self._after(failure, draining)
            self._turn.notify_all()

    def _after(self, failure: NordcrawlError | None, draining: bool) -> None:
        """Choose when to try next, and let `finish` go where trying more is of no use."""
        self.failure = failure
        if failure is None:
            self._pause_s, self._not_before = 0.0, 0.0
            if draining:
                self._drain_until = None
            return
        waited_for = self._drain_until is not None or self._is_full()
        first, longest = _HASTE_S if waited_for else _PATIENCE_S
        self._pause_s = min(longest, max(first, 2 * self._pause_s))
        self._not_before = time.monotonic() + self._pause_s * random.uniform(0.8, 1.2)
        given_up = not isinstance(failure, StoreUnavailable) or (
            self._drain_until is not None and self._not_before > self._drain_until
        )
        if draining and given_up:
            self._drain_until = None
        if not self._leaving:
            logger.warning(
                "not shipped, %d lines wait in the spool: %s", self._spool.backlog.lines, failure
            )
