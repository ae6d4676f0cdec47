"""Find the article's text on a page of an unknown template.

trafilatura chooses, the page's own runs give text and kind, rules correct. Does not read metadata.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape, unescape
from itertools import islice

from lxml.html import HtmlElement

from nordcrawl.extract import engine, rules
from nordcrawl.extract import home as homes
from nordcrawl.extract.home import Home, Shape, holds, shape_of
from nordcrawl.extract.phrases import NO_CAPTION
from nordcrawl.extract.rules import Clues
from nordcrawl.extract.runs import Cut, Picture, Run
from nordcrawl.extract.runs import cut as cut_runs
from nordcrawl.extract.tree import MAX_CHARS, parse, text_of

#: Runs further than this from the text on either side hold no picture of it.
_MARGIN = 6
#: A heading further above the text is not known to be its headline.
_FAR = 20
#: Runs further from the text than this on either side are not looked at again.
_AROUND = 80
#: Runs above the headline among which the lead picture's caption may stand.
_ABOVE = 5
#: Words that a paragraph left out by the engine must have to be taken back in.
_GAP_WORDS = 10
#: A shorter one names who said it. Letters: some languages say much in a word.
_QUOTE_LETTERS = 20
_HEADING_WORDS = 20
_HEADING_LETTERS = 3
#: How sentences end.
_ENDS = '.!?…:"”»。」'
#: Longer gaps are most often a box.
_GAP_RUNS = 6
#: The engine is not believed when it has less than this share of the words of the page's densest
#: text, which then has to be this long and of paragraphs this long.
_RESCUE_SHARE = 0.3
_RESCUE_WORDS = 200
_DENSE_WORDS = 15
_OWN_WORDS = 100
#: What the page's data tells of the text counts where the page shows fewer words than this, and
#: the data has so many.
_TOLD_BELOW = 80
_TOLD_WORDS = 100
_TAGS = re.compile(r"</?(?:p|br|div|h[1-6])\b", re.IGNORECASE)
#: A longer line beside a picture is no caption; only such elements have one.
_CAPTION_WORDS = 60
_PLAIN = frozenset(["p", "div", "span", "em", "small"])
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
    indices = _rescued(engine.anchor(lines, cut.runs), cut.runs)
    if not indices:
        return None
    runs: Sequence[Run] = cut.runs
    home = homes.find(runs, indices)
    common: frozenset[str] = frozenset()
    if home is not None:
        common = home.common_marks(runs[i] for i in indices)
        near = range(indices[0] - _AROUND, indices[-1] + _AROUND)
        runs = [home.bare(run, common) if i in near else run for i, run in enumerate(runs)]
        runs = _captioned(runs, indices, cut.pictures, home)
        indices = _filled(indices, runs, home)
    dropped: rules.Dropped = []
    chosen = [runs[i] for i in indices if not _is_picture_text(runs[i])]
    chosen = rules.drop(rules.cut_lists(chosen, runs, home, dropped), clues, dropped)
    if home is not None:
        chosen = rules.drop_boxes(chosen, runs, home, dropped)
        chosen = rules.drop_outside(chosen, home, dropped)
    chosen = rules.drop_bare_headings(chosen, runs, dropped)
    chosen = rules.cut_tail(chosen, clues, dropped)
    if not chosen:
        return None
    place = {id(run): index for index, run in enumerate(runs)}
    start = place[id(chosen[0])]
    title = _title_before(runs, start, clues)
    above = title if title is not None else max(-1, start - _MARGIN)
    lead = rules.standfirst(runs[above + 1 : start + 3], clues, home, title is not None)
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
    return Choice(tuple(kept), tuple(pictures), frozenset(id(run) for run in lead), taken)


def or_told(choice: Choice | None, told: object) -> Choice | None:
    """Return the choice, or where the page shows next to no text the one that its data has.

    `told` is JSON-LD's ``articleBody``, plain or with tags in it. It is no rival of the page's own
    text: of 274 news pages 38 have one, and most of those cut it short or run its paragraphs
    together.
    """
    if not isinstance(told, str):
        return choice
    words = sum(run.words for run in choice.runs) if choice else 0
    if words >= _TOLD_BELOW or told.count(" ") < max(_TOLD_WORDS, 2 * words):
        return choice
    text = unescape(told[:MAX_CHARS])
    if _TAGS.search(text) is None:
        text = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
    root = parse(f"<body>{text}</body>")
    found = cut_runs([root]).runs if root is not None else ()
    return Choice(found, choice.pictures if choice else (), frozenset()) if found else choice


def _captioned(
    runs: Sequence[Run], indices: Sequence[int], pictures: Sequence[Picture], home: Home
) -> list[Run]:
    """Return the runs, chosen ones that share a small box with a picture marked as captions.

    Where no class tells of a caption, other lines beside a picture are as likely to be a
    gallery's or a player's: those above the text are marked so, as no standfirst.
    """
    boxes = {above for picture in pictures for above in picture.element.iterancestors()}
    chosen = set(indices)
    out = list(runs)
    for index in (*range(max(0, indices[0] - _MARGIN), indices[0]), *indices):
        run = runs[index]
        if run.words > _CAPTION_WORDS or home.is_text(run) or run.element.tag not in _PLAIN:
            continue
        if {"quote", "table", "list", "figure", "caption", "lead", "heading"} & run.near:
            continue
        if {"quote", "table", "list", "figure", "caption"} & run.marks:
            continue
        box = next((b for b in (run.element, *_above(run.element, 2)) if b in boxes), None)
        if box is None or box in home.around or len(text_of(box)) > 2 * len(run.text) + 200:
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


def _filled(indices: Sequence[int], runs: Sequence[Run], home: Home) -> list[int]:
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
    runs: Sequence[Run],
    home: Home,
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
        if chosen.intersection(indices) or any(r.marks & _NEVER - {"aside"} for r in members):
            continue
        boxed = "factbox" in members[0].marks
        plain = not any(run.links or run.near & _AGAINST for run in members)
        if boxed or (plain and len(members) > 1 and group.getparent() in beside):
            found.update(indices)
    return found


def _speakers(chosen: set[int], runs: Sequence[Run]) -> Iterator[int]:
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


def _quotes_around(run: Run) -> set[HtmlElement]:
    return {element for kind, element in run.groups if kind == "quote"}


def _is_subheading(run: Run) -> bool:
    """Tell whether a run between paragraphs reads as a heading of the text."""
    if not {"heading", "lead"} & run.near or run.words > _HEADING_WORDS or run.link_share > 0.3:
        return False
    if len(run.key) < _HEADING_LETTERS:
        return False
    return not (run.near & _AGAINST or run.marks & _NEVER)


def _rescued(indices: Sequence[int], runs: Sequence[Run]) -> list[int]:
    """Return the indices, or the page's densest text where the engine has missed most of it.

    What the engine has found is kept beside it when that is a text too: a live page's own.
    """
    words = sum(runs[i].words for i in indices)
    dense = [
        run
        for run in runs
        if run.words >= _DENSE_WORDS and run.link_share < 0.3 and not run.marks & _NEVER
    ]
    if words > _RESCUE_SHARE * sum(run.words for run in dense):
        return list(indices)
    weights: Counter[Shape] = Counter()
    for run in dense:
        weights[shape_of(run)] += run.words
    shape, weight = weights.most_common(1)[0] if weights else (None, 0)
    if weight < _RESCUE_WORDS or words > _RESCUE_SHARE * weight:
        return list(indices)
    found = {i for i, run in enumerate(runs) if shape_of(run) == shape and not run.near & _AGAINST}
    return sorted(found | set(indices) if words >= _OWN_WORDS else found)


def _is_paragraph(run: Run, seen: Counter[str]) -> bool:
    if run.words < _GAP_WORDS or seen[run.key] != 1 or run.near & _AGAINST:
        return False
    return run.link_share < (0.9 if run.text[-1:] in _ENDS else 0.4)


def _is_quote(run: Run, text: str) -> bool:
    """Tell whether a run is a quotation that is not in the text already, as pull quotes are."""
    if "quote" not in run.marks or len(run.key) < _QUOTE_LETTERS:
        return False
    return not (run.near & _AGAINST or run.marks & _NEVER)


def _title_before(runs: Sequence[Run], first: int, clues: Clues) -> int | None:
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


def _is_title(run: Run, clues: Clues) -> bool:
    return run.key in clues.titles and "heading" in run.marks and "byline" not in run.marks


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
    if "byline" in run.marks and "figure" not in run.marks:
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


def _is_shown(marks: frozenset[str]) -> bool:
    return not {"nav", "related", "comments", "footer", "ad", "share", "byline", "bio"} & marks
