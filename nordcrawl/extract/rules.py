"""Correct a choice of runs: what is furniture goes, the standfirst comes back, the tail is cut.

Each rule alone may be wrong about a page whose template uses a word in its own way: one that
would take over a quarter of the words is ignored there. Does not choose the text itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from nordcrawl.extract.assemble import is_byline, is_credit
from nordcrawl.extract.dates import UTC, parse
from nordcrawl.extract.phrases import CROSS_LANGUAGE, LABELS, NOTICES, POINTERS, TAIL
from nordcrawl.extract.runs import Run
from nordcrawl.extract.text import key, label_key

#: Share of a page's words above which a rule is not believed. Measured: costs 0.001 where rules
#: were tuned, gains as much where they were not.
_GUARD = 0.25
_TAIL_RUNS = 6
_TAIL_SHARE = 0.3


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
    return run.link_share > 0.4 or (run.words <= 12 and run.text[-1:] not in ".?!\"”»")


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


def _is_date_line(run: Run) -> bool:
    return run.words <= 9 and "time" in run.near and parse(run.text, UTC) is not None


RULES: tuple[tuple[str, Callable[[Run, Clues], bool]], ...] = (
    ("title", lambda run, clues: run.key in clues.titles),
    ("label", lambda run, clues: is_label(run.text, clues.labels)),
    ("pointer", lambda run, clues: is_pointer(run) or is_cross_language(run)),
    ("linked", lambda run, clues: _is_linked(run)),
    ("header", lambda run, clues: _is_header(run)),
    ("notice", lambda run, clues: NOTICES.match(run.text) is not None and run.words < 60),
    ("related", lambda run, clues: "related" in run.marks and run.link_share > 0.3),
    ("furniture", lambda run, clues: bool({"footer", "nav", "form"} & run.marks)),
    ("comments", lambda run, clues: "comments" in run.marks),
    ("newsletter", lambda run, clues: "newsletter" in run.near),
    ("share", lambda run, clues: "share" in run.near and run.words < 20),
    ("date", lambda run, clues: _is_date_line(run)),
    ("byline", lambda run, clues: is_byline(run.text)),
)


def drop(chosen: Sequence[Run], clues: Clues) -> list[Run]:
    """Return the runs that no believed rule takes; captions are kept, they are no text."""
    total = sum(run.words for run in chosen if not _is_caption(run)) or 1
    gone: set[int] = set()
    for _, rule in RULES:
        hits = [run for run in chosen if id(run) not in gone and rule(run, clues)]
        if sum(run.words for run in hits if not _is_caption(run)) <= _GUARD * total:
            gone.update(id(run) for run in hits)
    return [run for run in chosen if id(run) not in gone]


def cut_tail(chosen: Sequence[Run], clues: Clues) -> list[Run]:
    """Return the runs without what follows the article: bios, appeals, pointers, bare headings."""
    kept = list(chosen)
    total = sum(run.words for run in kept)
    taken = 0
    for _ in range(_TAIL_RUNS):
        if len(kept) < 2 or not _is_tail(kept[-1], clues):
            break
        if taken + kept[-1].words > _TAIL_SHARE * total:
            break
        taken += kept.pop().words
    return kept


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
        if other == short and len(other) > 60 and folded.startswith(other[:-5]) and len(folded) < 3 * len(other):
            return True
    return False
