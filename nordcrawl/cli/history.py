"""``nordcrawl history``: the revisions of an article, and what differs between two of them."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.identity.changes import Difference, compare
from nordcrawl.identity.passages import Mark, Passage, render
from nordcrawl.model.printable import shown
from nordcrawl.reading.forms import as_json
from nordcrawl.reading.history import revisions
from nordcrawl.reading.selection import Selection

LAST_TWO: Final = ""
"""The value of ``--diff`` that was given without one."""
_RANGE: Final = re.compile(r"(\d+)\.\.(\d+)")
_WIDTH: Final = 140
#: Also told without colour: struck and underlined.
_STYLES: Final = {Mark.KEPT: "", Mark.REMOVED: "red strike", Mark.ADDED: "green underline"}
#: As wdiff and git --word-diff write them. Source: GNU wdiff manual, section 2.
_SIGNS: Final = {Mark.KEPT: ("", ""), Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}")}
_LIMIT: Final = 1 << 62

Record = Mapping[str, Any]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Show the revisions of the article that has, or had, an address, or that an id names: what "
        "each changed and when. With --diff, what differs between two of them: removed words "
        "struck and red, added ones underlined and green, or [-removed-] {+added+} without colour."
    )
    parser.epilog = "Example: nordcrawl history https://example.org/news/7 --diff 1..3"
    parser.add_argument("name", metavar="URL|ARTICLE_ID", help="e.g. highnorthnews:1117230")
    archive_option(parser)
    parser.add_argument(
        "--diff",
        nargs="?",
        const=LAST_TWO,
        metavar="A..B",
        help="what differs between two revisions (default: the last)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="json: a line a revision, or one for the diff",
    )
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        help="auto: on a terminal, unless NO_COLOR is set (default)",
    )
    parser.add_argument(
        "--no-color",
        dest="color",
        action="store_const",
        const="never",
        help="the same as --color never",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `show_history`."""
    return show_history(
        options.archive, HistoryRequest(options.name, options.diff, options.format, options.color)
    )


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """What is asked for, as the command line gave it."""

    name: str
    diff: str | None = None
    """``A..B``, `LAST_TWO`, or None for the table."""
    layout: str = "text"
    color: str = "auto"


def show_history(archive: str | None, wanted: HistoryRequest) -> int:
    """Print revisions or a difference; return the exit code.

    Raises:
        UsageError: an option is wrong, there is no such article or revision.
        ArchiveDamaged: a part is missing or not what its commit says.
    """
    asked = _asked(wanted.diff)
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    found = revisions(Selection(open_store(options.archive, retry_s=30)), wanted.name)
    articles = [[*group] for _, group in groupby(found, key=lambda r: str(r["article_id"]))]
    if wanted.diff is not None:
        if len(articles) > 1:
            ids = ", ".join(shown(str(group[0]["article_id"])) for group in articles)
            raise UsageError(f"--diff: {len(articles)} articles have had this address: give {ids}")
        pair = _pair(articles[0], asked)
        if wanted.layout == "json":
            print(as_json(_diff_json(*pair)))
        else:
            _print_diff(*pair, wanted.color)
        return int(ExitCode.WHOLE)
    if wanted.layout == "json":
        for group in articles:
            for record, change in _with_changes(group):
                print(as_json(_revision_json(record, change)))
        return int(ExitCode.WHOLE)
    console = _console(wanted.color)
    if len(articles) > 1:
        _say(console, f"{len(articles)} articles have had this address:", after=True)
    for number, group in enumerate(articles):
        if number:
            _say(console, "")
        _print_table(console, group)
    return int(ExitCode.WHOLE)


# --- which two -------------------------------------------------------------------------------


def _asked(diff: str | None) -> tuple[int, int] | None:
    if diff is None or diff == LAST_TWO:
        return None
    match = _RANGE.fullmatch(diff)
    if match is None:
        raise UsageError(
            f"--diff {shown(diff)!r}: two revisions as 1..3 are allowed; put the address before it"
        )
    return int(match[1]), int(match[2])


def _pair(records: Sequence[Record], asked: tuple[int, int] | None) -> tuple[Record, Record]:
    # Of two records of one revision the one that was fetched last stands for it.
    by_number = {int(record["revision"]): record for record in records}
    numbers = [*by_number]
    if asked is None:
        if len(numbers) < 2:
            raise UsageError(f"--diff: there is only revision {numbers[0]} of this article")
        asked = numbers[-2], numbers[-1]
    for number in asked:
        if number not in by_number:
            there = ", ".join(map(str, numbers))
            raise UsageError(f"--diff: no revision {number} of this article; there are {there}")
    return by_number[asked[0]], by_number[asked[1]]


def _with_changes(
    records: Sequence[Record],
) -> Iterator[tuple[Record, Difference | None]]:
    """Yield each revision with what it changed; None for the first that is there."""
    before: Record | None = None
    for record in records:
        yield record, None if before is None else compare(before, record)
        before = record


# --- JSON ------------------------------------------------------------------------------------


def _revision_json(record: Record, change: Difference | None) -> dict[str, Any]:
    names = (
        *("article_id", "revision", "change", "url", "archived_at", "modified_at"),
        *("text_sha256", "previous_text_sha256"),
    )
    told = {name: record.get(name) for name in names}
    told["words"] = _words(record)
    told["changed"] = record.get("changed") if change is None else change.to_json()
    return told


def _diff_json(before: Record, after: Record) -> dict[str, Any]:
    return {
        "article_id": after["article_id"],
        "before": before["revision"],
        "after": after["revision"],
        "changed": compare(before, after).to_json(),
        "passages": [
            {
                "field": passage.field,
                "skipped": passage.skipped,
                "spans": [{"mark": str(span.mark), "text": span.text} for span in passage.spans],
            }
            for passage in render(before, after)
        ],
    }


# --- for people ------------------------------------------------------------------------------


def _print_table(console: Console, records: Sequence[Record]) -> None:
    last = records[-1]
    _say(console, f"{last['article_id']}  {last.get('title') or '(no title)'}", style="bold")
    _say(console, str(last["url"]), after=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rev", justify="right")
    for head in ("change", "archived (UTC)", "modified (UTC)"):
        table.add_column(head, no_wrap=True)
    for head in ("words", "+words", "-words"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("fields", overflow="fold")
    for record, change in _with_changes(records):
        told = record.get("changed") if change is None else change.to_json()
        cells = [
            *(str(record["revision"]), str(record["change"])),
            *(_time(record.get("archived_at")), _time(record.get("modified_at"))),
            f"{_words(record):,}",
            *(_count("+", told, "words_added"), _count("-", told, "words_removed")),
            ", ".join(told["fields"]) if told else "",
        ]
        table.add_row(*(Text(shown(cell)) for cell in cells))
    console.print(table)


def _count(sign: str, told: Mapping[str, Any] | None, name: str) -> str:
    count = told.get(name) if told else None
    return f"{sign}{count:,}" if count else ""


def _print_diff(before: Record, after: Record, color: str) -> None:
    console = _console(color)
    head = f"{after['article_id']}  revision {before['revision']} .. {after['revision']}"
    _say(console, f"{head}  {after['change']}", style="bold")
    passages = render(before, after)
    if not passages:
        _say(console, "the same content")
    for field, of_field in groupby(passages, key=lambda passage: passage.field):
        _say(console, "")
        _say(console, field, style="bold")
        for passage in of_field:
            if passage.skipped:
                _say(console, f"  … {passage.skipped:,} unchanged", style="dim")
            if passage.spans:
                # A terminal gets its lines folded; a file or pipe gets them whole.
                text = _drawn(passage, marked=console.no_color or not console.is_terminal)
                console.print(Padding(text, (0, 0, 0, 2)) if sys.stdout.isatty() else
                              Text("  ") + text, soft_wrap=not sys.stdout.isatty())  # fmt: skip


def _drawn(passage: Passage, *, marked: bool) -> Text:
    """Return a passage's spans in colour or, if `marked`, between signs."""
    drawn = Text()
    for number, span in enumerate(passage.spans):
        if number and not drawn.plain.endswith("\n") and not span.text.startswith("\n"):
            drawn.append(" ")
        first, last = _SIGNS[span.mark] if marked else ("", "")
        # Line breaks stay outside of the signs, as each line must tell what it is.
        for piece in re.split(r"(\n+)", span.text):
            if piece.startswith("\n"):
                drawn.append("\n  " if marked else "\n")
            elif piece:
                drawn.append(f"{first}{shown(piece, _LIMIT)}{last}", _STYLES[span.mark])
    return drawn


def _console(color: str) -> Console:
    terminal = sys.stdout.isatty()
    # Source: no-color.org: NO_COLOR counts if it is not empty, and options go before it.
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    colored = color == "always" or (color == "auto" and terminal and not plain)
    width = shutil.get_terminal_size((_WIDTH, 24)).columns if terminal else _WIDTH
    return Console(
        width=width,
        force_terminal=colored,
        no_color=not colored,
        color_system="standard" if colored else None,
        highlight=False,
        emoji=False,
    )


def _say(console: Console, line: str, *, style: str = "", after: bool = False) -> None:
    console.print(Text(shown(line, 500), style=style), soft_wrap=True)
    if after:
        console.print()


def _time(value: object) -> str:
    return str(value)[:16].replace("T", " ") if value else ""


def _words(record: Record) -> int:
    return len((record.get("text") or "").split())
