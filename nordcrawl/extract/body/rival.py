"""Judge between a choice of text and the engine's own answer, where that has far more.

Looks at what only the other one has: sentences, links, headings, how many articles it is spread
over, and whether the page's headline speaks of it. Takes no line out by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lxml.html import HtmlElement

from nordcrawl.extract.body import judge
from nordcrawl.extract.body.signs import PageHints
from nordcrawl.extract.page.text import LINE_ENDS, content
from nordcrawl.extract.page.text_runs import TextRun

#: An answer stands against a choice that has less than this part of its words.
LESS = 0.5
#: It has to have so many words, at most this part of its letters in links, and not to be made of
#: so many articles of which none has most of it.
WORDS = 100
_LINKED = 0.3
_TEASERS = 4
_LEADING = 0.8
#: Most of what it has more has to be lines of so many words that end as sentences.
_SAID = 8
_MOST_SAID = 0.6
#: A heading or caption of so many words says what a paragraph says.
_LINE_WORDS = 8
#: So many words of a title or description in a text are no chance.
TOLD = 2
_PICTURE = frozenset(("caption", "figure", "credit"))
_HEADING = frozenset(("heading",))


def stands(other: Sequence[TextRun], found: Sequence[TextRun]) -> bool:
    """Return whether the engine's answer stands against a choice of far fewer words.

    It does where what it has more reads as an article: of sentences, few links, no comments, and
    not one teaser after the other.
    """
    known = {(run.element, run.key) for run in found}
    words = sum(run.words for run in found if not judge.is_caption(run))
    text = [run for run in other if not judge.is_caption(run)]
    total = sum(run.words for run in text)
    if total < WORDS or words >= LESS * total:
        return False
    more = [run for run in text if (run.element, run.key) not in known]
    added = sum(run.words for run in more)
    said = [run for run in more if run.words >= _SAID and run.text[-1:] in LINE_ENDS]
    letters = sum(len(run.text) for run in more)
    return (
        sum(run.words for run in said) >= _MOST_SAID * added
        and sum(run.linked for run in more) <= _LINKED * letters
        and not any("heading" in run.near for run in said[: len(said) // 2 + 1])
        and not is_spread(said)
    )


def is_spread(runs: Sequence[TextRun]) -> bool:
    """Return whether lines stand in several articles of which none has most of them, or under
    headlines that lead elsewhere."""
    held = Counter(_article_of(run) for run in runs)
    leading = sum("heading" in run.near and run.link_share > _LEADING for run in runs)
    if leading >= _TEASERS:
        return True
    return len(held) >= _TEASERS and max(held.values()) <= sum(held.values()) / 2


def is_told_of(count: int, clues: PageHints) -> bool:
    """Return whether so many words, as `told_of` counts them, are enough to be no chance; of a page
    that is told of in a single word, that one is."""
    return count >= (min(TOLD, len(clues.subject)) or TOLD)


def told_of(runs: Sequence[TextRun], clues: PageHints) -> int:
    """Return how many content words of a text stand in a title or description of the page.

    A box for leave to store data, and the terms of a site, are sentences too.
    """
    told = frozenset().union(*map(content, clues.descriptions))
    words = frozenset().union(*(content(run.text) for run in runs))
    return sum(word in told or any(word in title for title in clues.titles) for word in words)


def unmarked(runs: Sequence[TextRun], indices: Sequence[int]) -> list[TextRun]:
    """Return the runs, those of most of the chosen words no captions or headings.

    Templates call a whole article's text after its picture, and authors set theirs in headings.
    """
    total = sum(runs[i].words for i in indices)
    out = list(runs)
    told = [i for i in indices if is_picture_text(runs[i])]
    if sum(runs[i].words for i in told) > LESS * total:
        out = [
            _without(run, _PICTURE)
            if run.element.tag != "figcaption" and _PICTURE & run.marks
            else run
            for run in out
        ]
    set_in = [i for i in indices if "heading" in out[i].near and out[i].words >= _LINE_WORDS]
    if sum(out[i].words for i in set_in) > LESS * total:
        for i in set_in:
            out[i] = _without(out[i], _HEADING)
    return out


def is_picture_text(run: TextRun) -> bool:
    """Return whether a run is a caption or credit, by its marks."""
    marks = run.marks
    return bool(_PICTURE & marks) and not (
        {"quote", "table", "list"} & marks and "caption" not in marks and "credit" not in marks
    )


def _without(run: TextRun, marks: frozenset[str]) -> TextRun:
    groups = tuple(pair for pair in run.groups if pair[0] not in marks)
    return replace(run, marks=run.marks - marks, near=run.near - marks, groups=groups)


def _article_of(run: TextRun) -> HtmlElement | None:
    return next(
        (e for e in (run.element, *run.element.iterancestors()) if e.tag == "article"), None
    )
