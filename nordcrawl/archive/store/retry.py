"""Retry: how long a store is asked again, and how long one transfer may last.

boto3's own retrying is off. Waits double from 0.25 s to 30 s, jittered, until the time is up or
the process is told to stop.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from nordcrawl.archive.store.s3_errors import FAILURES, TryAgainError, describe, hint
from nordcrawl.errors import StoreRefused, StoreUnavailable

_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 30.0
_LOWEST_RATE: Final = 32 * 1024
"""Bytes a second below which a transfer counts as hanging (after the time for one answer)."""

_T = TypeVar("_T")


def retry(
    what: str,
    where: str,
    attempt: Callable[[], _T],
    *,
    until: float,
    stop: threading.Event,
    forbidden: str = "",
) -> _T:
    """Try until it works, the store refuses, `until` (of the monotonic clock) or `stop`; twice at
    the least, unless stopped, as one answer that is lost may take all the time there is.

    What botocore raised is not chained: its texts may quote an endpoint's credentials.

    Raises:
        StoreRefused: trying again can't help; `forbidden` says what an identity lacks here.
        StoreUnavailable: the time is up.
    """
    started = time.monotonic()
    tries = 0
    while True:
        tries += 1
        try:
            return attempt()
        except (TryAgainError, *FAILURES) as error:
            last = describe(error)
            if mend := hint(error, forbidden):
                raise StoreRefused(f"{what}: {where}: {last}: {mend}") from None
        wait = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(tries, 10)) * random.uniform(0.5, 1)
        now = time.monotonic()
        if tries > 1:
            wait = min(wait, until - now)
        if wait <= 0 or stop.wait(wait):
            stopped = " before it was stopped" if stop.is_set() else ""
            raise StoreUnavailable(
                f"{what}: {where} gave no usable answer in {tries} tries over "
                f"{now - started:.0f} s{stopped}; the last: {last}"
            )


@dataclass(slots=True)
class TransferClock:
    """Bounds one transfer as a whole: a socket's timeout begins anew with every byte."""

    until: float
    stop: threading.Event

    @classmethod
    def start(cls, timeout_s: float, size: int, stop: threading.Event) -> TransferClock:
        """Give a transfer of `size` bytes the time of one answer, and more as it is larger."""
        clock = cls(time.monotonic() + timeout_s, stop)
        clock.allow(size)
        return clock

    def allow(self, size: int) -> None:
        """Give time for `size` more bytes."""
        self.until += size / _LOWEST_RATE

    def check(self) -> None:
        """Go on, or break off.

        Raises:
            TryAgainError: the time is up, or we were told to stop.
        """
        if self.stop.is_set():
            raise TryAgainError("stopped")
        if time.monotonic() > self.until:
            raise TryAgainError("the transfer is too slow")
