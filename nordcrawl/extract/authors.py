"""Find who wrote the article: names as printed, without labels and roles.

Does not judge whether a name is a person or an agency: both sign articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml.html import HtmlElement

from nordcrawl.extract.head import Head
from nordcrawl.extract.jsonld import strings
from nordcrawl.extract.phrases import BYLINE
from nordcrawl.extract.text import clean_line, key
from nordcrawl.extract.tree import select, text_of

_NOT_NAMES = re.compile(r"^https?://|^www\.|@|^\W*$|^\d+$|^(?:admin|administrator|null|none|undefined|unknown|author|redaksjonen?@.*|by|av)$", re.IGNORECASE)
_ROLE = re.compile(
    r"\s*(?:,|\||\(|–|—|\s-\s|/)\s*(?:journalist|reporter|redaktør|redaktör|editor|sjefredaktør|"
    r"ansvarlig redaktør|kommentator|correspondent|staff writer|writer|skribent|fotograf|"
    r"photographer|nyhetsredaktør|politisk|senior|chief|contributor|columnist|frilans\w*|"
    r"freelance\w*|utviklingssjef|producer|special to|for |i |in )\b.*$",
    re.IGNORECASE,
)
_JOIN = re.compile(r"\s*(?:,|;|\s(?:og|and|och|und|et|y|&)\s)\s*")
_MICRODATA = ('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]', '[rel="author"]')
_VISIBLE = (
    ".byline [itemprop=name]", ".byline a[rel=author]", ".byline .author", ".author-name",
    ".byline-name", ".byline__name", ".article-author", ".author a", ".byline a", ".byline",
    ".author",
)  # fmt: skip


def find(head: Head, root: HtmlElement) -> tuple[tuple[str, ...], str]:
    """Return (names, origin): JSON-LD, then meta of one name each, microdata, visible bylines."""
    node = head.jsonld.node
    for name in ("author", "creator"):
        if names := tidy(strings(node.get(name), "name", "alternateName")):
            return names, "json-ld"
    for meta in ("author", "article:author", "parsely-author", "byl", "sailthru.author", "dc.creator", "article:author_name", "citation_author", "cxenseparse:author", "og:article:author"):  # fmt: skip
        values = [v for v in head.all(meta) if not key(v) == key(head.meta("og:site_name") or "-")]
        if names := tidy(part for value in values for part in split(value)):
            return names, "meta"
    for selectors, origin in ((_MICRODATA, "microdata"), (_VISIBLE, "byline")):
        for selector in selectors:
            found = [e for e in select(root, (selector,))[:8] if not _in_teaser(e)]
            texts = [t for e in found if 2 < len(t := clean_line(text_of(e))) < 120]
            if names := tidy(part for text in texts for part in split(text)):
                return names[:6], origin
    return (), ""


def _in_teaser(element: HtmlElement) -> bool:
    """Tell whether an element belongs to a comment, a footer or the teaser of another article."""
    for ancestor in element.iterancestors():
        names = f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}".lower()
        if ancestor.tag in ("footer", "aside", "nav") or "comment" in names or "related" in names:
            return True
        if ancestor.tag == "article" and next(ancestor.iter("h1"), None) is None and (
            "teaser" in names or "card" in names
        ):
            return True
    return False


def split(text: str) -> list[str]:
    """Return the names in a printed byline.

    >>> split("Av Kari Nordmann og Ola Hansen")
    ['Kari Nordmann', 'Ola Hansen']
    """
    text = BYLINE.sub("", clean_line(text), count=1)
    parts = [part for part in _JOIN.split(text) if part]
    # A part in lower case or of one word is a role or a place, no second name.
    if all(" " in part and part[0].isupper() for part in parts):
        return parts
    return [text]


def tidy(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without labels, roles, addresses and twins that differ in hyphens only."""
    kept: dict[str, str] = {}
    for name in names:
        name = BYLINE.sub("", clean_line(name), count=1)
        name = _ROLE.sub("", name).strip(" ,;:|•·")
        if not name or len(name) > 120 or _NOT_NAMES.search(name):
            continue
        if name.isupper() and " " in name and len(name) > 8:
            name = name.title()
        folded = key(name)
        if folded not in kept or kept[folded].count("-") > name.count("-"):
            kept[folded] = name
    return tuple(kept.values())
