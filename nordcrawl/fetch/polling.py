"""Polling: whether to ask a sitemap, feed or listing again, and what two of its answers tell.

Pure; the clock is passed in. What an entry answered the last time is only a cache: without it
everything is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nordcrawl.model.ledger import SKEW

#: How long an entry's word for it is taken that it is as it was: its 304, what the index says of
#: a sub-sitemap's last change, and that a listing that another one led to has nothing else to say.
#: Many servers make up the time of a sitemap, so then it is read anew.
TRUSTED_FOR = timedelta(days=1)
#: Entries that may vanish from a sitemap at once and be looked at; more are its own mistake.
VANISHED_MOST = 50
VANISHED_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Polled:
    """How an entry answered the last time that it sent anything."""

    at: datetime
    etag: str | None = None
    last_modified: str | None = None
    told: str | None = None
    """What the index that names it said of its last change."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask it, with these headers; or take what it said the last time, for a reason."""

    headers: Mapping[str, str] = field(default_factory=dict)
    spared: str | None = None


def decide(
    kind: str,
    before: Polled | None,
    *,
    told: str | None,
    followed: bool,
    whole: bool,
    now: datetime,
) -> Ask:
    """Return whether to ask an entry.

    `told` is what the index says of its last change, `followed` that another entry led to it and
    not the source's table; `whole` asks for everything anew.

    Source: RFC 9110 sections 13.1.2 and 13.1.3 (conditional headers).
    """
    # What was stamped by a clock that was ahead is not trusted until the clock is there.
    if before is None or whole or not timedelta(0) <= now - before.at + SKEW < TRUSTED_FOR + SKEW:
        return Ask()
    if followed:
        if kind == "listing":
            return Ask(spared=f"read on {before.at:%Y-%m-%d %H:%M}")
        # A bare date says nothing of what happened later on that day.
        if told is not None and told == before.told and "T" in told:
            return Ask(spared=f"unchanged since {told}")
    headers = {"If-None-Match": before.etag, "If-Modified-Since": before.last_modified}
    return Ask({name: value for name, value in headers.items() if value})


def is_gap(before: Collection[str] | None, now: Collection[str], known: Collection[str]) -> bool:
    """Return whether something may have come and gone between two polls of a feed or news sitemap.

    `before` is what it named the last time, None if that is not known: then `known`, those of
    `now` that the archive knows, must do.
    """
    if not now:
        return False
    if before is None:
        return not known
    return bool(before) and not set(before) & set(now)


def vanished(before: Collection[str], now: Collection[str]) -> set[str] | None:
    """Return what a sitemap no longer names; None if that is so much that it is more likely to be
    wrong than the articles to be gone."""
    missing = set(before) - set(now)
    if len(missing) > max(VANISHED_MOST, VANISHED_SHARE * len(before)):
        return None
    return missing
