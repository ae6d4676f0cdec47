"""Discover: the bytes of sitemaps, feeds and listings -> links, with what they tell.

Pure: bytes and a URL in, values out. Runs in a worker process, because a page can make parsing
expensive. Knows no source: which links are articles is decided by whoever asks.
"""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from nordcrawl.discover import body as bodies
from nordcrawl.discover import markup
from nordcrawl.discover.feed import parse_feed, parse_json
from nordcrawl.discover.link import By, Discovery, Link, Words
from nordcrawl.discover.listing import parse_listing
from nordcrawl.discover.sitemap import parse_sitemap, parse_text

__all__ = ["By", "Discovery", "Link", "Words", "read"]

_HTML = re.compile(r"(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
#: Characters in which the root element is looked for.
_HEAD = 8192


def read(
    kind: str, body: bytes, url: str, content_type: str | None = None, timezone: str = "UTC"
) -> Discovery:
    """Return what a sitemap, feed or listing names.

    `kind` is ``sitemap``, ``feed`` or ``listing``: what it was asked for as. A feed named as a
    sitemap is read as what it is, and the other way round (sitemaps.org allows feeds). `body` is
    after HTTP content decoding; `url` is where it came from, the base of relative addresses and who
    said it all; `content_type` the header, which may tell a character set; `timezone` the IANA name
    of the zone of times that name none. Never raises for bad content: what can't be read is
    `Discovery.problem`, a bad entry costs that entry only.
    """
    if kind == "listing":
        return parse_listing(body, url, content_type)
    unpacked = bodies.unpack(body)
    characters = bodies.characters(unpacked.data, content_type)
    cut = unpacked.fault is not None
    found = _read(kind, characters, url, ZoneInfo(timezone), cut=cut)
    if characters.guessed:
        told = "bytes that are not UTF-8, and no other character set is named"
        found = replace(found, damage=(told, *found.damage))
    if unpacked.fault is not None:
        found = replace(found, problem=unpacked.fault)
    return found


def _read(kind: str, body: bodies.Characters, url: str, zone: ZoneInfo, *, cut: bool) -> Discovery:
    start = body.data[:_HEAD].decode("utf-8", "replace")
    if not start:
        return Discovery(problem="empty")
    if start[0] in "{[":
        return parse_json(body, url, zone)
    if _HTML.match(start):
        return Discovery(problem=f"HTML instead of a {kind}")
    if "<" not in start and re.search(r"(?im)^\s*https?://", start):
        return parse_text(body, url, cut=cut)
    root = markup.root_of(start)
    is_feed = root in ("rss", "feed", "rdf") if root in markup.ROOTS else kind == "feed"
    return parse_feed(body, url, zone) if is_feed else parse_sitemap(body, url, zone)
