"""``nordcrawl read``: the archive's articles, for people and programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nordcrawl.archive.reader import Archive, Cursor
from nordcrawl.archive.store import MARKER_KEY, Store
from nordcrawl.archive.uri import open_store
from nordcrawl.commandline import options_from_environment
from nordcrawl.errors import ObjectMissing, UsageError
from nordcrawl.url import shown


def read_archive(
    archive: str | None, *, layout: str, latest: bool, since: str | None, source: str | None
) -> int:
    """Print records to standard output and the next cursor to standard error.

    Raises:
        UsageError: the archive's address or the cursor is wrong.
        ArchiveDamaged: a part is missing or not what its commit says; what came before is good.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=30)
    reader = Archive(store)
    start = Cursor.parse(since) if since else None
    _check_there(store)
    # The cursor printed below is this snapshot's, whatever is committed meanwhile.
    snapshot = reader.snapshot(since=start)
    records = (
        reader.latest(snapshot=snapshot, source=source)
        if latest
        else reader.records_of(snapshot, source=source)
    )
    if layout == "table":
        _table(records)
    else:
        for record in records:
            sys.stdout.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()
    print(f"next cursor: {snapshot.cursor}", file=sys.stderr)
    return 0


def _check_there(store: Store) -> None:
    """An empty answer for a mistyped address would be a silent failure."""
    try:
        store.get(MARKER_KEY)
    except ObjectMissing:
        raise UsageError(
            f"no archive at {store.uri} (there is no {MARKER_KEY}); --archive or NORDCRAWL_ARCHIVE "
            "says where it lies"
        ) from None


def _table(records: Iterator[dict[str, Any]]) -> None:
    """Print a table, newest first; times are UTC."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("published (UTC)", "lang", "rev", "change", "article", "title"):
        table.add_column(name, no_wrap=name != "title", overflow="fold")
    rows = sorted(records, key=lambda r: r.get("published_at") or "", reverse=True)
    for record in rows:
        published = (record.get("published_at") or "")[:16].replace("T", " ")
        table.add_row(
            published,
            record.get("language") or "",
            str(record.get("revision")),
            record.get("change") or "",
            escape(shown(str(record.get("article_id")))),
            escape(shown(record.get("title") or "", 200)),
        )
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    console.print(f"{len(rows)} articles", highlight=False)
