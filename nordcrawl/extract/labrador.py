"""Read an article of Labrador CMS, as its public templates and the sites that use it lay it out.

One page can hold several whole articles and many teasers, so all is anchored on this one: its
header, and the first body after that. Where the anchors are missing (an older page, another CMS)
`read` returns None and the page is for the generic family.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from nordcrawl.article import Translation
from nordcrawl.extract import authors, dates
from nordcrawl.extract.anchors import (
    FURNITURE,
    above,
    bodies_after,
    find_title,
    furniture,
    header_of,
    page_id,
)
from nordcrawl.extract.assemble import is_byline
from nordcrawl.extract.body import Choice
from nordcrawl.extract.head import Head
from nordcrawl.extract.jsonld import path_of
from nordcrawl.extract.language import primary
from nordcrawl.extract.metadata import Given
from nordcrawl.extract.phrases import CROSS_LANGUAGE, LANGUAGE_NAMES
from nordcrawl.extract.rules import Dropped, is_cross_language, is_label, is_pointer
from nordcrawl.extract.runs import Run, cut
from nordcrawl.extract.text import clean_line, key, label_key
from nordcrawl.extract.tree import select, select_one, text_of
from nordcrawl.page import Page, Profile

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
_TOP_FURNITURE = tuple(s for s in FURNITURE if s not in (".dates", ".bylines"))
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
    title_element = find_title(root, cms_id)
    title = clean_line(text_of(title_element))
    if title_element is None or not title:
        return None
    header = header_of(title_element)
    start = title_element if header is None else header
    bodies = select(root, profile.selectors("body")) or bodies_after(root, start)
    if not bodies:
        return None
    tops = above(title_element, bodies[0]) if header is None else [header]
    top = cut(tops, [e for holder in tops for e in furniture(holder, _TOP_FURNITURE, cms_id)])
    below = cut(bodies, [e for holder in bodies for e in furniture(holder, FURNITURE, cms_id)])
    lead = _lead(top.runs, tops, profile, title)
    lead_ids = frozenset(id(run) for run in lead)
    shown = [run for run in top.runs if id(run) in lead_ids or _is_caption(run)]
    dropped: Dropped = []
    kept, crossing = _text(below.runs, frozenset(map(label_key, profile.labels)), dropped)
    # Imported articles repeat the standfirst as first paragraph.
    if len(kept) > 1 and kept[0].key in {run.key for run in lead}:
        dropped.append((kept.pop(0), "standfirst again"))
    if not any(run.words > 3 for run in (*kept, *lead)):
        return None
    pictures = (*top.pictures, *(replace(p, runs=p.runs + len(top.runs)) for p in below.pictures))
    choice = Choice((*shown, *kept), pictures, lead_ids, tuple(dropped))
    found = _Found(tops, lead, crossing, cms_id, title)
    return Reading(choice, _given(root, found, head, page, profile))


def _lead(
    runs: Sequence[Run], tops: Sequence[HtmlElement], profile: Profile, title: str
) -> list[Run]:
    """Return the runs of the standfirst, by its class or else by its place and length."""
    selectors = (*profile.selectors("subtitle"), *_STANDFIRST)
    marked = [
        e for top in tops for e in (select(top, selectors) or [top][: _has_class(top, selectors)])
    ]
    lead = [
        run
        for run in runs
        if any(_is_in(run.element, element) for element in marked)
        and not {"caption", "figure"} & run.marks
        and not is_cross_language(run)
    ]
    return lead or _plain_lead(runs, title)


def _has_class(element: HtmlElement, selectors: Iterable[str]) -> bool:
    """Tell whether an element itself has one of the classes; `select` looks only inside."""
    classes = set((element.get("class") or "").split())
    return any(s.startswith(".") and s[1:] in classes for s in selectors)


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


def _text(
    runs: Iterable[Run], labels: frozenset[str], dropped: Dropped
) -> tuple[list[Run], list[Run]]:
    """Return (runs of the text, lines that point to the other language's edition)."""
    kept: list[Run] = []
    crossing: list[Run] = []
    after_label = False
    for run in runs:
        if is_cross_language(run):
            crossing.append(run)
            dropped.append((run, "pointer"))
            continue
        if after_label and run.link_share > 0.8:
            dropped.append((run, "linked"))  # what stands under "Les også" or "Nøkkelord"
            continue
        boxed = {"figure", "caption", "quote", "factbox", "update", "table"} & run.marks
        if is_label(run.text, labels) and not boxed:
            after_label = True
            dropped.append((run, "label"))
            continue
        after_label = False
        if not boxed and (is_pointer(run) or (is_byline(run.text) and "byline" in run.marks)):
            dropped.append((run, "pointer" if is_pointer(run) else "byline"))
            continue
        if "newsletter" in run.marks:
            dropped.append((run, "newsletter"))
            continue
        kept.append(run)
    return kept, crossing


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found on the way to the text, for the metadata."""

    tops: Sequence[HtmlElement]
    lead: Sequence[Run]
    crossing: Sequence[Run]
    cms_id: str | None
    title: str


def _given(root: HtmlElement, found: _Found, head: Head, page: Page, profile: Profile) -> Given:
    """Return the fields that stand around the headline and under the text."""
    start = found.tops[0]
    section = next(start.iterancestors("section", "article", "main"), root)
    local = dates.zone_of(profile.timezone)
    moments = {}
    for name, selectors in _TIMES.items():
        times = select(start, selectors) or select(section, selectors)
        told = (dates.parse(e.get("datetime") or text_of(e), local) for e in times)
        moments[name] = next(filter(None, told), None)
    kicker = clean_line(text_of(_first(found.tops, _KICKER)))
    tags = [text for e in select(section, _TAGS)[:60] if (text := clean_line(text_of(e)))]
    return Given(
        origin="labrador",
        title=re.sub(r"^\(\+\)\s+", "", found.title),
        subtitle=" ".join(run.text for run in found.lead) or None,
        kicker=kicker.rstrip(" :") or None,
        authors=_authors(start) or _authors(section),
        published=moments["published"],
        modified=moments["modified"],
        section=clean_line(text_of(select_one(root, _SECTION))) or None,
        tags=tuple(dict.fromkeys(tags)),
        cms_id=found.cms_id,
        translations=tuple(_translations(found.crossing, head, page)),
    )


def _first(holders: Sequence[HtmlElement], selectors: Iterable[str]) -> HtmlElement | None:
    found = (select_one(holder, selectors) for holder in holders)
    return next((element for element in found if element is not None), None)


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


def _translations(crossing: Iterable[Run], head: Head, page: Page) -> Iterator[Translation]:
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
        if language and address and path_of(address) != path_of(page.url):
            yield Translation(language, address)


def _address(base: str, target: str) -> str | None:
    try:
        absolute = urljoin(base, target.strip())
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in ("http", "https") and len(parts.path) > 1 else None
