"""Silence: whether nothing new has come for longer than a source's own history lets expect. Pure.

A feed that a cache serves for ever, or a sitemap that is made no more, answers well and names
nothing new; only what came before tells that it should have.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

#: How far back the history goes that expects something.
HISTORY = timedelta(days=90)
#: Days with articles in it; fewer tell nothing of how often they come.
LEAST_DAYS = 10
#: Times the longest silence so far, and days at least, after which one is remarkable: holidays are
#: longer than any weekend.
_TIMES = 3
_LEAST = timedelta(days=3)


def silence(published: Iterable[datetime], now: datetime) -> str | None:
    """Return in words that no article has come for too long; None if that is as usual.

    `published` are times of publication of articles that were archived soon after it, those of the
    run included; aware.

    >>> from datetime import UTC
    >>> days = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 21)]
    >>> silence(days, datetime(2026, 3, 22, tzinfo=UTC))
    >>> silence(days, datetime(2026, 3, 30, tzinfo=UTC))
    'no article for 10 days, and before that never for longer than 1'
    """
    times = sorted(at for at in published if now - HISTORY <= at <= now)
    if len({at.date() for at in times}) < LEAST_DAYS:
        return None
    longest = max(later - earlier for earlier, later in pairwise(times))
    quiet = now - times[-1]
    if quiet <= max(_TIMES * longest, _LEAST):
        return None
    return (
        f"no article for {quiet.days} days, and before that never for longer than {_days(longest)}"
    )


def _days(span: timedelta) -> int:
    return max(1, -(-span // timedelta(days=1)))
