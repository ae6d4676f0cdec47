"""Read what stands around the headline and under the text of an article of Labrador CMS.

Names, times, tags, the edition in the other language: all but the text and its standfirst, which
`nordcrawl.extract.families.labrador` finds first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from lxml.html import HtmlElement

from nordcrawl.extract.families.labrador_layout import in_teaser
from nordcrawl.extract.fields import authors
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.fields.language import primary
from nordcrawl.extract.lexicon.phrases import CROSS_LANGUAGE, LANGUAGE_NAMES
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.jsonld import path_of, strings
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.text import clean_line
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.tree import select, select_one, text_of
from nordcrawl.model.article import Translation
from nordcrawl.model.page import Page
from nordcrawl.model.printable import without_user
from nordcrawl.model.profile import Profile

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
_TAGS = (".articleFooter .tags a", ".articleFooter a[href*='/tag/']")
_SECTION = (".lab-article-section",)
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


def headline(element: HtmlElement | None) -> str:
    """Return a headline's text without the kicker that may stand in it."""
    whole = clean_line(text_of(element))
    kicker = None if element is None else select_one(element, _KICKER)
    return clean_line(whole.removeprefix(clean_line(text_of(kicker)))) if whole else ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on the way to the text, for the metadata."""

    tops: Sequence[HtmlElement]
    lead: Sequence[TextRun]
    crossing: Sequence[TextRun]
    cms_id: str | None
    title: str


def given(root: HtmlElement, found: Found, head: Head, page: Page, profile: Profile) -> Given:
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
