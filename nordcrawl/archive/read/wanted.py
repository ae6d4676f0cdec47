"""Wanted: which lines a reader asks for, as far as parts can be passed over unread for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from nordcrawl.archive.format.commit import PartEntry
from nordcrawl.archive.format.keys import PartKind, date_of
from nordcrawl.model.times import parse_rfc3339

_AS_TEXT: Final = timedelta(seconds=1)
"""How far the times of a part may be wrong: compactions of nordcrawl 0.2 compared them as text."""
_SET_BACK: Final = timedelta(days=1)
"""How far a clock may have been set back between the fetch of a page and its acceptance."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; times are aware, both ends included, None is open."""

    sources: frozenset[str] = frozenset()
    """Empty for all."""
    as_of: datetime | None = None
    """Only articles that were accepted by then."""
    fetched_from: datetime | None = None
    """Of articles, by `fetch.fetched_at`, as is the next."""
    fetched_to: datetime | None = None

    def may_hold(self, source: str, entry: PartEntry) -> bool:
        """Return whether a part may hold any of it: by its source, the day in its key, and the
        times of its lines, where its commit tells them."""
        if self.sources and source not in self.sources:
            return False
        if entry.kind is not PartKind.ARTICLE or not self.asks_records:
            return True
        first, last = _stretch(entry)
        return not (
            (self.fetched_to is not None and first > self.fetched_to)
            or (self.fetched_from is not None and last < self.fetched_from)
            or (self.as_of is not None and first - _SET_BACK > self.as_of)
        )

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record of one of the sources is wanted."""
        if self.as_of is not None:
            accepted_at = parse_rfc3339(record.get("archived_at"))
            if accepted_at is None or accepted_at > self.as_of:
                return False
        if self.fetched_from is None and self.fetched_to is None:
            return True
        at = parse_rfc3339(record["fetch"]["fetched_at"])
        return (
            at is not None
            and (self.fetched_from is None or self.fetched_from <= at)
            and (self.fetched_to is None or at <= self.fetched_to)
        )

    @property
    def asks_records(self) -> bool:
        """Whether a record must be looked into."""
        return not (self.as_of is self.fetched_from is self.fetched_to is None)


def _stretch(entry: PartEntry) -> tuple[datetime, datetime]:
    """Return from when to when the lines of a part can be."""
    day = datetime.combine(date.fromisoformat(date_of(entry.key)), time.min, tzinfo=UTC)
    first, last = day, day + timedelta(days=1)
    if (low := parse_rfc3339(entry.min_at or None)) is not None:
        first = max(first, low - _AS_TEXT)
    if (high := parse_rfc3339(entry.max_at or None)) is not None:
        last = min(last, high + _AS_TEXT)
    return first, last
