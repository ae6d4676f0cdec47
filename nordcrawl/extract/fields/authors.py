"""Find who wrote the article: names as printed, without labels and roles.

Does not judge whether a name is a person or an agency: both sign articles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Set
from itertools import islice
from typing import TYPE_CHECKING, cast

from lxml import etree
from lxml.html import HtmlElement

from nordcrawl.extract.fields import bylines, marked_times
from nordcrawl.extract.fields.names import is_agency, is_desk, split, tidy
from nordcrawl.extract.lexicon.phrases import BYLINE, CREDIT_LABEL
from nordcrawl.extract.lexicon.tables import one_of, words
from nordcrawl.extract.page import spoken
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.microdata import Microdata
from nordcrawl.extract.page.near_headline import headline, is_of_entry, line_of
from nordcrawl.extract.page.schema_values import people
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.tree import select

#: Labels that Yoast SEO and others write before an author's name for shared links.
_WRITTEN_BY = frozenset(words("written_by"))
_METAS = (
    "author", "article:author", "parsely-author", "byl", "sailthru.author", "dc.creator",
    "article:author_name", "citation_author", "cxenseparse:author", "og:article:author",
)  # fmt: skip
if TYPE_CHECKING:
    from nordcrawl.extract.fields.datelines import Text

__all__ = ["find", "split", "tidy"]

_LINE_CHARS = 120
#: A box of all authors of an article, with what it says of them.
_BOX_CHARS = 600
_APART = re.compile(r"\s+[|•·/–—-]\s+|\s*\|\s*")
#: More names are no byline, and more lines with an author's name are not looked at.
_MOST, _LINES = 6, 8
_NAME = re.compile(r"(?:[^\W\d_][\w.'’-]* )+[^\W\d_][\w.'’-]+")
_WITH_NAME = etree.XPath("//body//text()[contains(., $name) and string-length(.) < 160]")
_MICRODATA = ('[itemprop="author"] [itemprop="name"]', '[itemprop="author"]', '[rel="author"]')
_VISIBLE = (
    ".byline [itemprop=name]", ".byline a[rel=author]", ".byline .author", ".author-name",
    ".byline-name", ".byline__name", ".article-author", ".author a", ".byline a", ".byline",
    ".author",
)  # fmt: skip

_CARDS = (".vcard .fn", ".p-author .p-name", ".p-author")
#: What stands before the name of who only helped, on a line that says no more.
_EDITED = re.compile(
    rf"\W*{one_of('editors?', *words('bylines', 'helping'))}"
    rf"\s*(?:[:：]|{one_of(*words('bylines', 'by'))}\s)\s*",
    re.IGNORECASE,
)
_PICTURES = re.compile(rf"\W*{one_of(*words('bylines', 'pictures'))}\W*", re.IGNORECASE)
#: A shorter part of a name is an initial, or nothing.
_WORD = 4
#: A shorter name of a site may be the beginning of a person's.
_SITE = 8
_PART = re.compile(r"[\W\d_]+")

#: Names that must stand on a page for a selector to find anything: of classes and in values. Most
#: pages that name no author elsewhere have none of them either.
_WORDS = re.compile(r"(?<=[.=\"])[a-z][a-z_-]+")


def find(
    head: Head, root: HtmlElement, site: Iterable[str] = (), url: str = ""
) -> tuple[tuple[str, ...], str]:
    """Return (names, origin): JSON-LD, then meta, microdata, marked and printed bylines.

    The names of the site itself, of a desk, of who only edited the article, and what somebody logs
    in with count only where no person is named; what stands in another article's microdata, by the
    page's `url` and headlines, does not count. Of data that names one of the authors that the
    byline or a meta names, these win.
    """
    keys = {key(name) for name in site} - {""}
    weak: tuple[tuple[str, ...], str] = ((), "")
    titles = (head.title, *head.all("og:title")[:1], *(h.text for h in head.headings[:3]))
    for names, origin in _sources(head, root, Microdata.of(root, titles, url), keys):
        others = tuple(name for name in names if key(name) not in keys)
        if len(others) == 1 and origin == "json-ld":
            if both := _line_of_more(root, others[0]):
                return both, "byline"
            if both := _meta_of_more(head, others[0]):
                return both, "meta"
        is_weak = gives_way(others, keys) or (
            len(others) == 1 and origin == "json-ld" and _only_edited(root, others[0])
        )
        if is_weak:
            if names and not weak[0]:
                weak = (others or names, origin)
            continue
        if not weak[0]:
            return others, origin
        if found := overruling(others, weak[0], keys, is_guess=origin == "printed"):
            return found, origin
    return weak


def gives_way(names: Iterable[str], site: Iterable[str] = ()) -> bool:
    """Return whether names are no person's, so that one who is named elsewhere wrote the article:
    the site's own, a desk, what somebody logs in with. So does none."""
    keys = {key(name) for name in site} - {""}
    return all(
        key(name) in keys or is_desk(name) or _is_handle(name) or _is_of_site(name, keys)
        for name in names
    )


def _is_of_site(name: str, site: Iterable[str]) -> bool:
    """Return whether a name begins with the site's, or its only word is what that begins with:
    "avisnord.test developer", "Avis N"."""
    if any(len(own) >= _SITE and key(name).startswith(own) for own in site):
        return True
    parts = [part for part in name.split() if len(part) >= _WORD]
    return len(parts) == 1 and " " in name and any(n.startswith(key(parts[0])) for n in site)


def _is_handle(name: str) -> bool:
    return " " not in name and name == name.lower() and name.isascii()


def overruling(
    names: tuple[str, ...], weak: tuple[str, ...], site: Set[str], *, is_guess: bool = False
) -> tuple[str, ...]:
    """Return those of the names that count against others that give way: against a handle only the
    name that it is short for, against all but the site's own, and of a guess, only persons'."""
    if all(_is_handle(name) and key(name) not in site for name in weak):
        return tuple(n for n in names if any(_is_short_for(handle, n) for handle in weak))
    if all(key(name) in site for name in weak) and not is_guess:
        return names
    return names if all(" " in name and not is_agency(name) for name in names) else ()


def _is_short_for(handle: str, name: str) -> bool:
    """Return whether what somebody logs in with is made of their name.

    >>> _is_short_for("karivik", "Kari Vik"), _is_short_for("kari.vik", "Kari M. Vík")
    (True, True)
    """
    told = _ascii(name)
    if key(handle) == key(told):
        return True
    parts = [part for part in _PART.split(handle) if part]
    return len(parts) > 1 and set(parts) <= set(_PART.split(told))


def _ascii(name: str) -> str:
    """Return a name in small letters without their marks."""
    plain = unicodedata.normalize("NFD", name.casefold()).encode("ascii", "ignore")
    return plain.decode("ascii")


def _meta_of_more(head: Head, name: str) -> tuple[str, ...]:
    """Return the names of a meta that names an author and others as full as that; else none."""
    for meta in _METAS:
        names = tidy(p for value in head.all(meta) for p in split(value, is_data=True))
        if 1 < len(names) <= _MOST and name in names and all(map(_NAME.fullmatch, names)):
            return names
    return ()


def _line_of_more(root: HtmlElement, name: str) -> tuple[str, ...]:
    """Return the names of a byline that begins as one and names an author and others; else none."""
    for text in cast("list[Text]", _WITH_NAME(root, name=name))[:_LINES]:
        holder = text.getparent()
        for element in (holder, None if holder is None else holder.getparent()):
            if element is None or _in_caption(element) or _in_teaser(element):
                continue
            if _in_another(element):
                continue
            line = spoken.names(element)
            if len(line) >= _LINE_CHARS or "\n" in line or not BYLINE.match(line):
                continue
            names = tidy(split(line))
            if 1 < len(names) <= _MOST and name in names and all(map(_NAME.fullmatch, names)):
                return names
    return ()


def _only_edited(root: HtmlElement, name: str) -> bool:
    """Return whether the page says of an author of its data, on a line of its own, that they edited
    or translated the article."""
    for text in cast("list[Text]", _WITH_NAME(root, name=name))[:_LINES]:
        holder = text.getparent()
        for element in (holder, None if holder is None else holder.getparent()):
            if element is None:
                continue
            line = line_of(element, _LINE_CHARS)
            if line and (found := _EDITED.match(line)) and key(line[found.end() :]) == key(name):
                return not _in_teaser(element)
    return False


def _sources(
    head: Head, root: HtmlElement, items: Microdata, site: Set[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    node = head.jsonld.node
    for name in ("author", "creator"):
        yield _of_data(people(node.get(name)), site), "json-ld"
    for meta in _METAS:
        yield _of_data(head.all(meta), site), "meta"
    yield told_beside_label(head), "meta"
    titles = (head.title, *head.all("og:title")[:1])
    own_titles = {key(title) for title in titles} - {""}
    heading = headline(list(root.iter("h1")), titles)
    above = set() if heading is None else set(heading.iterancestors())
    marked = head.names.lower()
    if "fn" in marked or "p-author" in marked:
        yield tidy(_of_entries(root)), "microformat"
    for selectors, origin in ((_MICRODATA, "microdata"), (_VISIBLE, "byline")):
        for selector in selectors:
            if not all(word in marked for word in _WORDS.findall(selector)):
                continue
            found = [
                e for e in select(root, (selector,))[:8] if not _in_teaser(e) and not _in_caption(e)
            ]
            found = [e for e in found if not items.is_of_other(e)]
            found = [e for e in found if not is_of_entry(e, above, own_titles, bylines.BOX)]
            if origin == "byline":
                found = _of_one_byline(found)
            found = [e for e in found if not _took_pictures(e)] or found
            texts = [text for e in found if 2 < len(text := spoken.names(e)) < _LINE_CHARS]
            texts = [text for text in texts if not _is_credit(text)]
            is_data = origin == "microdata"
            yield tidy(p for text in texts for p in split(text, is_data=is_data))[:6], origin
    line = bylines.printed(root, titles, site)
    yield tidy(split(line) if line else ()), "printed"


def _of_data(values: Iterable[str], site: Set[str]) -> tuple[str, ...]:
    """Return the names in values of data, without the site's own name beside them."""
    own = (_without_site(value, site) for value in values)
    return tidy(name for value in own for name in split(value, is_data=True))


def _without_site(value: str, site: Set[str]) -> str:
    """Return a name without that of the site before or behind it: "Avis Nord | Kari Vik"."""
    parts = _APART.split(value)
    others = [part for part in parts if key(part) not in site]
    if len(others) != 1 or len(parts) == 1:
        return value
    if bylines.PERSON.match(others[0]):
        return others[0]
    return next(part for part in parts if part != others[0])


def _of_one_byline(found: list[HtmlElement]) -> list[HtmlElement]:
    """Return the first of the elements that are marked as an author's, and those that stand in one
    box with it; others are of answers and of other articles."""
    box = None
    for element in found[:1]:
        for ancestor in element.iterancestors():
            if ancestor.tag == "body" or line_of(ancestor, _BOX_CHARS) is None:
                break
            box = ancestor
    if box is None:
        return found[:1]
    inside = set(box.iterdescendants())
    return [element for element in found if element in inside]


def told_beside_label(head: Head) -> tuple[str, ...]:
    """Return the name in the labelled lines for shared links, if it is labelled as the author."""
    for number in "12":
        label = (head.meta(f"twitter:label{number}") or "").strip(" :").casefold()
        if label in _WRITTEN_BY:
            return tidy(head.all(f"twitter:data{number}")[:1])
    return ()


def _of_entries(root: HtmlElement) -> Iterator[str]:
    """Yield the authors in the microformat of the entry that has the headline.

    Source: microformats.org, hAtom (author, an hCard with fn) and h-entry (p-author).
    """
    for element in select(root, _CARDS)[:_MOST]:
        if marked_times.is_of_entry(element) and not _in_comments(element):
            yield from split(spoken.names(element))


def _in_comments(element: HtmlElement) -> bool:
    names = (f"{e.get('class') or ''} {e.get('id') or ''}" for e in element.iterancestors())
    return any("comment" in name.lower() for name in names)


def _is_credit(text: str) -> bool:
    """Return whether a line only says who made a picture."""
    return CREDIT_LABEL.match(text) is not None and not split(text)


def _took_pictures(element: HtmlElement) -> bool:
    """Return whether the element beside a name says that its bearer takes pictures."""
    beside = element.getnext()
    line = None if beside is None else line_of(beside, _LINE_CHARS)
    return bool(line) and _PICTURES.fullmatch(line or "") is not None


def _in_teaser(element: HtmlElement) -> bool:
    """Return whether an element belongs to a comment, footer, quotation or another's teaser."""
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


def _in_another(element: HtmlElement) -> bool:
    """Return whether an element stands in an `article` that does not hold the headline, on a page
    of several."""
    holder = next(element.iterancestors("article"), None)
    if holder is None or next(holder.iter("h1"), None) is not None:
        return False
    articles = islice(holder.getroottree().getroot().iter("article"), 2)
    return sum(1 for _ in articles) > 1


#: Levels above a name among which its caption's element may be.
_CAPTION_LEVELS = 3


def _in_caption(element: HtmlElement) -> bool:
    """Return whether an element is or stands in a picture's caption: it names who made that."""
    return any(
        "caption" in marks_of(str(e.tag), e.get("class") or "", None)
        for e in (element, *islice(element.iterancestors(), _CAPTION_LEVELS))
    )
