"""Times: aware UTC datetimes, and the RFC 3339 text and microseconds that the archive writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def rfc3339(at: datetime | None) -> str | None:
    """Write an aware time in UTC as RFC 3339 with a final Z, microseconds only where there are.

    >>> rfc3339(datetime(2021, 10, 26, 8, 38, tzinfo=UTC))
    '2021-10-26T08:38:00Z'
    """
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_rfc3339(text: str | None) -> datetime | None:
    """Read back what `rfc3339` wrote.

    >>> parse_rfc3339('2021-10-26T08:38:00Z') == datetime(2021, 10, 26, 8, 38, tzinfo=UTC)
    True
    """
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970, which sort as the times do.

    The written form doesn't: ``00.5Z`` sorts before ``00Z``.

    Raises:
        TypeError: the time is naive.
    """
    return (at - _EPOCH) // _MICROSECOND


def utc_date(at: datetime) -> str:
    """Return the UTC date that a line's part is filed under.

    >>> utc_date(datetime.fromisoformat("2026-10-27T00:30:00+02:00"))
    '2026-10-26'
    """
    return at.astimezone(UTC).date().isoformat()


def from_micros(value: int) -> datetime:
    """Read back `micros`."""
    return _EPOCH + timedelta(microseconds=value)


def utc_now() -> datetime:
    """Return the time; the only clock of a run, passed on from here."""
    return datetime.now(UTC)
