"""Tables: which ones hold data and not the page's layout, and their rows with all their cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from lxml.html import HtmlElement

from nordcrawl.extract.body.beside import NEVER_TEXT, block
from nordcrawl.extract.body.container import holds
from nordcrawl.extract.lexicon.phrases import LABELS
from nordcrawl.extract.page.text import label_key
from nordcrawl.extract.page.text_runs import TextRun

#: A cell with more words makes a table one that only lays out the page; a note in one has fewer.
_MOST_WORDS = 180
#: So many columns and rows a cell spans at most: pages say thousands where they mean all.
_SPAN = 50
#: Runs further from the text than this on either side are not looked at.
_AROUND = 80
_CELLS = ("td", "th")
#: What no cell of a data table holds.
_OF_A_PAGE = ("table", "article", "form", "h1", "nav")


def is_data(table: HtmlElement) -> bool:
    """Return whether a table holds data: two cells or more, all short, and no part of a page."""
    if any(element is not table for element in table.iter(*_OF_A_PAGE)):
        return False
    cells = [cell for row in rows_of(table) for cell in row]
    return len(cells) > 1 and (
        _words_of(table) <= _MOST_WORDS or all(_words_of(cell) <= _MOST_WORDS for cell in cells)
    )


def _words_of(cell: HtmlElement) -> int:
    return sum(len(text.split()) for text in cast("list[str]", list(cell.itertext())))


def rows_of(table: HtmlElement) -> list[list[HtmlElement]]:
    """Return the cells of each row of a table, those of tables within it left out."""
    return [
        [cell for cell in row if cell.tag in _CELLS]
        for row in table.iter("tr")
        if next(row.iterancestors("table"), None) is table
    ]


def grid(table: HtmlElement, texts: Mapping[HtmlElement, str]) -> list[list[str]]:
    """Return the rows of a table as texts of its cells, the empty ones too.

    A cell that spans several columns is followed by empty ones, and one that spans several rows
    leaves its place in them empty, so that columns stay columns; a row of one cell that spans all
    is a line of its own. Rows without any text are left out.
    Source: HTML, 4.9.12 "Processing model" (forming a table).
    """
    below: dict[int, int] = {}
    found: list[list[str]] = []
    for cells in rows_of(table):
        row: list[str] = []
        taken = {column for column, rows in below.items() if rows > 0}
        below = {column: rows - 1 for column, rows in below.items() if rows > 1}
        for cell in cells:
            while len(row) in taken:
                row.append("")
            rows = _span(cell, "rowspan")
            for offset in range(_span(cell, "colspan") if len(cells) > 1 else 1):
                if rows > 1:
                    below[len(row)] = max(below.get(len(row), 0), rows - 1)
                row.append(texts.get(cell, "") if offset == 0 else "")
        if any(row):
            found.append(row)
    return found


def _span(cell: HtmlElement, name: str) -> int:
    told = (cell.get(name) or "").strip()
    return max(1, min(_SPAN, int(told))) if told.isdecimal() and len(told) < 5 else 1


def cell_of(run: TextRun, table: HtmlElement) -> HtmlElement | None:
    """Return the cell of a table that a run stands in, None for its caption."""
    element: HtmlElement | None = run.element
    found = None
    while element is not None and element is not table:
        if element.tag in _CELLS:
            found = element
        element = element.getparent()
    return found


def texts_of(runs: Iterable[TextRun], table: HtmlElement) -> dict[HtmlElement, str]:
    """Return the text of each cell that has any, the runs in it joined by spaces."""
    found: dict[HtmlElement, str] = {}
    for run in runs:
        if (cell := cell_of(run, table)) is not None:
            found[cell] = f"{found[cell]} {run.text}" if cell in found else run.text
    return found


def tables_of(runs: Sequence[TextRun], indices: Iterable[int]) -> dict[HtmlElement, list[int]]:
    """Return the data tables that the runs stand in, each with the indices of its runs."""
    found: dict[HtmlElement, list[int]] = {}
    known: dict[HtmlElement, bool] = {}
    for index in indices:
        for kind, element in runs[index].groups:
            if kind == "table" and element.tag == "table":
                if element not in known:
                    known[element] = is_data(element)
                if known[element]:
                    found.setdefault(element, []).append(index)
                    break
    return found


def tables_beside(
    chosen: set[int], runs: Sequence[TextRun], beside: set[HtmlElement | None]
) -> set[int]:
    """Return all runs of the tables of data of which a part was chosen, or that stand right beside
    the paragraphs of the text: among them, or next to the first or last of what was chosen.

    A table stands there with all that only wraps it: a box that lets it scroll, a figure.
    """
    found: set[int] = set()
    first, last = min(chosen), max(chosen)
    held = tables_of(runs, range(max(0, first - _AROUND), min(len(runs), last + _AROUND + 1)))
    for table, indices in held.items():
        if chosen.intersection(indices):
            found.update(indices)
            continue
        members = [runs[i] for i in indices]
        around = block(table, beside)
        if around is None or any(run.marks & NEVER_TEXT for run in members):
            continue
        if first < indices[0] < last:
            found.update(indices)
        elif not _is_grid(table, members):
            continue
        elif indices[0] > last:
            # What stands between the text and a table below it is the table's heading.
            between = range(last + 1, indices[0])
            over = runs[indices[0] - 1]
            if len(between) < 2 and (_is_title(over) if between else not _is_label(over)):
                found.update(between, indices)
                last = indices[-1]
        elif all(holds(around, runs[i].element) for i in range(indices[-1] + 1, first)):
            found.update(indices)
    return found


def _is_title(run: TextRun) -> bool:
    return "heading" in run.near and not _is_label(run)


def _is_label(run: TextRun) -> bool:
    return label_key(run.text) in LABELS


def _is_grid(table: HtmlElement, runs: Sequence[TextRun]) -> bool:
    """Return whether a table has two rows or more of two texts or more each, and leads nowhere:
    what stands above or below a text may be of its page."""
    texts = texts_of(runs, table)
    full = sum(sum(cell in texts for cell in row) > 1 for row in rows_of(table))
    return full > 1 and not any(run.links for run in runs)
