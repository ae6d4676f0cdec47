"""Link: an address that a sitemap, feed or listing names, with what it says of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import NamedTuple

from nordcrawl.discover.times import ToldTime, parse


class Words(NamedTuple):
    """The times of a link as they are written where it is named."""

    lastmod: str | None = None
    published: str | None = None


class By(NamedTuple):
    """Addresses of the sitemaps and feeds that said each of it."""

    lastmod: str | None = None
    published: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One entry; addresses as written there, made absolute."""

    url: str
    lastmod: str | None = None
    """Last change as told: RFC 3339 in UTC, or ``YYYY-MM-DD`` where only a day is told."""
    published: str | None = None
    """First publication as told, in the same two forms."""
    title: str | None = None
    # Two links that say the same are the same, whoever says it and however it is spelt.
    words: Words = field(default=Words(), compare=False)
    """The two times in their original form: precision and zone are `nordcrawl.discover.times`'."""
    by: By = field(default=By(), compare=False)

    def merge(self, other: Link) -> Link:
        """Return this link with what only the other one tells, the later `lastmod`, and of two
        times of publication the one that tells more than a day."""
        changed = _is_later(other.lastmod, self.lastmod)
        dated = other.published is not None and (
            self.published is None
            or ("T" not in self.published and other.published.startswith(self.published))
        )
        titled = self.title is None
        return replace(
            self,
            lastmod=other.lastmod if changed else self.lastmod,
            published=other.published if dated else self.published,
            title=other.title if titled else self.title,
            words=Words(
                (other if changed else self).words.lastmod,
                (other if dated else self).words.published,
            ),
            by=By(
                (other if changed else self).by.lastmod,
                (other if dated else self).by.published,
                (other if titled else self).by.title,
            ),
        )

    def told_published(self, local: tzinfo) -> ToldTime | None:
        """Return the time of publication with its precision and zone; `local` is the source's."""
        return parse(self.words.published or self.published, local)


def _is_later(one: str | None, than: str | None) -> bool:
    return one is not None and (than is None or one > than)


def linked(
    url: str,
    by: str,
    local: tzinfo,
    *,
    lastmod: str | None = None,
    published: str | None = None,
    title: str | None = None,
) -> Link:
    """Return a link with what the entry `by` says of it in its own words."""
    changed, dated = parse(lastmod, local), parse(published, local)
    title = " ".join((title or "").split()) or None
    return Link(
        url,
        changed.form if changed else None,
        dated.form if dated else None,
        title,
        Words(lastmod if changed else None, published if dated else None),
        By(by if changed else None, by if dated else None, by if title else None),
    )


@dataclass(frozen=True, slots=True)
class Discovery:
    """What one sitemap, feed or listing names."""

    links: tuple[Link, ...] = ()
    sitemaps: tuple[Link, ...] = ()
    """Further sitemaps of an index."""
    skipped: tuple[str, ...] = ()
    """Entries that name nothing to fetch, each as a short text with the reason."""
    problem: str | None = None
    """Why it could not be read, or not in full."""
    damage: tuple[str, ...] = ()
    """What is wrong with it and cost no address."""
    is_news: bool = False
    """It is a list of the latest articles only: a feed, whatever it was asked for as, or a sitemap
    of which each entry tells when it was published, as a news sitemap does."""


def told_time(text: str | None, local: tzinfo = UTC) -> str | None:
    """Return a time as sitemaps and feeds write it in the two forms of `Link.lastmod`, or None.

    `local` is the zone of a time that names none. See `nordcrawl.discover.times`.

    >>> told_time("Mon, 06 Sep 2021 00:01:00 +0200"), told_time("2021-09-06"), told_time("soon")
    ('2021-09-05T22:01:00Z', '2021-09-06', None)
    >>> told_time("1630879260"), told_time("2021-09-06 10:00")
    ('2021-09-05T22:01:00Z', '2021-09-06T10:00:00Z')
    """
    told = parse(text, local)
    return told.form if told else None
