"""Captions by their place: a short line in the smallest box that holds a picture and any text.

Knows how a caption stands beside its picture, not whether the picture is the article's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.body.captions import is_small, names_within
from nordcrawl.extract.body.container import Shape, shape_of
from nordcrawl.extract.body.holders import LINKED, TEXT_LENGTH, under
from nordcrawl.extract.lexicon.phrases import CREDIT_IN_CAPTION, CREDIT_LABEL
from nordcrawl.extract.page.text import SENTENCE_ENDS
from nordcrawl.extract.page.text_runs import Picture, TextRun
from nordcrawl.extract.page.tree import text_of

#: Levels above a picture at which its box may be.
_LEVELS = 5
_CAPTION_RUNS = 4
_CAPTION_WORDS = 90
#: So many lines beside pictures, with more than this share of the words, are no captions.
_MANY = 4
_MUCH = 0.3
_NO_CAPTION = frozenset(
    (
        "heading", "list", "table", "quote", "factbox", "update", "comments", "nav", "form", "bio",
        "related", "footer", "ad", "newsletter", "button", "toggle", "time", "tags", "player",
        "share", "tooltip",
    )
)  # fmt: skip
_NO_PICTURE = frozenset(("byline", "bio", "nav", "related", "comments", "footer", "ad", "share"))
_TABLE = frozenset(("table", "tbody", "tr"))
_HEADINGS = frozenset(("h2", "h3", "h4", "h5", "h6"))
#: A part of a text that has a heading, a picture and a paragraph, is of so many elements.
_PART = 4
_PLAIN = frozenset(
    ("p", "div", "span", "em", "small", "figcaption", "td", "caption", "center", "section")
)
#: Share of a page's longer paragraphs above which their shape is the text's.
_TEXT_SHARE = 0.15
#: The part of a line that is in italics where it is set off as a whole.
_SET_OFF = 0.9


def mark_captions(runs: list[TextRun], pictures: list[Picture], wide: frozenset[str]) -> None:
    """Mark captions and credits in the list as such, and the pictures as of one figure with theirs.

    `wide` are the marks of what is around the page's text.
    """
    found = _picture_boxes(runs, pictures, wide)
    beside = {i for _, inside in found.values() for i in inside}
    texts = _text_shapes([run for i, run in enumerate(runs) if i not in beside])
    below = _shapes_below(runs, pictures)
    known = Counter(run.key for run in runs if _is_told(run))
    marked: list[tuple[int, HtmlElement, list[int]]] = []
    for index, (box, inside) in found.items():
        picture = pictures[index]
        if any(
            known[runs[i].key] > _is_told(runs[i]) and not CREDIT_LABEL.match(runs[i].text)
            for i in inside
        ):
            continue  # printed again, for another size of screen
        around = wide | {"table"} if box.tag in _TABLE else wide
        if inside and all(_is_beside(runs[i], picture, texts, around) for i in inside):
            marked.append((index, box, inside))
        elif (line := _line_below(picture, runs, wide, below)) is not None:
            marked.append((index, runs[line].element, [line]))
    if _is_much(marked, runs):
        return
    for index, box, inside in marked:
        _caption(runs, inside, pictures, index, box)


def _picture_boxes(
    runs: Sequence[TextRun], pictures: Sequence[Picture], wide: frozenset[str]
) -> dict[int, tuple[HtmlElement, list[int]]]:
    """Return for the index of each picture its smallest box with text, and the runs in that.

    None are in it where the box holds more than a picture's.
    """
    shown = [
        index
        for index, picture in enumerate(pictures)
        if not is_small(picture.element) and not _NO_PICTURE & picture.marks - wide
    ]
    above = {
        element
        for index in shown
        for element in islice(pictures[index].element.iterancestors(), _LEVELS)
    }
    inside = under(runs, above)
    found: dict[int, tuple[HtmlElement, list[int]]] = {}
    for index in shown:
        for element in islice(pictures[index].element.iterancestors(), _LEVELS):
            if element in inside:
                small = _is_picture_box(element, inside[element], runs)
                found[index] = (element, inside[element] if small else [])
                break
    return found


def _is_told(run: TextRun) -> bool:
    return bool({"figure", "caption"} & run.marks)


def _is_much(marked: Sequence[tuple[int, HtmlElement, list[int]]], runs: Sequence[TextRun]) -> bool:
    """Return whether so much of a page stands beside pictures that it is the text itself."""
    told = {i for _, _, inside in marked for i in inside if not _is_told(runs[i])}
    words = sum(runs[i].words for i in told)
    return len(told) >= _MANY and words > _MUCH * sum(
        run.words for run in runs if run.words >= TEXT_LENGTH and run.link_share < LINKED
    )


def _caption(
    runs: list[TextRun],
    found: Sequence[int],
    pictures: list[Picture],
    index: int,
    box: HtmlElement,
) -> None:
    """Mark lines as captions of a picture, and both as of one figure."""
    for i in found:
        run = runs[i]
        if "figure" in run.marks:
            continue
        own = () if "caption" in run.marks else (("caption", run.element),)
        others = (pair for pair in run.groups if pair[0] != "table" or box.tag not in _TABLE)
        groups = (("figure", box), *others, *own)
        credit = CREDIT_LABEL.match(run.text) or "credit" in run.near
        near = (run.near - {"lead", "label"}) | ({"credit"} if credit else {"caption"})
        marks = run.marks | {"figure", "caption"}
        marks = marks - {"table"} if box.tag in _TABLE else marks
        runs[i] = replace(run, marks=marks, near=near, groups=groups)
        picture = pictures[index]
        if ("figure", box) not in picture.groups:
            pictures[index] = replace(picture, groups=(*picture.groups, ("figure", box)))


def _shapes_below(runs: Sequence[TextRun], pictures: Sequence[Picture]) -> Set[Shape]:
    """Return the shapes that two lines or more have, all of them right below a picture."""
    places = {picture.runs for picture in pictures}
    everywhere = Counter(map(shape_of, runs))
    below = Counter(shape_of(runs[i]) for i in places if i < len(runs))
    return {shape for shape, count in below.items() if count > 1 and count == everywhere[shape]}


def _line_below(
    picture: Picture, runs: Sequence[TextRun], wide: frozenset[str], below: Set[Shape]
) -> int | None:
    """Return the index of the paragraph right below a picture's own one, if it is its caption.

    It is set off as a whole, ends in a credit, or has a shape that on this page only lines below
    pictures have, as `below` tells.
    """
    if picture.runs >= len(runs):
        return None
    run = runs[picture.runs]
    if run.words > _CAPTION_WORDS or run.link_share > LINKED or run.element.tag not in _PLAIN:
        return None
    if (_NO_CAPTION | {"figure", "caption", "lead", "byline"}) & (run.near | (run.marks - wide)):
        return None
    holder: HtmlElement | None = picture.element
    above = run.element.getprevious()
    while holder is not None and holder is not above:
        if holder.getnext() is not None or (holder.tail and holder.tail.strip()):
            return None
        holder = holder.getparent()
    if holder is None:
        return None
    if above is not None and run.text[-1] in SENTENCE_ENDS and _is_under_heading(above):
        return None  # what a part of the text says of its heading
    told = CREDIT_IN_CAPTION.search(run.text) is not None
    return picture.runs if told or _is_set_off(run) or shape_of(run) in below else None


def _is_under_heading(element: HtmlElement) -> bool:
    """Return whether a heading stands right above an element, in a box of few elements."""
    before = element.getprevious()
    parent = element.getparent()
    return (
        before is not None
        and parent is not None
        and str(before.tag) in _HEADINGS
        and len(parent) <= _PART
    )


def _is_picture_box(box: HtmlElement, inside: Sequence[int], runs: Sequence[TextRun]) -> bool:
    """Return whether all that a box holds beside its picture is few words, and none a link's."""
    if box.tag in ("body", "html", "main", "li", "a", "header"):
        return False
    if box.tag in _TABLE and (len(inside) > 2 or _says_much(box)):
        return False  # one with a picture and its caption only lays them out
    if len(inside) > _CAPTION_RUNS or sum(runs[i].words for i in inside) > _CAPTION_WORDS:
        return False
    return not any(runs[i].link_share > LINKED for i in inside)


def _says_much(part: HtmlElement) -> bool:
    """Return whether the table that an element is, or is a part of, has text in more than two
    cells: pictures in it are the marks of a table of data."""
    table = part if part.tag == "table" else next(part.iterancestors("table"), part)
    full = (cell for cell in table.iter("td", "th") if text_of(cell).strip())
    return next(islice(full, 2, None), None) is not None


def _is_beside(
    run: TextRun, picture: Picture, texts: Mapping[Shape, int], wide: frozenset[str]
) -> bool:
    """Return whether a line in a picture's box reads as its caption or credit."""
    if run.element.tag not in _PLAIN or _NO_CAPTION & run.near or not run.key:
        return False
    if _NO_CAPTION & run.marks - wide - {"footer", "ad", "share", "list"}:
        return False
    if "byline" in run.near and not CREDIT_LABEL.match(run.text) and not names_within(run):
        return False
    if shape_of(run) not in texts:
        return True
    # A paragraph like those of the text: one that is set off as a whole, or tells its credit.
    return (
        _is_set_off(run) and run.element in picture.element.iterancestors()
    ) or CREDIT_IN_CAPTION.search(run.text) is not None


def _is_set_off(run: TextRun) -> bool:
    """Return whether a line is in bold, italics or small letters as a whole."""
    if run.strong >= _SET_OFF * len(run.text):
        return True
    small = sum(len(text_of(element)) for element in run.element.iter("small"))
    return small >= _SET_OFF * len(run.text)


def _text_shapes(runs: Sequence[TextRun]) -> Mapping[Shape, int]:
    """Return the shapes that a fair part of the page's longer paragraphs have."""
    weights: Counter[Shape] = Counter()
    for run in runs:
        if run.words >= TEXT_LENGTH and run.link_share < LINKED and "figure" not in run.marks:
            weights[shape_of(run)] += run.words
    total = weights.total()
    return {shape: w for shape, w in weights.items() if w >= _TEXT_SHARE * total}
