"""Cut a tree into runs: stretches of inline text between block boundaries, in reading order.

Each run knows what stands around it (marks, groups). Does not decide what belongs to the article.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from nordcrawl.extract.page import pictures
from nordcrawl.extract.page.inline import (
    MAY_BE_APART,
    is_note_link,
    is_set_apart,
    language_around,
    leads_elsewhere,
    prints_marks,
    quotation_marks,
    stands_alone,
)
from nordcrawl.extract.page.marks import NONE, marks_of, marks_of_id
from nordcrawl.extract.page.text import clean, key
from nordcrawl.extract.page.unseen import unseen
from nordcrawl.extract.page.wrapped_lines import LineWrap

_BLOCK = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
        "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1",
        "h2", "h3", "h4", "h5", "h6", "header", "hr", "legend", "li", "main", "menu", "nav", "ol",
        "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
        "ul", "html",
    )
)  # fmt: skip
_SKIP = frozenset(
    (
        "head", "script", "style", "noscript", "template", "svg", "select", "option", "textarea",
        "iframe", "object", "video", "audio", "canvas", "map", "datalist", "rt", "rp",
        # The source of a formula, beside the formula. Source: MathML Core, 3.4 "Semantics".
        "annotation", "annotation-xml",
    )
)  # fmt: skip
#: Characters a word has on average in no script that parts its words.
_LONGEST_WORD = 15
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
#: Marks that inline elements have only for their own words: they are the run's where they hold
#: nearly all of it, so that a class acts on nothing beyond its element.
_OWN_WORDS = frozenset(
    (
        "share", "newsletter", "related", "comments", "ad", "nav", "footer", "form", "tags",
        "label", "bio", "tooltip", "player", "gallery",
    )
)  # fmt: skip
_NEARLY = 0.8
#: Names of who said a quotation are the run's where they are so much of it.
_NAMING = frozenset(("cite", "byline"))
_HALF = 0.5
_OWN_PART = frozenset(("caption", "credit"))
_DASHES = ("–", "—", "-", "―", "•")
_CITE = frozenset(("cite",))
_FIGURE = frozenset(("figure",))
#: Inline elements that make no group of what stands around them, whatever their class.
_PHRASING = frozenset(("a", "span", "b", "i", "em", "strong", "small", "mark", "button", "label"))
#: Marks that make a group: its runs are read together as one caption, quote, box, list or table.
GROUPS = frozenset(("figure", "caption", "quote", "factbox", "list", "table", "update"))


@dataclass(frozen=True, slots=True)
class TextRun:
    """One stretch of text with its surroundings."""

    text: str
    """As `clean` leaves it, never empty."""
    element: HtmlElement
    """The nearest block element around it."""
    marks: frozenset[str]
    """Of all elements around it."""
    near: frozenset[str]
    """Of the nearest block element and the inline elements in it only."""
    groups: tuple[tuple[str, HtmlElement], ...]
    """(mark, element) of the groups around it, outermost first."""
    linked: int
    """Characters of it that are link text."""
    strong: int
    """Characters of it in bold or italics."""
    links: tuple[str, ...]
    """href of the links in it, as they stand."""
    images: int
    """How many pictures of the page stand before it."""
    words: int = field(default=0, compare=False)
    """`words_in` its text."""
    key: str = field(default="", compare=False)

    @property
    def link_share(self) -> float:
        """Part of the text that is link text, 0 to 1."""
        return min(1.0, self.linked / max(1, len(self.text)))

    def within(self, mark: str) -> HtmlElement | None:
        """Return the innermost group element of this mark around the run."""
        for kind, element in reversed(self.groups):
            if kind == mark:
                return element
        return None


@dataclass(frozen=True, slots=True)
class Picture:
    """An img element with its surroundings."""

    element: HtmlElement
    marks: frozenset[str]
    groups: tuple[tuple[str, HtmlElement], ...]
    runs: int
    """How many runs of the page stand before it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A tree as runs and pictures."""

    runs: tuple[TextRun, ...]
    pictures: tuple[Picture, ...]


@dataclass(slots=True)
class _Open:
    """What is inherited by what stands in an element."""

    marks: frozenset[str]
    near: frozenset[str]
    groups: tuple[tuple[str, HtmlElement], ...]
    block: HtmlElement
    is_block: bool
    links: int
    strong: int
    inline: frozenset[str] = NONE
    """Marks of the inline elements around it, up to the block."""


def words_in(text: str) -> int:
    """Return how many words a run's text has; where a script has no spaces, half as many as
    characters."""
    spaced = text.count(" ") + 1
    length = len(text)
    if length > _LONGEST_WORD * spaced and not text.isascii():
        return length // 2
    return spaced


def cut(
    roots: Sequence[HtmlElement],
    without: Iterable[HtmlElement] = (),
    hidden: frozenset[HtmlElement] | None = None,
) -> Cut:
    """Return the runs and pictures of the trees, one after the other.

    What stands in an element of `without` is passed over, and what no reader of the page sees
    (`nordcrawl.extract.page.unseen`), which is looked for where it is not given as `hidden`.
    """
    walker = _Walker(frozenset(without))
    for root in roots:
        walker.begin(root, hidden)
        walker.walk(root)
    return Cut(tuple(walker.runs), tuple(walker.pictures))


class _Walker:
    """The state of one pass: what is open, and the run being gathered."""

    def __init__(self, without: frozenset[HtmlElement]) -> None:
        self._left_out = without
        self._without = without
        self._marks_of_speech = quotation_marks(None)
        self._wrap = LineWrap()
        self.runs: list[TextRun] = []
        self.pictures: list[Picture] = []
        self._parts: list[str] = []
        self._marks = NONE
        self._near = NONE
        self._covered: Counter[str] = Counter()
        """Letters within inline elements of each mark."""
        self._links: list[str] = []
        self._lines: list[tuple[int, int, int, int]] = []
        """For each line break, how many parts, links, linked and strong letters were before it."""
        self._linked = self._strong = self._breaks = 0

    def begin(self, root: HtmlElement, hidden: frozenset[HtmlElement] | None) -> None:
        """Look at a tree as a whole: what in it is not shown, and how its language quotes."""
        self._without = self._left_out | (unseen(root) if hidden is None else hidden)
        self._marks_of_speech = quotation_marks(language_around(root))

    def walk(self, root: HtmlElement) -> None:
        around = _around(root)
        self._visit(root, around)
        self._flush(around)

    def _visit(self, element: HtmlElement, around: _Open) -> None:
        """Gather an element; as deep as libxml2 lets a page nest, which is 256 elements."""
        inside = self._enter(element, str(element.tag), around)
        speech = self._marks_of_speech if element.tag == "q" and prints_marks(element) else None
        if speech is not None:
            self._add(speech[0], inside)
        if text := element.text:
            self._add(text, inside)
        without = self._without
        for child in element:
            tag = child.tag
            if without and child in without:
                pass
            elif tag in _SKIP:
                if tag == "noscript":
                    self._picture_without_scripts(child, inside)
            elif tag == "a" and is_note_link(child):
                # No word of the text, and yet what tells that the note is one of its notes.
                self._links.append(child.get("href", ""))
            else:
                self._visit(child, inside)
            if text := child.tail:
                self._add(text, inside)
        if speech is not None:
            self._add(speech[1], inside)
        if inside.is_block and inside is not around:
            self._flush(inside)

    def _picture_without_scripts(self, element: HtmlElement, inside: _Open) -> None:
        """Gather the pictures of a noscript element that no picture before it stands for."""
        for image in pictures.standing_alone(element):
            self.pictures.append(Picture(image, inside.marks, inside.groups, len(self.runs)))

    def _enter(self, element: HtmlElement, tag: str, around: _Open) -> _Open:
        get = element.get
        # The page's own class names tell of its template, not of what stands in it; an id is a
        # name for one place and no word about what stands there.
        own = NONE
        if tag not in ("body", "html"):
            own = marks_of(tag, get("class") or "", get("itemprop"))
            if identity := get("id"):
                own |= marks_of_id(tag, identity)
        if tag == "figure" and not pictures.shows_any(element):
            own -= _FIGURE  # of a table or some code. Source: HTML, 4.4.12 "The figure element"
        elif tag == "footer" and any(mark == "quote" for mark, _ in around.groups):
            own = _CITE  # names who is quoted. Source: HTML, 4.4.4 "The blockquote element"
        # A caption or credit is a part of its own even where the page uses span.
        is_block = tag in _BLOCK or bool(own and own & _OWN_PART)
        if not is_block:
            if tag in MAY_BE_APART or "-" in tag:
                is_block = is_set_apart(element)
            if (
                not is_block
                and own
                and own & _NAMING
                and any(mark == "quote" for mark, _ in around.groups)
            ):
                is_block = stands_alone(element)
        if is_block:
            self._flush(around)
        elif tag == "br":
            self._breaks += 1
            if self._breaks == 2:
                self._flush(around)
            else:
                self._parts.append(" ")
                if around.block.tag not in _HEADINGS:
                    self._lines.append(
                        (len(self._parts), len(self._links), self._linked, self._strong)
                    )
        links, strong = around.links, around.strong
        if tag == "a":
            links += leads_elsewhere(element)
            if (target := get("href")) and len(target) < 4000:
                self._links.append(target)
        elif tag in ("b", "strong", "em", "i"):
            strong += 1
        elif tag in pictures.TAGS:
            self.pictures.append(
                Picture(element, around.marks | own, around.groups, len(self.runs))
            )
        groups = around.groups
        if own and (is_block or tag not in _PHRASING):
            for mark in own & GROUPS:
                groups = (*groups, (mark, element))
        if not own and not is_block and links == around.links and strong == around.strong:
            return around
        return _Open(
            around.marks | own if own else around.marks,
            own if is_block else around.near | own,
            groups,
            element if is_block else around.block,
            is_block,
            links,
            strong,
            NONE if is_block else around.inline | own,
        )

    def _add(self, text: str, where: _Open) -> None:
        length = len(text.strip())
        if length:
            self._breaks = 0
            if self._marks is not where.marks:
                self._marks = self._marks | where.marks if self._marks else where.marks
            if self._near is not where.near:
                self._near = self._near | where.near if self._near else where.near
            if where.links:
                self._linked += length
            if where.strong:
                self._strong += length
            for mark in where.inline:
                self._covered[mark] += length
            self._parts.append(text)
        elif self._parts:
            self._parts.append(" ")

    def _flush(self, where: _Open) -> None:
        if not self._parts:
            self._breaks = 0
            if self._links:
                self._links = []
            return
        parts, self._parts = self._parts, []
        if text := clean("".join(parts)):
            if self._covered:
                self._without_beyond(where, text)
            lines = self._split(parts) if self._lines else []
            for line in lines or [(text, self._linked, self._strong, self._links)]:
                self._append(where, *line)
        self._marks = self._near = NONE
        self._covered.clear()
        self._links = []
        self._lines = []
        self._linked = self._strong = self._breaks = 0

    def _append(
        self, where: _Open, text: str, linked: int, strong: int, links: Sequence[str]
    ) -> None:
        self.runs.append(
            TextRun(
                text,
                where.block,
                self._marks,
                self._near,
                where.groups,
                linked,
                strong,
                tuple(links),
                len(self.pictures),
                words_in(text),
                key(text),
            )
        )

    def _without_beyond(self, where: _Open, text: str) -> None:
        """Take from the run the marks of inline elements that hold too little of it."""
        total = max(1, sum(len(part) for part in text.split()))
        beyond = set()
        for mark, letters in self._covered.items():
            if mark in _OWN_WORDS:
                share = _NEARLY
            elif mark in _NAMING and not text.startswith(_DASHES):
                share = _HALF
            else:
                continue
            if letters < share * total:
                beyond.add(mark)
        if beyond:
            self._near -= beyond - where.near if where.is_block else beyond
            self._marks -= beyond - where.marks if where.is_block else beyond

    def _split(self, parts: list[str]) -> list[tuple[str, int, int, list[str]]]:
        """Return (text, linked, strong, links) of the lines that line breaks part.

        A break inside of a sentence, or where the next word had no place, parts nothing.
        """
        ends = [*self._lines, (len(parts), len(self._links), self._linked, self._strong)]
        pieces: list[tuple[str, int, int, list[str]]] = []
        part = link = linked = strong = 0
        for part_end, link_end, linked_end, strong_end in ends:
            if text := clean("".join(parts[part:part_end])):
                told = self._links[link:link_end]
                pieces.append((text, linked_end - linked, strong_end - strong, told))
            part, link, linked, strong = part_end, link_end, linked_end, strong_end
        groups: list[list[tuple[str, int, int, list[str]]]] = []
        joins = self._wrap.joins([piece[0] for piece in pieces])
        for piece, joined in zip(pieces, joins, strict=True):
            if joined:
                groups[-1].append(piece)
            else:
                groups.append([piece])
        return [
            (
                " ".join(piece[0] for piece in group), sum(piece[1] for piece in group),
                sum(piece[2] for piece in group), [link for piece in group for link in piece[3]],
            )
            for group in groups
        ]  # fmt: skip


def _around(root: HtmlElement) -> _Open:
    """Return what the ancestors of a root say; nothing for the root of a page."""
    marks = NONE
    groups: list[tuple[str, HtmlElement]] = []
    for element in root.iterancestors():
        if element.tag in ("body", "html"):
            break
        own = marks_of(str(element.tag), element.get("class") or "", element.get("itemprop"))
        marks |= own
        groups.extend((mark, element) for mark in own & GROUPS)
    return _Open(marks, NONE, tuple(reversed(groups)), root, True, 0, 0)
