"""The lines of the archive as types: what docs/archive-format.md describes, for type checkers.

At run time these are plain dicts as JSON made them. Later versions may add keys; see the schema.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class BlockRecord(TypedDict):
    """One part of an article; which of the other keys there are depends on `kind`."""

    kind: str
    text: str
    speaker: NotRequired[str]
    level: NotRequired[int]
    credit: NotRequired[str]
    title: NotRequired[str]
    at: NotRequired[str]


class ImageRecord(TypedDict):
    """A picture of an article."""

    url: str | None
    caption: str | None
    credit: str | None
    alt: str | None


class TranslationRecord(TypedDict):
    """The same article in another language."""

    language: str
    url: str
    article_id: NotRequired[str | None]


class EditRecord(TypedDict):
    """One edit of a text: the words `old` gave way to `new`, at a word of the new text."""

    op: str
    at: int
    old: str
    new: str


class ChangedRecord(TypedDict):
    """What is other than in the revision before."""

    fields: list[str]
    words_added: int | None
    words_removed: int | None
    text: list[EditRecord]
    truncated: bool


class MoveRecord(TypedDict):
    """The address that an article had before, and what shows it."""

    url: str
    evidence: list[str]
    similarity: float | None


class LikenessRecord(TypedDict):
    """The article with nearly the same text, and how near: 0 to 1."""

    article_id: str
    similarity: float


class EvidenceRecord(TypedDict):
    """Where a field's value came from, and of times how exact it is."""

    origin: str
    precision: NotRequired[str]
    zone: NotRequired[str]
    by: NotRequired[str]
    told: NotRequired[str]


class CaptureRecord(TypedDict):
    """Where a page lies as it was fetched."""

    object: str
    offset: int
    length: int
    type: str
    record_id: str
    payload_digest: str | None


class FetchRecord(TypedDict):
    """How the page was got; header values as sent."""

    requested_url: str
    redirects: list[str]
    status: int
    fetched_at: str
    etag: str | None
    last_modified: str | None
    content_type: str | None
    bytes: int
    body_sha256: str
    capture: NotRequired[CaptureRecord | None]


class PublisherRecord(TypedDict):
    """Whose article it is; `country` is ISO 3166-1 alpha-2."""

    name: str
    country: str | None


class ExtractorRecord(TypedDict):
    """What made the article of the page."""

    name: str
    version: str
    nordcrawl: str


class ArticleRecord(TypedDict):
    """One line of ``articles-v1/``: one revision of one article. Times are RFC 3339 in UTC."""

    schema: int
    source: str
    publisher: NotRequired[PublisherRecord | None]
    article_id: str
    revision: int
    change: str
    url: str
    canonical_url: str
    aliases: list[str]
    title: str | None
    subtitle: str | None
    kicker: str | None
    authors: list[str]
    published_at: str | None
    modified_at: str | None
    language: str | None
    kind: str | None
    section: str | None
    tags: list[str]
    blocks: list[BlockRecord]
    text: str
    word_count: NotRequired[int]
    images: list[ImageRecord]
    links: list[str]
    translations: list[TranslationRecord]
    paywalled: bool | None
    text_sha256: str
    previous_text_sha256: str | None
    changed: NotRequired[ChangedRecord | None]
    moved_from: NotRequired[MoveRecord | None]
    near_duplicate_of: NotRequired[LikenessRecord | None]
    rights: dict[str, str]
    provenance: dict[str, EvidenceRecord]
    fetch: FetchRecord
    extractor: ExtractorRecord
    run_id: str
    archived_at: str


class ArticleStateRecord(TypedDict):
    """The new state of an article, as its ledger line carries it."""

    article_id: str
    revision: int
    url: str
    text_sha256: str
    content_sha256: str
    extractor: str
    title: str | None
    published_at: str | None
    modified_at: str | None
    language: NotRequired[str | None]
    near: NotRequired[str | None]
    fields: NotRequired[dict[str, str]]
    partners: NotRequired[list[str]]
    fetched_at: NotRequired[str]
    gone: NotRequired[bool]


class SaidRecord(TypedDict):
    """What a sitemap or feed said of a page, in its own words."""

    text: str
    precision: NotRequired[str]
    zone: NotRequired[str]
    by: NotRequired[str | None]


class LedgerRecord(TypedDict):
    """One line of ``ledger-v1/``: how one discovered URL ended in one run."""

    schema: int
    run_id: str
    source: str
    url: str
    outcome: str
    reason: str | None
    count: NotRequired[int | None]
    at: str
    found_by: list[str]
    lastmod: str | None
    published: NotRequired[str | None]
    title: NotRequired[str | None]
    told: NotRequired[dict[str, SaidRecord] | None]
    status: int | None
    final_url: str | None
    fetched_at: str | None
    etag: str | None
    last_modified: str | None
    body_sha256: str | None
    capture: NotRequired[CaptureRecord | None]
    article_id: str | None
    revision: int | None
    weak_alias: bool
    article: ArticleStateRecord | None
