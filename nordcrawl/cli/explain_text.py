"""``nordcrawl extract --explain``: an explanation as a listing for people, and as JSON.

What a page says is hostile: nothing of it reaches a terminal unescaped. The HTML form is in
`nordcrawl.cli.explain_html`, that of a wide terminal in `nordcrawl.cli.explain_columns`.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from nordcrawl.extract.explain import Explanation, Fate, Line
from nordcrawl.model.article import Rejected
from nordcrawl.model.printable import counted

#: One sign a verdict, at the start of its line, so that grep and eyes find it.
SIGNS = {Fate.KEPT: "+", Fate.FIELD: "=", Fate.DROPPED: "-", Fate.PASSED: "."}
MEANINGS = {
    Fate.KEPT: "in the article",
    Fate.FIELD: "in a field of the record",
    Fate.DROPPED: "taken out by a rule",
    Fate.PASSED: "never taken for text",
}
#: Where nobody's screen ends a line, a line still ends: one paragraph may be a megabyte.
MOST_CHARS = 20_000
_LEAST_WIDTH = 40
#: So many runs in a row that were never taken for text are folded up: a page has a thousand.
_FOLDED = 3
_MOST_REASON = 28
#: Joiners that Persian, Indic scripts and emoji are written with; they move nothing.
_JOINERS = "\u200c\u200d"


def visible(text: str, limit: int = MOST_CHARS) -> str:
    """Return page text with everything escaped that is not seen but does something.

    These are control characters, marks that turn the direction of what follows, other invisible
    characters, lone surrogates and line breaks. Longer texts than `limit` end in an ellipsis.

    >>> visible("a\\x1b[31m\\u202eb")
    'a\\\\x1b[31m\\\\u202eb'
    """
    cut = text if len(text) <= limit else text[: max(0, limit - 1)] + "…"
    return "".join(c if _is_harmless(c) else _escaped(c) for c in cut)


def _is_harmless(character: str) -> bool:
    # Cc control, Cf format (direction marks), Cs surrogate, Cn not assigned, Zl and Zp line breaks.
    return character in _JOINERS or (
        unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def status(explanation: Explanation) -> str:
    """Return in one line what the page was found to be."""
    if isinstance(explanation.result, Rejected):
        return f"no article: {explanation.result.reason}"
    kept = [line for line in explanation.lines if line.verdict is Fate.KEPT]
    blocks = len(explanation.result.blocks)
    words = counted(sum(line.words for line in kept), "word")
    return f"article of {counted(blocks, 'block')} and {words}, read as {explanation.family}"


def provenance(origin: str | None, precision: str | None, zone: str | None) -> str:
    """Return where a field's value is from, in a few words."""
    told = (origin, f"to the {precision}" if precision else None, f"zone {zone}" if zone else None)
    return ", ".join(filter(None, told)) or "—"


def stretches(lines: Sequence[Line]) -> Iterator[tuple[bool, list[Line]]]:
    """Yield the lines in order, in groups, with whether a group is long furniture to fold up."""
    for passed, group in groupby(lines, key=lambda line: line.verdict is Fate.PASSED):
        members = list(group)
        yield passed and len(members) >= _FOLDED, members


def folded(lines: Sequence[Line]) -> tuple[str, str]:
    """Return how much a group is, and how it begins."""
    words = sum(line.words for line in lines)
    size = f"{counted(len(lines), 'run')}, {counted(words, 'word')}"
    return size, " · ".join(line.text for line in lines[:_FOLDED])


def as_text(explanation: Explanation, width: int | None = None) -> str:
    """Return the listing: what the page is, its fields, what was taken out, and every run of text.

    Each run is a line: sign, block kind or rule, text. `width` is that of a terminal in columns:
    lines are cut to it, and furniture is folded up. None gives all, whole, for grep.
    """
    lines = _listing(explanation, fold=width is not None)
    return "".join(f"{_cut(line, width)}\n" for line in lines)


def _cut(line: str, width: int | None) -> str:
    if width is None or len(line) <= (width := max(width, _LEAST_WIDTH)):
        return line
    return line[: width - 1] + "…"


def head(explanation: Explanation) -> Iterator[str]:
    """Yield what goes before the page's lines: what it is, its fields, what was left out."""
    yield visible(explanation.url)
    yield visible(status(explanation))
    if fields := explanation.fields():
        yield from ("", "fields")
        for field in fields:
            told = field.evidence
            origin = provenance(told.origin, told.precision, told.zone) if told else "—"
            yield f"  {field.name:<14}{visible(field.value)}  ({visible(origin)})"
    if taken := explanation.taken():
        yield from ("", "left out")
        for one in taken:
            sign = SIGNS[one.verdict]
            told_of = f"{counted(one.runs, 'run')}, {counted(one.words, 'word')}"
            yield f"{sign} {visible(one.reason)}: {told_of}"


def legend() -> str:
    """Return what the signs before the page's lines mean."""
    return "page: " + ", ".join(f"{SIGNS[v]} {MEANINGS[v]}" for v in Fate)


def _listing(explanation: Explanation, *, fold: bool) -> Iterator[str]:
    yield from head(explanation)
    if explanation.lines:
        yield from ("", legend())
        broad = max(len(reason(line)) for line in explanation.lines)
        for long, members in stretches(explanation.lines):
            if fold and long:
                size, begins = folded(members)
                yield f"{SIGNS[Fate.PASSED]} {size}: {visible(begins)}"
                continue
            for line in members:
                shown = f"{SIGNS[line.verdict]} {reason(line):<{broad}}  {visible(line.text)}"
                yield f"{shown}  [{weighed(line)}]" if weighs(line) else shown


def weighs(line: Line) -> bool:
    """Return whether anything speaks against a line."""
    return any(weight > 0 for _, weight in line.signs)


def weighed(line: Line) -> str:
    """Return the signs against a line with their weights, and the sum where there are several.

    >>> weighed(Line("Read also: Ice", Fate.DROPPED, "pointer", "p", (("pointer", 0.6),)))
    'pointer 0.6'
    """
    parts = " + ".join(f"{name} {weight:g}" for name, weight in line.signs)
    total = sum(weight for _, weight in line.signs)
    return f"{parts} = {total:.1f}" if len(line.signs) > 1 else parts


def reason(line: Line) -> str:
    """Return why a line is where it is, short enough for a column."""
    return visible(line.reason, _MOST_REASON)


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as a JSON object; texts are as they stand, `verdict` of a run is
    kept, field, dropped or passed."""
    rejected = isinstance(explanation.result, Rejected)
    return {
        "url": explanation.url,
        "article": not rejected,
        "error": explanation.result.reason if isinstance(explanation.result, Rejected) else None,
        "family": explanation.family,
        "fields": {
            field.name: {"value": field.value}
            | (
                {
                    key: value
                    for key in ("origin", "precision", "zone")
                    if (value := getattr(field.evidence, key)) is not None
                }
                if field.evidence
                else {}
            )
            for field in explanation.fields()
        },
        "left_out": [
            {"reason": t.reason, "verdict": str(t.verdict), "runs": t.runs, "words": t.words}
            for t in explanation.taken()
        ],
        "runs": [
            {
                "verdict": str(line.verdict),
                "reason": line.reason,
                "words": line.words,
                "place": line.place,
                "signs": [{"name": name, "weight": weight} for name, weight in line.signs],
                "text": line.text,
            }
            for line in explanation.lines
        ],
    }


def as_json_line(explanation: Explanation, *, pretty: bool) -> str:
    """Return the JSON object as text, in one line if it is not to be pretty."""
    return json.dumps(as_json(explanation), ensure_ascii=False, indent=2 if pretty else None) + "\n"
