"""Record: an article as one line of the archive, with what the crawl knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nordcrawl.model.article import Article, Extractor, Likeness, Move
from nordcrawl.model.capture import Capture
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.model.times import rfc3339

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Publisher:
    """Whose article it is, as the source's table says."""

    name: str
    country: str | None = None
    """ISO 3166-1 alpha-2."""

    def to_json(self) -> dict[str, Any]:
        """Return what stands in the record."""
        return {"name": self.name, "country": self.country}


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the archive: a revision of an article, with how it came to be there."""

    source: str
    article_id: str
    revision: int
    change: str
    """Why it exists: new, updated, silent_edit, moved, removed, linked, reextracted, erased."""
    reading: Reading
    page: Page
    canonical_url: str
    aliases: tuple[str, ...]
    previous_text_sha256: str | None
    run_id: str
    archived_at: datetime
    changed: Mapping[str, Any] | None = None
    """What is other than in the revision before, as `nordcrawl.identity.changes` tells it."""
    moved_from: Move | None = None
    near_duplicate_of: Likeness | None = None
    publisher: Publisher | None = None
    """None of what an erasure left."""
    capture: Capture | None = None
    """Where the page is kept as it was fetched, if it is."""

    @property
    def article(self) -> Article:
        """What the page says."""
        return self.reading.article

    def to_json(self) -> dict[str, Any]:
        """Return the record as the archive writes it, keys in the documented order."""
        article, page = self.article, self.page
        return {
            "schema": SCHEMA_VERSION,
            "source": self.source,
            "publisher": self.publisher.to_json() if self.publisher else None,
            "article_id": self.article_id,
            "revision": self.revision,
            "change": self.change,
            "url": page.url,
            "canonical_url": self.canonical_url,
            "aliases": list(self.aliases),
            **article_json(article),
            "text_sha256": self.reading.text_sha256,
            "previous_text_sha256": self.previous_text_sha256,
            "changed": None if self.changed is None else dict(self.changed),
            "moved_from": self.moved_from.to_json() if self.moved_from else None,
            "near_duplicate_of": (
                self.near_duplicate_of.to_json() if self.near_duplicate_of else None
            ),
            "rights": dict(article.rights),
            "provenance": provenance_json(article),
            "fetch": fetch_json(page, self.reading.body_sha256, self.capture),
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
        "word_count": article.word_count,
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
    """Return ``{field: {origin, precision?, zone?, by?, told?}}``."""
    return {
        name: {
            key: value
            for key, value in (
                ("origin", evidence.origin),
                ("precision", evidence.precision),
                ("zone", evidence.zone),
                ("by", evidence.by),
                ("told", evidence.told),
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


def fetch_json(page: Page, body_sha256: str, capture: Capture | None = None) -> dict[str, Any]:
    """Return how the page was got; header values as sent."""
    return {
        "requested_url": page.requested_url or page.url,
        "redirects": list(page.redirects),
        "status": page.status,
        "fetched_at": rfc3339(page.fetched_at),
        "etag": page.header("etag"),
        "last_modified": page.header("last-modified"),
        "content_type": page.header("content-type"),
        "bytes": page.size,
        "body_sha256": body_sha256,
        "capture": capture.to_json() if capture else None,
    }
