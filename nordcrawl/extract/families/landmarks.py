"""What the families of content systems have in common: anchors on a page.

A family only tells which element is this page's article and what stands around its headline and
under its text. The text itself is chosen by the generic path, within that element. Does not know
any system's class names: those are in `nordcrawl.extract.families.drupal` and
`nordcrawl.extract.families.wordpress`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile

from lxml.html import HtmlElement

from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.page.text import clean_line
from nordcrawl.extract.page.text_runs import Cut, TextRun
from nordcrawl.extract.page.tree import select, text_of

#: A run with so many words and this share of them at most in links may be text.
_TEXT_WORDS = 8
_TEXT_LINKED = 0.5
#: An article's element is believed where it has this share of the chosen text, or else of what
#: may be text on the page.
_SHARE = 0.5
#: The same for one of several articles on a page.
_PART = 0.2
#: What may stand above an article's element and is of the article.
_ABOVE = frozenset(["figure", "caption"])
#: Selectors of a tag, an id and a class.
_ALONE = tuple(re.compile(rf"{sign}([\w-]+)") for sign in ("", "#", r"\."))
#: Where text is not counted.
_ELSEWHERE = frozenset(["comments", "nav", "footer", "form", "related", "newsletter", "ad"])


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Where a page's article stands, and what its system prints of it."""

    name: str
    given: Given
    article: HtmlElement | None
    """The element around headline and text, None where it is not sure which one that is."""
    furniture: tuple[HtmlElement, ...] = ()
    """Elements in it that the system or its common plugins print, and the author did not write."""


def own(
    article: HtmlElement, selectors: Iterable[str], others: Set[HtmlElement]
) -> list[HtmlElement]:
    """Return what the first selector that matches anything finds of this article itself.

    What is or stands in an element of `others` belongs to a comment, widget or teaser.
    """
    for selector in selectors:
        found = [
            element
            for element in select(article, (selector,))
            if element not in others and others.isdisjoint(_between(element, article))
        ]
        if found:
            return found
    return []


def _between(element: HtmlElement, article: HtmlElement) -> Iterator[HtmlElement]:
    for above in element.iterancestors():
        if above is article:
            return
        yield above


def all_of(article: HtmlElement, selector: str) -> frozenset[HtmlElement]:
    """Return what a selector finds in an article, without itself.

    In one walk for all of its alternatives that are no more than a tag, an id or a class.
    """
    tags, ids, classes, others = _alternatives(selector)
    found = set(select(article, others))
    for element in article.iterdescendants():
        names = element.get("class")
        if (
            element.tag in tags
            or (names and not classes.isdisjoint(names.split()))
            or element.get("id") in ids
        ):
            found.add(element)
    return frozenset(found - {article})


@lru_cache(maxsize=16)
def _alternatives(
    selector: str,
) -> tuple[frozenset[str], frozenset[str], frozenset[str], tuple[str, ...]]:
    """Return the tags, ids and classes that a selector asks for alone, and the rest of it."""
    parts = [part.strip() for part in selector.split(",")]
    kinds = [[found[1] for part in parts if (found := kind.fullmatch(part))] for kind in _ALONE]
    tags, ids, classes = map(frozenset, kinds)
    rest = ", ".join(p for p in parts if not any(kind.fullmatch(p) for kind in _ALONE))
    return tags, ids, classes, (rest,) if rest else ()


def texts(elements: Sequence[HtmlElement], most: int) -> tuple[str, ...]:
    """Return the lines that elements print, each once, those left out that are too long."""
    found = (clean_line(text_of(element)) for element in elements)
    return tuple(dict.fromkeys(text for text in found if 0 < len(text) <= most))


def around(one: HtmlElement, other: HtmlElement) -> HtmlElement | None:
    """Return the smallest element that holds both, None where that is the whole page."""
    above = {one, *one.iterancestors()}
    for element in (other, *other.iterancestors()):
        if element in above:
            return None if element.tag in ("body", "html") else element
    return None


def kept_to(article: HtmlElement, choice: Choice) -> Choice | None:
    """Return a choice of text without what stands behind the article's element, or before it.

    None when most of it stands elsewhere: then the choice is another article's. Standfirst and
    captions may stand above the element.
    """
    own_runs = [i for i, run in enumerate(choice.runs) if _is_in(run, article)]
    words = sum(choice.runs[i].words for i in own_runs)
    if not own_runs or words < _SHARE * sum(run.words for run in choice.runs):
        return None
    kept: list[TextRun] = []
    dropped = list(choice.dropped)
    for index, run in enumerate(choice.runs):
        if own_runs[0] <= index <= own_runs[-1] or (
            index < own_runs[0] and (id(run) in choice.summaries or _ABOVE & run.marks)
        ):
            kept.append(run)
        else:
            dropped.append((run, "outside the article"))
    return replace(choice, runs=tuple(kept), dropped=tuple(dropped))


def picture_first(choice: Choice) -> Choice:
    """Return a choice of text with captions that stand below the standfirst above it.

    The picture that opens an article stands above the standfirst in one template of a site and
    below it in the next: the same article has its blocks in the same order from both.
    """
    opening = list(takewhile(lambda run: _opens(run, choice), choice.runs))
    captions = [run for run in opening if id(run) not in choice.summaries]
    lead = [run for run in opening if id(run) in choice.summaries]
    return replace(choice, runs=(*captions, *lead, *choice.runs[len(opening) :]))


def _opens(run: TextRun, choice: Choice) -> bool:
    return id(run) in choice.summaries or (
        bool(_ABOVE & run.marks) and not {"quote", "table", "list"} & run.marks
    )


def within(article: HtmlElement, page: Cut) -> list[TextRun] | None:
    """Return the page's runs in the article, None where too much of its text stands elsewhere."""
    inside = [run for run in page.runs if _is_in(run, article)]
    here = sum(run.words for run in inside if _may_be_text(run))
    all_of_it = sum(run.words for run in page.runs if _may_be_text(run))
    return inside if here and here >= _SHARE * all_of_it else None


def is_much(choice: Choice, page: Cut) -> bool:
    """Return whether a choice of text is more than a box or teaser of the page.

    A page may hold several whole articles, so that one is far less than all of its text.
    """
    words = sum(run.words for run in choice.runs)
    return words >= _PART * sum(run.words for run in page.runs if _may_be_text(run))


def _is_in(run: TextRun, article: HtmlElement) -> bool:
    return run.element is article or article in run.element.iterancestors()


def _may_be_text(run: TextRun) -> bool:
    return run.words >= _TEXT_WORDS and run.link_share < _TEXT_LINKED and not _ELSEWHERE & run.marks
