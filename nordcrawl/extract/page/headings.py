"""Read a page's h1 elements: the whole line, and the headline in it without its kicker.

Does not know which of several headings is the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.page.text import key, unmarked

#: Bounds for pages whose headings are not closed.
_MOST = 100
_TEXTS = 1000
_CHARS = 2000
#: In a heading these hold no words of it. Source: HTML Living Standard, 4.5.12 (rt and rp hold the
#: reading of what stands beside them), 4.2.6 (style), 4.12 (scripting).
_SILENT = frozenset(("style", "script", "noscript", "template", "svg", "rt", "rp"))
_BREAKS = frozenset(("br", "p", "div", "h2", "h3", "h4", "li", "ul"))
#: Names of classes for the line above a headline. A subtitle is one only where it stands first.
_KICKER = re.compile(
    r"kicker|over-?line|top-?line|dachzeile|roof-?line|eyebrow|(?:supe?r|over|pre|sub)-?"
    r"(?:title|heading|headline|head)|surtitre|antetitulo|volanta|spitzmarke|stikktittel|trumpet",
    re.IGNORECASE,
)
#: What parts a kicker from the headline; a dash opens speech and stays.
_JOINT = " :|/-·•"


_HOME = re.compile(r"/|(?:https?:)?//[^/?#]+/?|\./")


@dataclass(frozen=True, slots=True)
class Heading:
    """One h1 that has text."""

    text: str
    bare: str
    """Without the kicker, where an element in the heading is marked as one; else the same."""
    leads_home: bool = False
    """Whether all of it is a link to the front page, as the site's name is."""


def read(root: HtmlElement) -> tuple[Heading, ...]:
    """Return the page's headings in order."""
    elements = islice(root.iter("h1"), _MOST)
    return tuple(found for element in elements if (found := of(element)))


def of(element: HtmlElement) -> Heading | None:
    """Return what a heading's element says, None where it says nothing."""
    whole = _line(element)
    if not whole:
        return None
    if _leads_home(element, whole):
        return Heading(whole, whole, leads_home=True)
    kicker = _kicker(element)
    if kicker is None:
        return Heading(whole, whole)
    bare = whole.removeprefix(_line(kicker)).lstrip(_JOINT)
    return Heading(whole, bare if len(key(bare)) > len(key(whole)) / 3 else whole)


def _leads_home(heading: HtmlElement, whole: str) -> bool:
    """Return whether a heading is, or stands in, a link to the front page."""
    links = [*heading.iter("a"), *heading.iterancestors("a")]
    return len(links) == 1 and (
        _HOME.fullmatch((links[0].get("href") or "").strip()) is not None
        and key(_line(links[0])).startswith(key(whole))
    )


def _line(element: HtmlElement) -> str:
    """Return the words in an element, those of silent elements left out."""
    return unmarked("".join(islice(_texts(element), _TEXTS))[:_CHARS])


def _texts(element: HtmlElement) -> Iterator[str]:
    """Yield the texts in an element as they are read: what breaks the line parts words."""
    if next(element.iter(*_SILENT, *_BREAKS), None) is None:
        yield from element.itertext()
        return
    yield element.text or ""
    for child in element:
        if child.tag in _BREAKS:
            yield " "
        if child.tag not in _SILENT:
            yield from _texts(child)
        if child.tag in _BREAKS:
            yield " "
        yield child.tail or ""


def _kicker(heading: HtmlElement) -> HtmlElement | None:
    """Return the element that a heading begins with, if its class says that it is a kicker."""
    if (heading.text or "").strip():
        return None
    for element in heading.iterdescendants():
        if _KICKER.search(element.get("class") or ""):
            return element
        if (element.text or "").strip() and element.tag not in _SILENT:
            return None
        if (element.tail or "").strip():
            return None
    return None
