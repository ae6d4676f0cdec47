"""Tell of an element within running text how a browser prints it: apart, in marks, or as a note.

Does not gather text; `nordcrawl.extract.page.text_runs` does.
"""

from __future__ import annotations

import re
from itertools import islice

from lxml.html import HtmlElement

_DISPLAY = re.compile(r"(?:^|;|\s)display\s*:\s*(?:block|flex|grid|table|list-item)\b", re.I)
_APART = frozenset(("d-block", "block", "display-block", "db", "u-block"))
#: Elements of one line each: what stands in them is a part of it.
_LINES = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "a", "span", "b", "i", "em", "strong", "q", "cite",
     "small", "sup", "sub", "label", "dt", "th")
)  # fmt: skip
#: Elements that are inline by their tag and may be printed as blocks all the same.
MAY_BE_APART = frozenset(("span", "b", "strong", "em", "i", "font", "a", "button"))
#: A link around so many paragraphs is one whose end was forgotten: a card has one or two.
_PARAGRAPHS = 3
#: A mark of a note has so many characters at most, brackets left out.
_NOTE_CHARS = 3
_NOTE = re.compile(r"^[\s\[(]*(?:\d{1,3}|[a-z]|[ivx]{1,4}|[*†‡§]{1,3})[\s\])]*$", re.IGNORECASE)
_NOTED = re.compile(r"noteref|footnote|fotnote|fussnote|fußnote|endnote", re.IGNORECASE)
_ENDS = ".!?…:;\"”»“’'。」)–—―-"
_MARKS = "\"“”„«»‹›‘’‚'"
#: Quotation marks by language. Source: Unicode CLDR, delimiters (quotationStart, quotationEnd),
#: which browsers print for `q`; HTML, 15.3.4 and CSS Generated Content 3, 2.4.1.
_SPEECH = {
    "nb": "«»", "nn": "«»", "no": "«»", "fr": "«»", "ru": "«»", "it": "«»", "es": "«»",
    "uk": "«»", "el": "«»", "sv": "””", "fi": "””", "se": "””", "de": "„“", "is": "„“",
    "cs": "„“", "sk": "„“", "et": "„“", "pl": "„”", "hu": "„”", "ro": "„”", "ja": "「」",
}  # fmt: skip
_PLAIN_SPEECH = ("“", "”")


def is_set_apart(element: HtmlElement) -> bool:
    """Return whether an element that is inline by its tag is printed as a block.

    So are those styled so, and elements of the page's own making that no words stand beside.
    """
    tag = str(element.tag)
    if "-" in tag:
        parent = element.getparent()
        if parent is None or parent.tag in _LINES:
            return False
        return not (_has_words(element.tail) or _has_words(_before(element)))
    if tag == "button":
        return not _is_in_line(element)
    if tag not in MAY_BE_APART:
        return False
    if (style := element.get("style")) and _DISPLAY.search(style):
        return True
    return not _APART.isdisjoint((element.get("class") or "").split())


def _is_in_line(element: HtmlElement) -> bool:
    parent = element.getparent()
    return parent is not None and parent.tag in _LINES


def _before(element: HtmlElement) -> str | None:
    """Return the text right before an element in its parent."""
    sibling = element.getprevious()
    if sibling is not None:
        return sibling.tail
    parent = element.getparent()
    return None if parent is None else parent.text


def _has_words(text: str | None) -> bool:
    return any(c.isalnum() for c in text or "")


def stands_alone(element: HtmlElement) -> bool:
    """Return whether an inline name in a quotation is that of who said it, and no part of it:
    nothing follows it, and what stands before it is a whole sentence or nothing."""
    tail = (element.tail or "").strip()
    if tail and (tail[0] in ".,;" or _has_words(tail)) and not tail.startswith(","):
        return False
    before = (_before(element) or "").strip()
    if before:
        return before[-1] in _ENDS
    sibling = element.getprevious()
    return sibling is None or sibling.tag in ("br", "p", "q", "div", "footer")


def leads_elsewhere(link: HtmlElement) -> bool:
    """Return whether an `a` element makes a link of what stands in it.

    One without a target only names a place, as was usual before ids. One that is never closed
    holds all that follows. Source: HTML, 4.5.1 "The a element".
    """
    if link.get("href") is None:
        return False
    return len(link) == 0 or sum(1 for _ in islice(link.iter("p"), _PARAGRAPHS)) < _PARAGRAPHS


def is_note_link(link: HtmlElement) -> bool:
    """Return whether a link only leads to a note under the text, or back from it, or to itself.

    Source: DPUB-ARIA 1.1, doc-noteref and doc-backlink; Markdown processors and content systems
    print them alike.
    """
    target = link.get("href") or ""
    if not target.startswith("#") or len(target) < 2:
        return False
    if link.get("role") in ("doc-noteref", "doc-backlink"):
        return True
    text = "".join(link.itertext()).strip()
    if not any(c.isalnum() for c in text):
        return bool(text) and len(text) <= _NOTE_CHARS
    if len(text) > _NOTE_CHARS + 4 or not _NOTE.match(text):
        return False
    parent = link.getparent()
    raised = parent is not None and parent.tag == "sup"
    return (
        raised
        or next(link.iter("sup"), None) is not None
        or bool(_NOTED.search(f"{link.get('class') or ''} {target}"))
    )


def prints_marks(element: HtmlElement) -> bool:
    """Return whether a `q` is printed in marks that its text has not."""
    text = "".join(element.itertext()).strip()
    return bool(text) and text[0] not in _MARKS


def quotation_marks(language: str | None) -> tuple[str, str]:
    """Return the marks that a language quotes with, the English ones where it is not known."""
    found = _SPEECH.get((language or "").split("-")[0].casefold())
    return (found[0], found[1]) if found else _PLAIN_SPEECH


def language_around(element: HtmlElement) -> str | None:
    """Return the language that an element or the nearest one around it states."""
    for holder in (element, *element.iterancestors()):
        if stated := holder.get("lang"):
            return stated
    return None
