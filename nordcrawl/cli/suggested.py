"""Suggested: what was looked at of a site, as the values of which its table is made."""

from __future__ import annotations

from urllib.parse import urlsplit

from nordcrawl.cli.looking import Entry, Looked
from nordcrawl.model.article import Article
from nordcrawl.model.url import host_of
from nordcrawl.sources.suggestion import Site

_MOST_ENTRIES = 6


def site_of(seen: Looked, host: str, other: str) -> Site:
    """Return the values; `other` is the host with ``www.``, or without."""
    home = host_of(seen.home)
    own = home if home in (host, other) else host
    alias = other if own == host else host
    results = {url: one.result for url, one in seen.articles.items()}
    read = [one for one in results.values() if isinstance(one, Article)]
    good = [entry for entry in seen.entries.values() if entry.problem is None]
    hosts = {host_of(url) for entry in good for url in entry.links}
    return Site(
        host=own,
        aliases=(alias,) if alias != own and (alias in hosts or own != host) else (),
        scheme=urlsplit(seen.home).scheme,
        name=seen.front.name,
        language=seen.front.language,
        languages_seen=tuple(a.language for a in read if a.language),
        families=tuple(one.family for one in seen.articles.values() if one.family and one.lines),
        generator=seen.front.generator,
        sitemaps=_entries([e for e in good if e.kind == "sitemap"], own),
        feeds=_entries([e for e in good if e.kind == "feed"], own),
        links=tuple(dict.fromkeys(url for entry in good for url in entry.links)),
        zones_stated=sum(
            a.provenance["published_at"].zone == "stated"
            for a in read
            if "published_at" in a.provenance
        ),
        read=tuple(url for url, one in results.items() if isinstance(one, Article)),
        rejected=tuple(url for url, one in results.items() if not isinstance(one, Article)),
        crawl_delay_s=seen.crawl_delay_s,
        editions=seen.front.editions,
    )


def _entries(entries: list[Entry], host: str) -> tuple[tuple[str, int], ...]:
    """Return those that lead to articles, as paths where they are on the host: an index stands for
    what is below it."""
    indexes = [one for one in entries if one.further]
    found = indexes or [one for one in entries if one.links]
    if entries and entries[0].kind == "sitemap":
        found += [one for one in entries if one.latest and one.links and one not in found]
    told = []
    for one in found[:_MOST_ENTRIES]:
        parts = urlsplit(one.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        below = sum(len(other.links) for other in entries) if one in indexes else 0
        told.append((path if parts.netloc == host else one.url, below or len(one.links)))
    return tuple(told)
