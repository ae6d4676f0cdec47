"""Discover: the bytes of sitemaps, feeds and listings -> links, with what they tell.

Pure: bytes and a URL in, values out. Runs in a worker process, because a page can make parsing
expensive. Knows no source: which links are articles is decided by whoever asks.
"""

from __future__ import annotations

from nordcrawl.discover.feed import parse_feed
from nordcrawl.discover.link import Discovery, Link
from nordcrawl.discover.listing import parse_listing
from nordcrawl.discover.sitemap import parse_sitemap

__all__ = ["Discovery", "Link", "read"]


def read(kind: str, body: bytes, url: str, content_type: str | None = None) -> Discovery:
    """Return what a sitemap, feed or listing names.

    `kind` is ``sitemap``, ``feed`` or ``listing``; `body` is after HTTP content decoding; `url` is
    where it came from, the base of relative addresses; `content_type` the header that tells a
    listing's character set (the others name theirs themselves). Never raises for bad content: what
    can't be read is `Discovery.problem`, a bad entry costs that entry only.
    """
    if kind == "listing":
        return parse_listing(body, url, content_type)
    return {"sitemap": parse_sitemap, "feed": parse_feed}[kind](body, url)
