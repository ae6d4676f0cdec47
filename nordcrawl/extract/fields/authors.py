"""Find who wrote the article: names as printed, without labels and roles.

Does not judge whether a name is a person or an agency: both sign articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, cast

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.fields import bylines
from nordcrawl.extract.fields.names import split, tidy
from nordcrawl.extract.lexicon.phrases import BYLINE, CREDIT_LABEL
from nordcrawl.extract.page import spoken
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.schema_values import people, types_of
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.tree import select

_METAS = (
    "author", "article:author", "parsely-author", "byl", "sailthru.author", "dc.creator",
    "article:author_name", "citation_author", "cxenseparse:author", "og:article:author",
)  # fmt: skip
if TYPE_CHECKING:
    from nordcrawl.extract.fields.datelines import Text

__all__ = ["find", "split", "tidy"]

_LINE_CHARS = 120
#: More names are no byline, and more lines with an author's name are not looked at.
_MOST, _LINES = 6, 8
_NAME = re.compile(r"(?:[^\W\d_][\w.'’-]* )+[^\W\d_][\w.'’-]+")
_WITH_NAME = etree.XPath("//body//text()[contains(., $name) and string-length(.) < 160]")
_MICRODATA = ('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]', '[rel="author"]')
_VISIBLE = (
    ".byline [itemprop=name]", ".byline a[rel=author]", ".byline .author", ".author-name",
    ".byline-name", ".byline__name", ".article-author", ".author a", ".byline a", ".byline",
    ".author",
)  # fmt: skip

#: Looked at first: most pages that name no author elsewhere have no such element either.
_MARKS = etree.XPath("//@class | //@rel | //@itemprop", smart_strings=False)


def find(head: Head, root: HtmlElement, site: Iterable[str] = ()) -> tuple[tuple[str, ...], str]:
    """Return (names, origin): JSON-LD, then meta, microdata, marked and printed bylines.

    The names of the site itself count only where there is no other; where its data says that a
    desk is the author, only a byline that says by whom counts against that. Of data that names one
    of the authors that the byline names, the byline wins.
    """
    keys = {key(name) for name in site} - {""}
    own: tuple[tuple[str, ...], str] = ((), "")
    for names, origin in _sources(head, root):
        others = tuple(name for name in names if key(name) not in keys)
        if len(others) == 1 and origin == "json-ld" and (both := _line_of_more(root, others[0])):
            return both, "byline"
        if others and not (origin == "printed" and own[1] == "json-ld" and _is_desk(head)):
            return others, origin
        if names and not own[0]:
            own = (names, origin)
    return own


def _line_of_more(root: HtmlElement, name: str) -> tuple[str, ...]:
    """Return the names of a byline that begins as one and names an author and others; else none."""
    for text in cast("list[Text]", _WITH_NAME(root, name=name))[:_LINES]:
        holder = text.getparent()
        for element in (holder, None if holder is None else holder.getparent()):
            if element is None or _in_teaser(element) or _in_caption(element):
                continue
            line = spoken.names(element)
            if len(line) >= _LINE_CHARS or "\n" in line or not BYLINE.match(line):
                continue
            names = tidy(split(line))
            if 1 < len(names) <= _MOST and name in names and all(map(_NAME.fullmatch, names)):
                return names
    return ()


def _is_desk(head: Head) -> bool:
    """Return whether the page's data says that its author is no person."""
    authors = head.jsonld.node.get("author")
    values = authors if isinstance(authors, list) else [authors]
    types = {name for value in values if isinstance(value, dict) for name in types_of(value)}
    return bool(types) and "Person" not in types


def _sources(head: Head, root: HtmlElement) -> Iterator[tuple[tuple[str, ...], str]]:
    node = head.jsonld.node
    for name in ("author", "creator"):
        values = people(node.get(name))
        yield tidy(p for value in values for p in split(value, is_data=True)), "json-ld"
    for meta in _METAS:
        yield tidy(p for value in head.all(meta) for p in split(value, is_data=True)), "meta"
    marked = " ".join(_MARKS(root)).lower()
    for selectors, origin in ((_MICRODATA, "microdata"), (_VISIBLE, "byline")):
        for selector in selectors if "author" in marked or "byline" in marked else ():
            found = [
                e for e in select(root, (selector,))[:8] if not _in_teaser(e) and not _in_caption(e)
            ]
            texts = [text for e in found if 2 < len(text := spoken.names(e)) < _LINE_CHARS]
            texts = [text for text in texts if not _is_credit(text)]
            is_data = origin == "microdata"
            yield tidy(p for text in texts for p in split(text, is_data=is_data))[:6], origin
    line = bylines.printed(root, (head.title, *head.all("og:title")[:1]))
    yield tidy(split(line) if line else ()), "printed"


def _is_credit(text: str) -> bool:
    """Return whether a line only says who made a picture."""
    return CREDIT_LABEL.match(text) is not None and not split(text)


def _in_teaser(element: HtmlElement) -> bool:
    """Return whether an element belongs to a comment, footer, quotation or another's teaser."""
    for ancestor in element.iterancestors():
        names = f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}".lower()
        if ancestor.tag in ("footer", "aside", "nav", "blockquote") or any(
            word in names for word in ("comment", "related", "quote", "sitat")
        ):
            return True
        if (
            ancestor.tag == "article"
            and next(ancestor.iter("h1"), None) is None
            and ("teaser" in names or "card" in names)
        ):
            return True
    return False


#: Levels above a name among which its caption's element may be.
_CAPTION_LEVELS = 3


def _in_caption(element: HtmlElement) -> bool:
    """Return whether an element is or stands in a picture's caption: it names who made that."""
    return any(
        "caption" in marks_of(str(e.tag), e.get("class") or "", None)
        for e in (element, *islice(element.iterancestors(), _CAPTION_LEVELS))
    )
