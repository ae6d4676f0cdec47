"""Told: what sitemaps and feeds said of a page, and what of it stands in for what the page leaves
out. Pure.

A title or time of publication that the page does not tell is theirs, else that of the revision
before; the record's provenance says so. The digests of what a page says stay the page's own, so a
feed that forgets an entry makes no revision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from nordcrawl.discover import By, Link, Words
from nordcrawl.discover.times import ToldTime, parse
from nordcrawl.model.article import TOLD, Evidence
from nordcrawl.model.ledger import ArticleState, LedgerEntry
from nordcrawl.model.reading import Reading

#: Where a value comes from that only the archive still knows.
ARCHIVE = "archive"
#: A page is never published this long after it was fetched.
_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one page, and by whom."""

    link: Link
    kind_of: Callable[[str], str]
    """Returns what an entry is: ``sitemap``, ``feed`` or ``listing``."""
    local: tzinfo
    """The source's zone, of times that name none."""
    before: ArticleState | None = None
    """The article that the page showed the last time."""

    @property
    def title(self) -> str | None:
        """A title for a page that has none."""
        return self.link.title or (self.before.title if self.before else None)


def completed(reading: Reading, told: Told, fetched_at: datetime) -> Reading:
    """Return a page's reading with the time of publication that others tell, if it tells none, and
    with who told its title, if it has none of its own."""
    article, provenance = reading.article, dict(reading.article.provenance)
    title = provenance.get("title")
    if title is not None and title.origin == TOLD:
        provenance["title"] = _title(article.title, told)
    published_at = article.published_at
    if published_at is None:
        published_at = _published(told, fetched_at, provenance)
    if provenance == article.provenance:
        return reading
    changed = replace(article, published_at=published_at, provenance=provenance)
    return replace(reading, article=changed)


def _title(title: str | None, told: Told) -> Evidence:
    by = told.link.by.title
    if by is None or told.link.title is None or title != told.link.title:
        return Evidence(ARCHIVE)
    return Evidence(told.kind_of(by), by=by)


def _published(
    told: Told, fetched_at: datetime, provenance: dict[str, Evidence]
) -> datetime | None:
    """Return the time that others tell, and put down who does."""
    link = told.link
    time = link.told_published(told.local)
    if time is not None and time.at <= fetched_at + _AHEAD:
        by = link.by.published
        provenance["published_at"] = Evidence(
            told.kind_of(by) if by else "sitemap",
            time.precision,
            time.zone,
            by=by,
            told=link.words.published or link.published,
        )
        return time.at
    if told.before is not None and told.before.published_at is not None:
        provenance["published_at"] = Evidence(ARCHIVE)
        return told.before.published_at
    return None


def sayings(link: Link, local: tzinfo) -> dict[str, Any] | None:
    """Return what is told of a link in its own words, as the ledger has it: of each time ``text``,
    ``precision``, ``zone`` and ``by``, of the title ``by``; None if nothing is."""
    found: dict[str, Any] = {}
    for name in ("lastmod", "published"):
        text: str | None = getattr(link.words, name) or getattr(link, name)
        time: ToldTime | None = parse(text, local)
        if time is not None:
            found[name] = {
                "text": text,
                "precision": time.precision,
                "zone": time.zone,
                "by": getattr(link.by, name),
            }
    if link.title is not None:
        found["title"] = {"by": link.by.title}
    return found or None


def link_told(entry: LedgerEntry) -> Link:
    """Return what a ledger line says was told of its URL: what `sayings` was made of."""
    told = entry.told or {}

    def of(name: str, key: str) -> str | None:
        value = told.get(name)
        return value.get(key) if isinstance(value, dict) else None

    return Link(
        entry.url,
        lastmod=entry.lastmod,
        published=entry.published,
        title=entry.title,
        words=Words(of("lastmod", "text"), of("published", "text")),
        by=By(of("lastmod", "by"), of("published", "by"), of("title", "by")),
    )
