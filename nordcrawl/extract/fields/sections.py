"""Sections of the site that an article stands in."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from nordcrawl.extract.fields import printed_sections, title
from nordcrawl.extract.fields.context import Context
from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import clean_line, unmarked

#: "Sport, culture and leisure" is one section.
_AND = re.compile(rf"\s{one_of(*words('and'))}\s", re.IGNORECASE)


def sections(context: Context) -> tuple[tuple[str, ...], str]:
    """Return (sections, origin), the article's own first."""
    if context.given.section:
        return (context.given.section,), context.given.origin_of("section")
    head = context.head
    told = tuple(strings(head.jsonld.node.get("articleSection"), "name"))
    metas = head.all("article:section", "og:article:section", "section", "parsely-section")
    for values, origin in ((told, "json-ld"), (metas, "meta"), (head.jsonld.trail, "breadcrumb")):
        if found := _sections(values):
            return found, origin
    names = title.site_names(head, context.profile.site_title, context.page.url)
    found, origin = printed_sections.printed(head, context.root, context.page.url, names)
    return (found, origin) if found else ((), "")


def _sections(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return sections, those parted that one value has joined without a word between.

    >>> _sections(("Fiske,Havn, Kyst",)), _sections(("Sport, kultur og fritid",))
    (('Fiske', 'Havn', 'Kyst'), ('Sport, kultur og fritid',))
    """
    found: list[str] = []
    for value in values:
        parts = [part for part in map(unmarked, value.split(",")) if part]
        joined = len(parts) > 1 and not _AND.search(value)
        found.extend(parts if joined else [unmarked(value)])
    return tuple(dict.fromkeys(part for part in found if part))


def section_of_address(url: str) -> str | None:
    """Return the first part of the path when it reads like a section.

    >>> section_of_address("https://avisa.test/politikk/ny-havn/123456")
    'politikk'
    """
    parts = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    if len(parts) >= 2 and re.fullmatch(r"[^\W\d_][\w-]{2,30}", parts[0]) and len(parts[0]) > 2:
        return clean_line(parts[0])
    return None
