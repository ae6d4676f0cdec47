"""Find who signs a text: a line of names right below or above it, and nothing else.

For articles whose page names no person elsewhere. Does not look at data, head or bylines, and does
not take the line out of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.fields.names import is_agency, is_desk, split, tidy
from nordcrawl.extract.lexicon.phrases import BYLINE, CREDIT_LABEL
from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page.near_headline import line_of, names_of
from nordcrawl.extract.page.text_runs import TextRun

_LINE_CHARS = 80
#: Lines looked at behind the last paragraph.
_LINES = 3
#: A paragraph has so many words.
_WORDS = 12
_MOST = 3
_PARTICLE = one_of(*words("names", "particles"))
_WORD = r"[^\W\d_a-zà-öø-ÿ][\w.'’-]*"
#: A person's name: two words to four, in capitals, perhaps with particles between them.
_PERSON = re.compile(rf"{_WORD}(?:\s+(?:{_PARTICLE}\s+)*{_WORD}){{1,3}}")
#: What a line opens with that is set apart.
_OPENING = ("(", "[", "– ", "— ", "- ", "/")
_MARKED = ("b", "strong", "em", "i")
_MOSTLY = 0.9
_TO_THE_RIGHT = re.compile(r"(?:(?:has-)?text-(?:align-)?|align-?)right", re.IGNORECASE)
_STYLED_RIGHT = re.compile(r"text-align:\s*(?:right|end)\b", re.IGNORECASE)
#: A name in brackets behind the last sentence, and the signs that end a report of some papers.
#: Behind a quotation stands who said it.
_AT_END = re.compile(r"[.!?…]\s*[(\[]([^()\[\]]{5,60})[)\]][\s+*–—-]*$")
_EDGES = " \t()[]/|–—-+*•·.,"
#: A signature is no link, list or box, and nobody's words are printed right above it.
_PLAIN = frozenset(("p", "div", "em", "strong", "b", "i", "span", "address"))
_SPOKEN = ("“", "”", '"', "„", "«", "»", "‘", "'", "–", "—", "―", "- ")
_NOT = frozenset(
    ("caption", "figure", "credit", "quote", "list", "table", "heading", "related", "nav", "footer",
     "comments", "factbox", "aside", "gallery", "tags", "share")
)  # fmt: skip
_OTHERS = re.compile(r"related|comment|kommentar|tags?\b|share|footer|nav|teaser", re.IGNORECASE)


def of(runs: Sequence[TextRun]) -> tuple[str, ...]:
    """Return the names that the text of an article is signed with, by its runs; else none.

    Such a line is set apart from the text: in bold or italics, in brackets, behind a dash or a word
    for who wrote.
    """
    texts = [run for run in runs if not _NOT & run.marks]
    at = [number for number, run in enumerate(texts) if run.words >= _WORDS]
    if not at:
        return ()
    above = [_of_run(run) for run in texts[: at[0]]] or list(_beside(texts[0].element, above=True))
    below = [_of_run(run) for run in texts[at[-1] + 1 :]]
    if len(below) <= _LINES:  # more are a list, a poem, who was there
        below.extend(_beside(texts[-1].element, above=False))
        if not texts[at[-1]].text.startswith(_SPOKEN):
            for line in below[:_LINES]:
                if names := _names(line):
                    return names
    if (end := _AT_END.search(texts[at[-1]].text)) and (names := _names(_Line(end[1], True))):
        return names
    return next((names for line in above[-1:] if (names := _names(line))), ())


def _is_to_the_right(element: HtmlElement) -> bool:
    """Return whether a line stands at the right edge, as signatures do."""
    classes = (element.get("class") or "").split()
    return (
        (element.get("align") or "").casefold() == "right"
        or any(map(_TO_THE_RIGHT.fullmatch, classes))
        or _STYLED_RIGHT.search(element.get("style") or "") is not None
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A line at an edge of the text."""

    text: str
    is_set_apart: bool
    """Whether all of it is in bold or italics, or it stands at the right edge."""


def _of_run(run: TextRun) -> _Line:
    is_marked = run.strong >= _MOSTLY * len(run.text) or _is_to_the_right(run.element)
    return _Line(run.text, is_marked and not run.linked)


def _beside(element: HtmlElement, *, above: bool) -> Iterator[_Line]:
    """Yield the short lines that stand right beside an element, the nearest first."""
    for beside in islice(element.itersiblings(preceding=above), _LINES):
        if not isinstance(beside.tag, str):
            continue
        line = line_of(beside, _LINE_CHARS)
        if line is None or beside.tag not in _PLAIN or _OTHERS.search(names_of(beside)):
            return
        if next(beside.iter("a"), None) is not None:
            return
        if line:
            marked = (e for e in beside.iter(*_MARKED) if line_of(e, _LINE_CHARS) == line)
            is_marked = next(marked, None) is not None or _is_to_the_right(beside)
            yield _Line(line, is_marked)


def _names(line: _Line) -> tuple[str, ...]:
    """Return the names in a line of persons' names alone, perhaps behind a word for who wrote."""
    text = line.text
    if len(text) > _LINE_CHARS or CREDIT_LABEL.match(text):
        return ()
    is_set_apart = line.is_set_apart or text.startswith(_OPENING) or BYLINE.match(text) is not None
    if not is_set_apart:
        return ()
    told = split(text.strip(_EDGES))
    if not 0 < len(told) <= _MOST:
        return ()
    bare = [name.strip(_EDGES) for name in told]
    if not all(_PERSON.fullmatch(name) for name in bare):
        return ()
    names = tidy(bare)
    if any(is_desk(name) or is_agency(name) for name in names):
        return ()
    return names
