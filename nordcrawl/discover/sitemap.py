"""Sitemaps: index, urlset, news sitemap, plain text; gzipped or not.

Source: sitemaps.org protocol 0.9; Google's news sitemap extension (news:publication_date,
news:title). Elements are told by their local name, because sites get the namespace wrong.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from urllib.parse import urljoin, urlsplit

from lxml import etree

from nordcrawl.discover.link import Discovery, Link, told_time
from nordcrawl.model.printable import shown, without_user

#: Source: sitemaps.org: at most 50 MB uncompressed, 50,000 entries. Entries beyond are named.
MAX_BYTES = 50 << 20
MAX_ENTRIES = 50_000

_SKIPPED_SHOWN = 20


def parse_sitemap(body: bytes, url: str) -> Discovery:
    """Return the entries of a sitemap; see `nordcrawl.discover.read`."""
    try:
        body = inflate(body)
    except ValueError as error:
        return Discovery(problem=str(error))
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1000]
    if not start:
        return Discovery(problem="empty")
    if start.startswith((b"http://", b"https://")):
        return _text(body, url)
    if start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return Discovery(problem="HTML instead of a sitemap")
    return _xml(body, url)


def inflate(body: bytes) -> bytes:
    """Return a body, gunzipped where it is gzip (``.xml.gz`` files are served as they are).

    Raises:
        ValueError: broken gzip, or more than `MAX_BYTES` in it.
    """
    if body[:2] != b"\x1f\x8b":
        if len(body) > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES} bytes")
        return body
    stream = zlib.decompressobj(wbits=31)
    try:
        out = stream.decompress(body, MAX_BYTES)
    except zlib.error as error:
        raise ValueError(f"broken gzip: {error}") from error
    if stream.unconsumed_tail:
        raise ValueError(f"larger than {MAX_BYTES} bytes when unpacked")
    if not stream.eof:
        raise ValueError("gzip cut short")
    return out


def _text(body: bytes, url: str) -> Discovery:
    lines = body.decode("utf-8-sig", "replace").split()
    links, skipped = [], []
    for line in lines[:MAX_ENTRIES]:
        try:
            links.append(Link(_absolute(line, url)))
        except ValueError as error:
            skipped.append(str(error))
    return _bounded(links, [], skipped, len(lines))


def _xml(body: bytes, url: str) -> Discovery:
    links: list[Link] = []
    sitemaps: list[Link] = []
    skipped: list[str] = []
    count = 0
    root: str | None = None
    problem: str | None = None
    try:
        for tag, entry, is_root in _entries(body):
            if is_root:
                root = tag
                continue
            count += 1
            if count > MAX_ENTRIES:
                break
            try:
                link = Link(
                    _absolute(entry.get("loc", ""), url),
                    lastmod=told_time(entry.get("lastmod")),
                    published=told_time(entry.get("publication_date")),
                    title=entry.get("title") or None,
                )
            except ValueError as error:
                skipped.append(str(error))
                continue
            (sitemaps if tag == "sitemap" else links).append(link)
    except etree.XMLSyntaxError as error:
        problem = f"broken XML: {shown(str(error))}"
    if not (links or sitemaps):
        if root not in ("urlset", "sitemapindex") and problem is None:
            problem = f"no sitemap: the root element is <{shown(root or '', 40)}>"
        return Discovery(problem=problem, skipped=tuple(skipped[:_SKIPPED_SHOWN]))
    # What stands before a break is good; that there was one is no less a problem.
    return replace(_bounded(links, sitemaps, skipped, count), problem=problem)


def _entries(body: bytes) -> Iterator[tuple[str, dict[str, str], bool]]:
    """Yield (local name, texts of its descendants by local name, is root), streaming."""
    parser = etree.iterparse(
        BytesIO(body),
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )
    depth = 0
    for event, element in parser:
        name = _local(element.tag)
        if event == "start":
            depth += 1
            if depth == 1:
                yield name, {}, True
            continue
        depth -= 1
        if depth == 1 and name in ("url", "sitemap"):
            texts: dict[str, str] = {}
            for child in element.iterdescendants():
                if isinstance(child.tag, str) and child.text:
                    texts.setdefault(_local(child.tag), child.text.strip())
            yield name, texts, False
            element.clear()
            while element.getprevious() is not None:
                parent = element.getparent()
                if parent is None:
                    break
                del parent[0]


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()


def _absolute(loc: str, base: str) -> str:
    # The protocol wants absolute addresses; relative ones are common and unambiguous.
    loc = loc.strip()
    if not loc:
        raise ValueError("an entry without <loc>")
    try:
        absolute = urljoin(base, loc)
        parts = urlsplit(absolute)
    except ValueError as error:
        raise ValueError(f"{shown(loc)}: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{shown(loc)}: not an http(s) address")
    return without_user(absolute)


def _bounded(links: list[Link], sitemaps: list[Link], skipped: list[str], count: int) -> Discovery:
    if count > MAX_ENTRIES:
        skipped.append(f"entries beyond the first {MAX_ENTRIES}")
    if len(skipped) > _SKIPPED_SHOWN:
        skipped = [*skipped[:_SKIPPED_SHOWN], f"and {len(skipped) - _SKIPPED_SHOWN} more"]
    return Discovery(links=tuple(links), sitemaps=tuple(sitemaps), skipped=tuple(skipped))
