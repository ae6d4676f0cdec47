"""Sighting: what can be seen of an archived line without reading it: which fields there are, how
long the text is. By it a batch is held against the source's own history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nordcrawl.model.times import parse_rfc3339

#: Fields that nearly every article of a site has, if any has.
WATCHED: Final = ("title", "authors", "published_at")


@dataclass(frozen=True, slots=True)
class Sighting:
    """A record of a batch, or an address that was found to show the same as one."""

    url: str
    """Its own address."""
    article_id: str
    change: str
    """As in the record; ``duplicate`` of an address that leads to the article of another one."""
    title: str | None = None
    fields: frozenset[str] = frozenset()
    """Of `WATCHED` those that it has."""
    chars: int = 0
    """Characters of the text."""
    page_bytes: int = 0
    """Bytes of the page, 0 where that is not known."""
    text_sha256: str = ""
    paywalled: bool = False
    published_at: datetime | None = None
    fetched_at: datetime | None = None

    @classmethod
    def of_record(cls, values: Mapping[str, Any]) -> Sighting:
        """Return what is seen of an archived record; `KeyError` or `ValueError` if it is none."""
        text = values.get("text") or ""
        return cls(
            url=values["url"],
            article_id=values["article_id"],
            change=values["change"],
            title=values.get("title"),
            fields=frozenset(name for name in WATCHED if values.get(name)),
            chars=len(text),
            page_bytes=values["fetch"].get("bytes") or 0,
            text_sha256=values["text_sha256"] if text else "",
            paywalled=values.get("paywalled") is True,
            published_at=parse_rfc3339(values.get("published_at")),
            fetched_at=parse_rfc3339(values["fetch"].get("fetched_at")),
        )
