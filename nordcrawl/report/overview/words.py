"""Words of an overview: what Markdown and the page both say, in one place."""

from __future__ import annotations

from typing import Final

from nordcrawl.report.overview.values import Overview

#: Of each change, the heading of its articles.
CHANGES: Final = {
    "silent_edit": "Edited in silence",
    "updated": "Updated",
    "removed": "Taken down",
    "moved": "Moved",
    "linked": "A translation came",
    "new": "New",
    "reextracted": "Read anew by us",
    "erased": "Erased",
}
#: Outcomes of URLs that are no trouble.
FINE: Final = frozenset(
    ("new", "updated", "moved", "removed", "unchanged", "duplicate", "skipped_fresh",
     "out_of_range", "over_budget")
)  # fmt: skip


def took(seconds: float | None) -> str:
    """Return a duration for people.

    >>> took(4.25), took(754), took(None)
    ('4.2 s', '12 min 34 s', 'not known')
    """
    if seconds is None:
        return "not known"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def rate(overview: Overview) -> str:
    """Return how fast pages were fetched, in words; empty where that is not known."""
    fetched, seconds = overview.run.get("fetched"), overview.seconds
    if not isinstance(fetched, int) or not seconds:
        return ""
    return f"{fetched / seconds * 60:,.0f} pages a minute"


def share(value: float | None) -> str:
    """Return a share in per cent.

    >>> share(0.954), share(None)
    ('95 %', '–')
    """
    return "–" if value is None else f"{value * 100:.0f} %"


def moment(value: object) -> str:
    """Return an RFC 3339 time to the minute.

    >>> moment("2026-11-26T19:33:29Z")
    '2026-11-26 19:33'
    """
    return str(value)[:16].replace("T", " ") if value else ""
