"""Feeds: RSS, Atom, RDF and JSON Feed -> links with their dates.

fastfeedparser reads them (lxml, no entity expansion); what it refuses as broken goes to
feedparser, which forgives more and takes longer.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import fastfeedparser
import feedparser

from nordcrawl.discover.link import Discovery, Link, told_time
from nordcrawl.discover.sitemap import inflate
from nordcrawl.model.printable import shown, without_user

MAX_ENTRIES = 5_000


def parse_feed(body: bytes, url: str) -> Discovery:
    """Return the entries of a feed; see `nordcrawl.discover.read`."""
    try:
        body = inflate(body)
    except ValueError as error:
        return Discovery(problem=str(error))
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:512]
    if not start:
        return Discovery(problem="empty")
    if re.match(rb"<!doctype html|<html", start, re.IGNORECASE):
        return Discovery(problem="HTML instead of a feed")
    entries = _entries(body)
    if entries is None:
        return Discovery(problem="not a feed")
    links, skipped = [], []
    for entry in entries[:MAX_ENTRIES]:
        address = str(entry.get("link") or "").strip()
        try:
            absolute = without_user(urljoin(url, address))
            known = bool(address) and urlsplit(absolute).scheme in ("http", "https")
        except ValueError:
            known = False
        if not known:
            title = shown(str(entry.get("title") or ""), 60)
            skipped.append(f"entry {title!r}: no http(s) link: {shown(address, 80)!r}")
            continue
        links.append(
            Link(
                absolute,
                lastmod=told_time(entry.get("updated")),
                published=told_time(entry.get("published")),
                title=str(entry.get("title") or "").strip() or None,
            )
        )
    return Discovery(links=tuple(links), skipped=tuple(skipped[:20]))


def _entries(body: bytes) -> list[Any] | None:
    """Return the feed's entries, or None where neither parser sees a feed."""
    try:
        return list(fastfeedparser.parse(body).entries)
    except Exception:  # noqa: BLE001 - it raises whatever lxml and its own code raise
        parsed = feedparser.parse(body)
        return list(parsed.entries) if parsed.version or parsed.entries else None
