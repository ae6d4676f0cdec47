"""Signals: what tells a crawl to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Final

#: Of a person, a terminal or a service manager. After the second the crawl leaves at once.
STOP: Final = (signal.SIGTERM, signal.SIGINT)
#: Of who started several crawls and was told to stop. The crawl may have been told so, too, for a
#: service manager and a terminal tell all processes: so this one never counts as a second signal.
HANDED_ON: Final = signal.SIGUSR1
#: Seconds in which a second signal is the first one's order come by another way. GNU timeout
#: signals the process and then its group, so the process twice; a person presses later.
ECHO_S: Final = 0.5


class Orders:
    """Orders to stop, as signals bring them; for a signal handler: takes no lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: float | None = None

    def is_echo(self) -> bool:
        """Take a signal, and say whether it is no order of its own.

        >>> orders = Orders(clock=iter([7.0, 7.01, 7.4, 9.0]).__next__)
        >>> [orders.is_echo() for _ in range(4)]
        [False, True, True, False]
        """
        now = self._clock()
        if self._at is not None and now - self._at < ECHO_S:
            return True
        self._at = now
        return False
