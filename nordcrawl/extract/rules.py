"""Correct a choice of runs: what is furniture goes, the standfirst comes back, the tail is cut.

Each rule alone may be wrong about a page whose template uses a word in its own way: one that
would take over a quarter of the words is ignored there. Does not choose the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from lxml.html import HtmlElement

from nordcrawl.extract.assemble import is_byline, is_credit
from nordcrawl.extract.dates import parse
from nordcrawl.extract.phrases import (
    CROSS_LANGUAGE,
    LABELS,
    LISTS,
    NEWSLETTER,
    NOTICES,
    POINTERS,
    TAIL,
)
from nordcrawl.extract.runs import Run
from nordcrawl.extract.text import key, label_key

#: Share of a page's words above which a rule is not believed. Measured: costs 0.001 where rules
#: were tuned, gains as much where they were not.
_GUARD = 0.25
_TAIL_RUNS = 6
#: Link share of a list above which it is a list of links and not of text.
_LIST_LINKED = 0.4
#: What stands in a line with a date and is no text.
_DATE_WORDS = re.compile(
    r"[\d\W_]+|\b(?:published|updated|last|modified|posted|on|at|publisert|oppdatert|sist|"
    r"publicerad|uppdaterad|offentliggjort|opdateret|kl|klokken|uhr|stand|veröffentlicht|"
    r"aktualisiert|às|de|the|a\.?m|p\.?m|gmt|utc|cet|cest|est|edt|amt|jan\w*|feb\w*|mar\w*|märz|"
    r"apr\w*|ma[ijy]\w*|jun\w*|jul\w*|aug\w*|sep\w*|o[ck]t\w*|out\w*|nov\w*|de[csz]\w*|"
    r"(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?|(?:man|tirs|ons|tors|fre|lør|søn|mån|tis|lör|sön)dag|"
    r"(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|(?:segunda|terça|quarta|quinta|sexta)|feira|sábado|domingo)\b",
    re.IGNORECASE,
)
_TAIL_SHARE = 0.3
_LIST_SHARE = 0.4


Dropped = list[tuple[Run, str]]
"""Runs that were taken out, each with the name of the rule: for who asks why a line is missing."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of the page when its text is chosen."""

    titles: frozenset[str]
    """Keys of all title candidates, kickers and author names."""
    descriptions: tuple[str, ...]
    labels: frozenset[str]
    """The site's own labels, folded."""


def is_label(text: str, labels: frozenset[str] = frozenset()) -> bool:
    """Tell whether a line is a label of the page's furniture."""
    folded = label_key(text)
    return folded in LABELS or folded in labels


def is_pointer(run: Run) -> bool:
    """Tell whether a run points to another page: such a phrase, and mostly linked or short."""
    if not POINTERS.match(run.text):
        return False
    return run.link_share > 0.4 or (run.words <= 12 and run.text[-1:] not in '.?!"”»')


def is_cross_language(run: Run) -> bool:
    """Tell whether a run only points to the edition in another language."""
    return run.words <= 12 and CROSS_LANGUAGE.match(run.text) is not None


def _is_caption(run: Run) -> bool:
    return bool({"figure", "caption"} & run.marks) and "quote" not in run.marks


def _is_header(run: Run) -> bool:
    return (
        "header" in run.marks
        and "lead" not in run.marks
        and run.words < 30
        and "heading" not in run.near
    )


def _is_linked(run: Run) -> bool:
    return run.link_share > 0.8 and (run.words < 25)


def is_date_line(run: Run) -> bool:
    """Tell whether a short run is a date with its label and nothing else."""
    if run.words > 10 or parse(run.text, UTC) is None:
        return False
    return "time" in run.near or len(_DATE_WORDS.sub("", run.text.casefold())) <= 4


def _is_newsletter(run: Run) -> bool:
    if "newsletter" in run.near and run.words < 60:
        return True
    return run.words < 45 and bool(run.links) and NEWSLETTER.search(run.text) is not None


def _is_link_list(run: Run, shares: dict[HtmlElement, float]) -> bool:
    group = run.within("list")
    return group is not None and shares.get(group, 0.0) > _LIST_LINKED


def _linked_lists(chosen: Iterable[Run]) -> dict[HtmlElement, float]:
    """Return the link share of each list that has a link in every item, of two items or more."""
    lists: dict[HtmlElement, list[Run]] = {}
    for run in chosen:
        if (group := run.within("list")) is not None:
            lists.setdefault(group, []).append(run)
    return {
        group: sum(run.linked for run in runs) / sum(len(run.text) for run in runs)
        for group, runs in lists.items()
        if len(runs) > 1 and all(run.links for run in runs)
    }


RULES: tuple[tuple[str, Callable[[Run, Clues], bool]], ...] = (
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


def drop(chosen: Sequence[Run], clues: Clues, dropped: Dropped) -> list[Run]:
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


def cut_tail(chosen: Sequence[Run], clues: Clues, dropped: Dropped) -> list[Run]:
    """Return the runs without what follows the article: bios, appeals, pointers, bare headings."""
    kept = list(chosen)
    total = sum(run.words for run in kept)
    taken = 0
    for _ in range(_TAIL_RUNS):
        if len(kept) < 2 or not _is_tail(kept[-1], clues):
            break
        if taken + kept[-1].words > _TAIL_SHARE * total:
            break
        taken += kept[-1].words
        dropped.append((kept.pop(), "tail"))
    return kept


def cut_lists(chosen: Sequence[Run], dropped: Dropped) -> list[Run]:
    """Return the runs without a closing list of other articles, known by its heading.

    Cut is from the heading to the end, where that is the smaller part and has links in it.
    """
    total = sum(run.words for run in chosen)
    for index, run in enumerate(chosen):
        if (
            not ("heading" in run.marks or "related" in run.near)
            or label_key(run.text) not in LISTS
        ):
            continue
        rest = chosen[index + 1 :]
        if (
            index
            and sum(r.words for r in rest) <= _LIST_SHARE * total
            and 2 * sum(bool(r.links) or "heading" in r.near for r in rest) >= len(rest)
        ):
            dropped.extend((run, "other articles") for run in chosen[index:])
            return list(chosen[:index])
    return list(chosen)


def _is_tail(run: Run, clues: Clues) -> bool:
    if "heading" in run.near or "bio" in run.marks:
        return True
    if run.words < 60 and (TAIL.match(run.text) or NOTICES.match(run.text)):
        return True
    if is_pointer(run) or is_label(run.text, clues.labels):
        return True
    names = [name for name in clues.titles if 8 < len(name) < 40]
    return run.words < 70 and any(run.key.startswith(name + "is") for name in names)


def standfirst(
    runs: Sequence[Run], chosen: Sequence[Run], clues: Clues, first: int, last: int
) -> list[Run]:
    """Return the runs of runs[first:last] that are the standfirst, chosen already or not."""
    found: list[Run] = []
    keys = [key(text) for text in clues.descriptions if len(text) > 30]
    for run in runs[first:last]:
        if run.words < 4 or run.key in clues.titles or run.link_share > 0.5 or is_credit(run):
            continue
        if {"figure", "caption", "nav", "related", "comments", "footer", "ad"} & run.marks:
            continue
        if is_byline(run.text) or is_label(run.text):
            continue
        if _matches(run.key, keys) or ("lead" in run.near and run.words >= 6):
            found.append(run)
        if len(found) == 3:
            break
    return found


def _matches(folded: str, keys: Iterable[str]) -> bool:
    """Tell whether a run is one of the descriptions, or what one of them was cut from."""
    for other in keys:
        short, long = sorted((folded, other), key=len)
        if len(short) >= 0.85 * len(long) and (long.startswith(short[: len(short) - 5])):
            return True
        if (
            other == short
            and len(other) > 60
            and folded.startswith(other[:-5])
            and len(folded) < 3 * len(other)
        ):
            return True
    return False
