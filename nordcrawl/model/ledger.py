"""The ledger: one line for every discovered URL and run, and the state that folds from it.

A ledger line is archived beside the articles, so that local state is only a cache: `UrlState` of
a URL is its latest line, `ArticleState` of an article its latest line that carries one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from nordcrawl.model.capture import Capture
from nordcrawl.model.times import parse_rfc3339, rfc3339, utc_now

LEDGER_VERSION = 1

#: How far the clocks of two machines may be apart; a time further ahead is a clock's mistake.
SKEW = timedelta(minutes=10)

#: Who names the URL of a page that the archive has and that was read again (`found_by`).
BY_CAPTURES = "captures"

#: How the name of a WARC file begins that a page was imported from (`found_by`).
BY_WARC = "warc:"

#: How the reason of a page begins that says "not found" with a status of success.
SOFT_404 = "soft 404"


class Outcome(StrEnum):
    """How a discovered URL ended in a run: exactly one of these."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    MOVED = "moved"
    REMOVED = "removed"
    SKIPPED_FRESH = "skipped_fresh"
    NOT_ARTICLE = "not_article"
    EXTRACTION_FAILED = "extraction_failed"
    FETCH_FAILED = "fetch_failed"
    BLOCKED = "blocked"
    ROBOTS_DENIED = "robots_denied"
    RIGHTS_DENIED = "rights_denied"
    OVER_BUDGET = "over_budget"
    OUT_OF_RANGE = "out_of_range"
    QUARANTINED = "quarantined"


#: Outcomes that put a record into the archive.
ARCHIVED = frozenset({Outcome.NEW, Outcome.UPDATED, Outcome.MOVED, Outcome.REMOVED})


@dataclass(frozen=True, slots=True)
class ArticleState:
    """What must be known of an article to tell whether a page of it is news."""

    article_id: str
    revision: int
    url: str
    """The address that its latest revision was fetched from (canonical form)."""
    text_sha256: str
    content_sha256: str
    extractor: str
    """`name/version/nordcrawl` of what extracted the latest revision."""
    title: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    language: str | None = None
    near: str | None = None
    """The text's signature, by which near duplicates are found; None of a text that is short."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Eight hex digits of each field that the revision has, to tell later which ones changed."""
    partners: tuple[str, ...] = ()
    """Ids of the articles that this one names as its translations."""
    gone: bool = False
    """The latest revision says that the publisher took it down."""
    fetched_at: datetime | None = None
    """When the page of its latest revision was fetched, UTC, where that is not when the page of
    this line was."""

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in the ledger line."""
        told = {"fetched_at": rfc3339(self.fetched_at)} if self.fetched_at else {}
        return {
            "article_id": self.article_id,
            "revision": self.revision,
            "url": self.url,
            "text_sha256": self.text_sha256,
            "content_sha256": self.content_sha256,
            "extractor": self.extractor,
            "title": self.title,
            "published_at": rfc3339(self.published_at),
            "modified_at": rfc3339(self.modified_at),
            "language": self.language,
            "near": self.near,
            "fields": dict(self.fields),
            "partners": list(self.partners),
            "gone": self.gone,
            **told,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read back `to_json`; keys of later versions are ignored."""
        return cls(
            article_id=values["article_id"],
            revision=values["revision"],
            url=values["url"],
            text_sha256=values["text_sha256"],
            content_sha256=values["content_sha256"],
            extractor=values["extractor"],
            title=values.get("title"),
            published_at=parse_rfc3339(values.get("published_at")),
            modified_at=parse_rfc3339(values.get("modified_at")),
            language=values.get("language"),
            near=values.get("near"),
            fields=values.get("fields") or {},
            partners=tuple(values.get("partners") or ()),
            gone=bool(values.get("gone", False)),
            fetched_at=parse_rfc3339(values.get("fetched_at")),
        )


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One discovered URL's end in one run. `url` is in canonical form, the key of its state."""

    run_id: str
    source: str
    url: str
    outcome: Outcome
    at: datetime
    """When the outcome was decided, UTC."""
    reason: str | None = None
    found_by: tuple[str, ...] = ()
    """The feeds, sitemaps, listings or arguments that named the URL."""
    lastmod: str | None = None
    """The latest change that a sitemap or feed told of this URL, RFC 3339 or a bare date."""
    published: str | None = None
    """Its publication as they told it, in the same two forms."""
    title: str | None = None
    """Its title as they told it."""
    status: int | None = None
    final_url: str | None = None
    fetched_at: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    article_id: str | None = None
    revision: int | None = None
    weak_alias: bool = False
    """The URL belongs to `article_id` only because the texts agree."""
    article: ArticleState | None = None
    """The article's new state, where this outcome changed it."""
    told: Mapping[str, Any] | None = None
    """Last change, publication and title in the words of sitemaps and feeds, where the URL was
    asked for: of `lastmod` and `published` ``text``, ``precision``, ``zone`` and ``by``, who said
    it; of `title` ``by``."""
    capture: Capture | None = None
    """Where the page is kept as it was fetched, if it is."""
    count: int | None = None
    """None, but in the line that stands for all the URLs of a run that were not due: how many they
    are. Its `url` names their set, and it is no state of any of them."""

    @property
    def article_fetched_at(self) -> datetime:
        """When the page of the revision that `article` tells of was fetched."""
        told = self.article.fetched_at if self.article is not None else None
        return told or self.fetched_at or self.at

    @property
    def is_rereading(self) -> bool:
        """The page was not asked for: the archive has it, and it was read again."""
        return self.found_by == (BY_CAPTURES,)

    @property
    def is_imported(self) -> bool:
        """The page was not asked for by us: it is of a file that somebody else wrote."""
        return bool(self.found_by) and all(one.startswith(BY_WARC) for one in self.found_by)

    @property
    def is_gone(self) -> bool:
        """The server said that there is nothing at this address.

        Source: RFC 9110 sections 15.5.5 (404) and 15.5.11 (410); soft ones say it by their page.
        """
        return self.status in (404, 410) or (self.reason or "").startswith(SOFT_404)

    def to_json(self) -> dict[str, Any]:
        """Return the ledger line, keys in the documented order."""
        return {
            "schema": LEDGER_VERSION,
            "run_id": self.run_id,
            "source": self.source,
            "url": self.url,
            "outcome": str(self.outcome),
            "reason": self.reason,
            "count": self.count,
            "at": rfc3339(self.at),
            "found_by": list(self.found_by),
            "lastmod": self.lastmod,
            "published": self.published,
            "title": self.title,
            "told": None if self.told is None else dict(self.told),
            "status": self.status,
            "final_url": self.final_url,
            "fetched_at": rfc3339(self.fetched_at),
            "etag": self.etag,
            "last_modified": self.last_modified,
            "body_sha256": self.body_sha256,
            "capture": self.capture.to_json() if self.capture else None,
            "article_id": self.article_id,
            "revision": self.revision,
            "weak_alias": self.weak_alias,
            "article": self.article.to_json() if self.article else None,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read back `to_json`; keys of later versions are ignored.

        Raises:
            KeyError: a required key is missing.
            ValueError: an outcome or a time is not understood.
        """
        at = parse_rfc3339(values["at"])
        if at is None:
            raise ValueError("a ledger line without a time")
        return cls(
            run_id=values["run_id"],
            source=values["source"],
            url=values["url"],
            outcome=Outcome(values["outcome"]),
            at=at,
            reason=values.get("reason"),
            count=values.get("count"),
            found_by=tuple(values.get("found_by") or ()),
            lastmod=values.get("lastmod"),
            published=values.get("published"),
            title=values.get("title"),
            told=values.get("told"),
            status=values.get("status"),
            final_url=values.get("final_url"),
            fetched_at=parse_rfc3339(values.get("fetched_at")),
            etag=values.get("etag"),
            last_modified=values.get("last_modified"),
            body_sha256=values.get("body_sha256"),
            article_id=values.get("article_id"),
            revision=values.get("revision"),
            weak_alias=bool(values.get("weak_alias", False)),
            article=ArticleState.from_json(values["article"]) if values.get("article") else None,
            capture=Capture.from_json(values["capture"]) if values.get("capture") else None,
        )


@dataclass(frozen=True, slots=True)
class UrlState:
    """What is remembered of a URL: the fold of its ledger lines."""

    url: str
    outcome: Outcome
    at: datetime
    fetched_at: datetime | None = None
    """When a fetch last gave an answer that could be used (page or 304)."""
    lastmod: str | None = None
    """What sitemap or feed said when it was last fetched."""
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    article_id: str | None = None
    weak_alias: bool = False
    linked_at: datetime | None = None
    """When it was fetched in the reading that told `article_id`."""
    gone_at: tuple[datetime, ...] = ()
    """The two latest times at which nothing was there, the latest first."""
    missed_at: tuple[datetime, ...] = ()
    """The two latest times at which a page without an article was there, the latest first."""

    @property
    def times_gone(self) -> int:
        """How often nothing was there since it was last read, up to 2."""
        return sum(self.fetched_at is None or at > self.fetched_at for at in self.gone_at)

    @property
    def misses(self) -> tuple[datetime, ...]:
        """The latest times, up to two, at which no article was there since one was last read,
        whether there was nothing or a page of another kind; the latest first."""
        seen = sorted({*self.gone_at, *self.missed_at}, reverse=True)
        return tuple(at for at in seen if self.fetched_at is None or at > self.fetched_at)[:2]


#: Outcomes after which an article was really read; the others keep what was known before.
_READ = frozenset(
    {
        Outcome.NEW,
        Outcome.UPDATED,
        Outcome.UNCHANGED,
        Outcome.DUPLICATE,
        Outcome.MOVED,
        Outcome.REMOVED,
        Outcome.OUT_OF_RANGE,
    }
)


#: Outcomes by which a URL may say that nothing is there.
_GONE = frozenset({Outcome.FETCH_FAILED, Outcome.NOT_ARTICLE, Outcome.REMOVED, Outcome.UNCHANGED})


#: Before any line of a crawl.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def fold(known: UrlState | None, entry: LedgerEntry, now: datetime | None = None) -> UrlState:
    """Return a URL's state after one more ledger line.

    Registers, each won by its latest time: how it last ended (`at`), what was last read of it
    (`fetched_at`), which article it is (`linked_at`), when nothing was there (`gone_at`, the
    two latest times) and when no article was (`missed_at`, likewise). So lines of many writers give
    the same state in any order, a failed or skipped fetch keeps validators and article, and a later
    page without an article (a wall, say) does not hide the article.

    A page that the archive has and that was read again says nothing of how its URL ended last, nor
    of what is there now. One that was imported ended when it was fetched, and what it lacks is no
    miss of ours.

    A time after `now` (UTC; the clock's, unless given) is that of a clock that was wrong, and loses
    to any that is not: the next reading heals the state.
    """
    latest = (now or utc_now()) + SKEW

    def wins(at: datetime, than: datetime | None) -> bool:
        return than is None or (at <= latest, at) > (than <= latest, than)

    def two(times: Iterable[datetime]) -> tuple[datetime, ...]:
        return tuple(sorted(times, key=lambda at: (at <= latest, at), reverse=True)[:2])

    ended_at, asked = entry.at, not (entry.is_rereading or entry.is_imported)
    if not asked:
        ended_at = (entry.fetched_at if entry.is_imported else None) or _LONG_AGO
    state = known or UrlState(url=entry.url, outcome=entry.outcome, at=ended_at)
    won: dict[str, Any] = {}
    if wins(ended_at, state.at):
        won.update(outcome=entry.outcome, at=ended_at)
    gone = entry.is_gone and entry.outcome in _GONE and asked
    read_at = entry.fetched_at if entry.outcome in _READ and not gone else None
    if read_at is not None:
        if wins(read_at, state.fetched_at):
            won.update(
                fetched_at=read_at,
                lastmod=entry.lastmod,
                etag=entry.etag,
                last_modified=entry.last_modified,
                body_sha256=entry.body_sha256,
            )
        if entry.article_id and wins(read_at, state.linked_at):
            won.update(article_id=entry.article_id, weak_alias=entry.weak_alias, linked_at=read_at)
    if gone and entry.at not in state.gone_at:
        won.update(gone_at=two((*state.gone_at, entry.at)))
    missed = entry.outcome is Outcome.NOT_ARTICLE and asked and not gone
    if missed and entry.at not in state.missed_at:
        won.update(missed_at=two((*state.missed_at, entry.at)))
    return replace(state, **won) if won else state
