"""Read the names in an element as they stand apart on the page: each in an element of its own.

Leaves out what is not seen: styles, scripts, the titles of drawings. Does not know which words are
a name.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml.html import HtmlElement

from nordcrawl.extract.page.text import clean_line

#: Source: HTML Living Standard, 4.2.6 (style), 4.12 (scripting); SVG 2, 5.8 (title and desc).
_SILENT = frozenset(("style", "script", "noscript", "template", "svg", "button", "select"))
#: Elements that stand on lines of their own.
_LINES = frozenset(
    ("br", "div", "li", "p", "ul", "ol", "tr", "td", "section", "address", "dd", "dt")
)
#: Elements that mark words of one line.
_INLINE = frozenset(("b", "strong", "em", "i", "u", "small", "wbr", "sup", "sub", "font", "mark"))
_JOINT, _END = "\x1f", "\n"


def names(element: HtmlElement) -> str:
    """Return the words of an element in one line, or with a line break between names that no
    space parts, or that stand on lines of their own."""
    lines = []
    for part in "".join(_texts(element)).split(_END):
        pieces = [piece for piece in map(clean_line, part.split(_JOINT)) if piece]
        # First and last name are such neighbours too; whole names are of two words.
        is_apart = len(pieces) > 1 and all(" " in piece for piece in pieces)
        lines.append((_END if is_apart else " ").join(pieces))
    return _END.join(line for line in lines if line)


def _texts(element: HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        joint = _END if child.tag in _LINES else "" if child.tag in _INLINE else _JOINT
        yield joint
        if child.tag not in _SILENT:
            yield from _texts(child)
        yield joint
        yield child.tail or ""
