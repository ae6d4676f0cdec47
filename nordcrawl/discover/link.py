"""Link: an address that a sitemap, feed or listing names, with what it says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from nordcrawl.model.times import rfc3339

#: No article of the web is older; epoch values below it are numbers of something else.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry; addresses as written there, made absolute."""

    url: str
    lastmod: str | None = None
    """Last change as told: RFC 3339 in UTC, or a bare date ``YYYY-MM-DD`` where only that."""
    published: str | None = None
    """First publication as told, in the same two forms."""
    title: str | None = None

    def merge(self, other: Link) -> Link:
        """Return this link with what only the other one tells, and the later `lastmod`."""
        lastmod = max(filter(None, (self.lastmod, other.lastmod)), default=None)
        return replace(
            self,
            lastmod=lastmod,
            published=self.published or other.published,
            title=self.title or other.title,
        )


@dataclass(frozen=True, slots=True)
class Discovery:
    """What one sitemap, feed or listing names."""

    links: tuple[Link, ...] = ()
    sitemaps: tuple[Link, ...] = ()
    """Further sitemaps of an index."""
    skipped: tuple[str, ...] = ()
    """Entries that could not be read, each as a short text with the reason."""
    problem: str | None = None
    """Why it could not be read, or not to its end."""

    @property
    def is_news(self) -> bool:
        """It is a list of the latest articles only, as a news sitemap is: each tells when it was
        published."""
        return bool(self.links) and all(link.published is not None for link in self.links)


def told_time(text: str | None) -> str | None:
    """Return a time as sitemaps and feeds write it in the two forms of `Link.lastmod`, or None.

    Takes W3C date-time (also with a year or month only, which tells too little and gives None),
    RFC 822 and 850 dates, and epoch seconds or milliseconds. A time without a zone counts as UTC.

    Source: sitemaps.org protocol (lastmod is W3C Datetime); RSS 2.0 (pubDate is RFC 822).

    >>> told_time("Mon, 06 Sep 2021 00:01:00 +0200"), told_time("2021-09-06"), told_time("soon")
    ('2021-09-05T22:01:00Z', '2021-09-06', None)
    >>> told_time("1630879260"), told_time("2021-09-06 10:00")
    ('2021-09-05T22:01:00Z', '2021-09-06T10:00:00Z')
    """
    if text is None or not (text := text.strip()):
        return None
    at = _epoch(text) if re.fullmatch(r"\d{9,13}", text) else _written(text)
    if isinstance(at, str) or at is None:
        return at
    return rfc3339(at) if at >= _EARLIEST else None


def _epoch(text: str) -> datetime | None:
    seconds = int(text) / (1000 if len(text) > 11 else 1)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _written(text: str) -> datetime | str | None:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return text if datetime.fromisoformat(text).year >= _EARLIEST.year else None
        except ValueError:
            return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
    try:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
