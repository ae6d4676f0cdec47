"""``nordcrawl read``: the archive's articles, for people and programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli import output
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.cli.numbers import whole
from nordcrawl.errors import ArchiveDamaged, ExitCode, UsageError
from nordcrawl.model.printable import shown
from nordcrawl.reading import fields as columns
from nordcrawl.reading import forms
from nordcrawl.reading.frames import extra
from nordcrawl.reading.query import Query
from nordcrawl.reading.selection import Cursor, Selection, Snapshot, sources_of

_T = TypeVar("_T")

FORMATS = ("jsonl", "csv", "parquet", "table")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Print articles from the archive, hash-checked: every revision in the order of commits, or "
        "the latest of each. The cursor for the next --since goes to standard error. A DATE is a "
        "whole day in UTC, both ends included; a TIME has its zone: 2026-01-31T06:00Z."
    )
    parser.epilog = (
        "Example: nordcrawl read --language nb --published-from 2026-11-01 --format table"
    )
    archive_option(parser)
    parser.add_argument("--latest", action="store_true", help="each article once, as it is now")
    parser.add_argument("--as-of", metavar="DATE|TIME", help="what the archive held by then")
    parser.add_argument("--since", metavar="CURSOR", help="only what came after this cursor")
    parser.add_argument(
        "--cursor-file",
        type=Path,
        metavar="FILE",
        help="keep the cursor there: read it, and write the next one when all is written",
    )
    chosen = parser.add_argument_group("filters; one that is given again widens, --text narrows")
    chosen.add_argument("--source", action="append", help="only this source")
    chosen.add_argument("--language", action="append", help="e.g. en, which is en-GB too")
    chosen.add_argument("--section", action="append", help="only this section of the site")
    chosen.add_argument("--kind", action="append", help="what the page says it is, e.g. news")
    chosen.add_argument("--article", action="append", metavar="ID", help="only this article")
    chosen.add_argument(
        "--url",
        action="append",
        help="only what was found at this address; nordcrawl history follows a moved article",
    )
    for name in ("published", "fetched"):
        chosen.add_argument(f"--{name}-from", metavar="DATE|TIME")
        chosen.add_argument(f"--{name}-to", metavar="DATE|TIME")
    chosen.add_argument(
        "--text",
        action="append",
        metavar="WORDS",
        help="in title, subtitle or text, whatever the case",
    )
    parser.add_argument(
        "--limit",
        type=whole,
        metavar="N",
        help="no more than the first N that are so chosen; there is no next cursor then",
    )
    parser.add_argument(
        "--format", choices=FORMATS, default="jsonl", help="jsonl: the archive's lines (default)"
    )
    parser.add_argument("--fields", metavar="A,B.C", help="only these, e.g. title,fetch.fetched_at")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a file, written whole or not at all (default: standard output)",
    )
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="read past damaged parts, and say so in the exit code",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `read_archive`."""
    asked = (
        *("latest", "as_of", "source", "language", "section", "kind", "article", "url", "text"),
        *("published_from", "published_to", "fetched_from", "fetched_to"),
    )
    wanted = ReadRequest(
        layout=options.format,
        query={name: getattr(options, name) for name in asked},
        fields=options.fields,
        since=options.since,
        cursor_file=options.cursor_file,
        output=options.output,
        keep_going=options.keep_going,
        limit=options.limit,
    )
    return read_archive(options.archive, wanted)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked for, as the command line gave it."""

    layout: str = "jsonl"
    query: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of `Query.of`."""
    fields: str | None = None
    since: str | None = None
    cursor_file: Path | None = None
    output: Path | None = None
    keep_going: bool = False
    limit: int | None = None


def read_archive(archive: str | None, wanted: ReadRequest) -> int:
    """Write records, and the next cursor to standard error; return the exit code.

    Raises:
        UsageError: the archive's address, an option or the cursor is wrong.
        ArchiveDamaged: a part is missing or not what its commit says; what came before is good.
    """
    query = Query.of(**wanted.query, spelled=_option)
    chosen = columns.parse(wanted.fields, "--fields") if wanted.fields is not None else None
    _check_together(wanted, query)
    writer = None if wanted.layout == "jsonl" else _writer(wanted.layout)
    start = _start(wanted)
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    damages: list[ArchiveDamaged] = []

    def damaged(error: ArchiveDamaged) -> None:
        damages.append(error)
        print(f"nordcrawl: damaged: {error}", file=sys.stderr)

    store = open_store(options.archive, retry_s=30)
    taking = Selection(store, damaged=damaged if wanted.keep_going else None)
    # The cursor printed below is this snapshot's, whatever is committed meanwhile.
    snapshot = taking.snapshot(start)
    _note_absent(snapshot, query, start)
    with output.opened(wanted.output) as out:
        if writer is None:
            count = _write_lines(taking, snapshot, query, wanted, chosen, out)
        else:
            counted = _Counted(islice(taking.records(snapshot, query), wanted.limit))
            writer(counted, chosen, out)
            count = counted.count
    if not count and start is None:
        print("nordcrawl: note: no article is so chosen", file=sys.stderr)
    if damages:
        print(
            f"nordcrawl: {len(damages)} damaged, the rest was read; no next cursor, as it would "
            "step over them",
            file=sys.stderr,
        )
        return int(ArchiveDamaged.exit_code)
    if query.as_of is None and wanted.limit is None:  # the rest would be stepped over
        cursor = str(snapshot.cursor)
        if wanted.cursor_file:
            output.write(wanted.cursor_file, f"{cursor}\n".encode())
        print(f"next cursor: {cursor}", file=sys.stderr)
    return int(ExitCode.WHOLE)


def _write_lines(
    taking: Selection,
    snapshot: Snapshot,
    query: Query,
    wanted: ReadRequest,
    fields: Sequence[columns.Field] | None,
    out: IO[bytes],
) -> int:
    if fields is None:
        lines = _Counted(islice(taking.lines(snapshot, query), wanted.limit))
    else:
        records = islice(taking.records(snapshot, query), wanted.limit)
        lines = _Counted(forms.picked(records, fields))
    forms.write_lines(lines, out)
    return lines.count


class _Counted(Iterator[_T]):
    """Items as they come, and how many have come."""

    def __init__(self, items: Iterable[_T]) -> None:
        self._items = iter(items)
        self.count = 0

    def __next__(self) -> _T:
        item = next(self._items)
        self.count += 1
        return item


def _writer(layout: str) -> Callable[..., None]:
    """Return a form's writer; pyarrow and rich are loaded for their own forms only.

    Raises:
        UsageError: pyarrow, which the extra ``parquet`` installs, is not there.
    """
    match layout:
        case "parquet":
            with extra("parquet", "--format parquet"):
                from nordcrawl.reading.parquet import write_parquet
            return write_parquet
        case "table":
            from nordcrawl.reading.table import write_table

            return write_table
        case _:
            return forms.write_csv


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _check_together(wanted: ReadRequest, query: Query) -> None:
    """Refuse options that would silently give something else than they seem to."""
    since = "--since" if wanted.since is not None else "--cursor-file"
    follows = wanted.since is not None or wanted.cursor_file is not None
    if wanted.since is not None and wanted.cursor_file is not None:
        raise UsageError("--since and --cursor-file both say where to go on: give one of them")
    if wanted.limit is not None and wanted.limit < 1:
        raise UsageError(f"--limit {wanted.limit}: 1 or more is allowed")
    if wanted.limit is not None and wanted.cursor_file is not None:
        raise UsageError(
            "--limit leaves some out, and --cursor-file would step over them: leave out one of them"
        )
    if follows and query.latest:
        raise UsageError(f"{since} hands out every revision once: leave out --latest, or {since}")
    if follows and query.as_of:
        raise UsageError(
            f"{since} goes on from here, --as-of looks back: leave out one of them; "
            "--fetched-to is a filter that goes with a cursor"
        )
    if wanted.cursor_file and wanted.layout == "table":
        raise UsageError(
            "--cursor-file goes with --format jsonl, csv and parquet: a table may show only the "
            "newest"
        )
    if wanted.output and wanted.cursor_file and _same(wanted.output, wanted.cursor_file):
        raise UsageError("--output and --cursor-file must be two files")
    if wanted.layout == "parquet" and wanted.output is None and sys.stdout.isatty():
        raise UsageError("--format parquet is not for a terminal: give --output FILE, or a pipe")
    for path in filter(None, (wanted.output, wanted.cursor_file)):
        output.check(path)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _start(wanted: ReadRequest) -> Cursor | None:
    if wanted.since is not None:
        return Cursor.parse(wanted.since)
    if wanted.cursor_file is None:
        return None
    try:
        text = wanted.cursor_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--cursor-file {wanted.cursor_file} can't be read: {error}") from error
    try:
        return Cursor.parse(text.strip())
    except UsageError as error:
        raise UsageError(f"--cursor-file {wanted.cursor_file}: {error}") from error


def _note_absent(snapshot: Snapshot, query: Query, start: Cursor | None) -> None:
    """Say that a source is not there: the name may be mistyped, or not crawled yet."""
    there = sources_of(snapshot)
    if start is None and (absent := query.sources - there):
        print(
            f"nordcrawl: note: no articles of {', '.join(map(shown, sorted(absent)))} here; there "
            f"are {', '.join(sorted(there)) or 'none at all'}",
            file=sys.stderr,
        )
