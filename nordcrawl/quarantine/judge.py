"""Judge: what a batch has that its source never had before. Pure.

A batch held by mistake costs more than one that passes: an alert (`nordcrawl.alerts.texts`) finds
what passes a day later, with finer measures. So only a break is told that no chance and no
ordinary day of news makes, and nothing of a batch that is small, or of a source that is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nordcrawl.model.sighting import WATCHED, Sighting
from nordcrawl.quarantine.figures import Figures, current, title_crowd

#: A field that so large a share of the articles before had is one that every article has.
USUAL: Final = 0.95
#: Runs with few articles are put together until there are so many: a median of two says nothing.
GROUP: Final = 10


@dataclass(frozen=True, slots=True)
class QuarantineLimits:
    """When a batch is held; docs/operations.md, "Quarantine"."""

    on: bool = True
    pages: int = 20
    """Articles of a batch at least."""
    history: int = 100
    """Articles of the runs before at least."""
    coverage: float = 0.5
    """Share of a batch's articles with a field that all had, below which it is held, 0 to 1."""
    factor: float = 10.0
    """How many times shorter or longer, and how many times less of the page, the text may be."""
    same: float = 0.5
    """Share of a batch's pages that may have one text or title, 0 to 1."""


def enough(history: Sequence[Figures], limits: QuarantineLimits) -> str | None:
    """Return why a source can't be judged yet; None if it can."""
    articles = sum(one.articles for one in history)
    if articles < limits.history:
        return f"{articles} of {limits.history} articles of earlier runs"
    groups = len(grouped(history))
    return None if groups >= _GROUPS else f"{groups} of {_GROUPS} earlier batches"


#: Batches before at least.
_GROUPS: Final = 3


def breaks(
    batch: Sequence[Sighting], history: Sequence[Figures], limits: QuarantineLimits
) -> list[str]:
    """Return what breaks with the history, a sentence each; none if nothing does, or if it can't
    be said: the batch is small, or the history short. `history` is a run each, in their order."""
    if not limits.on or enough(history, limits) is not None:
        return []
    found = [_same_text(batch, limits)]
    articles = current(batch)
    if len(articles) >= limits.pages:
        now, before = Figures.of(articles), grouped(history)
        found += [_lost(name, now, before, limits) for name in WATCHED]
        found += [_length(now, before, limits), _share(now, before, limits)]
        found += [_same_title(articles, before, limits)]
    return [told for told in found if told]


def grouped(history: Sequence[Figures]) -> list[Figures]:
    """Put runs with few articles together, in their order; what is left over at the end counts
    with the group before."""
    groups: list[list[Figures]] = []
    group: list[Figures] = []
    for one in history:
        group.append(one)
        if sum(part.articles for part in group) >= GROUP:
            groups.append(group)
            group = []
    if group and groups:
        groups[-1] += group
    return [_joined(parts) for parts in groups]


def _joined(parts: Sequence[Figures]) -> Figures:
    return Figures(
        articles=sum(part.articles for part in parts),
        fields={name: sum(part.fields.get(name, 0) for part in parts) for name in WATCHED},
        chars=_weighted([(part.chars, part.articles) for part in parts]),
        share=_weighted([(part.share, part.articles) for part in parts]),
        same_title=max(part.same_title for part in parts),
    )


def _weighted(values: Sequence[tuple[float | None, int]]) -> float | None:
    """Return the weighted median of medians.

    >>> _weighted([(1.0, 1), (5.0, 9), (None, 3)]), _weighted([])
    (5.0, None)
    """
    told = sorted((value, weight) for value, weight in values if value is not None)
    half, so_far = sum(weight for _, weight in told) / 2, 0
    for value, weight in told:
        so_far += weight
        if so_far >= half:
            return value
    return None


def _lost(
    name: str, now: Figures, before: Sequence[Figures], limits: QuarantineLimits
) -> str | None:
    """Say that a field which nearly all had is missing in most, and never was in so many."""
    usual = sum(one.fields.get(name, 0) for one in before) / sum(one.articles for one in before)
    least = min(one.fields.get(name, 0) / one.articles for one in before)
    share = now.fields.get(name, 0) / now.articles
    if usual < USUAL or share >= min(limits.coverage, least):
        return None
    return (
        f"{now.fields.get(name, 0)} of {now.articles} articles have {name}, "
        f"of those before {usual:.0%} had"
    ).replace("%", " %")


def _length(now: Figures, before: Sequence[Figures], limits: QuarantineLimits) -> str | None:
    lengths = [one.chars for one in before if one.chars is not None]
    if now.chars is None or not lengths:
        return None
    if min(lengths) <= now.chars * limits.factor and now.chars <= max(lengths) * limits.factor:
        return None
    return (
        f"a text has {now.chars:.0f} characters (median of {now.articles}), those before had "
        f"{min(lengths):.0f} to {max(lengths):.0f}"
    )


def _share(now: Figures, before: Sequence[Figures], limits: QuarantineLimits) -> str | None:
    shares = [one.share for one in before if one.share is not None]
    if now.share is None or not shares or min(shares) <= now.share * limits.factor:
        return None
    return (
        f"{now.share:.2%} of a page is text (median of {now.articles}), of those before "
        f"{min(shares):.2%} at the least"
    ).replace("%", " %")


def _same_text(batch: Sequence[Sighting], limits: QuarantineLimits) -> str | None:
    """Say that most pages have one text though their addresses are many. A stub before a paywall
    stands for many stories and is none."""
    latest = {one.url: one for one in batch}
    texts = {one.article_id: one.text_sha256 for one in batch if one.text_sha256}
    stubs = {one.article_id for one in batch if one.paywalled}
    shown = (one for one in latest.values() if one.change != "removed")
    pages = [one for one in shown if one.article_id not in stubs]
    if len(pages) < limits.pages:
        return None
    crowds = Counter(text for one in pages if (text := texts.get(one.article_id)))
    (_, count), *_ = crowds.most_common(1) or [("", 0)]
    if count <= limits.same * len(pages):
        return None
    return f"{count} of {len(pages)} pages have one and the same text"


def _same_title(
    articles: Sequence[Sighting], before: Sequence[Figures], limits: QuarantineLimits
) -> str | None:
    count, title = title_crowd(articles)
    share = count / len(articles)
    if share <= max(limits.same, *(one.same_title for one in before)):
        return None
    return f"{count} of {len(articles)} articles have one and the same title, “{title[:80]}”"
