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
from datetime import datetime
from enum import StrEnum
from typing import Any

from nordcrawl.model.counters import is_counter
from nordcrawl.model.times import rfc3339


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


#: Origin of a title that extraction was given, for a page that has none.
TOLD = "told"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a field's value came from, and for times how exact it is.

    `precision` is ``second``, ``minute`` or ``day``; `zone` is ``stated`` by the page or
    ``assumed`` from the source.
    """

    origin: str
    precision: str | None = None
    zone: str | None = None
    by: str | None = None
    """Address of the sitemap or feed that tells it, where the page does not."""
    told: str | None = None
    """The time as it is written there."""


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
    def word_count(self) -> int:
        """How many words the text has; a word is what stands between white space."""
        return len(self.text.split())

    @property
    def text_sha256(self) -> str:
        """Digest of the normalized text: the same through white space and quote-mark edits."""
        return _digest(self.text)

    @property
    def content_sha256(self) -> str:
        """Digest of text and those metadata whose change makes a revision.

        Left out on purpose: addresses of images (they rotate), the modified time (a touch is no
        edit), links (related boxes), lines that count readers, and all that tells of the fetch and
        not of the article.
        """
        parts = [
            self.title, self.subtitle, self.kicker, list(self.authors), rfc3339(self.published_at),
            self.language, self.kind, self.section, sorted(self.tags),
            [[str(b.kind), b.text, b.speaker, b.credit] for b in self.blocks
             if not is_counter(b.text)],
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
