"""Find the article's text on a page of an unknown template.

trafilatura chooses, the page's own runs give text and kind, rules correct. Does not read metadata.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lxml.html import HtmlElement

from nordcrawl.extract import engine, rules
from nordcrawl.extract.phrases import NO_CAPTION
from nordcrawl.extract.rules import Clues
from nordcrawl.extract.runs import Cut, Picture, Run

#: Runs further than this from the text on either side hold no picture of it.
_MARGIN = 6
#: Runs above the headline among which the lead picture's caption may stand.
_ABOVE = 5
#: Words that a paragraph left out by the engine must have to be taken back in.
_GAP_WORDS = 10
#: Longer gaps are most often a box.
_GAP_RUNS = 6
#: The engine is not believed when it has less than this share of the words of the page's densest
#: text, which then has to be this long and of paragraphs this long.
_RESCUE_SHARE = 0.3
_RESCUE_WORDS = 200
_DENSE_WORDS = 15
_NEVER = frozenset(["comments", "related", "nav", "footer", "form", "newsletter", "ad", "aside"])
_AGAINST = frozenset(
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


@dataclass(frozen=True, slots=True)
class Choice:
    """The runs and pictures of the article, in reading order."""

    runs: tuple[Run, ...]
    pictures: tuple[Picture, ...]
    summaries: frozenset[int]
    """id() of the runs that are the standfirst."""
    dropped: tuple[tuple[Run, str], ...] = ()
    """Runs that looked like text at first, each with the name of the rule that took it out."""


def choose(cut: Cut, lines: Sequence[str], clues: Clues) -> Choice | None:
    """Return the article's runs, None when nothing of the lines stands on the page."""
    runs = cut.runs
    indices = engine.anchor(lines, runs)
    if not indices:
        return None
    indices = _rescued(_filled(indices, runs), runs)
    dropped: rules.Dropped = []
    chosen = [runs[i] for i in indices if not _is_picture_text(runs[i])]
    chosen = rules.drop(rules.cut_lists(chosen, dropped), clues, dropped)
    chosen = rules.cut_tail(chosen, clues, dropped)
    if not chosen:
        return None
    place = {id(run): index for index, run in enumerate(runs)}
    title = _title_before(runs, place[id(chosen[0])], clues)
    lead = rules.standfirst(runs, chosen, clues, title + 1, place[id(chosen[0])] + 3)
    known = {id(run) for run in chosen}
    lead = [run for run in lead if id(run) in known or run.key not in {r.key for r in chosen}]
    first = min([place[id(run)] for run in chosen[:1] + lead])
    last = place[id(chosen[-1])]
    wanted = known | {id(run) for run in lead}
    kept = [
        run
        for index, run in enumerate(runs)
        if id(run) in wanted
        or (min(first, title) - _ABOVE < index <= last and _is_caption(run, clues))
    ]
    low, high = place[id(kept[0])], place[id(kept[-1])]
    pictures = [p for p in cut.pictures if low - 1 <= p.runs <= high + 1 and _is_shown(p)]
    found = {id(run) for run in kept}
    taken = tuple((run, rule) for run, rule in dropped if id(run) not in found)
    return Choice(tuple(kept), tuple(pictures), frozenset(id(run) for run in lead), taken)


def _filled(indices: Sequence[int], runs: Sequence[Run]) -> list[int]:
    """Return the indices with those of paragraphs that the engine passed over among its own.

    Such a paragraph stands between two chosen ones, has the same parent and tag as most of them,
    and nothing in its own element speaks against it.
    """
    chosen = set(indices)
    homes = Counter(_home(runs[i]) for i in indices for _ in range(runs[i].words))
    if not homes:
        return list(indices)
    home, weight = homes.most_common(1)[0]
    if weight < 0.5 * homes.total():
        return list(indices)
    seen = Counter(run.key for run in runs)
    for before, after in pairwise(indices):
        gap = range(before + 1, after)
        if len(gap) > _GAP_RUNS or _home(runs[before]) != home or _home(runs[after]) != home:
            continue
        chosen.update(i for i in gap if _home(runs[i]) == home and _is_paragraph(runs[i], seen))
    return sorted(chosen)


def _rescued(indices: Sequence[int], runs: Sequence[Run]) -> list[int]:
    """Return the indices, or the page's densest text where the engine has missed most of it."""
    words = sum(runs[i].words for i in indices)
    weights: Counter[tuple[HtmlElement, str, str]] = Counter()
    for run in runs:
        if run.words >= _DENSE_WORDS and run.link_share < 0.3 and not run.marks & _NEVER:
            weights[_home(run)] += run.words
    if not weights:
        return list(indices)
    home, weight = weights.most_common(1)[0]
    if weight < _RESCUE_WORDS or words > _RESCUE_SHARE * weight:
        return list(indices)
    return [i for i, run in enumerate(runs) if _home(run) == home and not run.near & _AGAINST]


def _is_paragraph(run: Run, seen: Counter[str]) -> bool:
    return (
        run.element.tag == "p"
        and run.words >= _GAP_WORDS
        and run.link_share < 0.4
        and seen[run.key] == 1
        and not run.near & _AGAINST
    )


def _home(run: Run) -> tuple[HtmlElement, str, str]:
    """Return the parent itself, not its id: lxml makes its proxies anew when none is held."""
    parent = run.element.getparent()
    holder = parent if parent is not None else run.element
    return holder, str(run.element.tag), run.element.get("class") or ""


def _title_before(runs: Sequence[Run], first: int, clues: Clues) -> int:
    """Return the index of the headline nearest above the text, or of where it would be."""
    for index in range(first, -1, -1):
        if runs[index].key in clues.titles and "heading" in runs[index].marks:
            return index
    return max(-1, first - _MARGIN)


def _is_picture_text(run: Run) -> bool:
    marks = run.marks
    return bool({"figure", "caption", "credit"} & marks) and not (
        {"quote", "table", "list"} & marks and "caption" not in marks and "credit" not in marks
    )


def _is_caption(run: Run, clues: Clues) -> bool:
    """Tell whether a run between headline and end of the text is a caption of the article's."""
    if not _is_picture_text(run) or run.words > 150 or len(run.key) < 3:
        return False
    if {"nav", "related", "comments", "form"} & run.marks or "newsletter" in run.near:
        return False
    if (
        rules.is_label(run.text, clues.labels)
        or rules.is_date_line(run)
        or NO_CAPTION.match(run.text)
    ):
        return False
    if "figure" in run.marks:
        return True
    if "credit" in run.marks and "caption" not in run.marks:
        return False
    return run.link_share <= 0.8 and not {"footer", "ad"} & run.marks


def _is_shown(picture: Picture) -> bool:
    return (
        not {"nav", "related", "comments", "footer", "ad", "share", "byline", "bio"} & picture.marks
    )
