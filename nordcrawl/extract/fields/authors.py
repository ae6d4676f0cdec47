"""Find who wrote the article: names as printed, without labels and roles.

Does not judge whether a name is a person or an agency: both sign articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.fields import bylines
from nordcrawl.extract.lexicon.phrases import BYLINE, CREDIT_LABEL
from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.schema_values import people, types_of
from nordcrawl.extract.page.text import clean_line, key
from nordcrawl.extract.page.tree import select, text_of

_NOT_NAMES = re.compile(
    r"^https?://|^www\.|@|^\W*$|^\d+$|^[\w-]+\.(?:de|com|org|net|no|se|dk|fi|is|ch|at|fr|uk|cl)$|^\(|"
    r"^(?:image|photo|foto|bild|bilde)\s*:|^(?:admin|administrator|null|none|undefined|author|by|av)$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    rf"\s*(?:,|\||\(|–|—|\s-\s|/)\s*{one_of(*words('names', 'roles'))}\b.*$", re.IGNORECASE
)
#: "Kari Nordmann @kari", "Kari Nordmann (kari@avis.test)".
_HANDLE = re.compile(r"\s+[(<]?(?:@\w+|[\w.+-]+@[\w.-]+\.\w+)[)>]?$")
#: "Paper by Name": what stands before is where it was written for.
_PAPER_BY = re.compile(r"[^\W\d_]\w{1,20} (?:[Vv]on|[Bb]y|[Aa]v|[Pp]ar|[Pp]or) ([^\W\d_]\w+ .+)$")
_METAS = (
    "author", "article:author", "parsely-author", "byl", "sailthru.author", "dc.creator",
    "article:author_name", "citation_author", "cxenseparse:author", "og:article:author",
)  # fmt: skip
_JOIN = re.compile(rf"\s*(?:,|;|\s{one_of(*words('names', 'and'))}\s)\s*")
_MICRODATA = ('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]', '[rel="author"]')
_VISIBLE = (
    ".byline [itemprop=name]", ".byline a[rel=author]", ".byline .author", ".author-name",
    ".byline-name", ".byline__name", ".article-author", ".author a", ".byline a", ".byline",
    ".author",
)  # fmt: skip

#: Looked at first: most pages that name no author elsewhere have no such element either.
_MARKS = etree.XPath("//@class | //@rel | //@itemprop", smart_strings=False)


def find(head: Head, root: HtmlElement, site: Iterable[str] = ()) -> tuple[tuple[str, ...], str]:
    """Return (names, origin): JSON-LD, then meta, microdata, marked and printed bylines.

    The names of the site itself count only where there is no other; where its data says that a
    desk is the author, no guess counts against that.
    """
    keys = {key(name) for name in site}
    own: tuple[tuple[str, ...], str] = ((), "")
    for names, origin in _sources(head, root):
        people = tuple(name for name in names if key(name) not in keys)
        if people and not (origin == "printed" and own[1] == "json-ld" and _is_desk(head)):
            return people, origin
        if names and not own[0]:
            own = (names, origin)
    return own


def _is_desk(head: Head) -> bool:
    """Tell whether the page's data says that its author is no person."""
    authors = head.jsonld.node.get("author")
    values = authors if isinstance(authors, list) else [authors]
    types = {name for value in values if isinstance(value, dict) for name in types_of(value)}
    return bool(types) and "Person" not in types


def _sources(head: Head, root: HtmlElement) -> Iterator[tuple[tuple[str, ...], str]]:
    node = head.jsonld.node
    for name in ("author", "creator"):
        values = people(node.get(name))
        yield tidy(part for value in values for part in split(value)), "json-ld"
    for meta in _METAS:
        yield tidy(part for value in head.all(meta) for part in split(value)), "meta"
    marked = " ".join(_MARKS(root)).lower()
    for selectors, origin in ((_MICRODATA, "microdata"), (_VISIBLE, "byline")):
        for selector in selectors if "author" in marked or "byline" in marked else ():
            found = [
                e for e in select(root, (selector,))[:8] if not _in_teaser(e) and not _in_caption(e)
            ]
            texts = [t for e in found if 2 < len(t := clean_line(text_of(e))) < 120]
            texts = [text for text in texts if not CREDIT_LABEL.match(text)]
            yield tidy(part for text in texts for part in split(text))[:6], origin
    line = bylines.printed(root, (head.title, *head.all("og:title")[:1]))
    yield tidy(split(line) if line else ()), "printed"


def _in_teaser(element: HtmlElement) -> bool:
    """Tell whether an element belongs to a comment, footer, quotation or another's teaser."""
    for ancestor in element.iterancestors():
        names = f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}".lower()
        if ancestor.tag in ("footer", "aside", "nav", "blockquote") or any(
            word in names for word in ("comment", "related", "quote", "sitat")
        ):
            return True
        if (
            ancestor.tag == "article"
            and next(ancestor.iter("h1"), None) is None
            and ("teaser" in names or "card" in names)
        ):
            return True
    return False


#: Levels above a name among which its caption's element may be.
_CAPTION_LEVELS = 3


def _in_caption(element: HtmlElement) -> bool:
    """Return whether an element is or stands in a picture's caption: it names who made that."""
    return any(
        "caption" in marks_of(str(e.tag), e.get("class") or "", None)
        for e in (element, *islice(element.iterancestors(), _CAPTION_LEVELS))
    )


def split(text: str) -> list[str]:
    """Return the names in a printed byline.

    >>> split("Av Kari Nordmann og Ola Hansen")
    ['Kari Nordmann', 'Ola Hansen']
    """
    text = BYLINE.sub("", clean_line(text), count=1)
    if ";" in text:
        return [part.strip() for part in text.split(";") if part.strip()]
    parts = [part for part in _JOIN.split(text) if part]
    # Two full names or more; a part in lower case is a role, a single word an agency or place.
    if sum(" " in part for part in parts) >= 2 and all(part[0].isupper() for part in parts):
        return parts
    return [text]


def tidy(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without labels, roles, addresses and twins that differ in hyphens only."""
    kept: dict[str, str] = {}
    for name in names:
        name = _HANDLE.sub("", BYLINE.sub("", clean_line(name), count=1))
        if found := _PAPER_BY.match(name):
            name = found[1]
        name = _ROLE.sub("", name).strip(" ,;:|•·")
        if not name or len(name) > 120 or _NOT_NAMES.search(name):
            continue
        if name.isupper() and " " in name and len(name) > 8:
            name = name.title()
        folded = key(name)
        if folded not in kept or kept[folded].count("-") > name.count("-"):
            kept[folded] = name
    return tuple(kept.values())
