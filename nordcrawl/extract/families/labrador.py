"""Read an article of Labrador CMS, as its public templates and the sites that use it lay it out.

One page can hold several whole articles and many teasers, so all is anchored on this one: its
header, and the first body after that. Where the anchors are missing (an older page, another CMS)
`read` returns None and the page is for the generic family.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import takewhile

from lxml.html import HtmlElement

from nordcrawl.extract.body.blocks import is_byline
from nordcrawl.extract.body.boxes import boxed
from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.body.rules import Dropped, is_cross_language, is_label, is_pointer
from nordcrawl.extract.body.standfirst import is_in_lead
from nordcrawl.extract.families.labrador_fields import Found, given, headline
from nordcrawl.extract.families.labrador_layout import (
    FURNITURE,
    above,
    bodies_after,
    find_title,
    furniture,
    header_of,
    holder_of,
    page_id,
)
from nordcrawl.extract.families.landmarks import picture_first
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.lexicon.phrases import NOTICES
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.head import Head
from nordcrawl.extract.page.text import key, label_key
from nordcrawl.extract.page.text_runs import Cut, TextRun, cut
from nordcrawl.extract.page.tree import select
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile

_STANDFIRST = (
    ".subtitle",
    "[itemprop=description]",
    ".standfirst",
    ".lead",
    ".ingress",
    ".preamble",
)
#: A note of a live page prints its time in so many words at most.
_TIME_WORDS = 3
#: A standfirst has so many words at least where no class tells of it, and shares so many longer
#: ones with headline and text where it begins like a notice.
_LEAD_WORDS = 6
_TOLD = 2
_LONG_WORD = re.compile(r"\w{5,}")
_TOP_FURNITURE = tuple(s for s in FURNITURE if s not in (".dates", ".bylines"))


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
    title = headline(title_element)
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
    found = Found(tops, lead, crossing, cms_id, title)
    return LaidOut(picture_first(choice), given(root, found, head, page, profile))


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
