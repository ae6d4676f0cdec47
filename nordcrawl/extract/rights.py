"""Record what a page reserves or grants, and whether it is behind a paywall.

Only reads: what follows from it is the policy of whoever runs the crawl.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from nordcrawl.extract.head import Head
from nordcrawl.extract.jsonld import strings
from nordcrawl.page import Page

_CHARS = 500
_CC = re.compile(r"https?://creativecommons\.org/(?:licenses|publicdomain)/[\w./-]{1,60}")


def find(head: Head, root: HtmlElement, page: Page) -> dict[str, str]:
    """Return the keys robots_meta, x_robots_tag, tdm, licence that the page tells.

    Source: TDM Reservation Protocol, W3C community group report of 2022, sections 5.1 and 5.2.
    """
    found: dict[str, str] = {}
    robots = [
        value if name == "robots" else f"{name}: {value}"
        for name in ("robots", "googlebot", "googlebot-news", "bingbot")
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
        target = element.get("href") or ""
        if match := _CC.match(target):
            return match[0]
    return None


def paywalled(head: Head) -> tuple[bool | None, str]:
    """Return (whether the text is for subscribers only, origin); (None, "") when not told."""
    for value in (head.jsonld.node.get("isAccessibleForFree"),):
        if isinstance(value, bool):
            return not value, "json-ld"
        text = next(strings(value), "").lower()
        if text in ("true", "false"):
            return text == "false", "json-ld"
    tier = (head.meta("article:content_tier", "og:article:content_tier") or "").lower()
    if tier in ("free", "locked", "metered"):
        return tier != "free", "meta"
    if "has-paywall" in head.body_classes:
        return True, "class"
    if (head.meta("og:title") or "").startswith("(+) "):
        return True, "og"
    return None, ""
