"""Correct a choice of runs: what is furniture goes, the standfirst comes back, the tail is cut.

Each rule alone may be wrong about a page whose template uses a word in its own way: one that
would take over a quarter of the words is ignored there. Does not choose the text itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from lxml.html import HtmlElement

from nordcrawl.extract.body.blocks import is_byline
from nordcrawl.extract.body.container import TextContainer
from nordcrawl.extract.lexicon.phrases import (
    CROSS_LANGUAGE,
    LABELS,
    LISTS,
    NEWSLETTER,
    NOTICES,
    POINTERS,
)
from nordcrawl.extract.page.dates import parse
from nordcrawl.extract.page.text import label_key
from nordcrawl.extract.page.text_runs import TextRun

#: Share of a page's words above which a rule is not believed. Measured: costs 0.001 where rules
#: were tuned, gains as much where they were not.
_GUARD = 0.25
#: Rules that, when they take a heading, tell that the box under it is no text.
_BOX_RULES = frozenset(["label", "pointer", "linked", "related", "newsletter", "other articles"])
#: A paragraph of these words outside of the text may be a part of it that is printed otherwise.
_OUTSIDE_WORDS = 25
#: Link share of a list above which it is a list of links and not of text.
_LIST_LINKED = 0.4
#: The same of a whole box beside the text.
_LINK_BOX = 0.5
#: The same of a line that, under a heading, makes the heading that of a list of links.
_POINTING = 0.8
#: Below this the rest of a whole sentence is its own words.
_SENTENCE_LINKED = 0.95
#: Links in one line above which it is such a list too.
_LIST_LINKS = 4
#: Month names of the languages that the phrases are in, whole or cut to their beginning.
_MONTHS = re.compile(
    r"\b(?:"
    r"jan(?:uary?|uar|uari|vier|eiro)?|ene(?:ro)?|gennaio|feb(?:ruary?|ruar|ruari|brero|braio)?|"
    r"f[ée]v(?:rier|ereiro)?|mar(?:ch|s|zo|ço|t)?|mär(?:z|s)|maart|apr(?:il|ile)?|avr(?:il)?|"
    r"abr(?:il)?|ma[ijy]o?|mag(?:gio)?|maj|mei|jun[ei]?|juni?o|juin|giugno|jul[iy]?|juli?o|juil"
    r"(?:let)?|luglio|aug(?:ust|usti|ustus)?|ago(?:sto)?|août|sep(?:t|tember|tembre|tiembre)?|"
    r"set(?:embro|tembre)?|o[ck]t(?:ober|obre|ubre)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|"
    r"iembre|embro)?|de[csz](?:ember|embre)?|dic(?:iembre|embre)?|dez(?:embro)?|d[ée]c(?:embre)?"
    r")\b",
    re.IGNORECASE,
)
#: What else stands in a line with a date and is no text.
_DATE_WORDS = re.compile(
    r"[\d\W_]+|\b(?:published|updated|last|modified|posted|on|at|publisert|oppdatert|sist|"
    r"publicerad|uppdaterad|offentliggjort|opdateret|kl|klokken|uhr|stand|veröffentlicht|"
    r"aktualisiert|às|de|del|the|le|el|a\.?m|p\.?m|gmt|utc|cet|cest|est|edt|amt|"
    r"(?:mon|tue|tues|wed|wednes|thu|thurs?|fri|sat|satur|sun)(?:day)?|"
    r"(?:man|tirs|ons|tors|fre|lør|søn|mån|tis|lör|sön|mon|diens|donners|frei|sams|sonn)tag|"
    r"(?:man|tirs|ons|tors|fre|lør|søn|mån|tis|lör|sön)dag|mittwoch|lundi|mardi|mercredi|jeudi|"
    r"vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|segunda|terça|quarta|quinta|"
    r"sexta|feira|sábado|domingo)\b",
    re.IGNORECASE,
)
_LIST_SHARE = 0.4
_TEXT_WORDS = 12


Dropped = list[tuple[TextRun, str]]
"""Runs that were taken out, each with the name of the rule: for who asks why a line is missing."""


@dataclass(frozen=True, slots=True)
class PageHints:
    """What is known of the page when its text is chosen."""

    titles: frozenset[str]
    """Keys of all title candidates, kickers and author names."""
    names: frozenset[str]
    """Keys of the author names among them."""
    descriptions: tuple[str, ...]
    labels: frozenset[str]
    """The site's own labels, folded."""


def is_label(text: str, labels: frozenset[str] = frozenset()) -> bool:
    """Tell whether a line is a label of the page's furniture."""
    folded = label_key(text)
    return folded in LABELS or folded in labels


def is_pointer(run: TextRun) -> bool:
    """Tell whether a run points to another page: such a phrase, and mostly linked or short."""
    if not POINTERS.match(run.text):
        return False
    return run.link_share > 0.4 or (run.words <= 12 and run.text[-1:] not in '.?!"”»')


def is_cross_language(run: TextRun) -> bool:
    """Tell whether a run only points to the edition in another language."""
    return run.words <= 12 and CROSS_LANGUAGE.match(run.text) is not None


def _is_caption(run: TextRun) -> bool:
    return bool({"figure", "caption"} & run.marks) and "quote" not in run.marks


def _is_header(run: TextRun) -> bool:
    return (
        "header" in run.marks
        and "lead" not in run.marks
        and run.words < 30
        and "heading" not in run.near
    )


def _is_linked(run: TextRun) -> bool:
    if run.link_share < _SENTENCE_LINKED and run.text[-1] == "." and run.words >= _TEXT_WORDS:
        return False
    return run.link_share > 0.8 and (run.words < 25 or len(run.links) >= _LIST_LINKS)


def is_date_line(run: TextRun) -> bool:
    """Tell whether a short run is a date with its label and nothing else."""
    if run.words > 10 or not any(c.isdigit() for c in run.text):
        return False
    dated = _MONTHS.search(run.text) is not None or parse(run.text, UTC) is not None
    if not dated:
        return False
    return "time" in run.near or len(_DATE_WORDS.sub("", _MONTHS.sub("", run.text.casefold()))) <= 4


def _is_newsletter(run: TextRun) -> bool:
    if "newsletter" in run.near and run.words < 60:
        return True
    return run.words < 45 and bool(run.links) and NEWSLETTER.search(run.text) is not None


def _is_link_list(run: TextRun, shares: dict[HtmlElement, float]) -> bool:
    group = run.within("list")
    return group is not None and shares.get(group, 0.0) > _LIST_LINKED


def _linked_lists(chosen: Iterable[TextRun]) -> dict[HtmlElement, float]:
    """Return the link share of each list that has a link in every item, of two items or more."""
    lists: dict[HtmlElement, list[TextRun]] = {}
    for run in chosen:
        if (group := run.within("list")) is not None:
            lists.setdefault(group, []).append(run)
    return {
        group: sum(run.linked for run in runs) / sum(len(run.text) for run in runs)
        for group, runs in lists.items()
        if len(runs) > 1 and all(run.links for run in runs)
    }


RULES: tuple[tuple[str, Callable[[TextRun, PageHints], bool]], ...] = (
    ("title", lambda run, clues: run.key in clues.titles),
    # A cell of a table may well be one word that elsewhere is a label.
    (
        "label",
        lambda run, clues: (
            not {"table", "factbox"} & run.marks and is_label(run.text, clues.labels)
        ),
    ),
    ("pointer", lambda run, clues: is_pointer(run) or is_cross_language(run)),
    ("linked", lambda run, clues: _is_linked(run)),
    ("header", lambda run, clues: _is_header(run)),
    ("notice", lambda run, clues: NOTICES.match(run.text) is not None and run.words < 60),
    ("related", lambda run, clues: "related" in run.marks and run.link_share > 0.5),
    ("hidden", lambda run, clues: "hidden" in run.near),
    ("furniture", lambda run, clues: bool({"footer", "nav", "form"} & run.marks)),
    ("comments", lambda run, clues: "comments" in run.marks),
    ("newsletter", lambda run, clues: _is_newsletter(run)),
    ("share", lambda run, clues: "share" in run.near and run.words < 20),
    ("date", lambda run, clues: is_date_line(run)),
    ("byline", lambda run, clues: is_byline(run.text)),
)


def drop(chosen: Sequence[TextRun], clues: PageHints, dropped: Dropped) -> list[TextRun]:
    """Return the runs that no believed rule takes; captions are kept, they are no text."""
    total = sum(run.words for run in chosen if not _is_caption(run)) or 1
    shares = _linked_lists(chosen)
    rules = [*RULES, ("link list", lambda run, clues: _is_link_list(run, shares))]
    kept = list(chosen)
    for name, rule in rules:
        hits = {id(run): run for run in kept if rule(run, clues)}
        if sum(run.words for run in hits.values() if not _is_caption(run)) <= _GUARD * total:
            dropped.extend((run, name) for run in hits.values())
            kept = [run for run in kept if id(run) not in hits]
    return kept


def drop_boxes(
    chosen: Sequence[TextRun], runs: Sequence[TextRun], home: TextContainer, dropped: Dropped
) -> list[TextRun]:
    """Return the runs without boxes of furniture: so is all that is in them.

    A box is the outermost element around a run that holds none of the text. It is furniture when
    its heading was, or when it is mostly links. `runs` are all of the page.
    """
    furniture = [run for run, rule in dropped if rule in _BOX_RULES and "heading" in run.near]
    offers = [run for run in chosen if "heading" in run.near and NEWSLETTER.search(run.text)]
    found = home.boxes((*furniture, *chosen), chosen)
    wrong = {found[id(run)] for run in (*furniture, *offers) if id(run) in found}
    wrong |= _link_boxes(runs, {box for run in chosen if (box := found.get(id(run))) is not None})
    return _without(chosen, lambda run: found.get(id(run)) in wrong, "box", dropped)


def _link_boxes(runs: Sequence[TextRun], boxes: set[HtmlElement]) -> set[HtmlElement]:
    """Return those of the boxes whose text is links for the most part."""
    letters: Counter[HtmlElement] = Counter()
    linked: Counter[HtmlElement] = Counter()
    for run in runs if boxes else ():
        for element in (run.element, *run.element.iterancestors()):
            if element in boxes:
                letters[element] += len(run.text)
                linked[element] += run.linked
                break
    return {box for box in boxes if linked[box] > _LINK_BOX * letters[box]}


def drop_outside(chosen: Sequence[TextRun], home: TextContainer, dropped: Dropped) -> list[TextRun]:
    """Return the runs without short or linked ones that stand below the text and outside of it."""
    last = max((i for i, run in enumerate(chosen) if home.holds(run)), default=len(chosen))
    below = {id(run) for run in chosen[last + 1 :] if run.words < _OUTSIDE_WORDS or run.links}
    return _without(chosen, lambda run: id(run) in below, "outside", dropped)


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
            elif not _is_caption(run):
                under, gap = 1, 0
            if heading:
                under = gap = 0
        elif id(run) in gone or run.link_share > _POINTING:
            gap += 1
    return _without(chosen, lambda run: id(run) in bare, "bare heading", dropped)


def _without(
    chosen: Sequence[TextRun], wrong: Callable[[TextRun], bool], rule: str, dropped: Dropped
) -> list[TextRun]:
    """Return the runs without the wrong ones, or all if those are too much of the text."""
    hits = {id(run): run for run in chosen if wrong(run)}
    total = sum(run.words for run in chosen if not _is_caption(run))
    if sum(run.words for run in hits.values() if not _is_caption(run)) > _GUARD * total:
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
