"""Parse a page's text once, within bounds, and select in the tree by CSS.

Does not know what an article is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from cssselect import HTMLTranslator
from lxml import etree
from lxml.html import HtmlElement

#: Pages above are refused; the largest of 847 measured news pages has 4 MB.
MAX_CHARS = 20_000_000
#: Tags above are refused; the most of 847 measured news pages has 30 000.
MAX_TAGS = 200_000
#: Attributes of one element; libxml2 compares each with each.
_MAX_ATTRIBUTES = 400

_NOSCRIPT_PARAGRAPHS = 3

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
#: libxml2 keeps a doctype in a node beside the root, which deep copies of the tree lose by halves.
#: Source: https://bugs.launchpad.net/lxml/+bug/1955915
_DOCTYPE = re.compile(r"^\s*<!doctype[^>]{0,500}>", re.IGNORECASE)
#: A tag of fewer characters can't have that many attributes.
_LONG = 2000
_LONG_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]{0,30})[\s/][^<>]{1900,}>?")
_ATTRIBUTE = re.compile(r"""[^\s"'=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+))?""")
#: References to a surrogate or NUL, which are no characters: libxml2 ends the text there.
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,12})|([0-9]{1,12}));?")
#: What XML has no place for, in UTF-8; half a surrogate pair is lost when a text is encoded.
#: Source: XML 1.0, production 2 (Char).
_CONTROLS = bytes((*range(9), 11, 12, *range(14, 32)))
_NO_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def parse(text: str) -> HtmlElement | None:
    """Return the page's root element, or None for what is no HTML at all.

    Comments and processing instructions are left out; nesting ends at libxml2's own limit.
    """
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text, count=1), count=1)
    text = _REFERENCE.sub(_referred, _without_long_tags(text))
    data = text.encode("utf-8", "ignore").translate(None, _CONTROLS)
    for character in _NO_CHARACTERS:
        data = data.replace(character, b"")
    if not data.strip():
        return None
    try:
        root = etree.fromstring(data, parser=_parser())
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    if root is not None:
        for element in root.iter("noscript"):
            # Some pages have all of their text in one, for readers without scripts.
            if len(element.findall(".//p")) >= _NOSCRIPT_PARAGRAPHS:
                element.tag = "div"
    return cast("HtmlElement | None", root)


def _parser() -> etree.HTMLParser:
    parser = etree.HTMLParser(
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
        default_doctype=False,
        huge_tree=False,
        no_network=True,
    )
    # One class for all elements is looked up in C; lxml.html's own lookup asks Python for each
    # element. Measured: a tenth of the whole extraction.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    return parser


def _referred(found: re.Match[str]) -> str:
    """Return a character reference as it is, or nothing when it refers to no character."""
    code = int(found[1], 16) if found[1] else int(found[2])
    return "" if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else found[0]


def _without_long_tags(text: str) -> str:
    """Return the text, tags that are very long looked at one by one; most pages have none."""
    parts = text.split("<")
    changed = False
    for index, part in enumerate(parts):
        if len(part) > _LONG and (part.find(">", 0, _LONG) < 0) and index:
            short = _LONG_TAG.sub(_shorten, f"<{part}", count=1)[1:]
            changed = changed or short != part
            parts[index] = short
    return "<".join(parts) if changed else text


def _shorten(found: re.Match[str]) -> str:
    """Return a tag as it is, or bare when it has more attributes than any honest one."""
    count = 0
    for count, _ in enumerate(_ATTRIBUTE.finditer(found[0]), 1):
        if count > _MAX_ATTRIBUTES:
            return f"<{found[1]}>"
    return found[0]


@lru_cache(maxsize=512)
def compiled(selector: str) -> etree.XPath:
    """Return a CSS selector ready for use.

    Raises: cssselect.SelectorError for a selector that is none: an operator's mistake, checked
    when sources are loaded.
    """
    return etree.XPath(HTMLTranslator().css_to_xpath(selector))


def select(root: etree._Element, selectors: Iterable[str]) -> list[HtmlElement]:
    """Return the elements of the first selector that matches any, in document order."""
    for selector in selectors:
        if found := cast("list[HtmlElement]", compiled(selector)(root)):
            return found
    return []


def select_one(root: etree._Element, selectors: Iterable[str]) -> HtmlElement | None:
    """Return the first element of the first selector that matches any."""
    found = select(root, selectors)
    return found[0] if found else None


def prune(root: etree._Element, selectors: Iterable[str]) -> None:
    """Cut off what the selectors match; text behind it stays."""
    for selector in selectors:
        for element in cast("list[HtmlElement]", compiled(selector)(root)):
            cut(element)


def cut(element: etree._Element) -> None:
    """Take an element out of its tree, leaving its tail in place."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
        element.tail = None
    parent.remove(element)


def text_of(element: etree._Element | None) -> str:
    """Return an element's own text as it stands, tail left out."""
    return "" if element is None else "".join(cast("list[str]", list(element.itertext())))
