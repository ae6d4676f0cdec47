"""Beside: what stands right beside the paragraphs of a text, by itself or in what only wraps it.

Does not decide whether that is of the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.page.tree import text_of

#: What may wrap a table, in so many layers at most, with a caption of so many letters.
_WRAPPING = frozenset(("div", "figure", "section"))
_WRAPPERS = 3
WRAPPED_LETTERS = 200
#: So many boxes of text side by side are no chance.
_BOXES = 3
#: Marks of what is no text, and of what a line of the text does not have in its own element.
NEVER_TEXT = frozenset(
    ("comments", "related", "nav", "footer", "form", "newsletter", "ad", "aside")
)  # fmt: skip
AGAINST_TEXT = frozenset(
    (
        "caption", "credit", "related", "share", "newsletter", "comments", "ad", "nav", "footer",
        "form", "byline", "bio", "time",
    )
)  # fmt: skip


def holders(elements: Sequence[HtmlElement]) -> set[HtmlElement | None]:
    """Return what holds the paragraphs of the text; where they stand in boxes side by side, what
    holds these, too."""
    level: set[HtmlElement | None] = {element.getparent() for element in elements}
    found = set(level)
    for _ in range(_WRAPPERS):
        if len(level) < _BOXES:
            break
        held = Counter(element.getparent() for element in level if element is not None)
        found |= {holder for holder, count in held.items() if count >= _BOXES}
        level = set(held)
    return found


def block(
    element: HtmlElement, beside: set[HtmlElement | None], *, letters: int = WRAPPED_LETTERS
) -> HtmlElement | None:
    """Return what stands right beside the paragraphs of the text: an element, or the outermost one
    around it that only wraps it, with no more than so many letters of other text. None where it is
    neither."""
    most = 0
    for above in islice(element.iterancestors(), _WRAPPERS + 1):
        if above in beside:
            return element
        most = most or len(text_of(element).strip()) + letters
        if above.tag not in _WRAPPING or len(text_of(above).strip()) > most:
            return None
        element = above
    return None
