"""Write an article as the one-line JSON object that extraction benchmarks compare.

The record's own fields under their own names, and beside them the shapes that scorers take.
"""

from __future__ import annotations

from typing import Any

from nordcrawl.model.article import Article, BlockKind
from nordcrawl.model.record import article_json

_NOT_TEXT = (BlockKind.CAPTION, BlockKind.UPDATE)


def prediction(page_id: str, article: Article) -> dict[str, Any]:
    """Return the record's fields with `id`, `paragraphs`, `published`, `image` and `captions`.

    `published` is RFC 3339 with the page's own offset, a bare date where only the day is known.
    """
    return {
        "id": page_id,
        **article_json(article),
        "paragraphs": _paragraphs(article),
        "published": _published(article),
        "image": article.images[0].url if article.images else None,
        "captions": [b.text for b in article.blocks if b.kind is BlockKind.CAPTION],
        "description": article.subtitle,
        "sections": [article.section] if article.section else [],
    }


def _paragraphs(article: Article) -> list[str]:
    """Return the text's blocks, lists and boxes by line: a benchmark's unit is the line."""
    lines: list[str] = []
    for block in article.blocks:
        if block.kind in _NOT_TEXT:
            continue
        if block.title:
            lines.append(block.title)
        lines.extend(block.text.split("\n"))
        if block.speaker:
            lines.append(block.speaker)
    return [line for line in lines if line]


def _published(article: Article) -> str | None:
    at = article.published_at
    evidence = article.provenance.get("published_at")
    if at is None:
        return None
    if evidence is not None and evidence.precision == "day":
        return at.date().isoformat()
    return at.isoformat()
