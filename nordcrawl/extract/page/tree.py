"""Parse a page's text once, within bounds, and select in the tree by CSS.

Does not know what an article is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape
from typing import cast

from cssselect import HTMLTranslator
from cssselect import parse as parse_selectors
from lxml import etree
from lxml.html import HtmlElement

#: Pages above are refused; the largest of 847 measured news pages has 4 MB.
MAX_CHARS = 20_000_000
#: Tags above are refused; the most of 847 measured news pages has 30 000.
MAX_TAGS = 200_000
#: Attributes of one element; libxml2 compares each with each.
_MAX_ATTRIBUTES = 400

_NOSCRIPT_PARAGRAPHS = 3
#: What an element is called where its classes are made by a tool: for a site's own tests, or by the
#: component that made it.
_NAMED_BY = (
    "data-testid", "data-test-id", "data-test", "data-qa", "data-cy", "data-component",
    "data-module", "data-role",
)  # fmt: skip
_NAMED = etree.XPath("//*[" + " or ".join(f"@{name}" for name in _NAMED_BY) + "]")

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
#: libxml2 keeps a doctype in a node beside the root, which deep copies of the tree lose by halves.
#: Source: https://bugs.launchpad.net/lxml/+bug/1955915
_DOCTYPE = re.compile(r"^\s*<!doctype[^>]{0,500}>", re.IGNORECASE)
#: A tag of fewer characters can't have that many attributes.
_LONG = 2000
_LONG_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9]{0,30})[\s/][^<>]{1900,}>?")
_ATTRIBUTE = re.compile(r"""[^\s"'=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+))?""")
#: Source: WHATWG HTML, 13.2.5.80 "Numeric character reference end state"; the semicolon may lack.
_REFERENCE = re.compile(rb"&#(?:[xX]0*([0-9a-fA-F]+)|0*([0-9]+));?")
#: Longer numbers, without leading zeros, name no character; and int() takes no endless ones.
_DIGITS = 7
#: What XML has no place for, and lxml therefore no way to put into a tree. The vertical tab and the
#: form feed part words, so that a space stands for them.
#: Source: XML 1.0, production 2 (Char).
_CONTROLS = bytes((*range(9), *range(14, 32)))
_BREAKS = bytes.maketrans(b"\x0b\x0c", b"  ")
_NO_CHARACTERS = ("\ufffe".encode(), "\uffff".encode())
_REPLACEMENT = "\ufffd".encode()


def parse(text: str) -> HtmlElement | None:
    """Return the page's root element, or None for what is no HTML at all.

    Comments and processing instructions are left out; nesting ends at libxml2's own limit. What
    an element is called in data attributes counts among its classes.
    """
    text = _xml_characters(text)
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text, count=1), count=1)
    data = _without_long_tags(text).encode()
    data = _REFERENCE.sub(_referred, data)
    # What was left out may have brought the ends of another reference together.
    data = _REFERENCE.sub(lambda found: _referred(found) or _REPLACEMENT, data)
    if not data.strip():
        return None
    parser = _parser()
    try:
        root = etree.fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = None
    if parser.error_log.filter_types(etree.ErrorTypes.ERR_NO_MEMORY):
        raise MemoryError  # what there is, if anything, breaks off
    if root is not None:
        for element in root.iter("noscript"):
            # Some pages have all of their text in one, for readers without scripts.
            if len(element.findall(".//p")) >= _NOSCRIPT_PARAGRAPHS:
                element.tag = "div"
        for element in root.iter("template"):
            # What browsers show in place of the element around it.
            # Source: HTML, 13.2.6.4.4, "A start tag whose tag name is "template"".
            if element.get("shadowrootmode") in ("open", "closed"):
                element.tag = "div"
        for element in cast("list[HtmlElement]", _NAMED(root)):
            names = (element.get(name) for name in ("class", *_NAMED_BY))
            element.set("class", " ".join(filter(None, names)))
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


def _xml_characters(text: str) -> str:
    """Return a text without the characters that can't stand in a tree, halves of surrogate pairs
    among them."""
    data = text.encode("utf-8", "ignore").translate(_BREAKS, _CONTROLS)
    for character in _NO_CHARACTERS:
        data = data.replace(character, b"")
    return data.decode()


def _referred(found: re.Match[bytes]) -> bytes:
    """Return a character reference as it is, or nothing when it refers to none that can stand in
    a tree; what is of Windows-1252 is meant as such, as in browsers."""
    digits = found[1] or found[2]
    code = int(digits, 16 if found[1] else 10) if len(digits) <= _DIGITS else 0
    if 0x80 <= code <= 0x9F:
        return unescape(f"&#{code};").encode()
    if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return b""
    if code < 0x20 or code in (0xFFFE, 0xFFFF):
        return _xml_characters(chr(code)).encode()
    return found[0]


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
    translator = HTMLTranslator()
    paths, alternatives = [], []
    for part in parse_selectors(selector):
        step = translator.xpath(part.parsed_tree)
        step.add_name_test()
        if step.path or not step.condition or part.pseudo_element:
            paths.append(translator.selector_to_xpath(part, translate_pseudo_elements=True))
        else:
            alternatives.append(f"({step.condition})")
    if alternatives:
        # These ask for nothing around the element: one walk over the tree finds all of them.
        paths.append(f"descendant-or-self::*[{' or '.join(alternatives)}]")
    return etree.XPath(" | ".join(paths))


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


def is_shorter(element: etree._Element, than: int) -> bool:
    """Return whether an element's text as it stands has fewer than so many characters; reads no
    more of it than it takes to see that."""
    length = 0
    for text in element.itertext():
        length += len(text)
        if length >= than:
            return False
    return length < than


def text_of(element: etree._Element | None) -> str:
    """Return an element's own text as it stands, tail left out."""
    return "" if element is None else "".join(cast("list[str]", list(element.itertext())))
