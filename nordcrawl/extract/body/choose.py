"""Find the article's text on a page of an unknown template.

trafilatura chooses, the page's own runs give text and kind, rules correct. Does not read metadata.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract.body import container as homes
from nordcrawl.extract.body import engine, furniture_boxes, judge, rival, unfolding
from nordcrawl.extract.body.beside import AGAINST_TEXT, NEVER_TEXT
from nordcrawl.extract.body.captions import is_small
from nordcrawl.extract.body.container import Shape, TextContainer, holds, shape_of
from nordcrawl.extract.body.gaps import filled
from nordcrawl.extract.body.rules import Dropped, Evidence, Signs, is_date_line, is_label
from nordcrawl.extract.body.signs import Around, PageHints
from nordcrawl.extract.body.standfirst import is_in_lead, standfirst
from nordcrawl.extract.body.tail import cut_tail
from nordcrawl.extract.lexicon.phrases import NO_CAPTION
from nordcrawl.extract.page.text_runs import Cut, Picture, TextRun
from nordcrawl.extract.page.text_runs import cut as cut_runs
from nordcrawl.extract.page.tree import is_shorter

#: Runs further than this from the text on either side hold no picture of it.
_MARGIN = 6
#: A heading further above the text is not known to be its headline.
_FAR = 20
#: Runs further from the text than this on either side are not looked at again.
_AROUND = 80
#: Runs above the headline among which the lead picture's caption may stand.
_ABOVE = 5
#: The engine is not believed when it has less than this share of the words of the page's densest
#: text, which then has to be this long and of paragraphs this long.
_RESCUE_SHARE = 0.3
_RESCUE_WORDS = 200
_DENSE_WORDS = 15
_OWN_WORDS = 100
#: The engine's default answer is asked for where the choice has less than this part of what may be
#: text on the page.
_HALF = 0.5
#: A second look is taken at a page of whose text fewer words were found, if it has more in lines
#: that may be sentences.
_FEW_WORDS = 40
_SAID_WORDS = 8
#: A longer line beside a picture is no caption; only such elements have one.
_CAPTION_WORDS = 60
_PLAIN = frozenset(["p", "div", "span", "em", "small"])


@dataclass(frozen=True, slots=True)
class Choice:
    """The runs and pictures of the article, in reading order."""

    runs: tuple[TextRun, ...]
    pictures: tuple[Picture, ...]
    summaries: frozenset[int]
    """id() of the runs that are the standfirst."""
    dropped: tuple[tuple[TextRun, str], ...] = ()
    """Runs that looked like text at first, each with the name of the rule that took it out."""
    signs: tuple[tuple[TextRun, Evidence], ...] = ()
    """What speaks against a run, kept or not: (name, weight) of each sign."""


def choose(cut: Cut, answers: engine.Answers, clues: PageHints) -> Choice | None:
    """Return the article's runs, None when nothing of the engine's answer stands on the page.

    The careful answer is corrected, and so is the engine's default one where that leaves far more
    and nothing proves that it should not.
    """
    found = _chosen(cut, answers.lines(), clues)
    words = sum(run.words for run in found.runs) if found else 0
    if words >= _HALF * answers.most:
        return found
    other = _chosen(cut, answers.default(), clues, is_plain=True)
    if other is not None and rival.stands(other.runs, found.runs if found else ()):
        return other
    return found


def second_look(root: HtmlElement, clues: PageHints, found: Choice | None) -> Choice | None:
    """Return the text of a page of which next to none was found, as the engine reads the page as
    it is: with what is hidden, linked, or a heading. What was found is returned where that is no
    article either.

    It has to read as an article by all that `rival` looks at, and to be what the page's head tells
    of, more than what was found is.
    """
    if sum(run.words for run in found.runs) >= _FEW_WORDS if found else False:
        return found
    page = cut_runs([root], hidden=frozenset())
    if sum(run.words for run in page.runs if run.words >= _SAID_WORDS) < rival.WORDS:
        return found
    other = _chosen(page, engine.whole(root), clues, is_plain=True)
    runs = found.runs if found else ()
    if other is None or not rival.stands(other.runs, runs):
        return found
    told = rival.told_of(other.runs, clues)
    return other if rival.is_told_of(told, clues) and told > rival.told_of(runs, clues) else found


def _chosen(
    cut: Cut, lines: Sequence[str], clues: PageHints, *, is_plain: bool = False
) -> Choice | None:
    indices = engine.anchor(lines, cut.runs)
    if not is_plain:
        indices = _rescued(indices, cut.runs)
    if not indices:
        return None
    runs: Sequence[TextRun] = rival.unmarked(cut.runs, indices)
    runs, indices = unfolding.titled(runs, indices)
    if Around(clues, [runs[i] for i in indices]).is_gate():
        return None
    home = homes.find(runs, indices)
    common: frozenset[str] = frozenset()
    if home is not None:
        common = home.common_marks(runs[i] for i in indices)
        near = range(indices[0] - _AROUND, indices[-1] + _AROUND)
        runs = [home.bare(run, common) if i in near else run for i, run in enumerate(runs)]
        runs = _captioned(runs, indices, cut.pictures, home)
        indices = filled(indices, runs, home)
        # Further rows of the text may have been found beside it.
        home = homes.find(runs, indices) or home
    dropped: Dropped = []
    chosen = [runs[i] for i in indices if not rival.is_picture_text(runs[i])]
    signs: Signs = {}
    chosen = furniture_boxes.cut_lists(chosen, runs, home, dropped)
    chosen = judge.drop(chosen, clues, dropped, home, signs, runs)
    if home is not None:
        # What unfolds the text as a whole is none of it.
        opening = [r for r in chosen if "toggle" in r.near and r.element.getparent() in home.around]
        dropped.extend((run, "toggle") for run in opening)
        chosen = [run for run in chosen if run not in opening]
        chosen = furniture_boxes.drop_boxes(chosen, runs, home, clues, dropped)
        chosen = furniture_boxes.drop_outside(chosen, home, dropped)
    chosen = furniture_boxes.drop_bare_headings(chosen, runs, dropped)
    chosen = cut_tail(chosen, clues, dropped, home, signs)
    if not chosen:
        return None
    place = {id(run): index for index, run in enumerate(runs)}
    start = place[id(chosen[0])]
    title = _title_before(runs, start, clues)
    above = title if title is not None else max(-1, start - _MARGIN)
    lead = standfirst(runs[above + 1 : start + 3], Around(clues, chosen), home, title is not None)
    known = {id(run) for run in chosen}
    lead = [run for run in lead if id(run) in known or run.key not in {r.key for r in chosen}]
    first = min([place[id(run)] for run in chosen[:1] + lead])
    last = place[id(chosen[-1])]
    wanted = known | {id(run) for run in lead}
    kept = [
        run
        for index, run in enumerate(runs)
        if id(run) in wanted
        or (min(first, above) - _ABOVE < index <= last and _is_caption(run, clues))
    ]
    low, high = place[id(kept[0])], place[id(kept[-1])]
    pictures = [
        p for p in cut.pictures if low - 1 <= p.runs <= high + 1 and _is_shown(p.marks - common)
    ]
    found = {id(run) for run in kept}
    taken = tuple((run, rule) for run, rule in dropped if id(run) not in found)
    told = tuple((run, signs[id(run)]) for run in runs if id(run) in signs)
    return Choice(tuple(kept), tuple(pictures), frozenset(id(run) for run in lead), taken, told)


def _captioned(
    runs: Sequence[TextRun],
    indices: Sequence[int],
    pictures: Sequence[Picture],
    home: TextContainer,
) -> list[TextRun]:
    """Return the runs, chosen ones that share a small box with a picture marked as captions.

    Where no class tells of a caption, other lines beside a picture are as likely to be a
    gallery's or a player's: those above the text are marked so, as no standfirst.
    """
    shown = [picture.element for picture in pictures if not is_small(picture.element)]
    boxes = {above for element in shown for above in element.iterancestors()}
    chosen = set(indices)
    out = list(runs)
    for index in (*range(max(0, indices[0] - _MARGIN), indices[0]), *indices):
        run = runs[index]
        if run.words > _CAPTION_WORDS or home.is_text(run) or run.element.tag not in _PLAIN:
            continue
        if {"quote", "table", "list", "figure", "caption", "lead", "heading", "time"} & run.near:
            continue
        if is_in_lead(run):
            continue
        if {"quote", "table", "list", "figure", "caption"} & run.marks:
            continue
        box = next((b for b in (run.element, *_above(run.element, 2)) if b in boxes), None)
        if box is None or box in home.around or next(box.iter("h1"), None) is not None:
            continue
        if not is_shorter(box, 2 * len(run.text) + 201):
            continue
        if any(home.is_text(runs[i]) and holds(box, runs[i].element) for i in chosen):
            continue
        if index in chosen:
            groups = (*run.groups, ("caption", run.element))
            out[index] = replace(run, marks=run.marks | {"caption"}, groups=groups)
        else:
            out[index] = replace(run, marks=run.marks | {"gallery"})
    return out


def _above(element: HtmlElement, levels: int) -> Iterator[HtmlElement]:
    return islice(element.iterancestors(), levels)


def _rescued(indices: Sequence[int], runs: Sequence[TextRun]) -> list[int]:
    """Return the indices, or the page's densest text where the engine has missed most of it.

    What the engine has found is kept beside it when that is a text too: a live page's own.
    """
    words = sum(runs[i].words for i in indices)
    dense = [
        run
        for run in runs
        if run.words >= _DENSE_WORDS and run.link_share < 0.3 and not run.marks & NEVER_TEXT
    ]
    if words > _RESCUE_SHARE * sum(run.words for run in dense):
        return list(indices)
    weights: Counter[Shape] = Counter()
    for run in dense:
        weights[shape_of(run)] += run.words
    shape, weight = weights.most_common(1)[0] if weights else (None, 0)
    if weight < _RESCUE_WORDS or words > _RESCUE_SHARE * weight:
        return list(indices)
    found = {
        i for i, run in enumerate(runs) if shape_of(run) == shape and not run.near & AGAINST_TEXT
    }
    return sorted(found | set(indices) if words >= _OWN_WORDS else found)


def _title_before(runs: Sequence[TextRun], first: int, clues: PageHints) -> int | None:
    """Return the index of the headline nearest above the text: one of the known ones, else h1.

    Where it stands there twice, the upper one is the page's.
    """
    known = [i for i in range(first + 1) if _is_title(runs[i], clues)]
    if known:
        last = known[-1]
        return next(i for i in known if last - i <= _FAR)
    for index in range(first, max(-1, first - _FAR), -1):
        run = runs[index]
        if run.element.tag == "h1" or {"header", "heading"} <= run.marks:
            return index
    return None


def _is_title(run: TextRun, clues: PageHints) -> bool:
    return run.key in clues.titles and "heading" in run.marks and "byline" not in run.marks


def _is_caption(run: TextRun, clues: PageHints) -> bool:
    """Return whether a run between headline and end of the text is a caption of the article's."""
    if not rival.is_picture_text(run) or run.words > 150 or len(run.key) < 3:
        return False
    if {"nav", "related", "comments", "form"} & run.marks or "newsletter" in run.near:
        return False
    if "byline" in run.marks and "figure" not in run.marks:
        return False
    if is_label(run.text, clues.labels) or is_date_line(run) or NO_CAPTION.match(run.text):
        return False
    if "figure" in run.marks:
        return True
    if "credit" in run.marks and "caption" not in run.marks:
        return False
    return run.link_share <= 0.8 and not {"footer", "ad"} & run.marks


def _is_shown(marks: frozenset[str]) -> bool:
    return not {"nav", "related", "comments", "footer", "ad", "share", "byline", "bio"} & marks
