"""Holders: which runs stand in an element, and what most of a page's text has around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lxml.html import HtmlElement

from nordcrawl.extract.page.text_runs import TextRun

#: A longer line, and one with less of it in links, may be text.
TEXT_LENGTH = 12
LINKED = 0.5


def under(runs: Sequence[TextRun], wanted: set[HtmlElement]) -> dict[HtmlElement, list[int]]:
    """Return for each wanted element the indices of the runs in it."""
    found: dict[HtmlElement, list[int]] = {}
    if not wanted:
        return found
    for index, run in enumerate(runs):
        for element in wanted.intersection((run.element, *run.element.iterancestors())):
            found.setdefault(element, []).append(index)
    return found


def wide_marks(runs: Sequence[TextRun]) -> frozenset[str]:
    """Return the marks that most of a page's longer text has: they tell of what is around it."""
    weights: Counter[str] = Counter()
    total = 0
    for run in runs:
        if run.words >= TEXT_LENGTH and run.link_share < LINKED:
            total += run.words
            for mark in run.marks:
                weights[mark] += run.words
    return frozenset(mark for mark, weight in weights.items() if 2 * weight > total)
