"""Suggestion: the commented table of a site that was looked at. Pure: values in, TOML out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from nordcrawl.model.printable import shown
from nordcrawl.sources.guessed import shapes

#: Top-level domains whose country has another code. Source: IANA root zone database.
_COUNTRIES: Final = {"uk": "GB"}


@dataclass(frozen=True, slots=True)
class Site:
    """What is told of a site."""

    host: str
    aliases: tuple[str, ...]
    scheme: str
    name: str | None
    language: str | None
    languages_seen: tuple[str, ...]
    """Of its articles."""
    families: tuple[str, ...]
    """As which its articles were read."""
    generator: str | None
    sitemaps: tuple[tuple[str, int], ...]
    """(path or address, articles named)."""
    feeds: tuple[tuple[str, int], ...]

    links: tuple[str, ...]
    """Addresses that sitemaps and feeds name."""
    read: tuple[str, ...]
    """Those of them that were tried and are articles."""
    rejected: tuple[str, ...]
    """Those that were tried and are none."""
    zones_stated: int
    """Articles whose time of publication names its zone."""
    crawl_delay_s: float | None
    editions: tuple[tuple[str, str], ...] = ()
    """(language, address) of editions that the site names."""


def table(name: str, site: Site) -> str:
    """Return the TOML of ``[sources.<name>]``, each line with what it goes by."""
    return "\n".join(_lines(name, site)) + "\n"


def _lines(name: str, site: Site) -> Iterator[str]:
    yield f"# Suggested by: nordcrawl sources suggest {site.scheme}://{site.host}"
    tried = len(site.read) + len(site.rejected)
    yield f"# {len(site.read)} of {tried} pages that were tried are articles. Then:"
    yield f"#   nordcrawl sources check {name}; nordcrawl crawl {name} --sandbox"
    yield f"[sources.{name}]"
    yield f"title = {_quoted(site.name or site.host)}  # as printed; cut off from page titles"
    languages = Counter(site.languages_seen).most_common(1)
    language = languages[0][0] if languages else _primary(site.language) or "und"
    yield f"# The page says lang={shown(site.language or 'nothing')}; its articles are in " + (
        ", ".join(sorted(set(site.languages_seen))) or "no language that was told"
    )
    yield f"hosts = {{ {_quoted(site.host)} = {_quoted(language)} }}"
    others = [f"{shown(lang)} {shown(url)}" for lang, url in site.editions if site.host not in url]
    if others:
        yield f"# Other editions that it names: {'; '.join(others[:5])}"
    if site.aliases:
        yield f"alias_hosts = {_list(site.aliases)}"
    yield from _family(site)
    yield from _where(site)
    yield from _entries(site)
    yield from _shapes(site)
    if site.crawl_delay_s:
        yield f"# robots.txt asks for a delay of {site.crawl_delay_s:g} s, which is obeyed."


def _family(site: Site) -> Iterator[str]:
    told = f"generator: {shown(site.generator)}" if site.generator else "no generator is named"
    found = Counter(site.families).most_common(1)
    family = found[0][0] if found else "generic"
    yield f"# Read as {family}; {told}"
    yield f'family = "{"labrador" if family == "labrador" else "generic"}"'


def _where(site: Site) -> Iterator[str]:
    top = site.host.partition(":")[0].rpartition(".")[2]
    country = _COUNTRIES.get(top, top.upper())
    zones = zones_of(country)
    if zones:
        yield f'country = "{country}"  # by the host\'s name'
    if site.zones_stated == len(site.read) > 0:
        yield "# Every article tells the zone of its times; this one is for those that do not."
    if len(zones) == 1:
        yield f'timezone = "{zones[0]}"'
    elif zones:
        yield f"# One of: {', '.join(zones)}"
        yield f'timezone = "{zones[0]}"'
    else:
        yield 'timezone = "UTC"  # of dates that name none: the site\'s own, if you know it'


def _entries(site: Site) -> Iterator[str]:
    for key, found in (("sitemaps", site.sitemaps), ("feeds", site.feeds)):
        if found:
            told = ", ".join(f"{shown(path)} {count:,}" for path, count in found)
            yield f"# Articles that these named: {told}"
            yield f"{key} = {_list([path for path, _ in found])}"
        else:
            yield f"# {key} = []  # none was found"


def _shapes(site: Site) -> Iterator[str]:
    learnt: list[str] = []
    doubted: list[str] = []
    for one in shapes(site.links):
        wrong = any(re.search(one, _path(url)) for url in site.rejected)
        right = any(re.search(one, _path(url)) for url in site.read)
        (doubted if wrong and not right else learnt).append(one)
    for one in doubted:
        yield f"# Left out, as what was tried of it is no article: {_regex(one)}"
    if not learnt:
        yield "# No shape is common to addresses of articles only: what sitemaps and feeds name"
        yield "# is taken. Listings need article_urls."
        return
    patterns = [re.compile(one) for one in learnt]
    paths = [_path(url) for url in site.links]
    fit = sum(any(one.search(path) for one in patterns) for path in paths)
    yield f"# {fit:,} of {len(paths):,} addresses of articles have one of these shapes."
    yield "article_urls = ["
    yield from (f"    {_regex(one)}," for one in learnt)
    yield "]"
    if fit < len(paths):
        left = next(p for p in paths if not any(one.search(p) for one in patterns))
        yield f"# Not: {shown(left)}"
    yield 'listings = ["/"]'


def _regex(text: str) -> str:
    """Return it as a literal string of TOML where that can be, else as a basic one."""
    return f"'{text}'" if "'" not in text and text.isprintable() else json.dumps(text)


def _path(url: str) -> str:
    return re.sub(r"^https?://[^/]+", "", url)


def zones_of(country: str) -> list[str]:
    """Return the IANA zones of a country (ISO 3166-1), none of what is none.

    >>> zones_of("NO"), zones_of("XX")
    (['Europe/Oslo'], [])
    """
    text = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [row[2] for row in rows if row[0] == country]


def _primary(tag: str | None) -> str | None:
    found = re.match(r"[a-z]{2,3}(?=$|[-_])", (tag or "").strip().lower())
    return found[0] if found else None


def _quoted(text: str) -> str:
    # A basic string of TOML 1.0 is one of JSON, but for DEL, which `shown` escapes.
    return json.dumps(shown(text), ensure_ascii=False)


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"
