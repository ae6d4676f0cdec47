"""Read an article of Labrador CMS, as its public templates and the sites that use it lay it out.

One page can hold several whole articles and many teasers, so all is anchored on this one: its
header, and the first body after that. Where the anchors are missing (an older page, another CMS)
`read` returns None and the page is for the generic family.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from nordcrawl.article import Translation
from nordcrawl.extract import authors, dates
from nordcrawl.extract.assemble import is_byline
from nordcrawl.extract.body import Choice
from nordcrawl.extract.head import Head
from nordcrawl.extract.language import primary
from nordcrawl.extract.metadata import Given
from nordcrawl.extract.phrases import CROSS_LANGUAGE, LANGUAGE_NAMES
from nordcrawl.extract.rules import is_cross_language, is_label, is_pointer
from nordcrawl.extract.runs import Picture, Run, cut
from nordcrawl.extract.text import clean_line, key, label_key
from nordcrawl.extract.tree import select, select_one, text_of
from nordcrawl.page import Page, Profile

_HEADER = (".articleHeader", "header.article-header", ".article-header")
_TITLE = ("h1.headline.mainTitle", "h1.mainTitle", "h1.headline", "h1")
_BODY = frozenset(("bodytext", "articlebody", "article-body"))
_STANDFIRST = (
    ".subtitle",
    "[itemprop=description]",
    ".standfirst",
    ".lead",
    ".ingress",
    ".preamble",
)
_KICKER = ("p.kicker", ".kicker")
_NAMES = (".byline [itemprop=name]", ".bylines [itemprop=name]")
_TIMES = {
    "published": (
        ".datePublished time[datetime]",
        ".datePublished time",
        ".dateUnified time",
        "time[itemprop=datePublished]",
        ".dates time",
    ),
    "modified": (
        ".dateModified time[datetime]",
        ".dateModified time",
        "time[itemprop=dateModified]",
    ),
}
_TAGS = (".articleFooter .tags a", ".articleFooter a[href*='/tag/']")
_SECTION = (".lab-article-section",)
#: What in the header and body is not the article's own.
_FURNITURE = (
    ".google-ad", ".adunit", ".ad-label", ".advertisement", ".row.social", ".social", ".share",
    "section.related", ".related", ".articlescroller", ".scrollbox", ".toplist", ".articlesByTag",
    "form", ".newsletter_submit", "[class*=newsletter]", ".articleFooter", ".tags", ".bylines",
    ".dates", ".paywallLabel", ".floatingText", "nav", "footer", "button", ".visuallyhidden",
    ".lang-link", ".comments", ".meta",
)  # fmt: skip
_ID_ATTRIBUTES = frozenset(
    ("data-id", "data-article-id", "data-lab-id", "data-page-id", "data-articleid")
)
_PAGE_ID = re.compile(r"\bpage[\"']?\s*:\s*\{[^{}]{0,300}?\bid[\"']?\s*:\s*[\"']?(\d{3,12})")
_LAST_NUMBER = re.compile(r"/(?:a/|notice/)?(\d{4,12})/?$")
#: In an inline script: the other edition's address, where the page tells it.
_SCRIPT_TRANSLATION = re.compile(
    r"[\"']?(?:seolanguage)[\"']?\s*:\s*[\"'](?P<language>[\w-]{2,7})[\"'][^{}]{0,400}?"
    r"[\"']?(?:published_url|url)[\"']?\s*:\s*[\"'](?P<url>[^\"'\s]{4,400})[\"']"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as its template lays it out."""

    choice: Choice
    given: Given


def read(root: HtmlElement, head: Head, page: Page, profile: Profile) -> Reading | None:
    """Return this page's article, None when it is not laid out as one of Labrador's."""
    cms_id = page_id(head, page.url)
    header = _header(root, cms_id)
    title_element = select_one(header if header is not None else root, _TITLE)
    title = clean_line(text_of(title_element))
    start = header if header is not None else title_element
    if start is None or not title:
        return None
    bodies = select(root, profile.selectors("body")) or _bodies(root, start)
    if not bodies:
        return None
    labels = frozenset(map(label_key, profile.labels))
    top: list[Run] = []
    pictures: list[Picture] = []
    lead: list[Run] = []
    if header is not None:
        lead_elements = select(header, (*profile.selectors("subtitle"), *_STANDFIRST))
        without = _furniture(
            header, (s for s in _FURNITURE if s not in (".dates", ".bylines")), cms_id
        )
        found = cut([header], without)
        lead = [
            run for run in found.runs if any(_is_in(run.element, e) for e in lead_elements)
            and not {"caption", "figure"} & run.marks
        ] or _plain_lead(found.runs, title)  # fmt: skip
        lead_ids = {id(run) for run in lead}
        top = [r for r in found.runs if id(r) in lead_ids or _is_caption(r)]
        pictures.extend(found.pictures)
    below = cut(bodies, [e for body in bodies for e in _furniture(body, _FURNITURE, cms_id)])
    kept, crossing = _text(below.runs, labels)
    known = {run.key for run in lead}
    # Imported articles repeat the standfirst as first paragraph.
    if kept and kept[0].key in known and len(kept) > 1:
        kept = kept[1:]
    if not any(run.words > 3 for run in (*kept, *lead)):
        return None
    pictures.extend(below.pictures)
    lead = [run for run in lead if not is_cross_language(run)]
    top = [run for run in top if not is_cross_language(run)]
    choice = Choice((*top, *kept), tuple(pictures), frozenset(id(run) for run in lead))
    return Reading(choice, _given(root, start, head, page, profile, title, cms_id, lead, crossing))


def page_id(head: Head, url: str) -> str | None:
    """Return the CMS's number of this page: of its script, else of the end of its address."""
    if found := _PAGE_ID.search(head.scripts):
        return found[1]
    canonical = next((link.href for link in head.links if link.rel == "canonical"), "")
    for address in (url, canonical, head.meta("og:url") or ""):
        if found := _LAST_NUMBER.search(urlsplit(address).path if "://" in address else address):
            return found[1]
    return None


def _header(root: HtmlElement, cms_id: str | None) -> HtmlElement | None:
    """Return the header of this article: of the one with the page's id, else the first."""
    headers = [e for e in select(root, _HEADER) if next(e.iter("h1"), None) is not None]
    for header in headers:
        if cms_id and cms_id in _ids_around(header):
            return header
    for header in headers:
        if not _is_other(header, cms_id):
            return header
    return headers[0] if headers else None


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


def _bodies(root: HtmlElement, start: HtmlElement) -> list[HtmlElement]:
    """Return the body behind the header, with its further parts beside it."""
    own = set(start.iterancestors())
    found: list[HtmlElement] = []
    passed = False
    for element in root.iter("div", "section", "article", "h1", "main"):
        if element is start:
            passed = True
            continue
        classes = {name.lower() for name in (element.get("class") or "").split()}
        if not passed:
            continue
        if found and (element.tag == "h1" or "articleheader" in classes):
            break  # the next article
        if not (classes & _BODY or element.get("itemprop") == "articleBody"):
            continue
        article = next(element.iterancestors("article"), None)
        if article is not None and article not in own and not _is_wrapper(article, start):
            continue  # a teaser's text
        if any(ancestor in found for ancestor in element.iterancestors()):
            continue
        if found and element.getparent() is not found[0].getparent():
            break
        found.append(element)
    return found


def _is_wrapper(article: HtmlElement, start: HtmlElement) -> bool:
    """Tell whether an article element that opens behind the header still is this article's."""
    if article.get("itemscope") is not None or "column" in (article.get("class") or "").split():
        return False
    return article.getparent() in set(start.iterancestors())


def _furniture(
    holder: HtmlElement, selectors: Iterable[str], cms_id: str | None
) -> list[HtmlElement]:
    found = [e for s in selectors for e in select(holder, (s,)) if e is not holder]
    found.extend(
        element
        for element in holder.iter("article", "section")
        if element is not holder
        and ((element.tag == "article" and _is_teaser(element)) or _is_foreign(element, cms_id))
    )
    found = [
        e for e in found if e.tag != "footer" or next(e.iterancestors("blockquote"), None) is None
    ]
    # A standfirst or caption may stand in a wrapper that carries one of those names.
    return [e for e in found if not _holds_article(e, holder)]


def _is_teaser(article: HtmlElement) -> bool:
    classes = (article.get("class") or "").split()
    return article.get("itemscope") is not None or "column" in classes


def _is_foreign(element: HtmlElement, cms_id: str | None) -> bool:
    """Tell whether an element inside the body is another article, by its number or headline."""
    ids = _own_ids(element)
    if cms_id and ids:
        return cms_id not in ids and (element.tag == "article" or bool(select(element, ("h1",))))
    return bool(select(element, ("h1.mainTitle", ".articleHeader h1")))


def _holds_article(element: HtmlElement, holder: HtmlElement) -> bool:
    """Tell whether an element is so much of its holder that it is no box in it."""
    if "meta" not in (element.get("class") or "").split():
        return False
    return bool(select(element, (".subtitle", "figcaption")))


def _is_in(element: HtmlElement, holder: HtmlElement) -> bool:
    return element is holder or any(a is holder for a in element.iterancestors())


def _is_caption(run: Run) -> bool:
    return bool({"caption", "credit"} & run.marks) or ("figure" in run.marks and run.words > 2)


def _plain_lead(runs: Iterable[Run], title: str) -> list[Run]:
    """Return the header's first long paragraph, where nothing is marked as the standfirst."""
    for run in runs:
        if (
            run.words >= 6
            and run.key != key(title)
            and not {"caption", "figure", "credit", "byline", "time", "label"} & run.marks
            and run.element.tag != "h1"
            and not is_byline(run.text)
            and not is_cross_language(run)
            and dates.parse(run.text, UTC) is None
        ):
            return [run]
    return []


def _text(runs: Iterable[Run], labels: frozenset[str]) -> tuple[list[Run], list[Run]]:
    """Return (runs of the text, lines that point to the other language's edition)."""
    kept: list[Run] = []
    crossing: list[Run] = []
    after_label = False
    for run in runs:
        if is_cross_language(run):
            crossing.append(run)
            continue
        if after_label and run.link_share > 0.8:
            continue  # what stands under "Les også" or "Nøkkelord"
        if is_label(run.text, labels) and "figure" not in run.marks:
            after_label = True
            continue
        after_label = False
        boxed = {"figure", "caption", "quote", "factbox", "update"} & run.marks
        if not boxed and (is_pointer(run) or (is_byline(run.text) and "byline" in run.marks)):
            continue
        if "newsletter" in run.marks:
            continue
        kept.append(run)
    return kept, crossing


def _given(
    root: HtmlElement, start: HtmlElement, head: Head, page: Page, profile: Profile,
    title: str, cms_id: str | None, lead: list[Run], crossing: list[Run],
) -> Given:  # fmt: skip
    section = next((e for e in start.iterancestors("section", "article", "main")), root)
    local = dates.zone_of(profile.timezone)
    moments = {}
    for name, selectors in _TIMES.items():
        found = select(start, selectors) or select(section, selectors)
        moments[name] = next(
            (m for e in found if (m := dates.parse(e.get("datetime") or text_of(e), local))), None
        )
    kicker = clean_line(text_of(select_one(start, _KICKER)))
    tags = tuple(
        dict.fromkeys(t for e in select(section, _TAGS)[:60] if (t := clean_line(text_of(e))))
    )
    labelled = clean_line(text_of(select_one(root, _SECTION)))
    return Given(
        origin="labrador",
        title=re.sub(r"^\(\+\)\s+", "", title),
        subtitle=" ".join(run.text for run in lead) or None,
        kicker=kicker.rstrip(" :") or None,
        authors=_authors(start) or _authors(section),
        published=moments["published"],
        modified=moments["modified"],
        section=labelled or None,
        tags=tags,
        cms_id=cms_id,
        translations=tuple(_translations(crossing, head, page)),
    )


def _authors(holder: HtmlElement) -> tuple[str, ...]:
    """Return the names of the bylines: the hidden full name, else first and last name."""
    if found := select(holder, _NAMES):
        return authors.tidy(e.get("content") or text_of(e) for e in found)
    names = []
    for byline in select(holder, (".byline",)):
        parts = [clean_line(text_of(e)) for e in select(byline, (".firstname, .lastname",))]
        whole = select_one(byline, (".name", "address"))
        printed = clean_line(text_of(byline if whole is None else whole))
        names.append(" ".join(part for part in parts if part) or printed)
    return authors.tidy(part for name in names if len(name) < 120 for part in authors.split(name))


def _translations(crossing: list[Run], head: Head, page: Page) -> Iterator[Translation]:
    for run in crossing:
        found = CROSS_LANGUAGE.match(run.text)
        name = next((v for v in found.groupdict().values() if v), None) if found else None
        for target in run.links[:1]:
            language = LANGUAGE_NAMES.get((name or "").lower())
            if language and (address := _address(page.url, target)):
                yield Translation(language, address)
    for match in _SCRIPT_TRANSLATION.finditer(head.scripts):
        language = primary(match["language"])
        address = _address(page.url, match["url"].replace("\\/", "/"))
        if language and address and urlsplit(address).path != urlsplit(page.url).path:
            yield Translation(language, address)


def _address(base: str, target: str) -> str | None:
    try:
        absolute = urljoin(base, target.strip())
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in ("http", "https") and len(parts.path) > 1 else None
