"""Gather what a page's head and hidden parts say, in one pass over the tree.

Keeps everything as it stands; which of it is right is for `nordcrawl.extract.fields.context`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.page import headings, jsonld
from nordcrawl.extract.page.headings import Heading
from nordcrawl.extract.page.jsonld import JsonLd
from nordcrawl.extract.page.microdata import Microdata
from nordcrawl.extract.page.pictures import base_of
from nordcrawl.extract.page.text import clean, clean_line, unmarked
from nordcrawl.extract.page.tree import text_of

_NAMES = etree.XPath("//@class | //@rel | //@itemprop", smart_strings=False)
_VALUE_CHARS = 20_000
_SCRIPT_CHARS = 200_000


@dataclass(frozen=True, slots=True)
class HeadLink:
    """A link element of the head."""

    rel: str
    href: str
    hreflang: str
    type: str


@dataclass(frozen=True, slots=True)
class Head:
    """What is said of the page outside its visible text."""

    metas: dict[str, tuple[str, ...]]
    """By name, property, itemprop or http-equiv in lower case; values never empty."""
    links: tuple[HeadLink, ...]
    title: str
    headings: tuple[Heading, ...]
    """The h1 of the page that have text, in order."""
    marked: tuple[str, ...]
    """What is marked as the headline and is no h1."""
    second: tuple[str, ...]
    """The first h2 that stand in no menu and are no links."""
    language: str | None
    """html lang, as it stands."""
    jsonld: JsonLd
    scripts: str
    """Inline scripts that are not JSON-LD, joined, cut at 200 000 characters."""
    body_classes: frozenset[str]
    names: str
    """All values of class, rel and itemprop on the page, joined: what stands in none of them is not
    looked for in the tree."""
    base: str
    """What relative addresses are relative to: the page's address, or its base element's."""

    def meta(self, *names: str) -> str | None:
        """Return the first value of the first name that has any."""
        return next((self.metas[name][0] for name in names if name in self.metas), None)

    def all(self, *names: str) -> tuple[str, ...]:
        """Return all values of the first name that has any."""
        return next((self.metas[name] for name in names if name in self.metas), ())


def read(root: HtmlElement, url: str) -> Head:
    """Return the head of a parsed page."""
    metas: dict[str, list[str]] = {}
    links: list[HeadLink] = []
    found = headings.read(root)
    title = clean_line(text_of(next(root.iter("title"), None))[:2000])
    items = Microdata.of(root, (title, *(heading.text for heading in found[:3])), url)
    for element in root.iter("meta", "link"):
        get = element.get
        if element.tag == "link":
            if rel := get("rel"):
                links.append(
                    HeadLink(
                        rel.lower(),
                        clean_line(get("href", "")[:4000]),
                        get("hreflang", ""),
                        get("type", ""),
                    )
                )
            continue
        content = clean(get("content", "")[:_VALUE_CHARS])
        if content:
            for attribute in ("property", "name", "http-equiv"):
                if name := get(attribute):
                    metas.setdefault(name.strip().lower(), []).append(content)
            # Such a property stands in the page's text too, where other articles have theirs.
            if (name := get("itemprop")) and items.is_own(element):
                metas.setdefault(name.strip().lower(), []).append(content)
    scripts, blocks, size = [], [], 0
    for element in root.iter("script"):
        kind = (element.get("type") or "").lower()
        text = element.text or ""
        if "ld+json" in kind:
            blocks.append(text)
        elif text and size < _SCRIPT_CHARS and "json" not in kind:
            scripts.append(text[: _SCRIPT_CHARS - size])
            size += len(text)
    body = root.find("body")
    told = [text for heading in found[:3] for text in (heading.bare, heading.text)]
    hints = (*told, *metas.get("og:title", ())[:1])
    base = base_of(root, url)
    own = (link.href for link in links if "canonical" in link.rel.split())
    addresses = [_absolute(a, base) for a in (*own, *metas.get("og:url", ()))]
    return Head(
        {name: tuple(values) for name, values in metas.items()},
        tuple(links),
        title,
        found,
        headings.marked(root),
        headings.second(root),
        root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
        jsonld.read(blocks, url, [unmarked(hint) for hint in hints], addresses, title),
        "\n".join(scripts),
        frozenset((body.get("class") or "").split()) if body is not None else frozenset(),
        " ".join(cast("list[str]", _NAMES(root))),
        base,
    )


def _absolute(address: str, base: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return ""
