"""Between: what stands from the first part of an article to the last is of the article.

Where a content system tells which element is the article, a line among its lines that the engine
passed over is text, if nothing says that it is furniture. Takes no line away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from lxml.html import HtmlElement

from nordcrawl.extract.body.bold import is_bold_line
from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.body.container import Shape, shape_of
from nordcrawl.extract.body.rules import (
    is_cross_language,
    is_date_line,
    is_label,
    is_pointer,
)
from nordcrawl.extract.lexicon.phrases import LISTS, NO_CAPTION
from nordcrawl.extract.page.marks import marks_of
from nordcrawl.extract.page.text import label_key
from nordcrawl.extract.page.text_runs import TextRun

#: What around a line tells that it belongs to the page's furniture.
_FURNITURE = frozenset(
    (
        "nav", "footer", "form", "related", "newsletter", "ad", "comments", "share", "tags",
        "button", "bio", "player", "tooltip", "hidden", "byline", "time", "toggle",
    )
)  # fmt: skip
_OTHER = frozenset(("article", "nav", "form", "footer", "aside"))
#: Link share of a line or box above which it leads elsewhere.
_LINKED = 0.4
#: A shorter line in a box of its own is most often a counter, a label, or the word for an advert.
_LINE_WORDS = 8


def completed(choice: Choice, runs: Sequence[TextRun], labels: frozenset[str]) -> Choice:
    """Return the choice with what the unit of its text holds between its first and last line.

    `runs` are all of the page in reading order, `labels` the site's own, folded.
    """
    place = {_name(run): index for index, run in enumerate(runs)}
    known = {_name(run) for run in choice.runs}
    gone = {_name(run) for run, _ in choice.dropped}
    text = [
        run
        for run in choice.runs
        if id(run) not in choice.summaries and not {"figure", "caption"} & run.marks
    ]
    if len(text) < 2 or not known <= place.keys():
        return choice
    unit = _common([run.element for run in text])
    around = frozenset((unit, *unit.iterancestors()))
    shapes = {shape_of(run) for run in text}
    held = {above for run in text for above in (run.element, *run.element.iterancestors())}
    between = runs[place[_name(text[0])] : place[_name(text[-1])]]
    boxes = _furniture_boxes(between, held, gone, labels)
    told = known | gone
    found = [
        run
        for run in between
        if run.key
        and _name(run) not in told
        and _reads_as_text(run, shapes)
        and _is_of_it(run, around, boxes, labels)
    ]
    if not found:
        return choice
    return replace(
        choice,
        runs=tuple(
            sorted(
                (*choice.runs, *(_bare(run, around) for run in found)),
                key=lambda run: place[_name(run)],
            )
        ),
    )


def _name(run: TextRun) -> tuple[int, str]:
    """Return what a run has in common with the same one that carries other marks."""
    return id(run.element), run.text


def _bare(run: TextRun, around: Set[HtmlElement]) -> TextRun:
    """Return a run without what the elements around the whole text say of it."""
    groups = tuple(pair for pair in run.groups if pair[1] not in around)
    wide = frozenset(kind for kind, element in run.groups if element in around)
    return replace(run, groups=groups, marks=run.marks - wide | {kind for kind, _ in groups})


def _furniture_boxes(
    runs: Iterable[TextRun],
    held: Set[HtmlElement],
    gone: Set[tuple[int, str]],
    labels: frozenset[str],
) -> set[HtmlElement]:
    """Return the boxes among the text that hold none of it and lead elsewhere."""
    inside: dict[HtmlElement, list[TextRun]] = {}
    for run in runs:
        box = _box(run, held)
        if box is not None:
            inside.setdefault(box, []).append(run)
    return {box for box, lines in inside.items() if _leads_elsewhere(lines, gone, labels)}


def _box(run: TextRun, held: Set[HtmlElement]) -> HtmlElement | None:
    box: HtmlElement | None = None
    element: HtmlElement | None = run.element
    while element is not None and element not in held:
        box, element = element, element.getparent()
    return box


def _leads_elsewhere(
    lines: Sequence[TextRun], gone: Set[tuple[int, str]], labels: frozenset[str]
) -> bool:
    linked = sum(run.linked for run in lines)
    if linked > _LINKED * sum(len(run.text) for run in lines):
        return True
    if len(lines) < 2:
        return False
    first = lines[0]
    folded = label_key(first.text)
    return folded in LISTS or folded in labels or (id(first.element), first.text) in gone


def _reads_as_text(run: TextRun, shapes: Set[Shape]) -> bool:
    """Return whether a line is printed like one of the text, or is more than a word of a box."""
    if {"quote", "figure", "caption", "heading", "table", "list", "factbox"} & run.marks:
        return True
    return shape_of(run) in shapes or run.words >= _LINE_WORDS or is_bold_line(run)


def _is_of_it(
    run: TextRun, around: Set[HtmlElement], boxes: Set[HtmlElement], labels: frozenset[str]
) -> bool:
    """Return whether a line stands in the unit of the text, and nothing there is against it."""
    quoted = "quote" in run.marks
    marks = run.near
    for element in (run.element, *run.element.iterancestors()):
        if element in around:
            break
        if element in boxes or (element.tag in _OTHER and not quoted):
            return False
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        marks |= marks_of(str(element.tag), names.strip(), element.get("itemprop"))
    else:
        return False
    if _FURNITURE & (run.near if quoted else marks) or run.link_share > _LINKED:
        return False
    if {"figure", "caption"} & run.marks:
        return NO_CAPTION.match(run.text) is None
    return not (
        is_label(run.text, labels) or is_pointer(run) or is_cross_language(run) or is_date_line(run)
    )


def _common(elements: Sequence[HtmlElement]) -> HtmlElement:
    """Return the innermost element that holds all of them."""
    first, *rest = elements
    chain = [first, *first.iterancestors()]
    for element in rest:
        above = {element, *element.iterancestors()}
        chain = [e for e in chain if e in above]
    return chain[0]
