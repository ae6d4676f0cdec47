"""Leaving: what a signal does to the process of a run, and that it ends in time, whatever it is at.

Of the main thread, as signal handlers are.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Final

from nordcrawl.config import logs
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import AGAIN_S, GONE_S
from nordcrawl.errors import ExitCode
from nordcrawl.system.signals import HANDED_ON, STOP, Orders

logger = logging.getLogger(__name__)

#: Seconds that the interpreter may take to end after the verdict of a run that was stopped: it
#: waits for threads, and those for whatever they are at.
EXIT_S: Final = 1.0
#: Seconds between two looks at whether the process is to be ended.
_LOOK_S: Final = 0.5
BROKE_OFF: Final = (
    "nordcrawl: error: the {} broke off; what was acknowledged is safe in the spool and is "
    "shipped by the next run"
)


class Watch(threading.Thread):
    """Ends the process at a time, whatever it is at; what is durable stays so.

    Takes no lock, so that a signal handler can tell it.
    """

    def __init__(self) -> None:
        super().__init__(name="watch", daemon=True)
        self._until = math.inf
        self._code = int(ExitCode.INTERRUPTED)

    def end_within(self, seconds: float, code: int = ExitCode.INTERRUPTED) -> None:
        """End it after so many seconds, or sooner if that was said before."""
        self._code = int(code)
        self._until = min(self._until, time.monotonic() + seconds)

    def run(self) -> None:
        """Look at the time."""
        while time.monotonic() < self._until:
            time.sleep(_LOOK_S)
        logs.release_terminal()
        os._exit(self._code)


def obey_signals(
    run: Run, loop: asyncio.AbstractEventLoop, watch: Watch, what: str = "crawl"
) -> None:
    """Stop the run at the first signal, and leave at the second; `what` it is that then broke off.

    A second one within `nordcrawl.system.signals.ECHO_S` is the first one's order come twice.
    Scrapy's own handlers are of no effect until its engine runs, and wait for what is under way.
    One watch serves several runs, one after the other.
    """
    if not watch.is_alive():
        watch.start()
    orders = Orders()

    def told(number: int, _: FrameType | None) -> None:
        if orders.is_echo():
            return
        # Between two steps of whatever holds up the event loop, so that it can see it.
        first = run.info.stopping.request()
        watch.end_within(GONE_S if first else AGAIN_S)
        with suppress(RuntimeError):  # the run is over; its process ends in time
            loop.call_soon_threadsafe(act, number, first)

    def act(number: int, first: bool) -> None:
        name = "the command" if number == HANDED_ON else signal.Signals(number).name
        if first:
            logger.info("%s: stopping; a second signal leaves at once", name)
            run.stop()
            return
        logger.warning("%s again: leaving", name)
        run.close()
        logs.release_terminal()
        print(BROKE_OFF.format(what), file=sys.stderr, flush=True)
        os._exit(ExitCode.INTERRUPTED)

    def handed_on(number: int, _: FrameType | None) -> None:
        if run.info.stopping.request(by_person=False):
            watch.end_within(GONE_S)
            loop.call_soon_threadsafe(act, number, True)

    for number in STOP:
        signal.signal(number, told)
    signal.signal(HANDED_ON, handed_on)
