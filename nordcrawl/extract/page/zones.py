"""Read the zone that stands behind a time: an offset, an abbreviation, a place.

Keeps apart a zone that is not named and one that is named and means nothing. Does not know which
zone a site has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nordcrawl.extract.lexicon.tables import one_of, table, words


def zone_of(name: str) -> tzinfo:
    """Return an IANA zone, UTC when there is none of the name."""
    return _place(name) or UTC


@dataclass(frozen=True, slots=True)
class Stated:
    """The zone that a text names."""

    zone: tzinfo | None
    """None for a name that means no zone, or several."""
    end: int
    """Where in the text it ends."""


_OFFSET = r"(?P<sign>[+\-−–])(?P<h>\d{1,2})(?::?(?P<m>\d\d))?(?![\d:])"
_MINUTES = re.compile(r"([+-])(\d\d):(\d\d)")


def _fixed(told: str) -> tzinfo:
    """Return the zone of an offset as the table has it, ``-03:30``."""
    found = _MINUTES.fullmatch(told)
    if found is None:
        raise ValueError(f"zones.toml: {told} is no offset")
    size = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-size if found[1] == "-" else size)


_ABBREVIATIONS: dict[str, tzinfo | None] = {
    **dict.fromkeys(words("zones", "unclear")),
    **{name: _fixed(told) for name, told in table("zones", "offsets").items()},
}
_PLACES: dict[str, str] = dict(table("zones", "places"))
_NAMES = one_of(*sorted((*_ABBREVIATIONS, *_PLACES), key=len, reverse=True))
#: An offset may have its name before it ("GMT+0200") and the place behind it, in brackets
#: (RFC 9557, section 4.1); a name is in capitals, as "est" and "et" are words of French.
_ZONE = re.compile(
    r"\s*,?\s?[(\[]?(?:"
    rf"(?:UTC|GMT|utc|gmt)?\s?{_OFFSET}|(?P<place>[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z0-9_+-]+){{1,2}})"
    rf"|(?P<name>{_NAMES}|utc|gmt|z|Мск|мск)(?![\w/])"
    r")[)\]]?"
)


def stated(text: str, start: int) -> Stated | None:
    """Return the zone that a text names from `start` on, None where it names none.

    >>> stated("08:15 EST", 5).zone.utcoffset(None).total_seconds() / 3600
    -5.0
    """
    found = _ZONE.match(text, start)
    if found is None:
        return None
    if found["sign"]:
        return Stated(_offset(found), found.end())
    if found["place"]:
        return Stated(_place(found["place"]), found.end())
    name = found["name"].upper()
    zone = _place(_PLACES[name]) if name in _PLACES else _ABBREVIATIONS[name]
    return Stated(zone, found.end())


def _offset(found: re.Match[str]) -> tzinfo | None:
    """Return the zone of an offset. No clock is further off than these: Kiribati's and Baker's.

    Source: IANA time zone database (Pacific/Kiritimati, Etc/GMT+12).
    """
    size = timedelta(hours=int(found["h"]), minutes=int(found["m"] or 0))
    signed = size if found["sign"] == "+" else -size
    if int(found["m"] or 0) > 59 or not timedelta(hours=-12) <= signed <= timedelta(hours=14):
        return None
    return timezone(signed)


@lru_cache(maxsize=256)
def _place(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
