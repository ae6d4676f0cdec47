"""Figures: what is counted of a batch of articles, as the reports of runs tell it. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any, Final, Self

from nordcrawl.model.sighting import WATCHED, Sighting

#: An article published longer before it was read came by a backfill: old pages of a site are often
#: made otherwise than those of today, and say nothing of whether it was rebuilt.
CURRENT: Final = timedelta(days=30)
#: Records that show no page of an article.
_NO_PAGE: Final = frozenset({"removed", "erased", "duplicate"})


def current(batch: Iterable[Sighting]) -> list[Sighting]:
    """Return the latest record of each article of today, in the order of the batch: a live blog
    with thirty revisions is one article."""
    latest = {one.article_id: one for one in batch if one.change not in _NO_PAGE}
    return [one for one in latest.values() if not _is_old(one)]


def _is_old(one: Sighting) -> bool:
    if one.published_at is None or one.fetched_at is None:
        return False
    return one.fetched_at - one.published_at > CURRENT


def title_crowd(articles: Sequence[Sighting]) -> tuple[int, str]:
    """Return how many articles have the title that most have, and it; ``(0, "")`` for none."""
    titles = Counter(" ".join(one.title.casefold().split()) for one in articles if one.title)
    (title, count), *_ = titles.most_common(1) or [("", 0)]
    return count, title


@dataclass(frozen=True, slots=True)
class Figures:
    """Of some articles."""

    articles: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)
    """How many have each of `WATCHED`."""
    chars: float | None = None
    """Median of the characters of a text, paywalled ones left out; None where there are none."""
    share: float | None = None
    """Median of the share of a page's bytes that is text, from 0 to 1; None likewise."""
    same_title: float = 0.0
    """The largest share of a batch that had one title, from 0 to 1."""

    @classmethod
    def of(cls, batch: Iterable[Sighting]) -> Self:
        """Count a batch."""
        counted = Counted()
        counted.add(batch)
        return cls(**counted.values())

    @classmethod
    def from_json(cls, values: Any) -> Self | None:
        """Read what a report tells; None where it tells nothing, or not as it should."""
        try:
            fields = {str(name): int(count) for name, count in values["fields"].items()}
            chars, share = values["chars"], values["share"]
            return cls(
                articles=int(values["articles"]),
                fields=fields,
                chars=None if chars is None else float(chars),
                share=None if share is None else float(share),
                same_title=float(values["same_title"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def to_json(self) -> dict[str, Any]:
        """Return them for a report."""
        return {
            "articles": self.articles,
            "fields": dict(self.fields),
            "chars": self.chars,
            "share": None if self.share is None else round(self.share, 5),
            "same_title": round(self.same_title, 4),
        }


@dataclass(slots=True)
class Counted:
    """Takes in batches, one by one: some bytes an article."""

    _articles: int = 0
    _fields: Counter[str] = field(default_factory=Counter)
    _chars: array[int] = field(default_factory=lambda: array("Q"))
    _shares: array[float] = field(default_factory=lambda: array("d"))
    _same_title: float = 0.0

    def add(self, batch: Iterable[Sighting]) -> None:
        """Take a batch in."""
        articles = current(batch)
        if not articles:
            return
        self._articles += len(articles)
        self._fields.update(name for one in articles for name in one.fields)
        for one in articles:
            if not one.paywalled:
                self._chars.append(one.chars)
                if one.page_bytes:
                    self._shares.append(min(1.0, one.chars / one.page_bytes))
        if len(articles) > 1:
            self._same_title = max(self._same_title, title_crowd(articles)[0] / len(articles))

    def values(self) -> dict[str, Any]:
        """Return the fields of `Figures`."""
        return {
            "articles": self._articles,
            "fields": {name: self._fields[name] for name in WATCHED},
            "chars": median(self._chars) if self._chars else None,
            "share": median(self._shares) if self._shares else None,
            "same_title": self._same_title,
        }

    def figures(self) -> Figures:
        """Return what was counted so far."""
        return Figures(**self.values())
