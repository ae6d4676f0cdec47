"""Read an article of Labrador CMS, as its public templates and the sites that use it lay it out.

One page can hold several whole articles and many teasers, so all is anchored on this one: its
header, and the first body after that. Where the anchors are missing (an older page, another CMS)
`read` returns None and the page is for the generic family.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import takewhile
from urllib.parse import unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from nordcrawl.extract.body.blocks import is_byline
from nordcrawl.extract.body.boxes import boxed
from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.body.rules import Dropped, is_cross_language, is_label, is_pointer
from nordcrawl.extract.body.standfirst import is_in_lead
from nordcrawl.extract.families.labrador_layout import (
    FURNITURE,
    above,
    bodies_after,
    find_title,
    furniture,
    header_of,
    holder_of,
    in_teaser,
    page_id,
)
from nordcrawl.extract.families.landmarks import picture_first
from nordcrawl.extract.fields import authors
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.fields.language import primary
from nordcrawl.extract.lexicon.phrases import CROSS_LANGUAGE, LANGUAGE_NAMES, NOTICES
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import path_of, strings
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.text import clean_line, key, label_key
from nordcrawl.extract.page.text_runs import Cut, TextRun, cut
from nordcrawl.extract.page.tree import select, select_one, text_of
from nordcrawl.model.article import Translation
from nordcrawl.model.page import Page
from nordcrawl.model.printable import without_user
from nordcrawl.model.profile import Profile

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
        ".datePublished",
        ".dateUnified",
        "time[itemprop=datePublished]",
        ".dates time",
    ),
    "modified": (
        ".dateModified time[datetime]",
        ".dateModified time",
        ".dateModified",
        "time[itemprop=dateModified]",
    ),
}
#: A note of a live page prints its time in so many words at most.
_TIME_WORDS = 3
#: A standfirst has so many words at least where no class tells of it, and shares so many longer
#: ones with headline and text where it begins like a notice.
_LEAD_WORDS = 6
_TOLD = 2
_LONG_WORD = re.compile(r"\w{5,}")
_TAGS = (".articleFooter .tags a", ".articleFooter a[href*='/tag/']")
_SECTION = (".lab-article-section",)
_TOP_FURNITURE = tuple(s for s in FURNITURE if s not in (".dates", ".bylines"))
#: What tells that a page is for subscribers. Source: the CMS's public view templates.
_PAYWALL = (".articleHeader .paywallLabel, #paywallPreview, .teaserContent",)
_PAYWALL_MARK = re.compile(r"^\(\+\)\s+|\s+\(\+\)$")
#: In an inline script: the other edition's address, where the page tells it; its keys come in any
#: order, and the host may be one of them.
_SCRIPT_OBJECT = re.compile(r"\{[^{}]{0,1500}\bseolanguage\b[^{}]{0,1500}\}")
_SCRIPT_KEY = r"\b(?:%s)[\"']?\s*:\s*[\"']([^\"'\s]{2,400})[\"']"
_SCRIPT_LANGUAGE = re.compile(_SCRIPT_KEY % "seolanguage")
_SCRIPT_URL = re.compile(_SCRIPT_KEY % "published_url|url")
_SCRIPT_HOST = re.compile(_SCRIPT_KEY % "siteDomain")
#: A tag that stands as it does in its address.
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class LaidOut:
    """An article as its template lays it out."""

    choice: Choice
    given: Given


def is_labrador(head: Head) -> bool:
    """Return whether a page was made by Labrador, by the script that all of its pages have."""
    return "Dac.clientData" in head.scripts


def read(root: HtmlElement, head: Head, page: Page, profile: Profile) -> LaidOut | None:
    """Return this page's article, None when it is not laid out as one of Labrador's."""
    cms_id = page_id(head, page.url)
    title_element = find_title(root, cms_id)
    title = _title(title_element)
    if title_element is None or not title:
        return None
    header = header_of(title_element)
    start = title_element if header is None else header
    bodies = select(root, profile.selectors("body")) or bodies_after(root, start)
    if not bodies:
        return None
    tops = above(title_element if header is None else header, bodies[0])
    top = cut(tops, [e for holder in tops for e in furniture(holder, _TOP_FURNITURE, cms_id)])
    top = boxed(top)
    below = boxed(_between(bodies, cms_id))
    text = {word for line in (title, *(run.text for run in below.runs)) for word in _words(line)}
    lead = _lead(top.runs, tops, profile, title, text)
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
    return LaidOut(picture_first(choice), _given(root, found, head, page, profile))


def _between(bodies: Sequence[HtmlElement], cms_id: str | None) -> Cut:
    """Return what stands from the first part of the body to the last, furniture left out.

    Quotes, pictures and boxes may stand in rows of their own between two parts.
    """
    holder = holder_of(bodies)
    found = cut([holder], furniture(holder, FURNITURE, cms_id))
    parts = set(bodies)
    own = [
        i
        for i, run in enumerate(found.runs)
        if not parts.isdisjoint((run.element, *run.element.iterancestors()))
    ]
    if not own or holder in parts:
        return found
    first, last = own[0], own[-1] + 1
    pictures = (
        replace(p, runs=p.runs - first)
        for p in found.pictures
        if first < p.runs < last
        or (p.runs in (first, last) and not parts.isdisjoint(p.element.iterancestors()))
    )
    return Cut(found.runs[first:last], tuple(pictures))


def _title(element: HtmlElement | None) -> str:
    """Return a headline's text without the kicker that may stand in it."""
    whole = clean_line(text_of(element))
    kicker = None if element is None else select_one(element, _KICKER)
    return clean_line(whole.removeprefix(clean_line(text_of(kicker)))) if whole else ""


def _lead(
    runs: Sequence[TextRun],
    tops: Sequence[HtmlElement],
    profile: Profile,
    title: str,
    text: Set[str],
) -> list[TextRun]:
    """Return the runs of the standfirst, by its class or else by its place and length."""
    selectors = (*profile.selectors("subtitle"), *_STANDFIRST)
    marked = [
        e for top in tops for e in (select(top, selectors) or [top][: _has_class(top, selectors)])
    ]
    may_be = [
        run
        for run in runs
        if not {"caption", "figure"} & run.marks
        and not is_cross_language(run)
        and not _is_promotion(run, text)
    ]
    lead = (
        [run for run in may_be if any(_is_in(run.element, element) for element in marked)]
        or [run for run in may_be if "lead" in run.near or is_in_lead(run)]
        or _plain_lead(may_be, title)
    )
    return [*lead, *(run for run in _alike(runs, lead) if not _is_promotion(run, text))]


def _is_promotion(run: TextRun, text: Set[str]) -> bool:
    """Return whether a line is no standfirst: it begins like a notice and tells of nothing else.

    Imported articles can have a promotion of the newsletter where the standfirst belongs. `text`
    are the longer words of headline and text.
    """
    return NOTICES.match(run.text) is not None and len(_words(run.text) & text) < _TOLD


def _words(text: str) -> set[str]:
    """Return the longer words of a text, folded."""
    return set(_LONG_WORD.findall(text.casefold()))


def _alike(runs: Sequence[TextRun], lead: Sequence[TextRun]) -> list[TextRun]:
    """Return the further paragraphs right behind a standfirst that are printed as it is."""
    if len(lead) != 1:
        return []
    first = lead[0]
    name = (first.element.get("class") or "").split()[:1]
    behind = runs[next(i for i, run in enumerate(runs) if run is first) + 1 :]
    return list(
        takewhile(
            lambda run: (
                run.words >= _LEAD_WORDS
                and run.element.tag == first.element.tag
                and run.element.getparent() is first.element.getparent()
                and (run.element.get("class") or "").split()[:1] == name
                and not {"caption", "figure", "byline", "time"} & run.marks
            ),
            behind,
        )
    )


def _has_class(element: HtmlElement, selectors: Iterable[str]) -> bool:
    """Return whether an element itself has one of the classes; `select` looks only inside."""
    classes = set((element.get("class") or "").split())
    return any(s.startswith(".") and s[1:] in classes for s in selectors)


def _is_in(element: HtmlElement, holder: HtmlElement) -> bool:
    return element is holder or any(a is holder for a in element.iterancestors())


def _is_caption(run: TextRun) -> bool:
    return bool({"caption", "credit"} & run.marks) or ("figure" in run.marks and run.words > 2)


def _plain_lead(runs: Iterable[TextRun], title: str) -> list[TextRun]:
    """Return the header's first long paragraph, where nothing is marked as the standfirst."""
    for run in runs:
        if (
            run.words >= _LEAD_WORDS
            and run.key != key(title)
            and not {"credit", "byline", "time", "label"} & run.marks
            and run.element.tag != "h1"
            and not is_byline(run.text)
            and dates.parse(run.text, UTC) is None
        ):
            return [run]
    return []


def _text(
    runs: Iterable[TextRun], labels: frozenset[str], dropped: Dropped
) -> tuple[list[TextRun], list[TextRun]]:
    """Return (runs of the text, lines that point to the other language's edition)."""
    kept: list[TextRun] = []
    crossing: list[TextRun] = []
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
        in_list = "list" in run.marks and not run.links
        if is_label(run.text, labels) and not boxed and not in_list:
            after_label = True
            dropped.append((run, "label"))
            continue
        after_label = False
        if not boxed and (is_pointer(run) or (is_byline(run.text) and "byline" in run.marks)):
            dropped.append((run, "pointer" if is_pointer(run) else "byline"))
            continue
        if not boxed and "time" in run.near and run.words <= _TIME_WORDS:
            dropped.append((run, "date"))  # of a note on a live page
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
    lead: Sequence[TextRun]
    crossing: Sequence[TextRun]
    cms_id: str | None
    title: str


def _given(root: HtmlElement, found: _Found, head: Head, page: Page, profile: Profile) -> Given:
    """Return the fields that stand around the headline and under the text."""
    start = found.tops[0]
    section = next(start.iterancestors("section", "article", "main"), root)
    local = dates.zone_of(profile.timezone)
    moments = {}
    for name, selectors in _TIMES.items():
        times = [e for e in _each(start, selectors) if not in_teaser(e)]
        times = times or [e for e in _each(section, selectors) if not in_teaser(e)]
        told = (dates.parse(e.get("datetime") or text_of(e), local) for e in times)
        moments[name] = next(filter(None, told), None)
    kickers = (clean_line(text_of(e)) for top in found.tops for e in _each(top, _KICKER))
    kicker = next(filter(None, kickers), "")
    tags = [text for e in select(section, _TAGS)[:60] if (text := _tag(text_of(e)))]
    locked = found.title != _PAYWALL_MARK.sub("", found.title) or bool(select(section, _PAYWALL))
    return Given(
        origin="labrador",
        title=_PAYWALL_MARK.sub("", found.title),
        subtitle=" ".join(run.text for run in found.lead) or None,
        kicker=kicker.rstrip(" :") or None,
        authors=_authors(start) or _authors(section),
        published=moments["published"],
        modified=moments["modified"],
        section=clean_line(text_of(select_one(root, _SECTION))) or None,
        tags=tuple(dict.fromkeys(tags)) or _tags_told(head),
        paywalled=locked or None,
        cms_id=found.cms_id,
        translations=tuple(_translations(found.crossing, head, page)),
    )


def _each(holder: HtmlElement, selectors: Iterable[str]) -> list[HtmlElement]:
    """Return what any of the selectors matches, the first one's first."""
    return [e for selector in selectors for e in select(holder, (selector,))]


def _tag(text: str) -> str:
    """Return a tag as its editors wrote it, also where it is printed percent-encoded.

    >>> _tag("ny-%C3%A5lesund"), _tag("100 % fisk")
    ('ny-ålesund', '100 % fisk')
    """
    return clean_line(unquote(text) if _ENCODED.search(text) else text)


def _tags_told(head: Head) -> tuple[str, ...]:
    """Return the tags of the head where they need decoding; else they are for all families."""
    told = head.all("article:tag") or tuple(strings(head.jsonld.node.get("keywords"), "name"))
    return tuple(dict.fromkeys(map(_tag, told))) if any(map(_ENCODED.search, told)) else ()


def _authors(holder: HtmlElement) -> tuple[str, ...]:
    """Return the names of the bylines: the hidden full name, else first and last name."""
    if found := select(holder, _NAMES):
        printed_names = (e.get("content") or text_of(e) for e in found)
        return authors.tidy(name for text in printed_names for name in authors.split(text))
    names = []
    for byline in select(holder, (".byline",)):
        if not {"figure", "caption"}.isdisjoint(_marks_around(byline, holder)):
            continue  # who made the picture
        parts = [clean_line(text_of(e)) for e in select(byline, (".firstname, .lastname",))]
        whole = select_one(byline, (".name", "address"))
        printed = clean_line(text_of(byline if whole is None else whole))
        names.append(" ".join(part for part in parts if part) or printed)
    return authors.tidy(part for name in names if len(name) < 120 for part in authors.split(name))


def _marks_around(element: HtmlElement, holder: HtmlElement) -> frozenset[str]:
    """Return what the elements from one up to a holder, both left out, say of what is in them."""
    found: frozenset[str] = frozenset()
    for outer in element.iterancestors():
        if outer is holder:
            break
        found |= marks_of(str(outer.tag), outer.get("class") or "", outer.get("itemprop"))
    return found


def _translations(crossing: Iterable[TextRun], head: Head, page: Page) -> Iterator[Translation]:
    for run in crossing:
        found = CROSS_LANGUAGE.match(run.text)
        name = next((v for v in found.groupdict().values() if v), None) if found else None
        for target in run.links[:1]:
            language = LANGUAGE_NAMES.get((name or "").lower())
            if language and (address := _address(page.url, target)):
                yield Translation(language, address)
    for match in _SCRIPT_OBJECT.finditer(head.scripts):
        told, where, host = (
            pattern.search(match[0]) for pattern in (_SCRIPT_LANGUAGE, _SCRIPT_URL, _SCRIPT_HOST)
        )
        language = primary(told[1]) if told else None
        base = f"{urlsplit(page.url).scheme}://{host[1]}/" if host else page.url
        address = _address(base, where[1].replace("\\/", "/")) if where else None
        if language and address and path_of(address) != path_of(page.url):
            yield Translation(language, address)


def _address(base: str, target: str) -> str | None:
    try:
        absolute = without_user(urljoin(base, target.strip()))
        parts = urlsplit(absolute)
    except ValueError:
        return None
    return absolute if parts.scheme in ("http", "https") and len(parts.path) > 1 else None
