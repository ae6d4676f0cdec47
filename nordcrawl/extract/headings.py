"""Read a page's h1 elements: the whole line, and the headline in it without its kicker.

Does not know which of several headings is the article's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from nordcrawl.extract.text import clean_line, key

_CHARS = 2000
#: In a heading these hold no words of it. Source: HTML Living Standard, 4.5.12 (rt and rp hold the
#: reading of what stands beside them), 4.2.6 (style), 4.12 (scripting).
_SILENT = frozenset(("style", "script", "noscript", "template", "svg", "rt", "rp"))
#: Names of classes for the line above a headline. A subtitle is one only where it stands first.
_KICKER = re.compile(
    r"kicker|over-?line|top-?line|dachzeile|roof-?line|eyebrow|(?:supe?r|over|pre|sub)-?"
    r"(?:title|heading|headline|head)|surtitre|antetitulo|volanta|spitzmarke|stikktittel|trumpet",
    re.IGNORECASE,
)
_JOINT = " \t\n:|/–—-·•"


@dataclass(frozen=True, slots=True)
class Heading:
    """One h1 that has text."""

    text: str
    bare: str
    """Without the kicker, where an element in the heading is marked as one; else the same."""


def read(root: HtmlElement) -> tuple[Heading, ...]:
    """Return the page's headings in order."""
    return tuple(found for element in root.iter("h1") if (found := _read(element)))


def _read(element: HtmlElement) -> Heading | None:
    whole = clean_line("".join(_words(element))[:_CHARS])
    if not whole:
        return None
    kicker = _kicker(element)
    if kicker is None:
        return Heading(whole, whole)
    bare = clean_line("".join(_words(element, kicker))[:_CHARS]).strip(_JOINT)
    return Heading(whole, bare if len(key(bare)) > len(key(whole)) / 3 else whole)


def _words(element: HtmlElement, without: HtmlElement | None = None) -> Iterator[str]:
    """Yield the text in an element, that of silent elements and of one more left out."""
    if element.text:
        yield element.text
    for child in element:
        if child is not without and child.tag not in _SILENT:
            yield from _words(child, without)
        if child.tail:
            yield child.tail


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
