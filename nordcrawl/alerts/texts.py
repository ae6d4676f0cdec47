"""Conditions that the archived articles tell: fields that are missing, text that is none. Pure.

The articles that came last are held against those of the runs before, in batches: a run of two
articles says nothing by itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median
from typing import Any, Final

from nordcrawl.alerts.condition import (
    AlertLimits,
    Answer,
    History,
    Quiet,
    Seen,
    alert,
    percent,
)
from nordcrawl.model.printable import counted
from nordcrawl.reading.runs import PastRun
from nordcrawl.report.overview.values import FIELDS, Covered

#: Articles of a batch at least, and of the last one at most.
BATCH: Final = 10
_MOST: Final = 200
#: Batches before it that there must be.
LEAST_BATCHES: Final = 3
#: How likely a fall may be as mere chance, were the share as before: a year of hourly runs has some
#: hundred thousand looks at a field.
_CHANCE: Final = 1e-5
#: A line is boilerplate where so large a share of the last articles has it, and no more than so
#: small a one of those before.
_IN_MOST: Final = 0.5
_IN_FEW: Final = 0.1
#: A share of pages with one and the same text that is none by chance.
_SAME_TEXT: Final = 0.1
#: Runs before, with which one text on many pages is compared.
_RUNS: Final = 30


def field_coverage(history: History, limits: AlertLimits) -> Answer:
    """Say that a field is missing in more of the last articles than in any batch before."""
    now, before = batches(history.articles)
    if len(now) < BATCH or len(before) < LEAST_BATCHES:
        return Quiet.UNTOLD
    low = [told for field in FIELDS if (told := _low(field, now, before, limits))]
    if not low:
        return Quiet.NO
    text = (
        f"of the last {len(now)} articles {'; '.join(low)} (as {counted(len(before), 'batch')} of "
        "articles before them have it)"
    ).replace("batchs", "batches")
    return alert("field_coverage", history, text)


def _low(
    field: str, now: Sequence[Seen], before: Sequence[Sequence[Seen]], limits: AlertLimits
) -> str | None:
    shares = [_having(field, batch) / len(batch) for batch in before]
    have = _having(field, now)
    covered = Covered(field, have / len(now), median(shares), min(shares))
    if not covered.is_below(limits.coverage_drop):
        return None
    articles = sum(map(len, before))
    usual = (sum(_having(field, batch) for batch in before) + 1) / (articles + 2)
    if _at_most(have, len(now), usual) > _CHANCE:
        return None
    return (
        f"{percent(have / len(now))} have {field}, usually {percent(median(shares))} and "
        f"never fewer than {percent(min(shares))}"
    )


def boilerplate(history: History, limits: AlertLimits) -> Answer:
    """Say that texts are no articles' any more: one text on many pages, a line that suddenly stands
    in most of them, or another share of the pages than before."""
    found = [_same_text(history.plain())]
    now, before = batches(history.articles)
    if len(now) >= BATCH and len(before) >= LEAST_BATCHES:
        found += [_new_line(now, before), _share(now, before, limits)]
    told = [text for text in found if isinstance(text, str)]
    if told:
        return alert("boilerplate", history, "; ".join(told))
    # What was wrong may be known by one of these alone.
    return Quiet.NO if len(found) > 1 else Quiet.UNTOLD


def _same_text(runs: Sequence[PastRun]) -> str | None:
    shares = [_crowd(run) for run in runs[: _RUNS + 1]]
    if not shares or shares[0] is None:
        return None
    (same, asked), before = shares[0], [s / of for s, of in filter(None, shares[1:])]
    if same / asked <= max(_SAME_TEXT, max(before, default=0)):
        return None
    return f"{same} of {asked} pages of the last run have one and the same text as others"


def _crowd(run: PastRun) -> tuple[int, int] | None:
    """Return how many pages of a run share a text with many others, and how many were asked."""
    kinds: list[dict[str, Any]] = [
        (run.told.get("asked") or {}).get(name) or {} for name in ("new", "known", "again")
    ]
    asked = sum(kind.get("asked", 0) for kind in kinds)
    return (sum(kind.get("same_text", 0) for kind in kinds), asked) if asked else None


def _new_line(now: Sequence[Seen], before: Sequence[Sequence[Seen]]) -> str | None:
    lines = Counter(line for one in now for line in one.lines)
    often = {line for line, count in lines.items() if count >= _IN_MOST * len(now)}
    earlier = Counter(line for batch in before for one in batch for line in one.lines & often)
    articles = sum(map(len, before))
    new = [line for line in often if earlier[line] <= _IN_FEW * articles]
    if not new:
        return None
    line = max(new, key=lambda one: (lines[one], one))
    more = f" (and {len(new) - 1} more)" if len(new) > 1 else ""
    return (
        f"{lines[line]} of the last {len(now)} articles have the line "
        f"“{line}”{more}, of the {articles} before them {earlier[line]}"
    )


def _share(
    now: Sequence[Seen], before: Sequence[Sequence[Seen]], limits: AlertLimits
) -> str | None:
    here, *rest = (
        [one.share for one in batch if one.share is not None] for batch in (now, *before)
    )
    medians = [median(batch) for batch in rest if len(batch) >= BATCH]
    if len(here) < BATCH or len(medians) < LEAST_BATCHES:
        return None
    share, usual = median(here), median(medians)
    if min(medians) <= share <= max(medians) or abs(share - usual) <= limits.text_change * usual:
        return None
    return (
        f"{percent(share)} of a page is text (median of {len(here)} articles), usually "
        f"{percent(usual)}, and always between {percent(min(medians))} and {percent(max(medians))}"
    )


def batches(articles: Sequence[Seen]) -> tuple[list[Seen], list[list[Seen]]]:
    """Return the articles that came last, and those before them in batches, whole runs each; the
    last ones may be fewer than a batch, others are not."""
    runs = [list(run) for _, run in groupby(articles, key=lambda one: one.run_id)]
    found: list[list[Seen]] = []
    batch: list[Seen] = []
    for run in reversed(runs):
        batch = [*run, *batch]
        if len(batch) >= BATCH:
            found.append(batch)
            batch = []
    if not found:
        return batch, []
    return found[0][-_MOST:], found[1:]


def _having(field: str, articles: Iterable[Seen]) -> int:
    return sum(field in one.fields for one in articles)


def _at_most(hits: int, of: int, chance: float) -> float:
    """Return how likely it is that no more than `hits` of `of` have what each has with a `chance`
    between 0 and 1, exclusive.

    >>> round(_at_most(0, 10, 0.5), 6), _at_most(10, 10, 0.5)
    (0.000977, 1.0)
    """
    return min(
        1.0,
        sum(math.comb(of, n) * chance**n * (1 - chance) ** (of - n) for n in range(hits + 1)),
    )
