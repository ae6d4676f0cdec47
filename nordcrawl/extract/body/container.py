"""Where the text of a page lives: the elements that most of its words stand in.

A template prints each paragraph into an element of the same shape. What has that shape and stands
in the same container is most likely text too, and a class name on something around all of the
text tells nothing of any part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from nordcrawl.extract.page.text_runs import TextRun

Shape = tuple[str, str, str, str]
"""Tag and class of the element around a run, and of that element's parent."""
#: Share of the chosen words that must have one shape for it to be the text's.
_SHARE = 0.3
#: The same for a further one: a template may print parts of the text in another element.
_MORE = 0.15


@dataclass(frozen=True, slots=True)
class TextContainer:
    """The shapes of the text's elements and what holds them all."""

    shapes: frozenset[Shape]
    container: HtmlElement
    around: frozenset[HtmlElement]
    """The container and its ancestors."""
    is_loose: bool = False
    """Whether shapes are told without the class of the element itself, as each has its own."""

    def is_text(self, run: TextRun) -> bool:
        """Return whether a run has one of the text's shapes and its place."""
        return shape_of(run, self.is_loose) in self.shapes and self.holds(run)

    def holds(self, run: TextRun) -> bool:
        """Return whether a run stands in the container."""
        return holds(self.container, run.element)

    def boxes(self, runs: Iterable[TextRun], chosen: Iterable[TextRun]) -> dict[int, HtmlElement]:
        """Return for the id() of each run the outermost element around it that holds no text.

        A run of the text, or right beside it, has none.
        """
        text = {other.element for other in chosen if self.is_text(other)}
        above = {ancestor for element in text for ancestor in element.iterancestors()} | text
        found: dict[int, HtmlElement] = {}
        for run in runs:
            element: HtmlElement | None = run.element
            while element is not None and element not in above:
                found[id(run)], element = element, element.getparent()
        return found

    def common_marks(self, chosen: Iterable[TextRun]) -> frozenset[str]:
        """Return the marks that all of the text has: they tell of what is around it."""
        marks = [run.marks for run in chosen if self.is_text(run)]
        return frozenset.intersection(*marks) if marks else frozenset()

    def bare(self, run: TextRun, marks: frozenset[str]) -> TextRun:
        """Return the run without `marks`, and without the groups around the whole text."""
        bounded = any(element in self.around for _, element in run.groups)
        if not bounded and not run.marks & marks:
            return run
        groups = tuple(pair for pair in run.groups if pair[1] not in self.around)
        return replace(run, marks=run.marks - marks, groups=groups)


def shape_of(run: TextRun, loose: bool = False) -> Shape:
    """Return the shape of the element that a run stands in, without its own class if loose."""
    element = run.element
    parent = element.getparent()
    own = "" if loose else element.get("class") or ""
    if parent is None:
        return str(element.tag), own, "", ""
    return str(element.tag), own, str(parent.tag), parent.get("class") or ""


def holds(holder: HtmlElement, element: HtmlElement) -> bool:
    """Return whether an element is the holder or stands in it."""
    return element is holder or holder in element.iterancestors()


def find(runs: Sequence[TextRun], indices: Iterable[int]) -> TextContainer | None:
    """Return the home of the chosen runs, None where no shape has enough of their words.

    Where each paragraph has a class of its own, their tag and what they stand in is the shape.
    """
    chosen = [runs[i] for i in indices]
    return _found(chosen, loose=False) or _found(chosen, loose=True)


def _found(chosen: Sequence[TextRun], *, loose: bool) -> TextContainer | None:
    shapes = [shape_of(run, loose) for run in chosen]
    weights: Counter[Shape] = Counter()
    for run, shape in zip(chosen, shapes, strict=True):
        weights[shape] += run.words
    total = weights.total()
    if not weights or max(weights.values()) < _SHARE * total:
        return None
    kept = frozenset(shape for shape, weight in weights.items() if weight >= _MORE * total)
    members = [run.element for run, shape in zip(chosen, shapes, strict=True) if shape in kept]
    container = _common(members)
    around = frozenset((container, *container.iterancestors()))
    return TextContainer(kept, container, around, loose)


def _common(elements: Sequence[HtmlElement]) -> HtmlElement:
    """Return the innermost element around all of them, never one of them itself."""
    first = elements[0].getparent()
    path = [] if first is None else [first, *first.iterancestors()]
    if not path:
        return elements[0]
    depth = 0
    for element in elements[1:]:
        above = set(element.iterancestors())
        while depth < len(path) - 1 and path[depth] not in above:
            depth += 1
    return path[depth]
