"""Explain what became of each line of a page: which block has it, or which rule took it out.

Extracts as `nordcrawl.extract.extract` does, and holds its choice against all the text that the
page has. Decides nothing, and does not know how an explanation is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lxml.html import HtmlElement

from nordcrawl.extract import pipeline
from nordcrawl.extract.body.blocks import kinds
from nordcrawl.extract.families.labrador_layout import FURNITURE
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.text_runs import TextRun, cut
from nordcrawl.extract.page.tree import select
from nordcrawl.extract.pipeline import Extraction
from nordcrawl.model.article import Article, Evidence, Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.model.times import rfc3339

#: Classes of an element that are told, and letters of each: pages have dozens of long ones.
_CLASSES = 3
_CLASS_CHARS = 40


class Fate(StrEnum):
    """What became of a run of text."""

    KEPT = "kept"
    """It stands in a block of the article."""
    FIELD = "field"
    """It is no text of the article, and a field of the record says it."""
    DROPPED = "dropped"
    """It was taken for text of the article, or stands in its midst, and a rule took it out."""
    PASSED = "passed"
    """It was never taken for text of the article."""


NOT_CHOSEN = "not chosen"
#: The place of text that the page does not show.
IN_DATA = "json-ld articleBody"
_Judged = tuple[Fate, str]


@dataclass(frozen=True, slots=True)
class Line:
    """One run of the page's text, and what became of it."""

    text: str
    """As the article would have it: NFC, single-spaced, not empty."""
    verdict: Fate
    reason: str
    """The kind of the block, the name of the field, or the name of the rule."""
    place: str
    """The element that it stands in and the one around, as CSS selectors, or `IN_DATA`."""
    signs: tuple[tuple[str, float], ...] = ()
    """What speaks against it, kept or not: (name, weight), in the order of the table of signs."""

    @property
    def words(self) -> int:
        """How many words it has."""
        return self.text.count(" ") + 1


@dataclass(frozen=True, slots=True)
class Taken:
    """How much one reason took out."""

    reason: str
    verdict: Fate
    runs: int
    words: int


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field of the record that has a value, and where the value is from."""

    name: str
    value: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of a page and of every run of text on it, in its order, hidden data last."""

    url: str
    family: str | None
    """The page family that read it; None for what is no HTML page."""
    result: Article | Rejected
    lines: tuple[Line, ...]

    def taken(self) -> list[Taken]:
        """Return what took text out, the most words first; what was never text comes last."""
        runs: Counter[tuple[Fate, str]] = Counter()
        words: Counter[tuple[Fate, str]] = Counter()
        for line in self.lines:
            if line.verdict in (Fate.DROPPED, Fate.PASSED):
                runs[line.verdict, line.reason] += 1
                words[line.verdict, line.reason] += line.words
        found = [Taken(why[1], why[0], runs[why], count) for why, count in words.items()]
        return sorted(found, key=lambda one: (one.verdict is Fate.PASSED, -one.words))

    def fields(self) -> list[FieldValue]:
        """Return the fields that the page tells, several values joined by a semicolon."""
        return list(_fields(self.result)) if isinstance(self.result, Article) else []


def explain(page: Page, profile: Profile) -> Explanation:
    """Return what becomes of a page, and why."""
    root = pipeline.tree_of(page)
    if isinstance(root, Rejected):
        return Explanation(page.url, None, root, ())
    # Cut before the profile prunes: the elements that are cut off are still known by then.
    runs = cut([root]).runs
    boxes = {e: f"pruned: {s}" for s in profile.prune for e in select(root, (s,))}
    finding = pipeline.find(root, page, profile)
    verdicts = _verdicts(runs, finding, boxes)
    if finding.family == "labrador":
        verdicts = _furnished(root, runs, verdicts)
    lines = (*_lines(runs, verdicts, finding), *_hidden(root, finding))
    return Explanation(page.url, finding.family, finding.result, lines)


def _hidden(root: HtmlElement, finding: Extraction) -> Iterator[Line]:
    """Yield the text that was read out of the page's data, as it shows next to none itself."""
    for run, kind in _kept(finding):
        if run.element.getroottree().getroot() is not root:
            yield Line(run.text, Fate.KEPT, kind, IN_DATA)


def _verdicts(
    runs: Sequence[TextRun], finding: Extraction, boxes: Mapping[HtmlElement, str]
) -> list[_Judged]:
    kept, dropped = _Told(_kept(finding)), _Told(_dropped(finding))
    verdicts: list[_Judged] = []
    for run in runs:
        if kind := kept.of(run):
            verdicts.append((Fate.KEPT, kind))
        elif rule := dropped.of(run):
            verdicts.append((Fate.DROPPED, rule))
        elif box := _box(run.element, boxes):
            verdicts.append((Fate.DROPPED, box))
        else:
            verdicts.append((Fate.PASSED, NOT_CHOSEN))
    # What is left over of the choice are runs that pruning has changed.
    return [
        (Fate.KEPT, kind)
        if judged[1] == NOT_CHOSEN and boxes and (kind := kept.near(run))
        else judged
        for run, judged in zip(runs, verdicts, strict=True)
    ]


def _furnished(
    root: HtmlElement, runs: Sequence[TextRun], verdicts: Sequence[_Judged]
) -> list[_Judged]:
    """Return the verdicts, with what the family knows as furniture: a box in the midst of the
    article has been cut out of it, one elsewhere on the page never was of it."""
    kept = [run.element for run, judged in zip(runs, verdicts, strict=True)
            if judged[0] is Fate.KEPT]  # fmt: skip
    around = set.intersection(*(set(e.iterancestors()) for e in kept)) if kept else set()
    boxes = {e: s for s in FURNITURE for e in select(root, (s,))}
    # The innermost element around all of the article has all others around itself.
    inner = max(around, key=lambda e: sum(1 for _ in e.iterancestors()), default=None)
    found: list[_Judged] = []
    for run, judged in zip(runs, verdicts, strict=True):
        box = _box(run.element, boxes) if judged[1] == NOT_CHOSEN else None
        if box is not None:
            within = any(holder is inner for holder in run.element.iterancestors())
            judged = (Fate.DROPPED if within else Fate.PASSED, f"furniture: {box}")
        found.append(judged)
    return found


def _lines(
    runs: Sequence[TextRun], verdicts: list[_Judged], finding: Extraction
) -> tuple[Line, ...]:
    for index, name in _printed_fields(runs, verdicts, finding.result):
        verdicts[index] = (Fate.FIELD, name)
    told = finding.choice.signs if finding.choice is not None else ()
    signs = {(run.element, run.key): evidence for run, evidence in told}
    return tuple(
        Line(run.text, verdict, reason, _place(run.element), signs.get((run.element, run.key), ()))
        for run, (verdict, reason) in zip(runs, verdicts, strict=True)
    )


def _kept(finding: Extraction) -> Iterator[tuple[TextRun, str]]:
    if finding.choice is None or finding.frame is None:
        return
    chosen = finding.choice.runs
    for run, kind in zip(chosen, kinds(chosen, finding.frame), strict=True):
        if kind is not None:
            yield run, str(kind)


def _dropped(finding: Extraction) -> Iterator[tuple[TextRun, str]]:
    if finding.choice is None or finding.frame is None:
        return
    chosen = finding.choice.runs
    yield from finding.choice.dropped
    for run, kind in zip(chosen, kinds(chosen, finding.frame), strict=True):
        if kind is None:
            yield run, "box label"


class _Told:
    """What was told of runs that may be others of the same place: cut anew, or marked otherwise."""

    def __init__(self, told: Iterable[tuple[TextRun, str]]) -> None:
        self._told: dict[tuple[HtmlElement, str], list[str]] = {}
        self._runs: dict[HtmlElement, list[tuple[TextRun, str]]] = {}
        for run, what in told:
            self._told.setdefault((run.element, run.key), []).append(what)
            self._runs.setdefault(run.element, []).append((run, what))

    def of(self, run: TextRun) -> str | None:
        """Return what was told of this run, each telling once."""
        told = self._told.get((run.element, run.key))
        return told.pop(0) if told else None

    def near(self, run: TextRun) -> str | None:
        """Return what was told, and not yet returned, of a run of this place that shares its text:
        where something has been cut out of a line, or from between two."""
        told = self._runs.get(run.element, ())
        left = ((o, what) for o, what in told if self._told[o.element, o.key])
        return next((what for other, what in left if _is_part(run, other)), None)


def _is_part(run: TextRun, other: TextRun) -> bool:
    if not run.key or not other.key:
        return False
    mine, others = set(run.text.split()), set(other.text.split())
    return run.key in other.key or other.key in run.key or mine <= others or others <= mine


def _box(element: HtmlElement, boxes: Mapping[HtmlElement, str]) -> str | None:
    """Return what is said of the element or of the nearest one around it."""
    if not boxes:
        return None
    around = (element, *element.iterancestors())
    return next((boxes[holder] for holder in around if holder in boxes), None)


def _printed_fields(
    runs: Sequence[TextRun], verdicts: Sequence[_Judged], result: Article | Rejected
) -> Iterator[tuple[int, str]]:
    """Yield (index, field) of the runs that say what a field says: each field where it is a
    heading, else where it is first."""
    if isinstance(result, Rejected):
        return
    wanted = [
        *(("title", result.title), ("kicker", result.kicker), ("subtitle", result.subtitle)),
        *(("authors", name) for name in result.authors),
    ]
    free: dict[str, list[int]] = {}
    for index, run in enumerate(runs):
        if verdicts[index][0] is not Fate.KEPT and run.key:
            free.setdefault(run.key, []).append(index)
    for name, value in wanted:
        if places := free.get(key(value or "")):
            yield min(places, key=lambda i: ("heading" not in runs[i].marks, i)), name


def _place(element: HtmlElement) -> str:
    """Return ``div.bodytext > p``: what a source's own selectors could name."""
    parent = element.getparent()
    if parent is None or parent.tag == "html":
        return _selector(element)
    return f"{_selector(parent)} > {_selector(element)}"


def _selector(element: HtmlElement) -> str:
    names = [name for name in (element.get("class") or "").split() if len(name) <= _CLASS_CHARS]
    return ".".join([str(element.tag), *names[:_CLASSES]])


def _fields(article: Article) -> Iterator[FieldValue]:
    values = {
        "title": article.title,
        "subtitle": article.subtitle,
        "kicker": article.kicker,
        "authors": "; ".join(article.authors),
        "published_at": rfc3339(article.published_at),
        "modified_at": rfc3339(article.modified_at),
        "language": article.language,
        "kind": article.kind,
        "section": article.section,
        "tags": "; ".join(article.tags),
        "canonical_url": article.canonical_url,
        "cms_id": article.cms_id,
        "images": "; ".join(image.url for image in article.images if image.url),
        "translations": "; ".join(f"{t.language} {t.url}" for t in article.translations),
        "paywalled": None if article.paywalled is None else str(article.paywalled).lower(),
        "rights": "; ".join(f"{name}: {value}" for name, value in article.rights.items()),
    }
    for name, value in values.items():
        if value:
            yield FieldValue(name, value, article.provenance.get(name))
