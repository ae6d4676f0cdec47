"""Read one printed or coded date, with what it says of the time of day and the zone.

Forms: ISO 8601, RFC 822, JavaScript's and C's, seconds and milliseconds since 1970, fourteen
digits, the printed forms of European languages, Chinese, Japanese and Korean. Keeps apart what is
exact and what is a day only, and whether the zone was stated. Does not know where on a page dates
stand, nor what time it is: only years before 1900 and after 2100 are refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime

from nordcrawl.extract.lexicon.tables import one_of, table, words
from nordcrawl.extract.page import zones
from nordcrawl.extract.page.zones import zone_of

__all__ = ["Moment", "every", "parse", "zone_of"]

_YEARS = range(1900, 2101)
_CHARS = 120


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as a page tells it."""

    at: datetime
    """Aware, in the zone that was stated or assumed; midnight there for a day."""
    precision: str
    """``second``, ``minute`` or ``day``."""
    zone: str
    """``stated`` or ``assumed``."""


def _numbers(name: str) -> dict[str, int]:
    """Return the number of each name of a month or day of the week, the first one's being 1."""
    return {
        word: number
        for names in table(name).values()
        for number, those in enumerate(names, 1)
        for word in those
    }


def _any(names: dict[str, int]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_MONTH, _WEEKDAY = _numbers("months"), _numbers("weekdays")
_MONTHS = _any(_MONTH)
#: The year first: ISO 8601 with and without its noughts and hyphens, and the signs of Chinese and
#: Japanese (年月日) and Korean (년월일).
_ISO = (
    r"(?<![\d.,/-])(?P<y1>\d{4})(?P<s1>[-/.])\s?(?P<m1>\d{1,2})(?P=s1)\s?(?P<d1>\d{1,2})(?!\d)|"
    r"(?P<y2>\d{4})\s?[年년]\s?(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日일号號]"
)
#: The month by its name: "3. juni 2024", "3 de junio de 2024", "June 3rd, 2024", "03-Jun-2024".
_NAMED = (
    r"(?<!\d)(?P<d3>\d{1,2})(?:\.|st|nd|rd|th|er|º|ª)?[\s-]*(?:de\s+|of\s+)?"
    rf"(?P<n3>{_MONTHS})\b\.?,?[\s-]*(?:de\s+|del\s+)?(?P<y3>\d{{4}})(?!\d)|"
    rf"\b(?P<n4>{_MONTHS})\b\.?\s*(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y4>\d{{4}})(?!\d)"
)
#: Numbers only, the year last; in Danish with another mark before it: "5/3-2026".
_NUMERIC = (
    r"(?<![a-z\d.,/-])(?P<a>\d{1,2})(?P<s5>[./-])\s?(?P<b>\d{1,2})"
    r"(?P<t5>(?P=s5)|(?<=/\d)-|(?<=/\d\d)-)\s?(?P<y5>\d{4})(?!\d)"
)
_DAY = re.compile(f"{_ISO}|{_NAMED}|{_NUMERIC}", re.IGNORECASE)
#: The time in between: "Mon Jun  3 08:15:00 UTC 2024". Source: C17, 7.27.3.1 (asctime), and the
#: date utility of POSIX, which puts the zone before the year.
_CTIME = re.compile(
    rf"\b(?P<n>{_MONTHS})\s+(?P<d>\d{{1,2}})\s+(?P<clock>\d\d?:\d\d(?::\d\d)?)"
    r"(?P<zone>\s+[A-Z]{1,5}|\s+[+-]\d{4})?\s+(?P<y>\d{4})(?!\d)",
    re.IGNORECASE,
)
#: Digits without a mark between them: a day, and hours, minutes and seconds perhaps.
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?:[T ]?(?P<H>\d\d):?(?P<M>\d\d)(?::?(?P<S>\d\d)"
    r"(?:[.,]?\d{1,9})?)?)?(?![\d:])"
)
#: Milliseconds as JSON of .NET has them.
_NET = re.compile(r"\\?/?Date\((?P<ms>\d{12,13})(?P<zone>[+-]\d{4})?\)\\?/?")
_AM, _PM = one_of(*words("clock", "am")), one_of(*words("clock", "pm"))
_HALF = rf"(?:(?P<am>{_AM})|(?P<pm>{_PM}))"
_AFTER = one_of(*words("clock", "after"))
_HOUR = r"(?P<H>[01]?\d|2[0-4])"
_TIME = (
    rf"(?:{_HALF.replace('am>', 'am0>').replace('pm>', 'pm0>')}\s?)?{_HOUR}(?:"
    r"\s?[:.：]\s?(?P<M>[0-5]\d)(?:[:.：](?P<S>[0-5]?\d|60)(?:[.,:]\d{1,9})?)?|"
    r"\s?(?:h(?:rs)?|[時时点點시])(?![a-z])\s?(?:(?P<M1>[0-5]\d)\s?(?:min|m|[分분])?"
    r"(?:\s?(?P<S1>[0-5]\d)\s?[秒초s])?)?|"
    r"\s?(?:h|[時时点點시])(?P<M2>[0-5]\d)(?:min|m|[分분])?|"
    r"(?<=T\d\d)(?P<M3>[0-5]\d)(?P<S3>[0-5]\d)?(?:[.,]\d{1,9})?|"
    rf"(?=\s?(?:{_AM}|{_PM}|{_AFTER}\b)))"
    rf"(?!\d|[.:/]\d)(?:\s*{_HALF})?(?:\s?{_AFTER}\b)?"
)
#: A day of the week in brackets stands between them in Japanese.
_GAP = (
    r"(?:T|(?:[(（]\s?[^\W\d_]{1,9}\.?\s?[)）]|[\s,;:|·•()./–—-]|"
    rf"\b{one_of(*words('clock', 'before'))}\b\.?)*(?<!\d))"
)
_CLOCK = re.compile(_GAP + _TIME, re.IGNORECASE)
#: The same before its day: "08:15, 3 June 2024", "8:15 a.m. EDT Monday, June 3, 2024".
_CLOCK_FIRST = re.compile(rf"(?<![\d.:/-]){_TIME}", re.IGNORECASE)
_BEFORE_DAY = re.compile(
    rf"[\s,|·•–—-]*(?:\bon\b|\bden\b|\bam\b|\ble\b|\bel\b)?\s*(?:(?:{_any(_WEEKDAY)})\b\.?,?\s*)?",
    re.IGNORECASE,
)
_NAMED_DAY = re.compile(rf"\b({_any(_WEEKDAY)})\b\.?,?\s*(?:den\s+|the\s+|le\s+)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of day and the zone behind it."""

    hour: int
    minute: int
    second: int | None
    zone: zones.Stated | None


def parse(text: str | None, local: tzinfo, month_first: bool | None = False) -> Moment | None:
    """Return the first date that a string tells, or None.

    `local` is the zone of what names none. `month_first` decides 06/03/2024 where nothing in the
    string does: whether the site's readers put the month first, None where that is not known and
    such a date is therefore none. A day that no calendar has is no date. Of a time with a zone
    that means nothing, or several zones, the day is kept.

    >>> parse("26.10.2021 - 10:38", UTC).at.isoformat()
    '2021-10-26T10:38:00+00:00'
    >>> parse("Mon, 06/03/2024 - 08:15", UTC).at.isoformat()
    '2024-06-03T08:15:00+00:00'
    >>> parse("0000-01-01", UTC) is None
    True
    """
    text = (text or "").strip()[:_CHARS]
    if len(text) < 6:
        return None
    if (coded := _coded(text, local)) is not None:
        return coded[0]
    found = next(_days(text, month_first), None)
    if found is None:
        return _ctime(text, local) or _rfc822(text)
    return _moment(text, *found, local)


def every(
    text: str, local: tzinfo, month_first: bool | None = False
) -> Iterator[tuple[int, Moment]]:
    """Yield (place in the text, moment) of each date in a line, in order."""
    for start, end, day in _days(text, month_first):
        if moment := _moment(text, start, end, day, local):
            yield start, moment


def _coded(text: str, local: tzinfo) -> tuple[Moment | None] | None:
    """Return what a string of digits means, in a tuple; None for a string that is none."""
    if text.isdigit() and text.isascii() and len(text) in (10, 13):
        return (_epoch(text, None),)
    if found := _NET.fullmatch(text):
        return (_epoch(found["ms"].zfill(13), found["zone"]),)
    found = _COMPACT.match(text)
    if found is None:
        return None
    day = _day(int(found["y"]), int(found["m"]), int(found["d"]))
    if found["H"] is None:
        return (_built(day, None, local),)
    second = None if found["S"] is None else int(found["S"])
    zone = zones.stated(text, found.end())
    return (_built(day, _Time(int(found["H"]), int(found["M"]), second, zone), local),)


def _epoch(digits: str, zone: str | None) -> Moment | None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(digits[:10]))
    stated = zones.stated(zone, 0) if zone else None
    if stated is not None and stated.zone is not None:
        at = at.astimezone(stated.zone)
    return Moment(at, "second", "stated") if at.year in _YEARS else None


def _rfc822(text: str) -> Moment | None:
    """Return what only mail has: years of two digits. Source: RFC 822, section 5."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    if at.tzinfo is None or at.year not in _YEARS:
        return None
    return Moment(at, "second", "stated")


def _ctime(text: str, local: tzinfo) -> Moment | None:
    found = _CTIME.search(text)
    clock = _CLOCK_FIRST.match(found["clock"]) if found else None
    if found is None or clock is None:
        return None
    zone = zones.stated(found["zone"], 0) if found["zone"] else None
    day = _day(int(found["y"]), _MONTH[found["n"].lower()], int(found["d"]))
    return _built(day, _time(clock, zone), local)


def _days(text: str, month_first: bool | None) -> Iterator[tuple[int, int, date | None]]:
    """Yield (start, end, day) of what has the form of a day; None for one of no calendar."""
    for found in _DAY.finditer(text):
        part = found.groupdict()
        form = next(n for n in "12345" if part[f"y{n}"])
        year = int(part[f"y{form}"])
        if form in "12":
            day = _day(year, int(part[f"m{form}"]), int(part[f"d{form}"]))
        elif form in "34":
            day = _day(year, _MONTH[part[f"n{form}"].lower()], int(part[f"d{form}"]))
        else:
            numbers = (int(part["a"]), int(part["b"]))
            stops = "." in part["s5"] or part["t5"] != part["s5"]
            is_month_first = False if stops else month_first
            named = _NAMED_DAY.search(text, 0, found.start())
            weekday = _WEEKDAY[named[1].lower()] if named else None
            order = _ordered(numbers, year, weekday, is_month_first)
            if order is None:
                continue
            day = _day(year, *order)
        yield found.start(), found.end(), day


def _ordered(
    numbers: tuple[int, int], year: int, weekday: int | None, month_first: bool | None
) -> tuple[int, int] | None:
    """Return (month, day) of two numbers, or None when nothing tells which is which."""
    first, second = numbers
    if first == second or second > 12:
        return first, second
    if first > 12:
        return second, first
    if weekday is not None:
        fitting = [
            (month, day)
            for month, day in ((second, first), (first, second))
            if (built := _day(year, month, day)) and built.isoweekday() == weekday
        ]
        if len(fitting) == 1:
            return fitting[0]
    if month_first is None:
        return None
    return (first, second) if month_first else (second, first)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def _moment(text: str, start: int, end: int, day: date | None, local: tzinfo) -> Moment | None:
    if day is None:
        return None
    clock = _CLOCK.match(text, end) if end < len(text) else None
    if clock is not None:
        return _built(day, _time(clock, zones.stated(text, clock.end())), local)
    return _built(day, _time_before(text, start), local)


def _time_before(text: str, start: int) -> _Time | None:
    """Return the time of day that stands right before a day."""
    for clock in _CLOCK_FIRST.finditer(text, 0, start):
        zone = zones.stated(text, clock.end())
        rest = zone.end if zone else clock.end()
        if (joint := _BEFORE_DAY.match(text, rest)) and joint.end() >= start:
            return _time(clock, zone)
    return None


def _time(clock: re.Match[str], zone: zones.Stated | None) -> _Time:
    part = clock.groupdict()
    hour = int(part["H"])
    minute = next((int(part[n]) for n in ("M", "M1", "M2", "M3") if part[n]), 0)
    second = next((int(part[n]) for n in ("S", "S1", "S3") if part[n]), None)
    if hour <= 12:  # "20:15 PM" is twenty hours
        if part["pm"] or part["pm0"]:
            hour = hour % 12 + 12
        elif part["am"] or part["am0"]:
            hour %= 12
    return _Time(hour, minute, second, zone)


def _built(day: date | None, time: _Time | None, local: tzinfo) -> Moment | None:
    if day is None:
        return None
    # Midnight to the second with an offset is how many systems write a day; nothing tells.
    at = datetime(day.year, day.month, day.day, tzinfo=local)
    if time is None or (time.zone is not None and time.zone.zone is None):
        return _bounded(Moment(at, "day", "assumed"))
    zone = time.zone.zone if time.zone else None
    precision = "minute" if time.second is None else "second"
    # A second of 60 is a leap second, an hour of 24 the end of the day. Source: ISO 8601, 4.2.
    second = min(time.second or 0, 59)
    if time.hour > 24 or time.minute > 59 or (time.hour == 24 and (time.minute or second)):
        return None
    at = datetime(
        day.year, day.month, day.day, time.hour % 24, time.minute, second, tzinfo=zone or local
    )
    if time.hour == 24:
        at += timedelta(days=1)
    return _bounded(Moment(at, precision, "stated" if zone else "assumed"))


def _bounded(moment: Moment) -> Moment | None:
    """Return a moment that has a place in UTC too."""
    try:
        moment.at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment
