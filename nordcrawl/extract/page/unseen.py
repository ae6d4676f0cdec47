"""Tell which elements of a page no reader sees: hidden by attribute, style, or a class for it.

Does not know what is shown by script later, but for one case: what holds most of a page's
paragraphs, and speaks of what its head speaks of, is its text, however it is hidden before some
script has run.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.page.marks import words_of
from nordcrawl.extract.page.text import content

#: Attributes that may hide an element.
_HIDING = frozenset(("hidden", "popover", "role", "style"))
#: Looked for first: most styles have none of these.
_STYLE_WORDS = ("isplay", "isibility", "clip", "ISPLAY", "ISIBILITY", "CLIP")
_STYLE = re.compile(
    r"(?:^|;|\s)(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|"
    r"clip\s*:\s*rect\(\s*(?:0|1px)|clip-path\s*:\s*inset\(\s*(?:50|100)%)",
    re.IGNORECASE,
)
#: Classes for what only a screen reader reads, as a whole name, in any spelling.
_READ_ALOUD = re.compile(
    r"^(?:[a-z0-9]+(?:__|--))?(?:sr-?only(?:-focusable)?|(?:is-|u-|a11y-)?visually-?hidden"
    r"(?:-focusable)?|screen-?reader(?:-?(?:text|only))?|(?:is-|u-)?off-?screen|a11y-hidden|"
    r"element-invisible|assistive-text)$",
    re.IGNORECASE,
)
#: Classes for what is not shown at all; one that shows it on some screens goes before.
_NOT_SHOWN = frozenset(("hidden", "d-none", "is-hidden", "u-hidden"))
_SHOWN = re.compile(
    r"^(?:(?:sm|md|lg|xl|2xl|xs|print|[a-z]+):|d-(?:sm|md|lg|xl|xxl|print)-|d-(?:block|flex|inline))"
)
_NAMES = 40
#: Elements of a title in which its button is looked for.
_BUTTONS = 8
_NAME_CHARS = 60
#: Names of boxes that a reader folds and unfolds.
_UNFOLDED = frozenset(
    ("collapsed", "collapse", "collapsible", "collapsable", "accordion", "expandable", "expander",
     "foldable", "toggle", "spoiler", "faq", "answer", "tab", "tabs", "tabpanel",
     "factbox", "faktaboks",
     "faktaruta", "faktabox")
)  # fmt: skip
#: What holds this share of the letters in the page's paragraphs is no aside that is hidden.
_MOST = 0.4
#: What the head says of the page; and so many words of it in a text are no chance.
_TOLD = etree.XPath(
    "//title/text() | //meta[@name='description' or @property='og:title' or"
    " @property='og:description']/@content"
)
_TOLD_WORDS = 2


def unseen(root: HtmlElement) -> frozenset[HtmlElement]:
    """Return the outermost elements of a tree that no reader sees; what stands in them goes too."""
    hidden: set[HtmlElement] = set()
    for element in root.iterdescendants():
        names = element.get("class")
        way = _hides(names) if names else None
        if way == _ALOUD or (
            (way == _AWAY or _is_put_away(element)) and not is_unfoldable(element)
        ):
            hidden.add(element)
    if not hidden:
        return frozenset()
    total = sum(map(_letters, root.iter("p")))
    return frozenset(
        element
        for element in hidden
        if sum(map(_letters, element.iter("p"))) <= _MOST * total
        or total == 0
        or not _is_told_of(element, root)
    ) - {root}


def _is_told_of(element: HtmlElement, root: HtmlElement) -> bool:
    """Return whether a text has words of the page's title or description; a page that has no word
    there tells nothing. A dialog about cookies may be all the paragraphs that a page has."""
    told = content(" ".join(cast("list[str]", _TOLD(root))))
    shared = told & content(" ".join(cast("list[str]", list(element.itertext()))))
    return len(shared) >= min(_TOLD_WORDS, len(told))


def is_read_aloud(element: HtmlElement) -> bool:
    """Return whether an element's class says that only a screen reader reads it."""
    names = element.get("class")
    return bool(names) and _hides(names or "") == _ALOUD


_ALOUD, _AWAY = "read aloud", "put away"


@lru_cache(maxsize=16384)
def _hides(names: str) -> str | None:
    """Return how a class attribute hides its element, None if it does not."""
    parts = names.split()
    if len(parts) > _NAMES:
        return None
    if any(len(name) < _NAME_CHARS and _READ_ALOUD.match(name) for name in parts):
        return _ALOUD
    away = not _NOT_SHOWN.isdisjoint(parts) and not any(map(_SHOWN.match, parts))
    return _AWAY if away else None


def is_unfoldable(element: HtmlElement) -> bool:
    """Return whether the page offers to show what is hidden: a reader unfolds a box, or turns a
    tab over. A button stands beside it, or its box is named for it."""
    if element.get("role") == "tabpanel" or element.get("aria-labelledby"):
        return True
    parent = element.getparent()
    around = [element]
    if parent is not None:
        around += [parent, *parent]
    if (before := element.getprevious()) is not None:
        around += islice(before.iterdescendants("button", "a", "span", "div"), _BUTTONS)
    for one in around:
        if one.tag in ("button", "summary") or one.get("aria-expanded") or one.get("aria-controls"):
            return True
        if (one is element or one is parent) and is_named_for_unfolding(one):
            return True
    return False


def is_named_for_unfolding(element: HtmlElement) -> bool:
    """Return whether an element's class names a box that a reader folds and unfolds."""
    return not _UNFOLDED.isdisjoint(words_of(element.get("class") or ""))


def _is_put_away(element: HtmlElement) -> bool:
    """Return whether an element is hidden, but by a class. `popover` and a dialog that is not open
    are so by the user agent's style.

    Source: HTML, 15.3.1 "Hidden elements", 15.3.2 (dialog), 6.12 "The popover attribute".
    """
    if _HIDING.isdisjoint(element.keys()) and element.tag != "dialog":
        return False
    get = element.get
    if (hidden := get("hidden")) is not None and hidden.casefold() != "until-found":
        return True
    if get("popover") is not None or get("role") == "tooltip":
        return True
    if element.tag == "dialog" and get("open") is None:
        return True
    style = get("style")
    if style is None or not any(word in style for word in _STYLE_WORDS):
        return False
    return _STYLE.search(style) is not None


def _letters(element: HtmlElement) -> int:
    return sum(len(text.strip()) for text in cast("list[str]", list(element.itertext())))
