"""Record what a page reserves or grants, and whether it is behind a paywall.

Only reads: which signals there are is `nordcrawl.rights`' to know, and what follows from them the
policy of whoever runs the crawl.
"""

from __future__ import annotations

import re
from typing import Any

from lxml.html import HtmlElement

from nordcrawl.extract.page import head as heads
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.tree import MAX_CHARS, MAX_TAGS, parse
from nordcrawl.model.charset import decode
from nordcrawl.model.page import Page
from nordcrawl.rights import OTHER_AGENTS, join, read_page
from nordcrawl.rights.directives import AGENT

_CHARS = 500
_PARTS = 50
_CC_HOST = "creativecommons.org/"
_CC = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[\w./-]{1,60}")


def read(page: Page) -> dict[str, str]:
    """Return what `find` does of any page, article or not, and ``paywalled`` with its origin where
    that is told. A page that is no HTML still has its headers."""
    text = decode(page.body, page.header("content-type")) if len(page.body) <= 4 * MAX_CHARS else ""
    bounded = len(text) <= MAX_CHARS and text.count("<") <= MAX_TAGS
    root = parse(text) if bounded else None
    if root is None:
        headers = [value for name, value in page.headers if name == "x-robots-tag"]
        told = {"x_robots_tag": ", ".join(headers)[:_CHARS]} if headers else {}
        signals = join(read_page(page.url, page.headers, {}).statements)
        return told | ({"signals": signals} if signals else {})
    about = heads.read(root, page.url)
    found = find(about, root, page)
    locked, origin = paywalled(about)
    if locked is not None:
        found["paywalled"] = f"{str(locked).lower()} ({origin})"
    return found


def find(head: Head, root: HtmlElement, page: Page) -> dict[str, str]:
    """Return the keys robots_meta, x_robots_tag, tdm, licence as the page tells them, and
    ``signals``: what of it holds for us, as `nordcrawl.rights.PageRights.from_record` reads it.

    Source: TDM Reservation Protocol, W3C community group final report, sections on the header
    field and on HTML metadata.
    """
    found: dict[str, str] = {}
    robots = [
        value if name == "robots" else f"{name}: {value}"
        for name in ("robots", AGENT, *OTHER_AGENTS)
        for value in head.metas.get(name, ())
    ]
    headers = [value for name, value in page.headers if name == "x-robots-tag"]
    tdm = [
        f"{name}={value}"
        for name in ("tdm-reservation", "tdm-policy")
        for value in (page.header(name), head.meta(name))
        if value
    ]
    for name, values in (("robots_meta", robots), ("x_robots_tag", headers), ("tdm", tdm)):
        if values:
            found[name] = ", ".join(dict.fromkeys(v.strip() for v in values))[:_CHARS]
    if signals := join(read_page(page.url, page.headers, head.metas).statements):
        found["signals"] = signals
    if licence := _licence(head, root):
        found["licence"] = licence[:_CHARS]
    return found


def _licence(head: Head, root: HtmlElement) -> str | None:
    if value := next(strings(head.jsonld.node.get("license"), "url", "@id", "name"), None):
        return value
    for link in head.links:
        if "license" in link.rel.split():
            return link.href
    for element in root.iter("a"):
        target = element.get("href")
        if target and _CC_HOST in target and (match := _CC.match(target)):
            return match[0]
    return None


def _truth(value: Any) -> bool | None:
    """Return a value of schema.org's Boolean: one of JSON, a word, or the name of its term."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        value = value.get("@id") or value.get("@value")
    word = next(strings(value), "").rsplit("/", 1)[-1].rsplit(":", 1)[-1].casefold()
    return {"true": True, "false": False, "yes": True, "no": False}.get(word)


def paywalled(head: Head) -> tuple[bool | None, str]:
    """Return (whether the text is for subscribers only, origin); (None, "") when not told.

    Source: schema.org, isAccessibleForFree, of an article or of the WebPageElement in it that is
    locked; Boolean, whose values are https://schema.org/True and False.
    """
    node = head.jsonld.node
    free = _truth(node.get("isAccessibleForFree"))
    parts = node.get("hasPart")
    of_parts = [
        _truth(part.get("isAccessibleForFree"))
        for part in (parts if isinstance(parts, list) else [parts])[:_PARTS]
        if isinstance(part, dict)
    ]
    if free is not None:
        return not free, "json-ld"
    if False in of_parts:  # some say it only of the element that is locked
        return True, "json-ld"
    tier = (head.meta("article:content_tier", "og:article:content_tier") or "").lower()
    if tier in ("free", "locked", "metered"):
        return tier != "free", "meta"
    if "has-paywall" in head.body_classes:
        return True, "class"
    if (head.meta("og:title") or "").startswith("(+) "):
        return True, "og"
    return None, ""
