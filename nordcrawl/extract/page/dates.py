"""Read one printed or coded date: ISO 8601, RFC 822, seconds since 1970, Nordic and English forms.

Keeps apart what is exact and what is a day only, and whether the zone was stated. Does not know
where on a page dates stand, nor what time it is: only years before 1900 and after 2100 are refused
here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nordcrawl.extract.lexicon.tables import table

_YEARS = range(1900, 2101)
_CHARS = 80


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as a page tells it."""

    at: datetime
    """Aware, in the zone that was stated or assumed; midnight there for a day."""
    precision: str
    """``second``, ``minute`` or ``day``."""
    zone: str
    """``stated`` or ``assumed``."""


_ISO = re.compile(
    r"(?P<y>\d{4})-?(?P<m>\d\d)-?(?P<d>\d\d)"
    r"(?:(?:T|\s+|\s*,\s*|\s+-\s+)(?P<H>\d{1,2})[:.]?(?P<M>\d\d)(?:[:.]?(?P<S>\d\d)(?:[.,]\d{1,9})?)?"
    r"\s*(?P<z>Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?(?![\d:])|CET|CEST|EST|EDT|CST|CDT|MST|MDT|PST|PDT|BST)?)?",
    re.IGNORECASE,
)
_MONTH = {
    name: number
    for months in table("months").values()
    for number, names in enumerate(months, 1)
    for name in names
}
_MONTHS = "|".join(sorted(_MONTH, key=len, reverse=True))
_CLOCK = (
    r"(?:\D{0,12}?(?<!\d)(?P<H>\d{1,2})[:.](?P<M>\d\d)(?:[:.](?P<S>\d\d))?\s*(?P<ap>[ap]\.?m\b)?)?"
)
_NUMERIC = re.compile(
    r"(?<!\d)(?P<d>\d{1,2})[./-](?P<m>\d{1,2})[./-](?P<y>\d{4})(?!\d)" + _CLOCK, re.IGNORECASE
)
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)?\s*(?:de\s+|of\s+)?(?P<n>{_MONTHS})\b\.?,?\s*(?:de\s+)?(?P<y>\d{{4}})(?!\d){_CLOCK}",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"\b(?P<n>{_MONTHS})\b\.?\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s*(?P<y>\d{{4}})(?!\d){_CLOCK}",
    re.IGNORECASE,
)
_HOURS = {
    "z": 0, "utc": 0, "gmt": 0, "bst": 1, "cet": 1, "cest": 2, "est": -5, "edt": -4, "cst": -6,
    "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip


def zone_of(name: str) -> tzinfo:
    """Return an IANA zone, UTC when there is none of the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def parse(text: str | None, local: tzinfo) -> Moment | None:
    """Return the date that a string tells, or None; `local` is the zone of what names none.

    >>> parse("26.10.2021 - 10:38", UTC).at.isoformat()
    '2021-10-26T10:38:00+00:00'
    >>> parse("0000-01-01", UTC) is None
    True
    """
    text = (text or "").strip()[:_CHARS]
    if len(text) < 6:
        return None
    if text.isdigit() and text.isascii():
        return _epoch(text) if len(text) in (10, 13) else _built(_ISO.fullmatch(text), local)
    for pattern in (_ISO, _DAY_MONTH, _MONTH_DAY, _NUMERIC):
        found = pattern.match(text) if pattern is _ISO else pattern.search(text)
        if found:
            if found.re is not _ISO and (sent := _rfc822(text)):
                return sent
            return _built(found, local)
    return _rfc822(text)


def _epoch(text: str) -> Moment | None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(text[:10]))
    return Moment(at, "second", "stated") if at.year in _YEARS else None


def _rfc822(text: str) -> Moment | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if at.tzinfo is None or at.year not in _YEARS:
        return None
    return Moment(at, "second", "stated")


def _built(found: re.Match[str] | None, local: tzinfo) -> Moment | None:
    if found is None:
        return None
    part = found.groupdict()
    month = _MONTH[part["n"].lower()] if part.get("n") else int(part["m"])
    day, year = int(part["d"]), int(part["y"])
    if month > 12 >= day and found.re is _NUMERIC:
        day, month = month, day  # 10/26/2021 can only be American
    if year not in _YEARS:
        return None
    hour = int(part["H"]) if part["H"] else 0
    if half := part.get("ap"):
        hour = hour % 12 + (12 if half.lower().startswith("p") else 0)
    zone, stated = _zone(part.get("z"))
    # Midnight to the second with an offset is how many systems write a day; nothing tells.
    precision = "day" if part["H"] is None else "second" if part["S"] else "minute"
    try:
        at = datetime(
            year, month, day, hour, int(part["M"] or 0), int(part["S"] or 0),
            tzinfo=zone or local,
        )  # fmt: skip
        at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return Moment(at, precision, "stated" if stated else "assumed")


def _zone(text: str | None) -> tuple[tzinfo | None, bool]:
    if not text:
        return None, False
    if text.lower() in _HOURS:
        return timezone(timedelta(hours=_HOURS[text.lower()])), True
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0))
    if offset >= timedelta(hours=24):
        return None, False
    return timezone(-offset if text[0] == "-" else offset), True
