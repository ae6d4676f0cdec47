"""Weigh the signs that speak against a line, and take out what several independent ones agree on.

A unit goes where the weights of its signs sum up to `ENOUGH` and are of two sorts at least, so that
no phrase, class, link or place alone takes anything. What an editor wrote as one (a list, table,
quotation, fact box) stays or goes as one. Does not choose the text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml.html import HtmlElement

from nordcrawl.extract.body import rules
from nordcrawl.extract.body.container import TextContainer
from nordcrawl.extract.body.rules import Dropped, Sign, Signs
from nordcrawl.extract.body.signs import Around, PageHints, Unit
from nordcrawl.extract.body.tables import is_data
from nordcrawl.extract.page.text_runs import TextRun

#: The sum of weights at which a unit is no text.
ENOUGH = 1.0
_ROUNDING = 1e-9
#: Sorts of signs that tell what a line is, and the weight from which one of them does.
_TELLING = frozenset(("words", "links", "target", "class"))
_TELLS = 0.5
#: Share of a page's words above which a sign is not believed there: the template then uses a word
#: in its own way. Measured: costs 0.001 where rules were tuned, gains as much where they were not.
GUARD = 0.25
#: Units of several runs that are judged as one, and those of them that are made of items.
_BOXED = frozenset(("list", "quote", "factbox", "table"))
_OF_ITEMS = frozenset(("list", "factbox"))


def signs_of(unit: Unit, extra: Iterable[Sign] = (), *, last: bool = False) -> list[Sign]:
    """Return (name, sort, weight) of all that speaks against a unit, in the order of `RULES`.

    `extra` are signs that only the page's course tells: what became of the line before. `last` is
    whether nothing of the text stands below it.
    """
    found = [
        (rule.name, rule.sort, rule.weight)
        for rule in rules.RULES
        if (unit.kind in rule.where or (last and "last" in rule.where)) and rule.holds(unit)
    ]
    known = {name for name, _, _ in found}
    return [*found, *(sign for sign in extra if sign[0] not in known)]


def is_against(signs: Sequence[Sign]) -> bool:
    """Return whether signs agree that a unit is no text.

    They do with enough weight, of two sorts at least, of which one tells what the line is: place
    and form alone are those of any short last line.
    """
    sorts = {sort for _, sort, weight in signs if weight > 0}
    total = sum(weight for _, _, weight in signs)
    tells = any(sort in _TELLING and weight >= _TELLS for _, sort, weight in signs)
    return tells and len(sorts) > 1 and total > ENOUGH - _ROUNDING


def judge(unit: Unit, extra: Iterable[Sign] = (), *, last: bool = False) -> tuple[bool, list[Sign]]:
    """Return whether a unit is no text, and the signs that say so or were found at all.

    A list or fact box is none as well where each of its items would be none by itself.
    """
    found = signs_of(unit, extra, last=last)
    if is_against(found) or unit.kind not in _OF_ITEMS:
        return is_against(found), found
    place = [sign for sign in found if sign[1] == "place"]
    items = [
        signs_of(Unit("item", (run,), unit.around), place)
        for run in unit.runs
        if "heading" not in run.near
    ]
    if items and all(map(is_against, items)):
        return True, items[0]
    return False, found


def units_of(runs: Sequence[TextRun], around: Around) -> list[Unit]:
    """Return the runs as units, in order: what an editor wrote as one is one."""
    found: list[Unit] = []
    group: list[TextRun] = []
    holder: HtmlElement | None = None
    kind = ""
    data: dict[HtmlElement, bool] = {}
    for run in runs:
        run_kind, element = _kind_of(run, data)
        if group and (element is None or element is not holder):
            found.append(Unit(kind, tuple(group), around))
            group = []
        if element is None:
            found.append(Unit(run_kind, (run,), around))
        else:
            kind, holder = run_kind, element
            group.append(run)
    if group:
        found.append(Unit(kind, tuple(group), around))
    return found


def _kind_of(run: TextRun, data: dict[HtmlElement, bool]) -> tuple[str, HtmlElement | None]:
    """Return the kind of the unit that a run is a part of, and its element if it holds several.

    `data` keeps for each table whether it holds data.
    """
    for kind, element in run.groups:
        if kind == "table":
            if element not in data:
                data[element] = is_data(element)
            if not data[element]:
                continue
        if kind in _BOXED and not (kind == "quote" and element.tag in ("p", "div")):
            return kind, element
    if is_caption(run) and ("caption" in run.marks or not {"list", "table"} & run.marks):
        return "caption", None
    return ("heading" if "heading" in run.near else "line"), None


def drop(
    chosen: Sequence[TextRun],
    clues: PageHints,
    dropped: Dropped,
    home: TextContainer | None = None,
    signs: Signs | None = None,
    page: Sequence[TextRun] = (),
) -> list[TextRun]:
    """Return the runs without the units that signs agree against; captions are kept.

    `page` are all runs of the page. Signs are told in `signs`, of what stays too. What one sign
    leads is kept after all where it would be too much of the page.
    """
    around = Around(clues, chosen, home, page)
    total = sum(run.words for run in chosen if not is_caption(run)) or 1
    led: dict[str, list[Unit]] = {}
    under: list[Sign] = []
    for unit in units_of(chosen, around):
        if unit.kind == "caption":
            continue
        is_none, found = judge(unit, under if unit.kind in _BOXED else ())
        if signs is not None and found:
            told = tuple((name, weight) for name, _, weight in found)
            signs.update((id(run), told) for run in unit.runs)
        under = []
        if is_none:
            led.setdefault(found[0][0], []).append(unit)
            if found[0][0] in ("label", "pointer"):
                under = [("under a label", "place", 0.4)]
        elif unit.kind == "heading" and (rules.is_label(unit.run.text, clues.labels)):
            under = [("under a label", "place", 0.4)]
    gone: dict[int, str] = {}
    for name, units in led.items():
        words = sum(unit.words for unit in units)
        # The headline above the text is no part of it, however short the text is.
        if words <= GUARD * total or name == "title":
            gone.update((id(run), name) for unit in units for run in unit.runs)
    gone = _without_speakers(gone, chosen)
    dropped.extend((run, gone[id(run)]) for run in chosen if id(run) in gone)
    return [run for run in chosen if id(run) not in gone]


def is_caption(run: TextRun) -> bool:
    """Return whether a run is a caption, which is no text of the article and not judged as such."""
    return bool({"figure", "caption"} & run.marks) and "quote" not in run.marks


def _without_speakers(gone: dict[int, str], chosen: Sequence[TextRun]) -> dict[int, str]:
    """Return what goes without those who are quoted, where what they said stays."""
    said = {
        element
        for run in chosen
        if id(run) not in gone
        for kind, element in run.groups
        if kind == "quote"
    }
    kept = {
        id(run)
        for run in chosen
        if "cite" in run.near
        and any(kind == "quote" and element in said for kind, element in run.groups)
    }
    return {number: name for number, name in gone.items() if number not in kept}
