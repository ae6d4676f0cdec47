"""Gaps: lines between chosen lines that the engine passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lxml.html import HtmlElement

from nordcrawl.extract.body.container import TextContainer, holds
from nordcrawl.extract.page.text import LINE_ENDS
from nordcrawl.extract.page.text_runs import TextRun

#: Words that a paragraph left out by the engine must have to be taken back in.
_GAP_WORDS = 10


#: A shorter one names who said it. Letters: some languages say much in a word.
_QUOTE_LETTERS = 20


_HEADING_WORDS = 20


_HEADING_LETTERS = 3


#: Longer gaps are most often a box.
_GAP_RUNS = 6


NEVER_TEXT = frozenset(
    ["comments", "related", "nav", "footer", "form", "newsletter", "ad", "aside"]
)


AGAINST_TEXT = frozenset(
    [
        "caption",
        "credit",
        "related",
        "share",
        "newsletter",
        "comments",
        "ad",
        "nav",
        "footer",
        "form",
        "byline",
        "bio",
        "time",
    ]
)


def filled(indices: Sequence[int], runs: Sequence[TextRun], home: TextContainer) -> list[int]:
    """Return the indices with those of paragraphs that the engine passed over.

    They have the shape and place of the text, and nothing in their own element speaks against
    them; headings among them come along.
    """
    chosen = set(indices)
    members = [i for i in indices if home.is_text(runs[i])]
    seen = Counter(run.key for run in runs)
    text = "".join(runs[i].key for i in indices)
    for index in range(members[0] - 1, max(-1, members[0] - _GAP_RUNS), -1):
        run = runs[index]
        if "heading" in run.near or index in chosen:
            break
        if home.holds(run) and run.element.tag == "p" and _is_paragraph(run, seen):
            chosen.add(index)
    gap = 0
    for index in range(members[0], len(runs)):
        run = runs[index]
        if index in chosen:
            gap = 0
            continue
        if index > members[-1] and (gap > _GAP_RUNS or run.element.tag == "h1"):
            break
        gap += 1
        if (home.is_text(run) and _is_paragraph(run, seen)) or (
            index < members[-1] and home.holds(run) and _is_quote(run, text)
        ):
            chosen.add(index)
            gap = 0
    chosen.update(list(_speakers(chosen, runs)))
    beside = {runs[i].element.getparent() for i in members}
    chosen.update(_passed_over(chosen, runs, home, range(members[0], members[-1]), beside))
    for index in range(members[0], members[-1]):
        if index not in chosen and runs[index].element.getparent() in beside:
            follows = index + 1 in chosen or index + 2 in chosen
            if follows and _is_subheading(runs[index]):
                chosen.add(index)
    return sorted(chosen)


def _passed_over(
    chosen: set[int],
    runs: Sequence[TextRun],
    home: TextContainer,
    among: Iterable[int],
    beside: set[HtmlElement | None],
) -> set[int]:
    """Return the runs of lists and fact boxes among the text of which the engine took none.

    A list stands right beside paragraphs, and has two items or more and not one link in it: else
    it may be of other articles, or of what a subscription offers.
    """
    groups: dict[HtmlElement, list[int]] = {}
    for index in among:
        run = runs[index]
        kind = "factbox" if "factbox" in run.marks else "list"
        around = run.within(kind)
        if around is not None and holds(home.container, around):
            groups.setdefault(around, []).append(index)
    found: set[int] = set()
    for group, indices in groups.items():
        members = [runs[i] for i in indices]
        if chosen.intersection(indices) or any(r.marks & NEVER_TEXT - {"aside"} for r in members):
            continue
        boxed = "factbox" in members[0].marks
        plain = not any(run.links or run.near & AGAINST_TEXT for run in members)
        if boxed or (plain and len(members) > 1 and group.getparent() in beside):
            found.update(indices)
    return found


def _speakers(chosen: set[int], runs: Sequence[TextRun]) -> Iterator[int]:
    """Yield the runs that name who is quoted, right behind a chosen quotation in its element."""
    for index in chosen:
        quote = _quotes_around(runs[index])
        behind = index + 1
        while (
            behind < len(runs)
            and quote & _quotes_around(runs[behind])
            and {"cite", "byline", "caption"} & runs[behind].near
        ):
            yield behind
            behind += 1


def _quotes_around(run: TextRun) -> set[HtmlElement]:
    return {element for kind, element in run.groups if kind == "quote"}


def _is_subheading(run: TextRun) -> bool:
    """Tell whether a run between paragraphs reads as a heading of the text."""
    if not {"heading", "lead"} & run.near or run.words > _HEADING_WORDS or run.link_share > 0.3:
        return False
    if len(run.key) < _HEADING_LETTERS:
        return False
    return not (run.near & AGAINST_TEXT or run.marks & NEVER_TEXT)


def _is_paragraph(run: TextRun, seen: Counter[str]) -> bool:
    if run.words < _GAP_WORDS or seen[run.key] != 1 or run.near & AGAINST_TEXT:
        return False
    return run.link_share < (0.9 if run.text[-1:] in LINE_ENDS else 0.4)


def _is_quote(run: TextRun, text: str) -> bool:
    """Tell whether a run is a quotation that is not in the text already, as pull quotes are."""
    if "quote" not in run.marks or len(run.key) < _QUOTE_LETTERS:
        return False
    return not (run.near & AGAINST_TEXT or run.marks & NEVER_TEXT)
