"""By cause: many lines of one cause as one line. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

#: A line that says of an address what is wrong there.
_OF_AN_ADDRESS: Final = re.compile(r"(?P<of>.*?https?://\S+): (?P<cause>.+)", re.DOTALL)


def by_cause(lines: Iterable[str]) -> list[str]:
    """Return the lines, those that say the same of several addresses as one, in the order of the
    first of each.

    >>> by_cause(["feed http://a.no/f: HTTP 503", "late", "sitemap http://b.no/s: HTTP 503"])
    ['feed http://a.no/f and 1 more: HTTP 503', 'late']
    """
    found: dict[str, list[str]] = {}
    for line in lines:
        match = _OF_AN_ADDRESS.fullmatch(line)
        found.setdefault(match["cause"] if match else line, []).append(match["of"] if match else "")
    return [
        f"{of[0]}{f' and {len(of) - 1} more' if len(of) > 1 else ''}: {cause}" if of[0] else cause
        for cause, of in found.items()
    ]
