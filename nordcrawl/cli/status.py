"""``nordcrawl status``: how each source stands, in ten lines."""

from __future__ import annotations

import argparse
import json
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import archive_option, options_from_environment, require_archive
from nordcrawl.cli.numbers import span
from nordcrawl.cli.standings import standings
from nordcrawl.errors import ExitCode
from nordcrawl.model.printable import shown
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.reading.runs import PastRun
from nordcrawl.report.standing import Level, Standing, spoken, worst

#: Rows of the table: with its head and the last line these are ten.
_ROWS: Final = 8
_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.CRITICAL: "red"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Say in ten lines how each source stands, by the archive alone: how the last run ended, "
        "when one last did its work, when an article last came. The worst come first. It exits "
        "with 0 whatever it says; `nordcrawl check` is for monitors."
    )
    parser.epilog = "Example: nordcrawl status --archive s3://bucket/prefix"
    archive_option(parser)
    parser.add_argument(
        "--max-age",
        type=span,
        default=span("6h"),
        metavar="SPAN",
        help="how old the last run that did its work may be: 90m, 6h, 2d (default: 6h)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON, with all sources")


def run(options: argparse.Namespace) -> int:
    """Carry out the command.

    Raises:
        UsageError: the archive's address is wrong, or there is none.
        StoreRefused, StoreUnavailable: the store.
    """
    settings = options_from_environment(NORDCRAWL_ARCHIVE=options.archive)
    store = open_store(settings.archive, retry_s=30)
    require_archive(store)
    now = utc_now()
    judged = [(one, *one.judge(options.max_age)) for one in standings(store, (), now)]
    judged.sort(key=lambda row: (-row[1], row[0].source))
    if options.json:
        rows = [
            {**one.to_json(), "level": level.name.lower(), "why": why} for one, level, why in judged
        ]
        values = {"archive": store.uri, "at": rfc3339(now), "sources": rows}
        print(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        _table(judged)
    return int(ExitCode.WHOLE)


def _table(judged: list[tuple[Standing, Level, str]]) -> None:
    console = Console()
    if not judged:
        console.print("no run has a report here yet", highlight=False)
        return
    # One line a source, also in a narrow terminal: what does not fit is cut.
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("", "source", "last run", "ended", "done", "article", "records in 24 h", "why"):
        table.add_column(head, no_wrap=head != "why")
    for one, level, why in judged[:_ROWS]:
        table.add_row(
            Text(level.name.lower(), style=_COLOURS[level]),
            one.source,
            one.last.exit if one.last else "none",
            *(_ago(run, one) for run in (one.last, one.done, one.found)),
            str(one.records),
            Text("" if level is Level.OK else shown(why, 300), no_wrap=True, overflow="ellipsis"),
        )
    console.print(table)
    more = len(judged) - _ROWS
    left = f"; {more} more, see --json" if more > 0 else ""
    level = worst(level for _, level, _ in judged)
    console.print(
        f"{len(judged)} source{'' if len(judged) == 1 else 's'}, the worst is "
        f"{level.name.lower()}{left}",
        highlight=False,
    )


def _ago(run: PastRun | None, one: Standing) -> str:
    return "never" if run is None else spoken(one.now - run.ended_at)
