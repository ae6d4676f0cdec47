"""Titles of parts that a reader unfolds: the short line beside each part of the text, which works
as a button.

Does not know what is hidden, nor whether the parts are the article's: their text was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lxml.html import HtmlElement

from nordcrawl.extract.page.marks import words_of
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.tree import is_shorter

_WORDS, _LETTERS = 15, 2
_FEWEST = 2
#: A part says more than its title.
_PART_WORDS = 8
#: What a button and its part say of themselves.
_ATTRIBUTES = ("aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle")
_NAMES = frozenset(
    ("accordion", "collapse", "collapsible", "expandable", "faq", "foldable", "question", "spoiler",
     "toggle")
)  # fmt: skip
_WORKING = frozenset(("button", "toggle", "nav", "form", "lead"))
#: Elements between a title and its part that say nothing.
_SILENT = frozenset(("input", "svg", "i", "img", "hr", "br"))


def titled(runs: Sequence[TextRun], indices: Sequence[int]) -> tuple[list[TextRun], list[int]]:
    """Return the runs with the titles of chosen parts marked as headings, and their indices among
    the chosen.

    A title is a button, or is named for what it does; one alone is none.
    """
    chosen = set(indices)
    titles = [
        index - 1
        for index in indices
        if index > 0
        and index - 1 not in chosen
        and runs[index].words >= _PART_WORDS
        and (pair := _pair(runs[index - 1], runs[index])) is not None
        and _works(*pair)
    ]
    if len(titles) < _FEWEST:
        return list(runs), sorted(chosen)
    out = list(runs)
    for at in titles:
        run = out[at]
        near = (run.near - _WORKING) | {"heading"}
        out[at] = replace(run, near=near, marks=(run.marks - _WORKING) | {"heading"}, linked=0)
    return out, sorted(chosen.union(titles))


def _pair(title: TextRun, part: TextRun) -> tuple[HtmlElement, HtmlElement] | None:
    """Return the elements of a title and of the part beside it, None where they are no such."""
    if title.words > _WORDS or len(title.key) < _LETTERS:
        return None
    if any(not link.startswith(("#", "javascript:")) for link in title.links):
        return None
    own = title.element
    while (above := own.getparent()) is not None and is_shorter(above, len(title.text) + 20):
        own = above
    beside = own.getnext()
    while beside is not None and (beside.tag in _SILENT or not isinstance(beside.tag, str)):
        beside = beside.getnext()
    if beside is None:
        return None
    within = part.element is beside or beside in part.element.iterancestors()
    return (own, beside) if within else None


def _works(title: HtmlElement, part: HtmlElement) -> bool:
    """Return whether a title unfolds the part beside it."""
    for element in title.iter():
        if isinstance(element.tag, str) and (
            element.tag == "button"
            or element.get("role") in ("button", "tab")
            or any(element.get(name) is not None for name in _ATTRIBUTES)
        ):
            return True
    around = (title, part, title.getparent())
    return any(
        not _NAMES.isdisjoint(words_of(element.get("class") or ""))
        for element in around
        if element is not None
    )
