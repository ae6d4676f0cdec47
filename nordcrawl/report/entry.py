"""Entry: how one sitemap, feed or listing answered, and a gap between two of its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nordcrawl.model.times import rfc3339

#: The problem of an entry that was read in full and has no address in it.
NAMES_NOTHING = "names nothing"


@dataclass(slots=True)
class EntryReport:
    """How one sitemap, feed or listing answered."""

    kind: str
    url: str
    status: int | None = None
    parent: str | None = None
    """The entry that led to it; None for those of the source's table and of robots.txt."""
    spared: str | None = None
    """Why it was not asked: what it said the last time still holds."""
    links: int = 0
    """Article links in it."""
    known: int = 0
    """Those of them that were known before this run."""
    listings: int = 0
    """Links to listings, or to further sitemaps."""
    unread: int = 0
    """Those of the sitemaps that were not read, there being too many."""
    others: int = 0
    """Links on the source's hosts that are neither, or that it denies."""
    foreign: list[str] = field(default_factory=list)
    """Addresses on other hosts; on a listing these are usual."""
    skipped: list[str] = field(default_factory=list)
    """Entries of it that name nothing to fetch."""
    damage: list[str] = field(default_factory=list)
    """What is wrong with it and cost no address."""
    latest: bool = False
    """It names the latest articles only: a feed, or a news sitemap."""
    unnamed: int | None = None
    """Of an entry with a problem: how many of the articles that it named the last time nothing
    else names now; None if what it named is not known."""
    problem: str | None = None
    robots: bool = False
    """The problem is that its host's robots.txt could not be had."""
    down: bool = False
    """The problem is that no connection to its host could be made."""
    unanswered: bool = False
    """The problem is that it was asked, and no answer came or none that was whole."""

    @property
    def answered(self) -> bool:
        """True when it was fetched and understood."""
        return self.status is not None and self.problem is None

    @property
    def is_heard(self) -> bool:
        """True when it answered, or need not be asked."""
        return self.answered or (self.spared is not None and self.problem is None)

    @property
    def failed(self) -> bool:
        """True when the site owed an answer: not where we may not ask, or a list is empty."""
        refused = self.status is not None and self.status >= 400
        return self.problem is not None and (self.unanswered or refused)

    @property
    def names_anything(self) -> bool:
        """True when there was any address in it, or an entry that could not be read."""
        return bool(self.links or self.listings or self.others or self.foreign or self.skipped)

    def clear(self) -> None:
        """Forget what was counted: it is read again."""
        self.links = self.known = self.listings = self.unread = self.others = 0
        self.foreign.clear()

    @property
    def warnings(self) -> list[str]:
        """What a person should know of it."""
        lines = [] if self.problem is None else [self.problem]
        lines += [f"entry skipped: {text}" for text in self.skipped]
        lines += [f"damaged, and read: {text}" for text in self.damage]
        if self.kind != "listing":
            if self.foreign:
                lines.append(f"{len(self.foreign)} entries on other hosts, as {self.foreign[0]}")
            if self.others and not self.links + self.listings:
                lines.append(f"none of {self.others} entries looks like an article (article_urls)")
        return [f"{self.kind} {self.url}: {line}" for line in lines]

    def to_json(self) -> dict[str, Any]:
        """Return it for the report file."""
        return {
            "kind": self.kind,
            "url": self.url,
            "parent": self.parent,
            "status": self.status,
            "spared": self.spared,
            "links": self.links,
            "known": self.known,
            "listings": self.listings,
            "unread": self.unread,
            "others": self.others,
            "foreign": len(self.foreign),
            "skipped": self.skipped,
            "damage": self.damage,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """Two polls of a feed or news sitemap that share no entry: what came between them may have
    been missed, so sitemaps and listings are walked."""

    kind: str
    url: str
    since: datetime | None
    """When it was polled before; None if that is not known."""
    until: datetime

    @property
    def warning(self) -> str:
        """The words for a person."""
        since = f"since {rfc3339(self.since)}" if self.since else "and what the archive knows"
        return (
            f"gap: {self.kind} {self.url}: nothing in common with the poll {since}; "
            "sitemaps and listings were walked for what came between"
        )

    def to_json(self) -> dict[str, Any]:
        """Return it for the report file."""
        return {
            "kind": self.kind,
            "url": self.url,
            "since": rfc3339(self.since),
            "until": rfc3339(self.until),
        }
