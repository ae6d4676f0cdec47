"""Find the section of an article as its page prints it: in a trail of crumbs, among the links to
categories, in a link to what the page's address stands below.

For pages whose head and data name none. Does not read addresses for words: a name counts only as
it is printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from itertools import chain, islice
from typing import cast
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.lexicon.tables import table, words
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.near_headline import headline, is_of_entry, line_of, names_of
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.tree import text_of

#: A name of a section has fewer characters, and no list of crumbs more links.
_CHARS, _CRUMBS = 50, 12
_TRAIL = re.compile(r"breadcrumb|brotkr(?:u|ü)m|brodsmul|brødsmul|br(?:ö|o)dsmul|murupolku|"
                    r"fil-?d?-?ariane|(?<![a-z])crumbs?(?![a-z])", re.IGNORECASE)  # fmt: skip
_CATEGORY = re.compile(
    r"(?<![a-z])(?:categor(?:y|ies)|cat-links|kategori(?:er)?|section-?(?:name|title|link|label)|"
    r"article-?section|rubrik|rubrique|ressort|channel-?(?:name|link))(?![a-z])",
    re.IGNORECASE,
)
_OWN = re.compile(r"breadcrumb|categor|kategori|rubri|ressort|section", re.IGNORECASE)
_NO_SECTION = frozenset((*words("front_pages"), *words("no_section")))
_MONTHS = frozenset(m for names in table("months").values() for those in names for m in those)
_LINKS = etree.XPath("//body//a[@href]")
#: Parts of those names, in the letters that are the same in any spelling.
_TRAIL_PARTS = ("readcrumb", "rumbs", "rotkr", "odsmul", "ødsmul", "ödsmul", "urupolku", "riane")
_NAMED = ("class", "id", "aria-label", "itemtype")
_CLASSED = etree.XPath("//body//*[contains(@class, $part)]")
_LABELLED = etree.XPath(
    "//body//*[contains(@id, 'readcrumb') or contains(@aria-label, 'readcrumb')]"
)
_CATEGORY_PARTS = ("ategor", "cat-links", "ection", "ubri", "essort", "hannel")
_CATEGORY_LINKS = etree.XPath(
    "//body//*[contains(@rel, 'category')"
    + "".join(f" or contains(@{name}, '{p}')" for name in ("class", "id") for p in _CATEGORY_PARTS)
    + "]/descendant-or-self::*[self::a][@href]"
)
#: So many letters of a name agree with its address; one of more words is no section's.
_ALIKE, _NAME_WORDS = 4, 4
#: Levels above a link in which it is named as a category.
_LEVELS = 2


def printed(
    head: Head, root: HtmlElement, url: str, site: Iterable[str] = ()
) -> tuple[tuple[str, ...], str]:
    """Return (sections, origin) as the page prints them, the widest first; none where it does not.

    Links to all of a category (rel of WordPress, or a class) count in the page's order. The names
    of the `site` and the page's titles are none.
    """
    titles = (head.title, *head.all("og:title")[:1])
    own = {key(title) for title in (*titles, *site)} - {""}
    heading = headline(list(root.iter("h1")), titles)
    if heading is not None:
        own.add(key(text_of(heading)))
    if trail := tuple(_trail(head, root, own, url)):
        return trail, "printed"
    above = set() if heading is None else set(heading.iterancestors())
    if named := tuple(_categories(root, above, own, url)):
        return named, "printed"
    return tuple(_around(root, own, url)), "printed"


def _trail(head: Head, root: HtmlElement, titles: Set[str], url: str) -> Iterator[str]:
    """Yield the names between the front page and this one, of the first trail that has any."""
    marked = (_CLASSED(root, part=part) for part in _TRAIL_PARTS if part in head.names)
    for element in cast("Iterator[HtmlElement]", chain(*marked, _LABELLED(root))):
        told = " ".join(element.get(name) or "" for name in _NAMED)
        if element.tag in ("body", "main") or not _TRAIL.search(told):
            continue
        links = list(islice(element.iter("a"), _CRUMBS + 1))
        if not 0 < len(links) <= _CRUMBS:
            continue
        found = [name for link in links if (name := _name(link, titles, url))]
        if found:
            yield from dict.fromkeys(found)
            return


def _name(link: HtmlElement, titles: Set[str], url: str) -> str | None:
    """Return the section that a link leads to; None for the front page and this page."""
    line = line_of(link, _CHARS)
    folded = key(line or "")
    line = (line or "").strip(" /|›»>")
    if not folded or line.endswith(":") or line.casefold().strip(" :") in _NO_SECTION:
        return None
    if folded.isdigit() or folded.strip("0123456789") in _MONTHS:
        return None
    if any(
        folded == title or (len(folded) > len(title) / 2 and folded in title) for title in titles
    ):
        return None
    path = _path(link.get("href"), url)
    return None if path in (None, "", _path(url, url)) else line


def _path(address: str | None, url: str) -> str | None:
    """Return the path of an address of this site without a slash at its end, None for another's."""
    try:
        parts = urlsplit(urljoin(url, address or ""))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or parts.netloc != urlsplit(url).netloc:
        return None
    return parts.path.rstrip("/")


def _categories(
    root: HtmlElement, above: Set[HtmlElement], titles: Set[str], url: str
) -> Iterator[str]:
    """Yield the names of the links that are marked as an article's categories."""
    found: dict[str, str] = {}
    for link in cast("list[HtmlElement]", _CATEGORY_LINKS(root)):
        if "category" in (link.get("rel") or "").split() or _is_category(link):
            if is_of_entry(link, above, titles, _OWN) or _is_furniture(link, above):
                continue
            if name := _name(link, titles, url):
                found.setdefault(key(name), name)
    if len(found) <= _CRUMBS:  # more are all that the site has
        yield from found.values()


def _is_category(link: HtmlElement) -> bool:
    if "section" in (link.get("class") or "").split():
        return True
    return any(
        _CATEGORY.search(names_of(element))
        for element in (link, *islice(link.iterancestors(), _LEVELS))
        if element.tag not in ("body", "main", "article")
    )


def _is_furniture(link: HtmlElement, above: Set[HtmlElement]) -> bool:
    for element in link.iterancestors():
        if element in above:
            return False
        if element.tag in ("nav", "aside", "footer"):
            return True
    return False


def _around(root: HtmlElement, titles: Set[str], url: str) -> Iterator[str]:
    """Yield the name of the widest page that this page's address stands below, as a link to it has
    it that stands in a menu or is like the address."""
    own = _path(url, url) or ""
    first = own.split("/")[1] if "/" in own else ""
    best: tuple[int, str] | None = None
    for link in cast("list[HtmlElement]", _LINKS(root)):
        if not first or first not in (link.get("href") or ""):
            continue
        path = _path(link.get("href"), url)
        if not path or not own.startswith(path + "/") or (best and len(path) >= best[0]):
            continue
        if (name := _name(link, titles, url)) and (
            _is_alike(name, path) or (name.count(" ") < _NAME_WORDS and _is_in_menu(link))
        ):
            best = (len(path), name)
    if best:
        yield best[1]


def _is_alike(name: str, path: str) -> bool:
    """Return whether a name begins as the last part of an address does."""
    told, part = key(name), key(path.rpartition("/")[2])
    return len(part) >= _ALIKE and told[:_ALIKE] == part[:_ALIKE]


def _is_in_menu(link: HtmlElement) -> bool:
    return any(element.tag in ("nav", "header") for element in link.iterancestors())
