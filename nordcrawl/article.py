"""Article and its blocks: what extraction yields and the archive keeps, as values.

Does not know how to find anything on a page, nor where it is stored. The record's format is
described in docs/archive-format.md and by the JSON Schema beside `nordcrawl.archive`.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nordcrawl.page import Page

SCHEMA_VERSION = 1


class BlockKind(StrEnum):
    """The typed parts of an article, as they stand in `Article.blocks`."""

    SUMMARY = "summary"
    P = "p"
    HEADING = "heading"
    QUOTE = "quote"
    LIST = "list"
    CAPTION = "caption"
    FACTBOX = "factbox"
    TABLE = "table"
    UPDATE = "update"


#: What a reader reads: standfirst and body. Captions are in `images` too, updates are notes.
TEXT_KINDS = frozenset(BlockKind) - {BlockKind.CAPTION, BlockKind.UPDATE}


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the article, in reading order.

    `text` is NFC, single-spaced; only lists, tables and fact boxes have line breaks in it (one
    item, row or paragraph a line; cells by tab). What else there is depends on the kind:
    ``speaker`` of a quote, ``level`` (2-6) of a heading, ``credit`` of a caption, ``title`` of a
    fact box, ``at`` (RFC 3339, UTC) of an update.
    """

    kind: BlockKind
    text: str
    speaker: str | None = None
    level: int | None = None
    credit: str | None = None
    title: str | None = None
    at: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object, without the keys that are not set."""
        values: dict[str, Any] = {"kind": str(self.kind), "text": self.text}
        for key in ("speaker", "level", "credit", "title", "at"):
            if (value := getattr(self, key)) is not None:
                values[key] = value
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Block:
        """Read back what `to_json` wrote, as it stands in a record; keys of later versions are
        passed over.

        Raises: KeyError, ValueError for what is no block.
        """
        own = {key: values.get(key) for key in ("speaker", "level", "credit", "title", "at")}
        return cls(BlockKind(values["kind"]), values["text"], **own)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture of the article; texts NFC, the credit without its "Photo:" label."""

    url: str | None
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """The same article in another language."""

    language: str
    url: str
    article_id: str | None = None
    """Its id in the archive, where that is known; no page tells it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a field's value came from, and for times how exact it is.

    `precision` is ``second``, ``minute`` or ``day``; `zone` is ``stated`` by the page or
    ``assumed`` from the source.
    """

    origin: str
    precision: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Extractor:
    """What made the article of the page."""

    name: str
    version: str
    nordcrawl: str


@dataclass(frozen=True, slots=True)
class Article:
    """What one page says, before it is known whether that is news to the archive.

    Times are aware, in the zone that the page told or the source has, and written in UTC. A field
    that the page does not tell is None or empty.
    """

    title: str | None
    blocks: tuple[Block, ...]
    extractor: Extractor
    cms_id: str | None = None
    canonical_url: str | None = None
    subtitle: str | None = None
    kicker: str | None = None
    authors: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    language: str | None = None
    kind: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    links: tuple[str, ...] = ()
    """Absolute http(s) addresses linked from the text, in order, each once."""
    translations: tuple[Translation, ...] = ()
    paywalled: bool | None = None
    rights: Mapping[str, str] = field(default_factory=dict)
    """What the page reserves or grants; docs/rights.md lists the keys."""
    provenance: Mapping[str, Evidence] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The article as read: standfirst and body, blocks parted by an empty line."""
        return "\n\n".join(paragraphs(self.blocks))

    @property
    def text_sha256(self) -> str:
        """Digest of the normalized text: the same through white space and quote-mark edits."""
        return _digest(self.text)

    @property
    def content_sha256(self) -> str:
        """Digest of text and those metadata whose change makes a revision.

        Left out on purpose: addresses of images (they rotate), the modified time (a touch is no
        edit), links (related boxes), and all that tells of the fetch and not of the article.
        """
        parts = [
            self.title, self.subtitle, self.kicker, list(self.authors), rfc3339(self.published_at),
            self.language, self.kind, self.section, sorted(self.tags),
            [[str(b.kind), b.text, b.speaker, b.credit] for b in self.blocks],
        ]  # fmt: skip
        return _digest(json.dumps(parts, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A page that is no article, with the reason as a short lower-case phrase."""

    reason: str
    blocked: bool = False
    """Something stands in its place that may be gone the next time."""


def paragraphs(blocks: Iterable[Block]) -> list[str]:
    """Return the text's blocks as strings: a quote with its speaker on the next line, a fact box
    with its title on the line before."""
    return [
        "\n".join(part for part in (block.title, block.text, block.speaker) if part)
        for block in blocks
        if block.kind in TEXT_KINDS and block.text
    ]


def _digest(text: str) -> str:
    # Half a surrogate pair, which is no character, counts as "?".
    return hashlib.sha256(normalize(text).encode(errors="replace")).hexdigest()


def normalize(text: str) -> str:
    """Fold what is no difference between two texts: space, quote marks, dashes, soft hyphens.

    >>> normalize("«Hei»\\u00a0–  sa han")
    '"Hei" - sa han'
    """
    text = unicodedata.normalize("NFKC", text)
    for character, same in _SAME:  # five times as fast as str.translate
        text = text.replace(character, same)
    return " ".join(text.split())


_SAME = (
    ("«", '"'), ("»", '"'), ("“", '"'), ("”", '"'), ("„", '"'), ("‟", '"'), ("‘", "'"), ("’", "'"),
    ("´", "'"), ("–", "-"), ("—", "-"), ("‐", "-"), ("‑", "-"), ("\u00ad", ""), ("\u200b", ""),
    ("\ufeff", ""),
)  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Likeness:
    """An article with nearly the same text, and how near: 0 to 1."""

    article_id: str
    similarity: float

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the record; similarity with two decimals, for it is estimated."""
        return {"article_id": self.article_id, "similarity": round(self.similarity, 2)}


@dataclass(frozen=True, slots=True)
class Move:
    """The address that an article had before, and what shows that it is the same one."""

    url: str
    evidence: tuple[str, ...]
    """Of ``redirect``, ``canonical``, ``title``, ``day``, ``text``."""
    similarity: float | None = None
    """Of the two texts, 0 to 1; None where it could not be told."""

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the record."""
        similarity = None if self.similarity is None else round(self.similarity, 2)
        return {"url": self.url, "evidence": list(self.evidence), "similarity": similarity}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the archive: a revision of an article, with how it came to be there."""

    source: str
    article_id: str
    revision: int
    change: str
    """Why it exists: new, updated, silent_edit, moved, removed, linked, reextracted, erased."""
    article: Article
    page: Page
    canonical_url: str
    aliases: tuple[str, ...]
    previous_text_sha256: str | None
    run_id: str
    archived_at: datetime
    changed: Mapping[str, Any] | None = None
    """What is other than in the revision before, as `nordcrawl.changes` tells it."""
    moved_from: Move | None = None
    near_duplicate_of: Likeness | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the record as the archive writes it, keys in the documented order."""
        article, page = self.article, self.page
        return {
            "schema": SCHEMA_VERSION,
            "source": self.source,
            "article_id": self.article_id,
            "revision": self.revision,
            "change": self.change,
            "url": page.url,
            "canonical_url": self.canonical_url,
            "aliases": list(self.aliases),
            **article_json(article),
            "text_sha256": article.text_sha256,
            "previous_text_sha256": self.previous_text_sha256,
            "changed": None if self.changed is None else dict(self.changed),
            "moved_from": self.moved_from.to_json() if self.moved_from else None,
            "near_duplicate_of": (
                self.near_duplicate_of.to_json() if self.near_duplicate_of else None
            ),
            "rights": dict(article.rights),
            "provenance": provenance_json(article),
            "fetch": fetch_json(page),
            "extractor": extractor_json(article.extractor),
            "run_id": self.run_id,
            "archived_at": rfc3339(self.archived_at),
        }


def article_json(article: Article) -> dict[str, Any]:
    """Return the fields of the record that the page itself tells."""
    return {
        "title": article.title,
        "subtitle": article.subtitle,
        "kicker": article.kicker,
        "authors": list(article.authors),
        "published_at": rfc3339(article.published_at),
        "modified_at": rfc3339(article.modified_at),
        "language": article.language,
        "kind": article.kind,
        "section": article.section,
        "tags": list(article.tags),
        "blocks": [block.to_json() for block in article.blocks],
        "text": article.text,
        "images": [
            {"url": i.url, "caption": i.caption, "credit": i.credit, "alt": i.alt}
            for i in article.images
        ],
        "links": list(article.links),
        "translations": [
            {"language": t.language, "url": t.url, "article_id": t.article_id}
            for t in article.translations
        ],
        "paywalled": article.paywalled,
    }


def provenance_json(article: Article) -> dict[str, Any]:
    """Return ``{field: {origin, precision?, zone?}}``."""
    return {
        name: {
            key: value
            for key, value in (
                ("origin", evidence.origin),
                ("precision", evidence.precision),
                ("zone", evidence.zone),
            )
            if value is not None
        }
        for name, evidence in article.provenance.items()
    }


def extractor_json(extractor: Extractor) -> dict[str, str]:
    """Return the names and versions of what extracted."""
    return {
        "name": extractor.name,
        "version": extractor.version,
        "nordcrawl": extractor.nordcrawl,
    }


def fetch_json(page: Page) -> dict[str, Any]:
    """Return how the page was got; header values as sent."""
    return {
        "requested_url": page.requested_url or page.url,
        "redirects": list(page.redirects),
        "status": page.status,
        "fetched_at": rfc3339(page.fetched_at),
        "etag": page.header("etag"),
        "last_modified": page.header("last-modified"),
        "content_type": page.header("content-type"),
        "bytes": len(page.body),
        "body_sha256": page.body_sha256,
    }
