"""Pauses: how long a host that says "too much" is left alone. Pure; the clock is passed in.

A host that is asked to wait for longer than is reasonable for a run is given up in this run: its
pages are due again in the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

#: Seconds of the first, second and third pause where a host says 429 and not for how long.
GROWING = (10.0, 30.0, 60.0)
#: Pauses of one host in a run; who asks for more is given up.
MOST = 10
#: How many times the longest single pause a host may make a run wait in all.
MOST_IN_ALL = 3


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Nothing more is asked of a host in this run."""

    reason: str


@dataclass(slots=True)
class Pauses:
    """The pauses of one run, by host."""

    longest_s: float
    """Longest single pause."""
    until: dict[str, datetime] = field(default_factory=dict)
    given_up: dict[str, GivenUp] = field(default_factory=dict)
    _count: dict[str, int] = field(default_factory=dict)
    _waited: dict[str, float] = field(default_factory=dict)

    def left(self, host: str, now: datetime) -> float:
        """Return the seconds for which a host is still to be left alone, 0 if it is not."""
        until = self.until.get(host)
        return max(0.0, (until - now).total_seconds()) if until else 0.0

    def take(self, host: str, status: int, asked_s: float | None, now: datetime) -> None:
        """Take note that a host answered 429 or 503, and for how long it wants to be left alone.

        Answers of requests that were under way when a pause began do not make it longer by
        themselves.
        """
        if host in self.given_up or (asked_s is None and self.left(host, now)):
            return
        count = self._count.get(host, 0)
        wait = asked_s if asked_s is not None else GROWING[min(count, len(GROWING) - 1)]
        waited = self._waited.get(host, 0.0) + wait
        told = f"HTTP {status}: asked to come back in {wait:.0f} s"
        if wait > self.longest_s:
            self.given_up[host] = GivenUp(f"{told}; a run waits {self.longest_s:.0f} s at most")
        elif count >= MOST or waited > MOST_IN_ALL * self.longest_s:
            self.given_up[host] = GivenUp(f"{told}, for the {count + 1}. time in this run")
        else:
            self._count[host], self._waited[host] = count + 1, waited
            end = now + timedelta(seconds=wait)
            self.until[host] = max(end, self.until.get(host, end))


def retry_after(value: str | None, date: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, from now on; None if it says nothing
    that is understood. A date is taken against the answer's own Date, for clocks differ.

    Source: RFC 9110 section 10.2.3 (seconds, or an HTTP-date), section 5.6.7 (its forms).

    >>> now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    >>> retry_after("120", None, now)
    120.0
    >>> retry_after("Mon, 23 Nov 2026 12:01:00 GMT", "Mon, 23 Nov 2026 12:00:30 GMT", now)
    30.0
    >>> retry_after("soon", None, now) is None
    True
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), 10**9))
    at = _date(text)
    if at is None:
        return None
    return max(0.0, (at - (_date(date or "") or now)).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
