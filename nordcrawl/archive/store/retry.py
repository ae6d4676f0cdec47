"""Retry: how long a store is asked again, and how long one transfer may last.

boto3's own retrying is off. Waits double, jittered, until the time is up or the process is told to
stop.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from nordcrawl.archive.store.s3_errors import FAILURES, TryAgainError, describe, hint
from nordcrawl.errors import StoreRefused, StoreUnavailable

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a budget of time is spent, by which clock."""

    first_wait_s: float = 0.25
    """Half of the longest wait after the first try; each later one may be twice as long."""
    longest_wait_s: float = 30.0
    lowest_rate: float = 32 * 1024
    """Bytes a second below which a transfer counts as hanging (after the time for one answer)."""
    clock: Callable[[], float] = time.monotonic
    """Seconds that never run back."""

    def wait_s(self, tries: int) -> float:
        """Return how long to wait after so many tries in vain."""
        longest = min(self.longest_wait_s, self.first_wait_s * 2 ** min(tries, 10))
        jittered: float = longest * random.uniform(0.5, 1)
        return jittered


def retry(
    what: str,
    where: str,
    attempt: Callable[[], _T],
    *,
    until: float,
    stop: threading.Event,
    forbidden: str = "",
    policy: RetryPolicy = RetryPolicy(),
) -> _T:
    """Try until it works, the store refuses, `until` (of the policy's clock) or `stop`; twice at
    the least, unless stopped, as one answer that is lost may take all the time there is.

    What botocore raised is not chained: its texts may quote an endpoint's credentials.

    Raises:
        StoreRefused: trying again can't help; `forbidden` says what an identity lacks here.
        StoreUnavailable: the time is up.
    """
    started = policy.clock()
    tries = 0
    while True:
        tries += 1
        try:
            return attempt()
        except (TryAgainError, *FAILURES) as error:
            last = describe(error)
            if mend := hint(error, forbidden):
                raise StoreRefused(f"{what}: {where}: {last}: {mend}") from None
        wait = policy.wait_s(tries)
        now = policy.clock()
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
    policy: RetryPolicy

    @classmethod
    def start(
        cls, timeout_s: float, size: int, stop: threading.Event, policy: RetryPolicy
    ) -> TransferClock:
        """Give a transfer of `size` bytes the time of one answer, and more as it is larger."""
        clock = cls(policy.clock() + timeout_s, stop, policy)
        clock.allow(size)
        return clock

    def allow(self, size: int) -> None:
        """Give time for `size` more bytes."""
        self.until += size / self.policy.lowest_rate

    def check(self) -> None:
        """Go on, or break off.

        Raises:
            TryAgainError: the time is up, or we were told to stop.
        """
        if self.stop.is_set():
            raise TryAgainError("stopped")
        if self.policy.clock() > self.until:
            raise TryAgainError("the transfer is too slow")
