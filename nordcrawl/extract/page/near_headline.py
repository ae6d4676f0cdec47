"""Tell what stands around a page's headline from its furniture and from other articles.

Does not know what is looked for there: dates and bylines are, each in a module of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set

from lxml.html import HtmlElement

from nordcrawl.extract.page.text import clean_line, key
from nordcrawl.extract.page.tree import text_of

_ELSEWHERE = frozenset(
    (
        "nav", "footer", "form", "script", "style", "noscript", "option", "select", "button",
        "figure", "figcaption", "table", "textarea", "template", "svg", "blockquote",
    )
)  # fmt: skip
_FOREIGN = re.compile(
    # A builder of pages calls all that it places a widget.
    r"related|teaser|comment|kommentar|sidebar|(?<!elementor-)widget|footer|copyright|archiv|calend|kalend|"
    r"caption|quote|sitat|recent|latest|popular|most-?read|menu|cookie|reply|breadcrumb|slide",
    re.IGNORECASE,
)


def names_of(element: HtmlElement) -> str:
    """Return an element's class and id, and its tag where the page made it."""
    tag = str(element.tag)
    own = tag if "-" in tag else ""
    return f"{own} {element.get('class') or ''} {element.get('id') or ''}"


def line_of(element: HtmlElement, most: int) -> str | None:
    """Return an element's text as one line, None for one longer than `most` characters."""
    parts: list[str] = []
    size = 0
    for text in element.itertext():
        parts.append(text)
        size += len(text)
        if size > 4 * most:  # so much white space at most stands in a line's markup
            return None
    line = clean_line("".join(parts))
    return line if len(line) <= most else None


def headline(headings: Sequence[HtmlElement], titles: Iterable[str]) -> HtmlElement | None:
    """Return the heading that one of the titles agrees with, else the first."""
    told = [folded for title in titles if (folded := key(title))]
    for heading in headings:
        folded = key(text_of(heading))
        if folded and any(folded in title or title in folded for title in told):
            return heading
    return headings[0] if headings else None


def is_foreign(holder: HtmlElement, above: Set[HtmlElement], own: re.Pattern[str]) -> bool:
    """Return whether an element stands in the page's furniture or in another article.

    What holds the headline, `above`, holds the article too, whatever its class says. `own` are
    names that make an element count after all, if they stand on itself or on an aside.
    """
    for element in (holder, *holder.iterancestors()):
        if element in above:
            return False
        if element.tag == "body":  # what it is called says how the page is laid out
            return False
        names = names_of(element)
        if element.tag == "aside":
            if own.search(names):
                continue
            return True
        if element.tag in _ELSEWHERE:
            return True
        # The line of dates or authors of what some systems call a teaser is named for both.
        if _FOREIGN.search(names) and not (element is holder and own.search(names)):
            return True
        if element.tag == "article" and any(e.tag == "article" for e in above):
            return True
    return False


#: An entry of a list of articles, and what stands in it, has fewer characters.
_ENTRY_CHARS = 400
#: A heading of fewer words may be a person's name.
_NAME_WORDS = 3


def is_of_entry(
    holder: HtmlElement, above: Set[HtmlElement], titles: Set[str], own: re.Pattern[str]
) -> bool:
    """Return whether an element stands in an entry of a list of other articles: a short box with a
    heading that is a link, and is none of the page's `titles` (keys).

    What holds the headline, `above`, is none; nor is a box that names match that are `own`.
    """
    for element in holder.iterancestors():
        if element in above or element.tag == "body" or own.search(names_of(element)):
            return False
        if line_of(element, _ENTRY_CHARS) is None:
            return False
        for heading in element.iter("h2", "h3", "h4", "h5", "h6"):
            link = next(heading.iter("a"), None)
            if link is None and not any(e.tag == "a" for e in heading.iterancestors()):
                continue
            line = text_of(heading)
            told = key(line) if len(line.split()) > _NAME_WORDS else ""
            if told and not any(told in title or title in told for title in titles):
                return True
    return False
