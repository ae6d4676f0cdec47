"""Find the bylines that a page prints: lines that begin with "by", and elements made for names.

For pages whose head and data name no author. Does not read running text, and does not know
whether a name is a person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page.near_headline import headline, is_foreign, line_of, names_of
from nordcrawl.extract.page.text import clean_line

_LINE_CHARS = 120
#: Lines looked at; the most of 845 measured pages has 301.
_MOST = 500
_SIGNED, _WRITTEN, _BY_WHOM, _AUTHORS = (
    words("bylines", name) for name in ("signed", "written", "by", "authors")
)
_BY = re.compile(
    rf"\W*(?:(?:{one_of(*words('bylines', 'articles'))} )?{one_of(*_SIGNED)} )?"
    rf"(?:{one_of(*_WRITTEN)} {one_of(*_BY_WHOM, *words('bylines', 'by_whom'))}|"
    rf"{one_of(*_BY_WHOM, *_AUTHORS)})(?:\s*[:：]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
#: The first words of those, to tell most lines off cheaply.
_FIRST = frozenset((*words("bylines", "articles"), *_SIGNED, *_WRITTEN, *_BY_WHOM, *_AUTHORS))
#: What a bare name is followed by on its line: a date, a place, a role, a way to write to them.
_END = re.compile(
    r"\s*(?:[|•·(;/@<\n]|[-–—]\s|\s[-–—]|,?\s\d|,\s*(?=\d)|"
    rf"\b{one_of(*words('bylines', 'ends'))}\b)"
)
_PARTICLE = one_of(*words("names", "particles"))
_NAME = rf"[^\W\d_a-zà-öø-ÿ][\w.'’-]*(?:\s+(?:{_PARTICLE}\s+)*[^\W\d_a-zà-öø-ÿ][\w.'’-]*){{0,4}}"
#: A single word behind a full name is where they wrote.
_PLACE = re.compile(r"(?<=\w\s)([^\s,]+),\s*[^\s,]+$")
_NAMES = re.compile(
    rf"(?:{_PARTICLE}\s+)?(?:Dr\.\s+|Prof\.\s+)*{_NAME}(?:\s*(?:,|&|\bund\b|\band\b|\bog\b|\boch\b|\bet\b|\by\b|\be\b)"
    rf"\s*{_NAME})*$"
)
#: Words that stand where a name would, in forms and boxes.
_NO_NAMES = frozenset(words("bylines", "no_names"))
_CLASS = re.compile(
    r"author|autor|byline|writer|redakteur|journalist|skribent|forfatter|författare|kirjoittaja|"
    r"signature|firma-|posted-?by|post-?meta|entry-?meta|meta-?info|submitted|username",
    re.IGNORECASE,
)
_MARKED = re.compile(
    r"author|autor|byline|writer|redakteur|skribent|forfatter|författare|kirjoittaja|username",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Byline:
    """A line that names authors."""

    names: str
    place: int
    """Its number among the page's elements, counted from the headline."""
    is_marked: bool
    says_by: bool


def printed(root: HtmlElement, titles: Iterable[str]) -> str | None:
    """Return the names of the byline that is the article's, as they are printed, if any is.

    Measured on 88 pages that name their author nowhere else: right on 23, where trafilatura's
    own search is right on 18 and takes words of forms for names on more.
    """
    found = list(_bylines(root, titles))
    best = min(found, key=_rank, default=None)
    return best.names if best else None


def _rank(byline: Byline) -> tuple[int, int]:
    """Return what to order bylines by: said and marked, then said, then marked; then the nearest.

    What stands above the headline is as far off as twice the distance below it.
    """
    kind = 0 if byline.is_marked and byline.says_by else 1 if byline.says_by else 2
    return kind, byline.place if byline.place > 0 else -2 * byline.place


def _bylines(root: HtmlElement, titles: Iterable[str]) -> Iterator[Byline]:
    heading = headline(list(root.iter("h1")), titles)
    above = set() if heading is None else set(heading.iterancestors())
    body = root.find("body")
    start = 0
    found: list[tuple[int, HtmlElement, str]] = []
    for number, element in enumerate((root if body is None else body).iter(etree.Element)):
        if element is heading:
            start = number
        elif (text := element.text) and (_may_open(text) or _is_marked(element)):
            found.append((number, element, text))
        text, parent = element.tail, element.getparent()
        if text and _may_open(text) and parent is not None:
            found.append((number, parent, text))
    for number, holder, text in found[:_MOST]:
        byline = _read(text, holder, number - start)
        if byline is not None and not is_foreign(holder, above, _CLASS):
            yield byline


def _may_open(text: str) -> bool:
    """Return whether a text is short and begins with a word that a byline can begin with."""
    if len(text) > 2 * _LINE_CHARS:
        return False
    first = text[:80].split(None, 2)[:2]
    return any(word.strip("|(:").lower() in _FIRST for word in first)


def _is_marked(element: HtmlElement) -> bool:
    """Return whether an element, or the one around it, is made for names."""
    parent = element.getparent()
    return any(
        _names_authors(names_of(e)) or "author" in (e.get("rel") or "")
        for e in ((element,) if parent is None else (element, parent))
    )


@lru_cache(maxsize=4096)
def _names_authors(names: str) -> bool:
    return bool(_MARKED.search(names))


def _read(text: str, holder: HtmlElement, number: int) -> Byline | None:
    line = line_of(holder, _LINE_CHARS) or clean_line(text)
    if len(line) > _LINE_CHARS:
        return None
    said = _BY.match(line)
    is_marked = _is_marked(holder)
    if said is None and not is_marked:
        return None
    names = _END.split(line[said.end() if said else 0 :], maxsplit=1)[0].strip(" ,.:")
    names = _PLACE.sub(r"\1", names)
    folded = names.casefold()
    if not _NAMES.match(names) or folded in _NO_NAMES or folded in _FIRST:
        return None
    if not is_marked and " " not in names:
        return None
    return Byline(names, number, is_marked, said is not None)
