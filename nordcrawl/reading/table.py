"""Table: the newest records for a person at a terminal."""

from __future__ import annotations

import heapq
import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nordcrawl.model.printable import shown
from nordcrawl.reading.fields import Field, parse
from nordcrawl.reading.forms import text_of
from nordcrawl.reading.query import time_of

#: Rows that are kept in memory, and more than anyone reads.
MOST_ROWS: Final = 1000
_FIELDS: Final = ("published_at", "language", "revision", "change", "article_id", "title")
_HEADS: Final = {
    "published_at": "published (UTC)",
    "language": "lang",
    "revision": "rev",
    "article_id": "article",
}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def write_table(
    records: Iterable[Mapping[str, Any]], fields: Sequence[Field] | None, out: IO[bytes]
) -> None:
    """Write a table, newest publication first, and how many records there are; times are UTC."""
    chosen = fields or parse(_FIELDS)
    rows: list[tuple[datetime, int, list[str]]] = []
    count = 0
    for count, record in enumerate(records, start=1):
        cells = [shown(text_of(field, field.value(record))) for field in chosen]
        row = (time_of(record, "published_at") or _NEVER, -count, cells)
        if len(rows) < MOST_ROWS:
            heapq.heappush(rows, row)
        else:
            heapq.heappushpop(rows, row)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for field in chosen:
        head = field.name if fields else _HEADS.get(field.name, field.name)
        table.add_column(head, no_wrap=field.name not in ("title", "text"), overflow="fold")
    for *_, cells in sorted(rows, reverse=True):
        # Text, not str: what stands in square brackets or between colons is no markup.
        table.add_row(*map(Text, cells))
    terminal = out.isatty()
    text = io.StringIO()
    width = shutil.get_terminal_size((140, 24)).columns if terminal else 140
    console = Console(file=text, width=width, force_terminal=terminal)
    console.print(table)
    told = f"{count:,} articles"
    if count > len(rows):
        told += f", of which these are the {len(rows):,} newest; --format jsonl has all"
    console.print(told, highlight=False)
    out.write(text.getvalue().encode())
