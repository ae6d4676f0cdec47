"""Sitemaps: index, urlset, news sitemap, plain text; gzipped or not.

Source: sitemaps.org protocol 0.9; Google's news sitemap extension (news:publication_date,
news:title) and its localized versions (xhtml:link). Elements are told by their local name, because
sites get the namespace wrong; but what another namespace than the entry's own says in it, such as
the address of a picture, is not the page's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from itertools import chain

from lxml import etree

from nordcrawl.discover import markup
from nordcrawl.discover.addresses import Unreadable, absolute
from nordcrawl.discover.body import Characters
from nordcrawl.discover.link import Discovery, Link, linked
from nordcrawl.discover.markup import address_in, local, space, text_of

#: Source: sitemaps.org: at most 50,000 entries.
MAX_ENTRIES = 50_000

NAMES = frozenset({"url", "sitemap"})


def parse_sitemap(body: Characters, url: str, zone: tzinfo) -> Discovery:
    """Return the entries of an XML sitemap; see `nordcrawl.discover.read`."""

    def take(element: etree._Element, base: str) -> tuple[bool, tuple[Link, ...]]:
        return local(element) == "sitemap", tuple(_links(element, base, url, zone))

    entries = markup.read(body.data, lambda: body.text, NAMES, take, MAX_ENTRIES)
    links = tuple(chain.from_iterable(found for is_map, found in entries.found if not is_map))
    pages = [found[0] for is_map, found in entries.found if not is_map]
    sitemaps = tuple(found[0] for is_map, found in entries.found if is_map)
    problem = entries.problem
    if not entries.found and problem is None and entries.root not in ("urlset", "sitemapindex"):
        problem = f"no sitemap: the root element is <{entries.root or ''}>"
        if entries.fault is not None:
            problem = f"broken XML: {entries.fault}"
    return Discovery(
        links,
        sitemaps,
        skipped=shortened(entries.skipped),
        problem=problem,
        damage=shortened(entries.damage),
        is_news=bool(pages) and all(link.published is not None for link in pages),
    )


def parse_text(body: Characters, url: str, *, cut: bool) -> Discovery:
    """Return the addresses of a text sitemap, one a line; see `nordcrawl.discover.read`.

    `cut` says that its end is missing: then its last line is none.

    Source: sitemaps.org, "Sitemap file formats": UTF-8, nothing but absolute addresses.
    """
    links, skipped, lost = [], [], []
    text = body.text
    if cut:
        text = text[: max(map(text.rfind, "\n\r")) + 1]
    lines = list(filter(None, map(str.strip, text.splitlines())))
    for number, line in enumerate(lines[:MAX_ENTRIES], 1):
        try:
            if not line.lower().startswith(("http://", "https://")):
                raise ValueError(f"line {number}: not an http(s) address")
            links.append(Link(absolute(line, url)))
        except Unreadable as error:
            lost.append(f"line {number}: {error}")
        except ValueError as error:
            skipped.append(str(error))
    problems = []
    if lost:
        problems.append(f"{len(lost)} lines lost, as {lost[0]}")
    if len(lines) > MAX_ENTRIES:
        problems.append(f"entries beyond the first {MAX_ENTRIES} were not read")
    return Discovery(tuple(links), skipped=shortened(skipped), problem="; ".join(problems) or None)


def _links(element: etree._Element, base: str, url: str, zone: tzinfo) -> Iterator[Link]:
    """Yield what one entry names: its page or sitemap first, then versions of it in other
    languages, of which it says nothing but the address.

    Raises:
        ValueError: it names none.
    """
    own = space(element)
    told: dict[str, str] = {}
    others: list[etree._Element] = []
    for child in element:
        name = local(child)
        if name == "news":
            for part in child:
                if local(part) in ("publication_date", "title") and (text := text_of(part)):
                    told.setdefault(local(part), text)
        elif name == "link" and space(child) != own:
            others.append(child)
        elif name == "loc" and space(child) == own and (text := address_in(child)):
            told.setdefault(name, text)
        elif name in ("lastmod", "publication_date") and space(child) == own:
            told.setdefault(name, text_of(child))
    if "loc" not in told:
        raise ValueError("an entry without <loc>")
    yield linked(
        absolute(told["loc"], url, base),
        url,
        zone,
        lastmod=told.get("lastmod"),
        published=told.get("publication_date"),
        title=told.get("title"),
    )
    for other in others:
        kinds = (other.get("rel") or "").lower().split()
        if "alternate" not in kinds or not other.get("hreflang"):
            continue  # a page for small screens, say, is another rendering of the same
        try:
            yield Link(absolute(other.get("href") or "", url, base))
        except ValueError:
            continue  # the page itself is good


def shortened(lines: list[str]) -> tuple[str, ...]:
    """Return the first lines, and how many more there are."""
    if len(lines) <= markup.SHOWN:
        return tuple(lines)
    return (*lines[: markup.SHOWN], f"and {len(lines) - markup.SHOWN} more")
