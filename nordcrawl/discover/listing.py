"""Listings: front, section and tag pages -> every link on them, in page order, each once."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from nordcrawl.discover.link import Discovery, Link
from nordcrawl.model.charset import decode
from nordcrawl.model.printable import shown, without_user

MAX_LINKS = 5_000


def parse_listing(body: bytes, url: str, content_type: str | None = None) -> Discovery:
    """Return the links of an HTML page; see `nordcrawl.discover.read`."""
    if not body.strip():
        return Discovery(problem="empty")
    try:
        # What the page itself says of its characters no longer holds.
        text = decode(body, content_type).encode("utf-8", "replace")
        tree = html.document_fromstring(
            text, parser=html.HTMLParser(huge_tree=False, encoding="utf-8")
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        return Discovery(problem=f"not HTML: {shown(getattr(error, 'msg', str(error)))}")
    base = url
    skipped: list[str] = []
    for element in tree.iter("base"):
        if href := element.get("href"):
            try:
                base = urljoin(url, href.strip())
            except ValueError:
                skipped.append(f"{shown(href)}: not an address")
            break
    links: dict[str, Link] = {}
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        if not href or href.startswith("#"):
            continue
        try:
            absolute = without_user(urljoin(base, href))
            parts = urlsplit(absolute)
        except ValueError:
            skipped.append(f"{shown(href)}: not an address")
            continue
        if parts.scheme not in ("http", "https") or not parts.netloc:
            continue
        links.setdefault(absolute, Link(absolute))
        if len(links) >= MAX_LINKS:
            skipped.append(f"links beyond the first {MAX_LINKS}")
            break
    return Discovery(links=tuple(links.values()), skipped=tuple(skipped[:20]))
