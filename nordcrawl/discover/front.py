"""Front: what a front page says of its site: name, language, feeds, editions. Pure.

Runs in a worker process, as everything that parses pages. Says nothing of the links on it:
`nordcrawl.discover.listing` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import etree, html

#: Source: RFC 4287 (Atom), jsonfeed.org (version 1.1), and what is used for RSS.
_FEEDS = re.compile(r"application/(?:rss\+xml|atom\+xml|feed\+json)", re.IGNORECASE)
_MOST = 20


@dataclass(frozen=True, slots=True)
class Front:
    """What stands in the head; addresses absolute."""

    name: str | None = None
    """``og:site_name``, else the title's last part."""
    language: str | None = None
    """``html lang``, as it stands."""
    generator: str | None = None
    feeds: tuple[str, ...] = ()
    editions: tuple[tuple[str, str], ...] = ()
    """(language, address) of ``hreflang``."""


def read_front(body: bytes, url: str, charset: str | None = None) -> Front:
    """Return what a page says of its site; nothing of what is no HTML."""
    if not body.strip():
        return Front()
    try:
        root = html.document_fromstring(body, parser=html.HTMLParser(encoding=charset))
    except (ValueError, LookupError, etree.ParserError):
        return Front()

    def first(path: str) -> str | None:
        found = root.xpath(path)
        return " ".join(str(found[0]).split())[:200] or None if found else None

    title = first("//title/text()")
    links = [(str(e.get("type") or ""), str(e.get("hreflang") or ""), str(e.get("href") or ""))
             for e in root.xpath("//link[contains(@rel, 'alternate')][@href]")]  # fmt: skip
    return Front(
        name=first("//meta[@property='og:site_name']/@content")
        or (re.split(r"\s[|–—-]\s", title)[-1] if title else None),
        language=first("//html/@lang"),
        generator=first("//meta[@name='generator']/@content"),
        feeds=_absolute(url, [href for kind, _, href in links if _FEEDS.match(kind)]),
        editions=tuple((language, urljoin(url, href)) for _, language, href in links if language)[
            :_MOST
        ],
    )


def _absolute(base: str, found: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urljoin(base, href.strip()) for href in found))[:_MOST]
