"""Find where this page's article stands among whole articles and teasers: Labrador's anchors.

Knows the elements, classes and numbers that Labrador CMS marks articles with. Does not read text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import path_of
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.text_runs import cut
from nordcrawl.extract.page.tree import select

_TITLES = (
    ".articleHeader h1.mainTitle, h1.headline.mainTitle, .articleHeader h1",
    "h1.mainTitle, h1.headline",
    "h1",
)
_HEADERS = frozenset(("articleheader", "article-header"))
_BODY = frozenset(("bodytext", "articlebody", "article-body"))
#: What in the header and body is not the article's own.
FURNITURE = (
    ".google-ad", ".adunit", ".ad-label", ".advertisement", ".row.social", ".social", ".share",
    "section.related", ".related", ".articlescroller", ".scrollbox", ".toplist", ".articlesByTag",
    "form", ".newsletter_submit", "[class*=newsletter]", ".articleFooter", ".tags", ".bylines",
    ".dates", ".paywallLabel", ".floatingText", "nav", "footer", "button", ".visuallyhidden",
    ".lang-link", ".comments", ".meta",
)  # fmt: skip
#: Levels above a line that names who is quoted at which the quote's box may be.
_QUOTE_LEVELS = 3
_ID_ATTRIBUTES = frozenset(
    ("data-id", "data-article-id", "data-lab-id", "data-page-id", "data-articleid")
)
_PAGE_ID = re.compile(r"\bpage[\"']?\s*:\s*\{[^{}]{0,300}?\bid[\"']?\s*:\s*[\"']?(\d{3,12})")
_LAST_NUMBER = re.compile(r"/(\d{4,12})/?$")


def page_id(head: Head, url: str) -> str | None:
    """Return the CMS's number of this page: of its script, else of the end of its address."""
    if found := _PAGE_ID.search(head.scripts):
        return found[1]
    canonical = next((link.href for link in head.links if link.rel == "canonical"), "")
    for address in (url, canonical, head.meta("og:url") or ""):
        if found := _LAST_NUMBER.search(path_of(address) or ""):
            return found[1]
    return None


def find_title(root: HtmlElement, cms_id: str | None) -> HtmlElement | None:
    """Return the headline of this article: of the one with the page's number, else the first."""
    for selector in _TITLES:
        titles = select(root, (selector,))
        for title in titles:
            if cms_id and cms_id in _ids_around(title):
                return title
        for title in titles:
            if not _is_other(title, cms_id):
                return title
    return None


def header_of(title: HtmlElement) -> HtmlElement | None:
    """Return the element that holds the headline, standfirst, picture and byline together."""
    for ancestor in title.iterancestors():
        if _HEADERS & {name.lower() for name in (ancestor.get("class") or "").split()}:
            return ancestor
    return None


def _ids_around(element: HtmlElement) -> set[str]:
    """Return the article numbers that the elements around (and the element) carry."""
    found = set()
    for holder in (element, *element.iterancestors("article", "section", "div")):
        found |= _own_ids(holder)
    return found


def _own_ids(element: HtmlElement) -> set[str]:
    found = set()
    for name, value in element.attrib.items():
        value = str(value).strip()
        if name in _ID_ATTRIBUTES and re.fullmatch(r"\d{4,12}", value):
            found.add(value)
        elif (
            name in ("data-k5a-url", "data-url", "itemid") and (m := _LAST_NUMBER.search(value))
        ) or (name == "id" and (m := re.fullmatch(r"article[-_]?(\d{4,12})", value))):
            found.add(m[1])
    return found


def _is_other(element: HtmlElement, cms_id: str | None) -> bool:
    ids = _ids_around(element)
    return bool(cms_id and ids and cms_id not in ids)


def bodies_after(root: HtmlElement, start: HtmlElement) -> list[HtmlElement]:
    """Return the body behind the header, with its further parts.

    A part belongs to it while no other headline stands between and it is in the same article.
    """
    own = set(start.iterancestors())
    found: list[HtmlElement] = []
    passed = False
    for element in root.iter("div", "section", "article", "header", "h1", "main"):
        if element is start:
            passed = True
            continue
        if not passed:
            continue
        classes = {name.lower() for name in (element.get("class") or "").split()}
        if found and (element.tag == "h1" or "articleheader" in classes):
            break  # the next article
        if not (classes & _BODY or element.get("itemprop") == "articleBody"):
            continue
        article = next(element.iterancestors("article"), None)
        if article is not None and article not in own and not _is_wrapper(article, own):
            continue  # a teaser's text
        if any(ancestor in found for ancestor in element.iterancestors()):
            continue
        if found and ("content" in classes or _unit(element) is not _unit(found[0])):
            break
        found.append(element)
    return found


def _unit(element: HtmlElement) -> HtmlElement | None:
    return next(element.iterancestors("article", "section", "main"), None)


def holder_of(bodies: Sequence[HtmlElement]) -> HtmlElement:
    """Return the innermost element that holds all parts of the body, the part itself if one."""
    first, *rest = bodies
    around = (first, *first.iterancestors())
    return next(e for e in around if all(e is part or e in part.iterancestors() for part in rest))


def above(title: HtmlElement, body: HtmlElement) -> list[HtmlElement]:
    """Return what stands from the headline to the body, where no element holds it together."""
    around = dict.fromkeys(body.iterancestors())
    branch = title
    while (parent := branch.getparent()) is not None and parent not in around:
        branch = parent
    found: list[HtmlElement] = []
    element: HtmlElement | None = branch
    while element is not None and element is not body and not _holds(element, body):
        found.append(element)
        element = element.getnext()
    return found


def _holds(element: HtmlElement, body: HtmlElement) -> bool:
    return any(ancestor is element for ancestor in body.iterancestors())


def _is_wrapper(article: HtmlElement, own: set[HtmlElement]) -> bool:
    """Return whether an article element that opens behind the header still is this article's."""
    return not _is_teaser(article) and article.getparent() in own


def in_teaser(element: HtmlElement) -> bool:
    """Return whether an element belongs to the teaser of another article, or to a box of them."""
    return any(
        (above.tag == "article" and _is_teaser(above))
        or "related" in (above.get("class") or "").split()
        for above in element.iterancestors()
    )


def furniture(
    holder: HtmlElement, selectors: Iterable[str], cms_id: str | None
) -> list[HtmlElement]:
    """Return the elements in a header or body that are not the article's own."""
    found = [e for s in selectors for e in select(holder, (s,)) if e is not holder]
    found.extend(
        element
        for element in holder.iter("article", "section")
        if element is not holder
        and ((element.tag == "article" and _is_teaser(element)) or _is_foreign(element, cms_id))
    )
    found = [e for e in found if e.tag != "footer" or not _names_who_is_quoted(e)]
    # A standfirst or caption may stand in a wrapper that carries one of those names.
    found = [e for e in found if not _holds_article(e, holder)]
    return [*found, *_bare_titles(holder, found)]


def _names_who_is_quoted(footer: HtmlElement) -> bool:
    """Return whether a footer is a quote's. Source: HTML, 4.4.4 "The blockquote element"."""
    return any(
        "quote" in marks_of(str(e.tag), e.get("class") or "", None)
        for e in islice(footer.iterancestors(), _QUOTE_LEVELS)
    )


def _bare_titles(holder: HtmlElement, dropped: list[HtmlElement]) -> list[HtmlElement]:
    """Return the titles of rows in which nothing but what is dropped stands."""
    return [
        title
        for title in select(holder, (".row_header_text",))
        if (row := title.getparent()) is not None
        and all(run.element is title for run in cut([row], dropped).runs)
    ]


def _is_teaser(article: HtmlElement) -> bool:
    if is_note(article):
        return False
    classes = (article.get("class") or "").split()
    return article.get("itemscope") is not None or "column" in classes


def is_note(article: HtmlElement) -> bool:
    """Return whether an element is one note of a live page, which is a part of its text."""
    return (article.get("itemtype") or "").endswith("/BlogPosting")


def _is_foreign(element: HtmlElement, cms_id: str | None) -> bool:
    """Return whether an element inside the body is another article, by its number or headline."""
    if is_note(element):
        return False
    ids = _own_ids(element)
    if cms_id and ids:
        return cms_id not in ids and (element.tag == "article" or bool(select(element, ("h1",))))
    return bool(select(element, ("h1.mainTitle", ".articleHeader h1")))


def _holds_article(element: HtmlElement, holder: HtmlElement) -> bool:
    """Return whether an element named for what stands around articles holds a part of one.

    It has the standfirst or a caption in it, or stands below a picture and names no one and no day.
    """
    if "meta" not in (element.get("class") or "").split():
        return False
    if select(element, (".subtitle", "figcaption")):
        return True
    if select(element, (".byline, .bylines, .dates, time, address",)):
        return False
    before = (e.getprevious() for e in (element, element.getparent()) if e is not None)
    return any(e is not None and next(e.iter("img"), None) is not None for e in before)
