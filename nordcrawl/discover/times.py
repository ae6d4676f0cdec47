"""Times as sitemaps and feeds write them: by the grammars of their specifications, else none.

Never guesses: what leaves out the day, or may be read in two ways, tells no time. Has no clock, for
a part that is missing is not to be had from today's date.

Source: RFC 822 section 5 with RFC 5322 section 4.3 (RSS); RFC 3339 section 5.6 (Atom, JSON Feed);
W3C NOTE-datetime (sitemaps, Dublin Core). Seen beside them and taken, as each has one reading: the
long form of RFC 850, seconds or milliseconds since 1970, and ``D.M.YYYY`` with dots, which is day
first wherever it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal

#: No article of the web is older, and none is dated so far ahead: it is of something else.
_YEARS = range(1990, 2101)
#: Longer texts are no time.
_MOST_CHARACTERS = 80

Precision = Literal["second", "minute", "day"]
Zone = Literal["stated", "assumed"]

_OFFSET = r"[+-]\d\d:?\d\d|[+-]\d\d"
_W3C = re.compile(
    r"(?P<Y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)"
    r"(?:(?:[Tt]|\s+)(?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,]\d+)?)?"
    rf"\s*(?P<zone>[Zz]|UTC|GMT|{_OFFSET})?)?",
    re.ASCII,
)
_NAMED = re.compile(
    r"(?:[^\s\d,]{2,12},?\s+)?(?P<d>\d{1,2})(?:\s+|-)(?P<b>[A-Za-z]{3})\.?(?:\s+|-)"
    r"(?P<Y>\d{4}|\d\d)"
    r"(?:\s+(?P<H>\d{1,2}):(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.\d+)?)?"
    rf"\s*(?P<zone>(?:UTC?|GMT)?\s*(?:{_OFFSET})|[A-Za-z]{{1,5}})?)?"
    r"\s*(?:\([^()]*\))?",
    re.ASCII,
)
_DOTTED = re.compile(
    r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<Y>\d{4})"
    r"(?:(?:,|\s-)?\s+(?P<H>\d{1,2})[:.](?P<M>\d\d)(?:[:.](?P<S>\d\d))?)?",
    re.ASCII,
)
_EPOCH = re.compile(r"\d{9,10}|\d{13}", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Minutes east of Greenwich. Source: RFC 822 section 5.1 (the American ones, UT, GMT, Z); the
#: others are those of tzdata's zones that have one meaning in this part of the world.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "nst": -210, "ndt": -150,
    "ast": -240, "adt": -180, "akst": -540, "akdt": -480, "hst": -600, "bst": 60, "west": 60,
    "cet": 60, "met": 60, "cest": 120, "mest": 120, "eet": 120, "eest": 180, "msk": 180,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToldTime:
    """A time as a sitemap or feed tells it."""

    at: datetime
    """Aware, in the zone that is stated or assumed; of a day its beginning."""
    precision: Precision
    """``day`` for a bare date, and for midnight, which is how systems write one."""
    zone: Zone
    """``stated``, or ``assumed``: then it is the source's."""

    @property
    def form(self) -> str:
        """RFC 3339 in UTC, or of a day ``YYYY-MM-DD`` as it is called where the time was told."""
        if self.precision == "day":
            return self.at.date().isoformat()
        return self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse(text: str | None, local: tzinfo) -> ToldTime | None:
    """Return the time that a text tells, or None; `local` is the zone of one that names none.

    A zone by a name that nobody knows counts as none. Source: RFC 5322 section 4.3.

    >>> parse("Mon, 06 Sep 2021 00:01:00 +0200", UTC).form
    '2021-09-05T22:01:00Z'
    >>> [parse(text, UTC) for text in ("10:00", "Wed", "November 2026", "2026-11", "11/12/2026")]
    [None, None, None, None, None]
    """
    text = " ".join((text or "").split())
    if not text or len(text) > _MOST_CHARACTERS:
        return None
    if _EPOCH.fullmatch(text):
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            seconds=int(text[:10] if len(text) > 10 else text)
        )
        return ToldTime(at, "second", "stated") if at.year in _YEARS else None
    for grammar in (_W3C, _NAMED, _DOTTED):
        if (found := grammar.fullmatch(text)) is not None:
            return _built(found.groupdict(), local)
    return None


def _built(part: dict[str, str | None], local: tzinfo) -> ToldTime | None:
    month = part.get("m") or ""
    if name := part.get("b"):
        if name.lower() not in _MONTHS:
            return None
        month = str(_MONTHS.index(name.lower()) + 1)
    year = int(part["Y"] or 0)
    if len(part["Y"] or "") == 2:  # source: RFC 5322 section 4.3
        year += 2000 if year < 50 else 1900
    if year not in _YEARS:
        return None
    hour, minute, second = (int(part[key] or 0) for key in "HMS")
    try:
        # A leap second is told as the last one that there is for us.
        at = datetime(  # noqa: DTZ001 - which zone it is in is the next question
            year, int(month), int(part["d"] or 0), hour, minute, min(second, 59)
        )
        zone = _zone(part.get("zone"), at, local)
        aware = at.replace(tzinfo=zone or local)
        aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    is_day = part["H"] is None or (hour, minute, second) == (0, 0, 0)
    precision: Precision = "day" if is_day else "second" if part["S"] else "minute"
    return ToldTime(aware, precision, "assumed" if zone is None else "stated")


def _zone(text: str | None, at: datetime, local: tzinfo) -> tzinfo | None:
    """Return the zone that is stated; raise ValueError for an offset that is none."""
    text = (text or "").replace(" ", "").lower()
    if found := re.search(_OFFSET, text):
        digits = found[0][1:].replace(":", "")
        minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
        # Raises for a day and more.
        return timezone(timedelta(minutes=-minutes if found[0][0] == "-" else minutes))
    for fold in (0, 1):
        # A paper's own abbreviation means its own zone: IST, CST, NST and others have several.
        if text and (local.tzname(at.replace(fold=fold)) or "").lower() == text:
            offset = local.utcoffset(at.replace(fold=fold))
            return timezone(offset) if offset is not None else None
    return timezone(timedelta(minutes=_ZONES[text])) if text in _ZONES else None
