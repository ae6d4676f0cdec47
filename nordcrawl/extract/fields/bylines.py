"""Find the bylines that a page prints: lines that begin with "by", elements made for names, links
to the page of an author or to write to them, lines of a date and a name.

For pages whose head and data name no author. Does not read running text, and does not know
whether a name is a person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.fields.names import is_agency
from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page import spoken
from nordcrawl.extract.page.near_headline import (
    headline,
    is_foreign,
    is_of_entry,
    line_of,
    names_of,
)
from nordcrawl.extract.page.text import clean_line, key
from nordcrawl.extract.page.tree import text_of

_LINE_CHARS = 120
#: Lines looked at; the most of 845 measured pages has 301.
_MOST = 500
_SIGNED, _WRITTEN, _BY_WHOM, _AUTHORS = (
    words("bylines", name) for name in ("signed", "written", "by", "authors")
)
_BY = re.compile(
    rf"\W*(?:(?:{one_of(*words('bylines', 'articles'))} )?{one_of(*_SIGNED)} )?"
    rf"(?:(?P<written>{one_of(*_WRITTEN)}) {one_of(*_BY_WHOM, *words('bylines', 'by_whom'))}|"
    rf"{one_of(*_BY_WHOM, *_AUTHORS)})(?:\s*[:：]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
_LABELS = one_of(*sorted(words("bylines", "writing"), key=len, reverse=True))
#: The same as a label: with a colon before a name, or in an element of its own.
_LABELLED = re.compile(rf"\W*{_LABELS}\s*[:：]\s*(?=\S)", re.IGNORECASE)
_LABEL = re.compile(
    rf"\W*(?:(?:{one_of(*_SIGNED)} )?(?:{one_of(*_WRITTEN)} )?"
    rf"{one_of(*_BY_WHOM, *words('bylines', 'by_whom'))}|{one_of(*_AUTHORS)}|{_LABELS})\W*",
    re.IGNORECASE,
)
_LABEL_CHARS = 30
#: A day between what was done and by whom, or before that.
_LATE = re.compile(
    rf"(?:(?:{one_of(*_WRITTEN)})\W.*\d\S*\s|.*\d{{4}}\s*(?:[|•·,–—-]\s*)?)"
    rf"{one_of(*_BY_WHOM)}\s+(?=\S)",
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
_MAIL = re.compile(r"\s*[(<]?[\w.+-]+@[\w.-]+\.\w+[)>]?.*$")
#: What stands behind a name and tells what they are, or what the line tells next.
_REST = re.compile(r",\s.*$")
#: A person's name alone: two words or more.
PERSON = re.compile(rf"(?:Dr\.\s+|Prof\.\s+)*{_NAME.replace('{0,4}', '{1,4}')}$")
#: A date and a name stand so many elements from the headline at most.
_NEAR = 12
#: A link to its author does so many behind it.
_FAR = 700
_DATED_HINT = 2
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
#: A date and a time at the beginning of a line, and what parts it from a name.
_DATED = re.compile(r"^.*\d\S*\s*(?:[ap]\.?m\b\.?)?\s*(?:uhr\b|kl\b)?[\s|,·•–—-]*", re.IGNORECASE)
_DATE_CHARS = 80
#: Elements behind which a line begins.
_BREAKS = frozenset(("br", "p", "div", "ul", "ol", "dl", "table", "h2", "h3", "h4", "h5", "h6"))
#: Parts of addresses of an author's page, and how one writes to them.
_PAGE = re.compile(
    rf"/{one_of(*words('author_addresses'))}/(?!(?:sign|log|regist|account|edit|new\b|pass))[^/?#]{{2}}"
    r"|[?&]author=|/@\w[\w.-]+/?(?:$|\?)",
    re.IGNORECASE,
)
#: Levels above a name in which others may stand beside it, and how long such a line is.
_ROW_LEVELS, _ROW_CHARS = 3, 200
_PICTURES = re.compile(rf"\W*{one_of(*words('bylines', 'pictures'))}(?!\w)", re.IGNORECASE)
#: Words that stand where a name would, in forms and boxes.
_NO_NAMES = frozenset(words("bylines", "no_names"))
_CLASS = re.compile(
    r"author|autor|byline|writer|redakteur|journalist|skribent|forfatter|författare|kirjoittaja|"
    r"signature|firma-|posted-?by|post-?meta|entry-?meta|meta-?info|submitted|username",
    re.IGNORECASE,
)
#: Names of boxes about who wrote the article.
BOX = re.compile(r"author|autor|byline|about|contributor|skribent|forfatter", re.IGNORECASE)
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
    holder: HtmlElement
    hint: int = 0
    """What tells that it may be a byline: 0 a word or name of a class, 1 where it leads to, 2 a
    date beside it."""


def printed(root: HtmlElement, titles: Iterable[str], site: Set[str] = frozenset()) -> str | None:
    """Return the names of the byline that is the article's, as they are printed, if any is; one of
    the `site` itself (keys) gives way to others.

    Measured on 88 pages that name their author nowhere else: right on 23, where trafilatura's
    own search is right on 18 and takes words of forms for names on more.
    """
    found = list(_bylines(root, titles))
    best = min((b for b in found if key(b.names) not in site), key=_rank, default=None)
    if best is None:
        best = min(found, key=_rank, default=None)
    if best is None:
        return None
    return "\n".join(dict.fromkeys((best.names, *_beside(best, found))))


def _beside(best: Byline, found: Iterable[Byline]) -> Iterator[str]:
    """Yield the names that are marked as a byline's is and stand in one line with it, but those of
    who took the pictures."""
    if not best.is_marked:
        return
    row = None
    for element in islice(best.holder.iterancestors(), _ROW_LEVELS):
        if element.tag == "body" or line_of(element, _ROW_CHARS) is None:
            break
        row = element
    if row is None:
        return
    inside = set(row.iterdescendants())
    for other in found:
        is_name = " " in other.names and other.is_marked
        if is_name and other.holder in inside and not _took_pictures(other, row):
            yield other.names


def _took_pictures(byline: Byline, row: HtmlElement) -> bool:
    """Return whether a name's line says behind or before it that its bearer took the pictures."""
    words_ = clean_line(" ".join(row.itertext()))
    before, _, behind = words_.partition(byline.names)
    return _PICTURES.match(behind) is not None or bool(
        re.search(rf"{_PICTURES.pattern}\W*$", before, re.IGNORECASE)
    )


def _rank(byline: Byline) -> tuple[int, int]:
    """Return what to order bylines by: said and marked, then said, then marked, then linked, then
    dated; then the nearest.

    What stands above the headline is as far off as twice the distance below it.
    """
    kind = 0 if byline.is_marked and byline.says_by else 1 if byline.says_by else 2
    return kind + byline.hint, byline.place if byline.place > 0 else -2 * byline.place


def _bylines(root: HtmlElement, titles: Iterable[str]) -> Iterator[Byline]:
    titles = [*titles]
    own_titles = {key(title) for title in titles} - {""}
    heading = headline(list(root.iter("h1")), titles)
    above = set() if heading is None else set(heading.iterancestors())
    body = root.find("body")
    start = 0
    found: list[_Line] = []
    made: dict[HtmlElement | None, bool] = {None: False}
    for number, element in enumerate((root if body is None else body).iter(etree.Element)):
        parent = element.getparent()
        made[element] = _is_made_for_names(element)
        if element is heading:
            start = number
        elif (text := element.text) and (
            made[element]
            or made.get(parent, False)
            or (parent is not None and made.get(parent.getparent(), False))
            or _may_open(text)
            or _leads_to_author(element)
        ):
            behind = spoken.behind(element, _LINE_CHARS) if _is_label(element) else ""
            found.append(_Line(number, element, text, behind))
        text = element.tail
        if text and _may_open(text) and parent is not None:
            found.append(_Line(number, parent, text, is_own=element.tag in _BREAKS))
    told = "" if heading is None else key(text_of(heading))
    for line in found[:_MOST]:
        holder = line.holder
        byline = _read(line, line.number - start)
        if byline is not None and byline.hint == _DATED_HINT and key(byline.names) in told:
            continue  # the place that the headline is about
        if byline is None or is_foreign(holder, above, _CLASS):
            continue
        if not is_of_entry(holder, above, own_titles, BOX):
            yield byline


@dataclass(frozen=True, slots=True)
class _Line:
    """What may name authors: a text, and where it stands."""

    number: int
    holder: HtmlElement
    text: str
    behind: str = ""
    """The line behind a text that is nothing but a label."""
    is_own: bool = False
    """Whether a line begins with the text."""


def _is_label(element: HtmlElement) -> bool:
    """Return whether an element says no more than that an author's name follows."""
    text = element.text or ""
    return (
        len(text) <= _LABEL_CHARS
        and _LABEL.fullmatch(text) is not None
        and clean_line(text) == line_of(element, _LABEL_CHARS)
    )


def _may_open(text: str) -> bool:
    """Return whether a text is short and begins with a word that a byline can begin with."""
    if len(text) > 2 * _LINE_CHARS:
        return False
    if text.lstrip()[:1].isdigit() and len(text) <= _DATE_CHARS:
        return _YEAR.search(text) is not None
    first = text[:80].split(None, 2)[:2]
    return any(word.strip("|(:").lower() in _FIRST for word in first)


def _is_marked(element: HtmlElement) -> bool:
    """Return whether an element, the one around it, or a row of names around that is made for
    names."""
    parent = element.getparent()
    if _is_made_for_names(element) or (parent is not None and _is_made_for_names(parent)):
        return True
    row = None if parent is None else parent.getparent()
    return row is not None and _is_made_for_names(row) and line_of(row, _ROW_CHARS) is not None


def _is_made_for_names(element: HtmlElement) -> bool:
    return _names_authors(names_of(element)) or "author" in (element.get("rel") or "")


def _leads_to_author(element: HtmlElement) -> bool:
    """Return whether an element, or the one around it, is a link to an author's page, or to write
    to a person, on a line of its own and not in running text."""
    for link in (element, element.getparent()):
        if link is not None and link.tag == "a":
            address, parent = link.get("href") or "", link.getparent()
            is_own = _PAGE.search(address) is not None
            if address.startswith("mailto:"):
                is_own = PERSON.match(clean_line(text_of(link))) is not None
            return is_own and (parent is None or line_of(parent, _LINE_CHARS) is not None)
    return False


@lru_cache(maxsize=4096)
def _names_authors(names: str) -> bool:
    return bool(_MARKED.search(names))


def _read(line: _Line, number: int) -> Byline | None:
    if line.behind:
        return _behind_label(line, number)
    whole = line_of(line.holder, _LINE_CHARS)
    if byline := _of_line(
        line.holder, whole or clean_line(line.text), number, is_whole=bool(whole)
    ):
        return byline
    if whole and line.is_own:
        return _of_line(line.holder, clean_line(line.text), number, is_whole=True)
    return None


def _behind_label(line: _Line, number: int) -> Byline | None:
    """Return the byline of a label that stands in an element of its own."""
    names = [_bare(_MAIL.sub("", name)) for name in line.behind.split("\n")]
    names = [name for name in names if " " in name and _NAMES.match(name)]
    if not names or any(name.casefold() in _NO_NAMES for name in names):
        return None
    return Byline("\n".join(names), number, _is_marked(line.holder), True, line.holder)


def _bare(names: str) -> str:
    """Return names without what ends them on their line."""
    return _PLACE.sub(r"\1", _END.split(names, maxsplit=1)[0].strip(" ,.:"))


def _said(line: str) -> re.Match[str] | None:
    """Return what a line says before it names who wrote."""
    return _BY.match(line) or _LABELLED.match(line) or _LATE.match(line)


def _of_line(holder: HtmlElement, line: str, number: int, *, is_whole: bool) -> Byline | None:
    if len(line) > _LINE_CHARS:
        return None
    said, rest = _said(line), line
    is_dated = False
    if said is None and _YEAR.search(line) and line[:1].isdigit():
        rest = _DATED.sub("", line)
        said, is_dated = _BY.match(rest), True
    is_linked = _leads_to_author(holder)
    is_marked = _is_marked(holder)
    if said is None and not (is_marked or is_linked or is_dated):
        return None
    rest = _MAIL.sub("", rest)[said.end() if said else 0 :]
    names = _bare(rest)
    if said and is_whole and not _NAMES.match(names):
        first = _REST.sub("", names)
        names = first if PERSON.match(first) else names
    folded = names.casefold()
    if not _NAMES.match(names) or folded in _NO_NAMES or folded in _FIRST:
        return None
    is_written = said is not None and (bool(said.groupdict().get("written")) or is_dated)
    if " " not in names and not (is_marked or is_linked or is_agency(names) or is_written):
        return None
    hint = 0 if said or is_marked else 1 if is_linked else _DATED_HINT
    if hint == 1 and not -_NEAR <= number <= _FAR:  # where one logs in, or follows somebody
        return None
    if hint == _DATED_HINT and (not PERSON.match(names) or abs(number) > _NEAR or names.isupper()):
        return None
    return Byline(names, number, is_marked or is_linked, said is not None, holder, hint)
