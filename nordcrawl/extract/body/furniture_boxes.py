"""Boxes: what stands together in the midst of the text or below it, and is of the page.

Each of these looks at several lines at once, so that two signs agree before any line goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set

from lxml.html import HtmlElement

from nordcrawl.extract.body.container import TextContainer
from nordcrawl.extract.body.judge import GUARD, is_caption
from nordcrawl.extract.body.rules import Dropped
from nordcrawl.extract.body.signs import PageHints, boxes_of
from nordcrawl.extract.lexicon.phrases import LISTS, NEWSLETTER
from nordcrawl.extract.page.text import SENTENCE_ENDS, content, label_key
from nordcrawl.extract.page.text_runs import TextRun

#: Rules that, when they take a heading, tell that the box under it is no text.
_BOX_RULES = frozenset(
    [
        "label",
        "pointer",
        "linked",
        "related",
        "newsletter",
        "newsletter box",
        "notice",
        "other articles",
    ]
)
#: A paragraph of these words outside of the text may be a part of it that is printed otherwise.
OUTSIDE_WORDS = 25
#: Link share of a whole box beside the text above which it is one of links.
_LINK_BOX = 0.5
#: The same of a line that, under a heading, makes the heading that of a list of links.
_POINTING = 0.8
_LIST_SHARE = 0.4
#: A linked line of so many words is a headline, with so many lines at most a teaser.
_HEADLINE_WORDS = 4
_TEASER_LINES = 3
#: A box of so many words at most may be a promotion, if of so many content words next to none are
#: the article's.
_PROMOTION_WORDS = 80
_STRANGE_WORDS = 4
_STRANGE = 0.15
#: More of them are the text itself: a list of what is told of.
_FOREIGN = 2
#: A text of so many words is the article itself.
_OWN_WORDS = 60
_OF_AN_ARTICLE = frozenset(("factbox", "quote", "table", "figure", "caption", "update"))
_TEXT_WORDS = 12
#: A paragraph below the text goes on with it if so many of its content words stand there.
_SHARED_WORDS, _SHARED = 2, 0.3


def drop_boxes(
    chosen: Sequence[TextRun],
    runs: Sequence[TextRun],
    home: TextContainer,
    clues: PageHints,
    dropped: Dropped,
) -> list[TextRun]:
    """Return the runs without boxes of furniture: so is all that is in them.

    A box is the outermost element around a run that holds none of the text. It is furniture when
    its heading was, or when it is mostly links. `runs` are all of the page.
    """
    furniture = [run for run, rule in dropped if rule in _BOX_RULES and "heading" in run.near]
    offers = [run for run in chosen if "heading" in run.near and NEWSLETTER.search(run.text)]
    found = boxes_of((*furniture, *chosen), chosen, home)
    wrong = {found[id(run)] for run in (*furniture, *offers) if id(run) in found}
    wrong |= _strange_boxes(chosen, found, clues)
    wrong |= _link_boxes(runs, {box for run in chosen if (box := found.get(id(run))) is not None})
    chosen = _without(chosen, lambda run: found.get(id(run)) in wrong, "box", dropped)
    # What stands beside the page's own article may be more than that is.
    for foreign, most in zip(
        _foreign_articles(chosen, runs, home, clues), (1.0, GUARD), strict=True
    ):
        inside = {id(run) for run in chosen if not foreign.isdisjoint(run.element.iterancestors())}
        chosen = _without(chosen, _among(inside), "other articles", dropped, most)
    return list(chosen)


def _among(ids: set[int]) -> Callable[[TextRun], bool]:
    return lambda run: id(run) in ids


def _foreign_articles(
    chosen: Sequence[TextRun], runs: Sequence[TextRun], home: TextContainer, clues: PageHints
) -> tuple[set[HtmlElement], set[HtmlElement]]:
    """Return others' articles (beside the page's own, within it or on a page that has no own): the
    article elements that open with a headline which leads elsewhere, or beside with an h1.

    Posts of a live page lead to themselves, if anywhere; many within are a list of what is told of.
    Source: HTML, 4.3.2 "The article element": one within another is a part of it, as comments are.
    """
    own = _own_article(chosen, runs, clues)
    opened: set[HtmlElement] = set()
    beside: set[HtmlElement] = set()
    within: set[HtmlElement] = set()
    for run in chosen:
        holder = next(run.element.iterancestors("article"), None)
        if holder is None or holder in opened or holder in home.around or holder is own:
            continue
        opened.add(holder)
        is_beside = own is not None and own not in holder.iterancestors()
        leads = run.link_share > _POINTING and any("#" not in link for link in run.links)
        if "heading" in run.near and (leads or (is_beside and run.element.tag == "h1")):
            (beside if is_beside else within).add(holder)
    return beside, within if len(within) <= _FOREIGN else set()


def _own_article(
    chosen: Sequence[TextRun], runs: Sequence[TextRun], clues: PageHints
) -> HtmlElement | None:
    """Return the article element that holds the page's headline and a text of its own."""
    for run in runs:
        if run.element.tag == "h1" and run.key in clues.titles:
            own = next(run.element.iterancestors("article"), None)
            text = (r for r in chosen if own is not None and own in r.element.iterancestors())
            return own if sum(r.words for r in text) >= _OWN_WORDS else None
    return None


def _link_boxes(runs: Sequence[TextRun], boxes: set[HtmlElement]) -> set[HtmlElement]:
    """Return those of the boxes whose text is links for the most part, or that hold a linked
    headline and two further lines at most."""
    letters: Counter[HtmlElement] = Counter()
    linked: Counter[HtmlElement] = Counter()
    lines: Counter[HtmlElement] = Counter()
    headlines: set[HtmlElement] = set()
    for run in runs if boxes else ():
        for element in (run.element, *run.element.iterancestors()):
            if element in boxes:
                letters[element] += len(run.text)
                linked[element] += run.linked
                lines[element] += 1
                if run.link_share > _POINTING and run.words >= _HEADLINE_WORDS:
                    headlines.add(element)
                break
    return {
        box
        for box in boxes
        if linked[box] > _LINK_BOX * letters[box]
        or (box in headlines and lines[box] <= _TEASER_LINES)
    }


def _strange_boxes(
    chosen: Sequence[TextRun], found: Mapping[int, HtmlElement], clues: PageHints
) -> set[HtmlElement]:
    """Return the short boxes that lead somewhere and of whose words next to none stand in the rest
    of the article: a promotion, a tool, an offer."""
    boxes: dict[HtmlElement, list[TextRun]] = {}
    for run in chosen:
        if (box := found.get(id(run))) is not None and not _OF_AN_ARTICLE & run.marks:
            boxes.setdefault(box, []).append(run)
    wrong = set()
    for box, members in boxes.items():
        leads = any(run.links or {"button", "form", "gate"} & run.marks for run in members)
        if not leads or sum(run.words for run in members) > _PROMOTION_WORDS:
            continue
        inside = {id(run) for run in members}
        rest = frozenset().union(*(content(run.text) for run in chosen if id(run) not in inside))
        told = frozenset().union(*map(content, clues.descriptions))
        own = frozenset().union(*(content(run.text) for run in members))
        if len(own) >= _STRANGE_WORDS and len(own & (rest | told)) < _STRANGE * len(own):
            wrong.add(box)
    return wrong


def drop_outside(chosen: Sequence[TextRun], home: TextContainer, dropped: Dropped) -> list[TextRun]:
    """Return the runs without short or linked ones that stand below the text and outside of it;
    a whole sentence without links that speaks of what the text does stays."""
    last = max((i for i, run in enumerate(chosen) if home.holds(run)), default=len(chosen))
    told = frozenset().union(*(content(run.text) for run in chosen[: last + 1]))
    below = {
        id(run)
        for run in chosen[last + 1 :]
        if any(link[:1] != "#" for link in run.links)
        or (run.words < OUTSIDE_WORDS and not _goes_on(run, told))
    }
    return _without(chosen, lambda run: id(run) in below, "outside", dropped)


def _goes_on(run: TextRun, told: Set[str]) -> bool:
    """Return whether a paragraph below the text speaks of what that does."""
    own = content(run.text)
    shared = len(own & told)
    return (
        run.element.tag == "p"
        and run.words >= _TEXT_WORDS
        and run.text[-1:] in SENTENCE_ENDS
        and not run.strong
        and shared >= _SHARED_WORDS
        and shared >= _SHARED * len(own)
    )


def drop_bare_headings(
    chosen: Sequence[TextRun], runs: Sequence[TextRun], dropped: Dropped
) -> list[TextRun]:
    """Return the runs without headings under which nothing was left."""
    gone = {id(run) for run, rule in dropped if rule != "byline"}
    kept = {id(run) for run in chosen}
    bare: set[int] = set()
    under = gap = 0
    for run in reversed(runs):
        if id(run) in kept:
            heading = "heading" in run.near and "quote" not in run.marks
            if heading and under == 0 and gap:
                bare.add(id(run))
            elif not is_caption(run):
                under, gap = 1, 0
            if heading:
                under = gap = 0
        elif id(run) in gone or run.link_share > _POINTING:
            gap += 1
    return _without(chosen, lambda run: id(run) in bare, "bare heading", dropped)


def _without(
    chosen: Sequence[TextRun],
    wrong: Callable[[TextRun], bool],
    rule: str,
    dropped: Dropped,
    most: float = GUARD,
) -> list[TextRun]:
    """Return the runs without the wrong ones, or all if those are more than `most` of the text."""
    hits = {id(run): run for run in chosen if wrong(run)}
    total = sum(run.words for run in chosen if not is_caption(run))
    if sum(run.words for run in hits.values() if not is_caption(run)) > most * total:
        return list(chosen)
    dropped.extend((run, rule) for run in hits.values())
    return [run for run in chosen if id(run) not in hits]


def cut_lists(
    chosen: Sequence[TextRun], runs: Sequence[TextRun], home: TextContainer | None, dropped: Dropped
) -> list[TextRun]:
    """Return the runs without lists of other articles, known by their heading.

    Cut is from the heading to where the text goes on, or to the end, where that is the smaller
    part and the page, all of whose runs are `runs`, has links or headings there.
    """
    place = {id(run): index for index, run in enumerate(runs)}
    total = sum(run.words for run in chosen)
    kept: list[TextRun] = []
    index = 0
    while index < len(chosen):
        run = chosen[index]
        if kept and ("heading" in run.marks or "related" in run.near):
            rest = _until_text(chosen[index + 1 :], home) if label_key(run.text) in LISTS else []
            there = runs[place[id(run)] + 1 : place[id(rest[-1])] + 1] if rest else []
            linked = sum(bool(r.links) or "heading" in r.near for r in there)
            words = sum(r.words for r in rest)
            if rest and words <= _LIST_SHARE * total and 2 * linked >= len(there):
                dropped.extend((r, "other articles") for r in (run, *rest))
                index += 1 + len(rest)
                continue
        kept.append(run)
        index += 1
    return kept


def _until_text(runs: Sequence[TextRun], home: TextContainer | None) -> Sequence[TextRun]:
    """Return the runs before the first one that is text again, which is not known without home."""
    for index, run in enumerate(runs):
        if (
            home is not None
            and home.is_text(run)
            and run.words >= _TEXT_WORDS
            and run.link_share < 0.4
        ):
            # The heading of what goes on stands before it.
            back = index
            while back and "heading" in runs[back - 1].near and not runs[back - 1].links:
                back -= 1
            return runs[:back]
    return runs
