"""Tail: what closes a page and is no part of its text. Being last is one sign of it."""

from __future__ import annotations

from collections.abc import Sequence

from nordcrawl.extract.body.container import TextContainer
from nordcrawl.extract.body.judge import judge, units_of
from nordcrawl.extract.body.rules import Dropped, Signs
from nordcrawl.extract.body.signs import Around, PageHints
from nordcrawl.extract.page.text_runs import TextRun

_TAIL_UNITS = 6
_TAIL_SHARE = 0.3
_LAST = ("below", "place", 0.4)


def cut_tail(
    chosen: Sequence[TextRun],
    clues: PageHints,
    dropped: Dropped,
    home: TextContainer | None = None,
    signs: Signs | None = None,
) -> list[TextRun]:
    """Return the runs without what follows the article: bios, appeals, pointers, bare headings.

    Each last unit is judged as one that stands below the text, as long as units go.
    """
    units = units_of(chosen, Around(clues, chosen, home))
    total = sum(run.words for run in chosen)
    taken = 0
    for _ in range(_TAIL_UNITS):
        if len(units) < 2:
            break
        last = units[-1]
        is_none, found = judge(last, [_LAST], last=True)
        bare = all("heading" in run.near for run in last.runs) and last.kind != "quote"
        if not (bare or (last.kind != "caption" and is_none)):
            break
        if taken + last.words > _TAIL_SHARE * total:
            break
        taken += last.words
        units.pop()
        name = "bare heading" if bare else found[0][0]
        dropped.extend((run, name) for run in last.runs)
        if signs is not None:
            told = tuple((name, weight) for name, _, weight in found)
            signs.update((id(run), told) for run in last.runs)
    return [run for unit in units for run in unit.runs]
