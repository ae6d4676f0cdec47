"""Reading: the article of one page with all its digests, as a worker process makes it.

Whoever judges and archives the page then hashes and normalizes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from nordcrawl.model.article import TEXT_KINDS, Article
from nordcrawl.model.signature import signature


@dataclass(frozen=True, slots=True)
class Reading:
    """An article and what tells it from others; digests in hex."""

    article: Article
    body_sha256: str
    """Of the page's bytes."""
    text_sha256: str
    """`Article.text_sha256`."""
    content_sha256: str
    """`Article.content_sha256`."""
    fields: Mapping[str, str]
    """`field_digests` of the article."""
    signature: str | None
    """Of the text, by which near duplicates are found; None of a text that is short."""

    @classmethod
    def of(cls, article: Article, body_sha256: str) -> Self:
        """Return the reading of a page with this body; takes about a millisecond of CPU."""
        text_sha256 = article.text_sha256
        return cls(
            article=article,
            body_sha256=body_sha256,
            text_sha256=text_sha256,
            content_sha256=article.content_sha256,
            fields=field_digests(article, text_sha256),
            signature=signature(article.text),
        )

    def with_rights(self, rights: Mapping[str, str]) -> Reading:
        """Return the same with what page and site say of rights together."""
        kept = {name: digest for name, digest in self.fields.items() if name != "rights"}
        return replace(
            self,
            article=replace(self.article, rights=rights),
            fields=kept | _digests({"rights": _lasting(rights)}),
        )


def field_digests(article: Article, text_sha256: str | None = None) -> dict[str, str]:
    """Return eight hex digits of each field that may change, to name it when it does.

    `text_sha256` is the article's, where it is known already.
    """
    return _digests(
        {
            "title": article.title,
            "subtitle": article.subtitle,
            "kicker": article.kicker,
            "authors": article.authors,
            "published_at": article.published_at,
            "modified_at": article.modified_at,
            "language": article.language,
            "kind": article.kind,
            "section": article.section,
            "tags": sorted(article.tags),
            "text": text_sha256 or article.text_sha256,
            "blocks": [
                (str(b.kind), b.speaker, b.credit, b.text if b.kind not in TEXT_KINDS else None)
                for b in article.blocks
            ],
            "images": [(image.caption, image.credit) for image in article.images],
            "paywalled": article.paywalled,
            "rights": _lasting(article.rights),
        }
    )


def _lasting(rights: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what is said of rights, without when that was looked up."""
    return sorted((key, value) for key, value in rights.items() if key != "checked_at")


def _digests(fields: Mapping[str, object]) -> dict[str, str]:
    return {
        name: hashlib.sha256(repr(value).encode(errors="replace")).hexdigest()[:8]
        for name, value in fields.items()
        if value
    }
