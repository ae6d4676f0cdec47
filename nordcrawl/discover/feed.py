"""Feeds: RSS, Atom, RDF and JSON Feed -> links with their dates.

Source: RSS 2.0 (link, guid, pubDate); RDF Site Summary 1.0; RFC 4287 (Atom) and Atom 0.3; Dublin
Core (date) and DCMI terms (created, issued, modified) in any of them; JSON Feed 1.1. What any
other namespace says in an entry is not the entry's own. Dates are taken as they are written; which
of them are any, `nordcrawl.discover.times` says.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from lxml import etree

from nordcrawl.discover import markup
from nordcrawl.discover.addresses import Unreadable, absolute
from nordcrawl.discover.body import Characters
from nordcrawl.discover.link import Discovery, Link, linked
from nordcrawl.discover.markup import address_in, local, space, text_of
from nordcrawl.discover.sitemap import shortened
from nordcrawl.model.printable import shown

MAX_ENTRIES = 5_000
NAMES = frozenset({"item", "entry"})

_ATOM = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", "atom"})
_DUBLIN = frozenset({"http://purl.org/dc/elements/1.1/", "dc"})
_TERMS = frozenset({"http://purl.org/dc/terms/", "dcterms"})
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_MARKUP = re.compile(r"<[^<>]{1,300}>")


def parse_feed(body: Characters, url: str, zone: tzinfo) -> Discovery:
    """Return the entries of an XML feed; see `nordcrawl.discover.read`."""

    def take(element: etree._Element, base: str) -> Link:
        return _link(element, base, url, zone)

    entries = markup.read(body.data, lambda: body.text, NAMES, take, MAX_ENTRIES)
    problem = entries.problem
    if problem is None and not entries.found and entries.root not in ("rss", "feed", "rdf"):
        problem = f"broken XML: {entries.fault}" if entries.fault else "not a feed"
    return Discovery(
        tuple(entries.found),
        skipped=shortened(entries.skipped),
        problem=problem,
        damage=shortened(entries.damage),
        is_news=True,
    )


def _link(element: etree._Element, base: str, url: str, zone: tzinfo) -> Link:
    told = _Told(element)
    for written, within in told.addresses():
        try:
            address = absolute(written, url, within or base)
        except Unreadable:
            raise
        except ValueError:
            continue
        return linked(
            address,
            url,
            zone,
            lastmod=told.lastmod,
            published=told.published,
            title=told.title,
        )
    raise ValueError(f"entry {shown(told.title or '', 60)!r}: no http(s) link")


class _Told:
    """What the elements right below an entry say."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        self._own = space(element)
        self.title: str | None = None
        self.published: str | None = None
        self.lastmod: str | None = None
        for child in element:
            if local(child) == "title" and self._is_own(child):
                self.title = self.title or _title(child)
        self.published = (
            self._first({"pubdate", "published", "issued"}, None)
            or self._first({"issued", "created"}, _TERMS)
            or self._first({"date"}, _DUBLIN)
        )
        self.lastmod = self._first({"updated", "modified"}, None) or self._first(
            {"modified"}, _TERMS
        )

    def _is_own(self, child: etree._Element) -> bool:
        return space(child) == self._own or space(child) in _ATOM

    def _first(self, names: set[str], spaces: frozenset[str] | None) -> str | None:
        """Return the first text of an element of such a name, of the entry's own namespace or
        Atom's where none is wanted."""
        for child in self.element:
            own = self._is_own(child) if spaces is None else space(child) in spaces
            if own and local(child) in names and (text := text_of(child)):
                return text
        return None

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Yield what may be the page's address, the likeliest first, with its base."""
        links = [child for child in self.element if local(child) == "link" and self._is_own(child)]
        for child in links:
            if child.get("href"):
                continue
            # Some write <link/> and the address behind it, as HTML's parser would have it.
            if text := address_in(child) or (child.tail or "").strip():
                yield text, child.base or ""
        pages = [child for child in links if _is_page(child)]
        for child in sorted(pages, key=lambda c: "html" not in (c.get("type") or "html")):
            yield child.get("href") or "", child.base or ""
        for child in self.element:
            if not self._is_own(child) or local(child) not in ("guid", "id"):
                continue
            text = text_of(child)
            # An identifier may be an address, and may be anything else.
            if child.get("isPermaLink", "true").lower() != "false" and text.lower().startswith(
                ("http://", "https://")
            ):
                yield text, ""
        if about := self.element.get(_RDF_ABOUT):
            yield about, self.element.base or ""


def _is_page(link: etree._Element) -> bool:
    return bool(link.get("href")) and (link.get("rel") or "alternate").lower() == "alternate"


def _title(element: etree._Element) -> str | None:
    """Return a title as text: of most feeds it is HTML, escaped. Source: RFC 4287 section 3.1."""
    text = text_of(element)
    if (element.get("type") or "").lower() in ("", "html", "text/html"):
        text = html.unescape(text)
        parent = element.getparent()
        if element.get("type") or (parent is not None and local(parent) == "item"):
            text = _MARKUP.sub(" ", text)
    return " ".join(text.split()) or None


def parse_json(body: Characters, url: str, zone: tzinfo) -> Discovery:
    """Return the items of a JSON Feed; see `nordcrawl.discover.read`.

    Source: JSON Feed 1.1: url, external_url, id (which often is the address), title,
    date_published, date_modified.
    """
    problems: list[str] = []
    items: Any
    try:
        told = json.loads(body.data, strict=False)
    except (ValueError, RecursionError) as error:
        items = list(_whole_items(body.text))
        if not items:
            return Discovery(problem=f"not a feed: no JSON: {shown(str(error), 80)}")
        problems.append(f"broken JSON, or cut short: {shown(str(error), 80)}")
    else:
        items = told.get("items") if isinstance(told, dict) else told
    if not isinstance(items, list):
        return Discovery(problem="not a feed: JSON without items")
    links, skipped, lost = [], [], []
    for number, item in enumerate(items[:MAX_ENTRIES], 1):
        try:
            links.append(_item(item, url, zone))
        except Unreadable as error:
            lost.append(f"entry {number}: {error}")
        except ValueError as error:
            skipped.append(f"entry {number}: {error}")
    if lost:
        problems.append(f"{len(lost)} entries lost, as {lost[0]}")
    if len(items) > MAX_ENTRIES:
        problems.append("more entries than are read")
    return Discovery(
        tuple(links),
        skipped=shortened(skipped),
        problem="; ".join(problems) or None,
        is_news=True,
    )


def _whole_items(text: str) -> Iterator[object]:
    """Yield the items of a JSON Feed that is broken, up to the break."""
    decoder = json.JSONDecoder(strict=False)
    start = re.search(r'"items"\s*:\s*\[', text)
    place = start.end() if start else len(text)
    while (begins := re.compile(r"[\s,]*(?=\{)").match(text, place)) is not None:
        try:
            item, place = decoder.raw_decode(text, begins.end())
        except (ValueError, RecursionError):
            return
        yield item


def _item(item: object, url: str, zone: tzinfo) -> Link:
    if not isinstance(item, Mapping):
        raise ValueError("not an item")
    for name in ("url", "external_url", "id"):
        written = item.get(name)
        if not isinstance(written, str):
            continue
        if name == "id" and not written.lower().startswith(("http://", "https://")):
            continue
        try:
            address = absolute(written, url)
        except Unreadable:
            raise
        except ValueError:
            continue
        return linked(
            address,
            url,
            zone,
            lastmod=_text(item, "date_modified"),
            published=_text(item, "date_published"),
            title=_text(item, "title"),
        )
    raise ValueError(f"{shown(_text(item, 'title') or '', 60)!r}: no http(s) link")


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value))
    return value if isinstance(value, str) else None
