"""Find the kicker: the short line that stands right above the headline, or in its element.

Goes by place: a class name that says so only lets a line pass that is a link. Does not decide what
a kicker says of the article.
"""

from __future__ import annotations

from datetime import UTC

from lxml.html import HtmlElement

from nordcrawl.extract.body.blocks import is_byline
from nordcrawl.extract.body.rules import is_label
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.near_headline import headline, line_of
from nordcrawl.extract.page.text import SENTENCE_ENDS, clean_line, key
from nordcrawl.extract.page.tree import text_of

_WORDS = 5
_CHARS = 60
#: Levels that hold the headline and no other text.
_LEVELS = 4
_LETTERS = 2
#: What a line above the headline is instead.
_ELSE = frozenset(
    (
        "nav", "byline", "time", "share", "ad", "form", "button", "figure", "caption", "credit",
        "comments", "newsletter", "related", "footer", "hidden", "list", "table", "bio", "player",
    )
)  # fmt: skip
_OTHER_TAGS = ("nav", "ul", "ol", "form", "img", "figure", "time", "h1", "h2", "button", "input")


def kicker_above(root: HtmlElement, title: str, site: str | None = None) -> str | None:
    """Return the kicker of the page's headline, None where no line is known to be it.

    `title` is the article's, `site` the name of the site, which some print there.
    """
    heading = headline(list(root.iter("h1")), (title,))
    if heading is None:
        return None
    if (inside := _inside(heading, title)) is not None:
        return inside
    box = heading
    for _ in range(_LEVELS):
        for beside in box.itersiblings(preceding=True):
            if text_of(beside).strip():
                line = _line(beside, title)
                return None if line is None or key(line) == key(site or "") else line
        above = box.getparent()
        if above is None or above.tag in ("body", "html") or not _is_alone(heading, above):
            return None
        box = above
    return None


def _inside(heading: HtmlElement, title: str) -> str | None:
    """Return the text of the headline's first element, where the rest alone is the title."""
    whole, told = key(text_of(heading)), key(title)
    if not told or whole == told or not whole.endswith(told):
        return None
    for child in heading:
        first = key(text_of(child)) if isinstance(child.tag, str) else ""
        if first:
            return _line(child, title) if whole == first + told else None
    return None


def _is_alone(heading: HtmlElement, holder: HtmlElement) -> bool:
    """Return whether nothing stands in an element before the headline."""
    around = {heading, *heading.iterancestors()}
    for element in holder:
        if element in around:
            return not (holder.text or "").strip()
        if text_of(element).strip() or (element.tail or "").strip():
            return False
    return True


def _line(element: HtmlElement, title: str) -> str | None:
    """Return an element's text if it is short, one line, and nothing else than a kicker."""
    if element.tag in _OTHER_TAGS or any(True for _ in element.iter(*_OTHER_TAGS)):
        return None
    marks: frozenset[str] = frozenset()
    for part in element.iter():
        if isinstance(part.tag, str):
            marks |= marks_of(part.tag, part.get("class") or "", part.get("itemprop"))
    links = sum(1 for _ in element.iter("a"))
    if _ELSE & marks or links > 1 or (links and "label" not in marks):
        return None
    text = clean_line(line_of(element, _CHARS)).rstrip(" :")
    if (
        not text
        or text.count(" ") >= _WORDS
        or len(key(text)) < _LETTERS
        or key(text) == key(title)
    ):
        return None
    if text[-1] in SENTENCE_ENDS.replace("?", "") or is_label(text) or is_byline(text):
        return None
    return None if dates.parse(text, UTC) is not None or text[:1].isdigit() else text
