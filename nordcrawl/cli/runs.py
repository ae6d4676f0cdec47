"""``nordcrawl runs``: the runs that an archive has a report of, newest first."""

from __future__ import annotations

import argparse
import json
from itertools import islice
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import (
    archive_option,
    options_from_environment,
    require_archive,
    require_sources,
)
from nordcrawl.cli.numbers import count
from nordcrawl.errors import ExitCode
from nordcrawl.model.printable import shown
from nordcrawl.model.times import utc_now
from nordcrawl.reading.runs import PastRun, past_run, run_names
from nordcrawl.report.standing import spoken

#: What runs are that are no crawls, by the mode that their reports tell.
_WHAT: Final = {
    "reextract": "pages of the archive, read again",
    "import": "pages of WARC files, taken in",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "List the runs that the archive has a report of, the latest first: when, how long, how it "
        "ended, what it archived. A run that could not begin has its report on its own machine."
    )
    parser.epilog = "Example: nordcrawl runs --source highnorthnews --limit 50"
    archive_option(parser)
    parser.add_argument("--source", help="only this source")
    parser.add_argument("--limit", type=count, default=20, help="so many at most (default: 20)")
    parser.add_argument("--json", action="store_true", help="a JSON object a line")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `list_runs`."""
    return list_runs(options.archive, options.source, options.limit, as_json=options.json)


def list_runs(archive: str | None, source: str | None, limit: int, *, as_json: bool) -> int:
    """Print the latest runs, of one source or of all; times are UTC.

    Raises:
        UsageError: the archive's address is wrong, there is none, or it has nothing of the source.
        StoreRefused, StoreUnavailable: the store.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=30)
    require_archive(store)
    require_sources(store, [source] if source else [])
    names = (name for name in run_names(store, utc_now()) if source in (None, name.source))
    found = (run for name in names if (run := past_run(store, name)) is not None)
    runs = islice(found, limit)
    if as_json:
        for past in runs:
            print(json.dumps(past.to_json(), ensure_ascii=False))
    else:
        _table(list(runs))
    return int(ExitCode.WHOLE)


def _table(runs: list[PastRun]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("began (UTC)", "source", "took", "exit", "found", "archived", "why"):
        table.add_column(
            head,
            no_wrap=head != "why",
            overflow="fold",
            justify="right" if head in ("found", "archived") else "left",
        )
    for past in runs:
        took = spoken(past.finished_at - past.started_at) if past.finished_at else "?"
        code = "" if past.exit_code is None else f"{past.exit_code} "
        # Of a whole run the code says it all.
        why = "" if past.exit_code == ExitCode.WHOLE else shown(past.why, 160)
        if not past.is_crawl:
            what = _WHAT.get(str(past.told.get("mode")), "no crawl")
            why = f"({what}) {why}".rstrip()
        cells = (
            f"{past.started_at:%Y-%m-%d %H:%M}", past.source, took, f"{code}{past.exit}",
            str(past.discovered), str(past.archived), why,
        )  # fmt: skip
        table.add_row(*map(Text, cells))
    console = Console()
    console.print(table if runs else "no run has a report here yet")
