"""Read the names in an element as they stand apart on the page: each in an element of its own.

Leaves out what is not seen: styles, scripts, the titles of drawings. Does not know which words are
a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.page.text import clean_line

#: Source: HTML Living Standard, 4.2.6 (style), 4.12 (scripting); SVG 2, 5.8 (title and desc).
_SILENT = frozenset(("style", "script", "noscript", "template", "svg", "button", "select"))
#: Elements that stand on lines of their own.
_LINES = frozenset(
    (
        "br", "div", "li", "p", "ul", "ol", "tr", "td", "section", "address", "dd", "dt", "dl",
        "table", "article", "main", "header", "footer", "aside", "figure", "figcaption", "hr",
        "blockquote", "h1", "h2", "h3", "h4", "h5", "h6",
    )
)  # fmt: skip
#: Elements that mark words of one line.
_INLINE = frozenset(("b", "strong", "em", "i", "u", "small", "wbr", "sup", "sub", "font", "mark"))
_JOINT, _END = "\x1f", "\n"


def names(element: HtmlElement) -> str:
    """Return the words of an element in one line, or with a line break between names that no
    space parts, or that stand on lines of their own."""
    lines = map(_line, "".join(_texts(element)).split(_END))
    return _END.join(line for line in lines if line)


def _line(text: str) -> str:
    pieces = [piece for piece in map(clean_line, text.split(_JOINT)) if piece]
    # First and last name are such neighbours too; whole names are of two words.
    is_apart = len(pieces) > 1 and all(" " in piece for piece in pieces)
    return (_END if is_apart else " ").join(pieces)


#: Levels above an element in which what stands behind it is looked for.
_LEVELS = 3


def behind(element: HtmlElement, most: int) -> str:
    """Return the first line of words behind an element, up to three levels above it, or nothing
    where that has more than `most` characters.

    Names that stand apart are parted by line breaks, as in `names`.
    """
    told: list[str] = []
    size = 0
    for text in _texts_behind(element):
        if text == _END:
            if size:
                break
            continue
        told.append(text)
        size += len(text.strip())
        if size > most:
            return ""
    return _line("".join(told))


def _texts_behind(element: HtmlElement) -> Iterator[str]:
    """Yield what stands behind an element, each end of a line alone."""
    for node in islice((element, *element.iterancestors()), _LEVELS):
        yield node.tail or ""
        for beside in node.itersiblings():
            joint = _joint(beside)
            yield joint
            if beside.tag not in _SILENT:
                yield from _texts(beside)
            yield joint
            yield beside.tail or ""
        parent = node.getparent()
        if parent is None or parent.tag in ("body", "main", "article"):
            return
        yield _joint(parent)


def _texts(element: HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        joint = _joint(child)
        yield joint
        if child.tag not in _SILENT:
            yield from _texts(child)
        yield joint
        yield child.tail or ""


def _joint(element: HtmlElement) -> str:
    return _END if element.tag in _LINES else "" if element.tag in _INLINE else _JOINT
