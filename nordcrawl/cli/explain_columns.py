"""An explanation in two columns, for a wide terminal: the record's text beside the page's lines.

The left column is the record's own text, whole and in its order; the right one is the page's, each
line with its sign and reason. Colour only repeats what the sign says. What has no room gets the
listing of `nordcrawl.cli.explain_text`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nordcrawl.cli.explain_text import (
    SIGNS,
    as_text,
    folded,
    head,
    legend,
    reason,
    stretches,
    visible,
    weighed,
    weighs,
)
from nordcrawl.extract.explain import Explanation, Fate, Line
from nordcrawl.model.article import Article
from nordcrawl.views import full

#: Columns of a terminal from which on two texts beside each other are still read with ease.
WIDE: Final = 120
_STYLES: Final = {Fate.KEPT: "", Fate.FIELD: "blue", Fate.DROPPED: "red", Fate.PASSED: "dim"}


def has_room(width: int, environment: Mapping[str, str]) -> bool:
    """Return whether a terminal of so many columns is to show two texts beside each other.

    Source: terminfo(5), ``dumb``; no-color.org: NO_COLOR counts if it is not empty.
    """
    plain = environment.get("NO_COLOR") or environment.get("TERM") in (None, "", "dumb", "unknown")
    return width >= WIDE and not plain


def as_columns(explanation: Explanation, width: int) -> str:
    """Return the explanation for a terminal of so many columns, with its colours; the listing
    where the page is no article, as there is no record then."""
    article = explanation.result
    if not isinstance(article, Article):
        return as_text(explanation, width)
    console = Console(
        width=width,
        force_terminal=True,
        color_system="standard",
        highlight=False,
        markup=False,
        emoji=False,
    )
    table = Table(box=None, pad_edge=False, expand=True, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("the record's text", ratio=1, overflow="fold")
    table.add_column("", no_wrap=True)
    table.add_column("the page", ratio=1, overflow="fold")
    for left, mark, right, fate in _rows(explanation.lines, _record(article)):
        style = _STYLES[fate]
        table.add_row(Text("\n".join(map(visible, left))), Text(mark, style), Text(right, style))
    with console.capture() as drawn:
        for line in (*head(explanation), "", legend()):
            console.print(Text(line), overflow="ellipsis", no_wrap=True)
        console.print(table)
    return drawn.get()


def _record(article: Article) -> list[str]:
    """Return the lines of all blocks as a reader sees them, the cells of a table apart."""
    blocks = (full([block]) for block in article.blocks)
    return [line.replace("\t", "  ") for block in blocks if block for line in block.split("\n")]


def _rows(
    lines: Sequence[Line], record: Sequence[str]
) -> Iterator[tuple[list[str], str, str, Fate]]:
    """Yield (the record's lines, sign and reason, the page's line, its fate), in the page's order.

    A line of the record stands beside the one of the page that it is of; one that the page has
    otherwise (put together, or read out of its data) stands where its turn is.
    """
    waiting = deque(record)
    for long, members in stretches(lines):
        if long:
            size, begins = folded(members)
            yield [], SIGNS[Fate.PASSED], f"{size}: {visible(begins)}", Fate.PASSED
            continue
        for line in members:
            text = visible(line.text)
            if weighs(line):
                text += f"  [{weighed(line)}]"
            left = _beside(line, waiting) if line.verdict is Fate.KEPT else []
            yield left, f"{SIGNS[line.verdict]} {reason(line)}", text, line.verdict
    if waiting:
        yield [*waiting], SIGNS[Fate.KEPT], "", Fate.KEPT


def _beside(line: Line, waiting: deque[str]) -> list[str]:
    """Take the lines of the record up to the one that is the page's; none where none is."""
    if line.text in waiting:
        count = waiting.index(line.text) + 1
    else:
        is_part = bool(waiting) and (line.text in waiting[0] or waiting[0] in line.text)
        count = 1 if is_part else 0
    return [waiting.popleft() for _ in range(count)]
