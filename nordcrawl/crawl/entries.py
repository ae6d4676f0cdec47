"""Entries: what a run writes down, record and ledger line, made of values. Pure.

The clock is passed in, and what the archive knows, too. Needs no run: whoever has read a page again
or elsewhere writes the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from nordcrawl.archive.format.order import hidden_url
from nordcrawl.crawl.frontier import Found
from nordcrawl.crawl.told import sayings
from nordcrawl.identity.decide import Verdict, extractor_id
from nordcrawl.model.article import Article, Extractor, Translation
from nordcrawl.model.capture import Capture
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome, UrlState
from nordcrawl.model.page import Page, Visit
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import Publisher, Record

#: Why a page of an erased article is not archived again.
ERASED_REASON = "erased by order"


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose lines they are."""

    source: str
    run_id: str
    publisher: Publisher | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What the archive knows around an article, for its record."""

    canonical_url: str
    """The address that the page says it has, else its own."""
    aliases: tuple[str, ...] = ()
    """All its addresses but its own."""
    translations: tuple[Translation, ...] = ()


def own_validators(page: Page) -> tuple[str | None, str | None]:
    """Return the ETag and Last-Modified of the address that was asked for: none where another one
    answered, for whose bytes alone they stand. Source: RFC 9110 section 8.8."""
    if page.redirects:
        return None, None
    return page.header("etag"), page.header("last-modified")


def settled(
    origin: Origin,
    url: str,
    outcome: Outcome,
    reason: str,
    now: datetime,
    *,
    found: Found,
    known: UrlState | None = None,
    page: Page | None = None,
    body_sha256: str | None = None,
    local: tzinfo = UTC,
) -> LedgerEntry:
    """Return the ledger line of a URL that ended.

    `found` is who named it and what was told, `known` what is remembered from before, `page` the
    answer if one came, `body_sha256` its body's digest where that was made already, `local` the
    source's zone.
    """
    entry = LedgerEntry(
        run_id=origin.run_id,
        source=origin.source,
        url=url,
        outcome=outcome,
        at=now,
        reason=reason,
        found_by=tuple(found.found_by),
        lastmod=found.link.lastmod or (known.lastmod if known else None),
        published=found.link.published,
        title=found.link.title,
        article_id=known.article_id if known else None,
        weak_alias=known.weak_alias if known else False,
    )
    if page is None:
        return entry
    # A 304 names fewer headers than the page it speaks of; what it leaves out still holds.
    kept = known if page.status == 304 else None
    etag, last_modified = own_validators(page)
    return replace(
        entry,
        told=sayings(found.link, local),
        status=page.status,
        final_url=page.url,
        fetched_at=page.fetched_at,
        etag=etag or (kept.etag if kept else None),
        last_modified=last_modified or (kept.last_modified if kept else None),
        body_sha256=kept.body_sha256 if kept else body_sha256 or page.body_sha256,
    )


def judged(
    entry: LedgerEntry,
    verdict: Verdict,
    state: ArticleState | None,
    kept: Capture | None = None,
) -> LedgerEntry:
    """Return the ledger line of a URL with what its page was found to be; `state` is the article's
    new one, where it has one, `kept` where the archive has the page, if it was read there."""
    return replace(
        entry,
        article_id=verdict.article_id,
        revision=verdict.revision,
        weak_alias=verdict.weak_alias,
        article=state,
        capture=kept,
    )


def record(
    origin: Origin,
    visit: Visit,
    reading: Reading,
    verdict: Verdict,
    around: Around,
    now: datetime,
    *,
    changed: Mapping[str, Any] | None = None,
    kept: Capture | None = None,
) -> Record:
    """Return the record that a verdict asks for; `changed` is what `nordcrawl.identity.changes`
    tells of the revision before, `kept` as in `judged`."""
    if reading.article.translations != around.translations:
        article = replace(reading.article, translations=around.translations)
        reading = replace(reading, article=article)
    return Record(
        source=origin.source,
        article_id=verdict.article_id,
        revision=verdict.revision,
        change=str(verdict.change),
        reading=reading,
        page=visit.page,
        canonical_url=around.canonical_url,
        aliases=around.aliases,
        previous_text_sha256=verdict.previous_text_sha256,
        run_id=origin.run_id,
        archived_at=now,
        changed=changed,
        moved_from=verdict.moved.move if verdict.moved else None,
        near_duplicate_of=verdict.near,
        publisher=origin.publisher,
        capture=kept,
    )


def article_state(visit: Visit, reading: Reading, verdict: Verdict) -> ArticleState:
    """Return an article's state after the revision that a verdict asks for."""
    article = reading.article
    return ArticleState(
        article_id=verdict.article_id,
        revision=verdict.revision,
        url=visit.url,
        text_sha256=reading.text_sha256,
        content_sha256=reading.content_sha256,
        extractor=extractor_id(article.extractor),
        title=article.title,
        published_at=article.published_at,
        modified_at=article.modified_at,
        language=article.language,
        near=reading.signature,
        fields=reading.fields,
        partners=verdict.partners,
    )


def read_by(
    before: ArticleState | None, reading: Reading, fetched_at: datetime | None
) -> ArticleState | None:
    """Return the state of an article that is as it was and that another version read before, so
    that its page need not be read by this one again; None where it was this one. `fetched_at` is
    when the page of its latest revision was fetched."""
    extractor = extractor_id(reading.article.extractor)
    if before is None or before.extractor == extractor:
        return None
    return replace(before, extractor=extractor, fetched_at=fetched_at)


def lost(
    origin: Origin,
    entry: LedgerEntry,
    page: Page,
    verdict: Verdict | None,
    aliases: Sequence[str],
    now: datetime,
) -> tuple[LedgerEntry, Record | None]:
    """Return the ledger line of an address where nothing is, with what that means for its article,
    and the record which says that it was taken down, where it is time for one.

    `verdict` is that of `nordcrawl.identity.decide.removal`, None where it is no article's own
    address; `aliases` are the article's other ones.
    """
    if verdict is None:
        return entry, None
    entry = replace(
        entry,
        outcome=verdict.outcome,
        reason=f"{entry.reason}: {verdict.reason}",
        revision=verdict.revision,
    )
    before = verdict.before
    if before is None:
        return entry, None
    name, version, nordcrawl = before.extractor.rsplit("/", 2)
    article = Article(
        title=before.title,
        blocks=(),
        extractor=Extractor(name, version, nordcrawl),
        published_at=before.published_at,
        modified_at=before.modified_at,
        language=before.language,
    )
    removed = Record(
        source=origin.source,
        article_id=verdict.article_id,
        revision=verdict.revision,
        change=str(verdict.change),
        reading=Reading.of(article, page.body_sha256),
        page=page,
        canonical_url=entry.url,
        aliases=tuple(aliases),
        previous_text_sha256=verdict.previous_text_sha256,
        run_id=origin.run_id,
        archived_at=now,
        publisher=origin.publisher,
    )
    # What it was stays known, so that it is told when the very same comes back.
    state = replace(before, revision=verdict.revision, gone=True)
    return replace(entry, article=state), removed


def not_due(origin: Origin, name: str, count: int, now: datetime) -> LedgerEntry:
    """Return the ledger line of all URLs of a run that were not due; `name` is that of the set."""
    return LedgerEntry(
        run_id=origin.run_id,
        source=origin.source,
        url=name,
        outcome=Outcome.SKIPPED_FRESH,
        at=now,
        reason="not due",
        count=count,
    )


def erased(origin: Origin, url: str, now: datetime) -> LedgerEntry:
    """Return the ledger line of a page of an erased article that came by another address: it names
    neither."""
    return LedgerEntry(
        run_id=origin.run_id,
        source=origin.source,
        url=hidden_url(url),
        outcome=Outcome.RIGHTS_DENIED,
        at=now,
        reason=ERASED_REASON,
    )
