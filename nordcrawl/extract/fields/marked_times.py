"""Read the dates in elements that are marked as such: microdata, RDFa, microformats, time.

Of elements of other articles nothing is read. Does not weigh one mark against another.

Source: schema.org (datePublished, dateModified) in microdata and RDFa Lite 1.1; Dublin Core terms
(issued, modified); microformats2 h-entry (dt-published, dt-updated) and hAtom (published, updated).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.page.microdata import Microdata
from nordcrawl.extract.page.tree import text_of

_MOST = 60
_CHARS = 200
_ITEMS = etree.XPath("//*[contains(@itemprop, $name)]")
_PROPERTIES = etree.XPath("//*[@property][not(self::meta)]")
_CLASSES = etree.XPath("//*[contains(@class, $name)]")
_ENTRY = re.compile(r"(?<![\w-])(?:h-entry|hentry)(?![\w-])")
#: Names of properties, behind the prefix of their vocabulary.
_RDFA = {
    "published": frozenset(("datepublished", "issued", "published_time")),
    "modified": frozenset(("datemodified", "modified", "modified_time")),
}
_MICRODATA = {"published": "datePublished", "modified": "dateModified"}
_MICROFORMAT = {
    "published": ("dt-published", "published"),
    "modified": ("dt-updated", "updated"),
}
_PREFIX = re.compile(r"^.*[:/#]")


def of_items(root: HtmlElement, kind: str, items: Microdata, names: str) -> Iterator[str]:
    """Yield the microdata dates of a kind, ``published`` or ``modified``, of the page's article.

    `names` are those that stand on the page at all, as `Head` has them.
    """
    name = _MICRODATA[kind]
    if name not in names:
        return
    for element in cast("list[HtmlElement]", _ITEMS(root, name=name))[:_MOST]:
        if name in (element.get("itemprop") or "").split() and items.is_own(element):
            yield _value(element)


def of_properties(root: HtmlElement, kind: str, items: Microdata) -> Iterator[str]:
    """Yield the dates of a kind in RDFa."""
    for element in cast("list[HtmlElement]", _PROPERTIES(root))[:_MOST]:
        names = (element.get("property") or "").split()
        if any(_PREFIX.sub("", n).lower() in _RDFA[kind] for n in names) and items.is_own(element):
            yield _value(element)


def of_entries(root: HtmlElement, kind: str, names: str) -> Iterator[str]:
    """Yield the dates of a kind in the microformat of the entry that has the headline.

    `names` are those that stand on the page at all, as `Head` has them.
    """
    if "entry" not in names:
        return
    for name in _MICROFORMAT[kind]:
        if name not in names:
            continue
        for element in cast("list[HtmlElement]", _CLASSES(root, name=name))[:_MOST]:
            if name in (element.get("class") or "").split() and is_of_entry(element):
                yield _value(element)


def is_of_entry(element: HtmlElement) -> bool:
    """Return whether an element stands in the entry that the page is about."""
    for ancestor in element.iterancestors():
        if _ENTRY.search(ancestor.get("class") or ""):
            entries = [
                e
                for e in cast("list[HtmlElement]", _CLASSES(ancestor.getroottree(), name="entry"))
                if _ENTRY.search(e.get("class") or "")
            ]
            return next(ancestor.iter("h1"), None) is not None or len(entries) == 1
    return False


def _value(element: HtmlElement) -> str:
    """Return what an element says that its date is, in a form for machines if it has one."""
    told = (element.get(name) for name in ("datetime", "content", "title"))
    return next(filter(None, told), None) or text_of(element)[:_CHARS]
