"""``nordcrawl alert``: tell by mail, chat or webhook what is amiss, once, and when it ends."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nordcrawl.alerts.condition import Alert, Severity
from nordcrawl.alerts.look import Looked, Sent, look, try_addresses
from nordcrawl.alerts.message import name
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.model.printable import counted
from nordcrawl.report.standing import spoken

_COLOURS: Final = {Severity.CRITICAL: "red", Severity.WARNING: "yellow"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Look what is amiss with each source, by the archive's own history, and tell the addresses "
        "of NORDCRAWL_ALERTS: of each condition once while it holds, and once that it ended. Reads "
        "the archive only, from any machine, so a job that never started shows, too; run it by a "
        "timer. Exit codes: 0 everybody knows what holds; 1 a message could not be delivered, and "
        "the next call tries again; 2 usage; 3 the memory can't be written; 4, 5, 13 the archive "
        "can't be read, which is an alert of its own."
    )
    parser.epilog = "Example: nordcrawl alert highnorthnews --dry-run"
    parser.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="a source that must be there (default: all that are)",
    )
    archive_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="send nothing, remember nothing")
    parser.add_argument(
        "--test", action="store_true", help="send each address a test message, and no more"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    """Carry out the command.

    Raises:
        UsageError: as `nordcrawl.alerts.look.look`; or options contradict each other.
        LockHeld: another look takes too long.
    """
    settings = options_from_environment(NORDCRAWL_ARCHIVE=options.archive)
    if options.test:
        if options.dry_run or options.sources:
            raise UsageError("--test looks at no source: leave out SOURCE and --dry-run")
        sent = try_addresses(settings)
        if options.json:
            print(json.dumps({"sent": [{"to": one.label, "why_not": one.why} for one in sent]}))
        else:
            _sent(sent)
        return int(ExitCode.FAILED if any(one.why is not None for one in sent) else ExitCode.WHOLE)
    found = look(settings, options.sources, dry=options.dry_run)
    if options.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        _plain(found, dry=options.dry_run)
    for _, text in found.problems:
        print(f"nordcrawl: error: {text}", file=sys.stderr)
    return int(found.exit_code)


def _plain(found: Looked, *, dry: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for one in found.alerts:
        word = "NEW" if one.key in found.new else "STILL"
        _print(console, word, _line(one, found))
        _print(console, "", Text(one.advice))
    for ended in found.ended:
        ago = spoken(found.now - ended.since)
        _print(console, "RECOVERED", Text(f"{name(ended.source, ended.id)}, which held for {ago}"))
    if found.sources:
        looked = f"{counted(found.sources, 'source')}: {len(found.alerts) or 'nothing'} amiss"
        console.print(Text(f"{looked}, {len(found.new)} new, {len(found.ended)} recovered"))
    if dry:
        console.print(Text("dry run: nothing was sent"))
    elif not found.sent:
        console.print(Text("everybody knows it: nothing was sent"))
    _sent(found.sent)


def _print(console: Console, word: str, text: Text) -> None:
    """Print a word and what it is about: a line, or on a terminal as many as it takes, indented."""
    if not console.is_terminal:
        console.print(Text(f"{word:<9}  ") + text)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=9, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(word, text)
    console.print(grid, soft_wrap=False)


def _line(one: Alert, found: Looked) -> Text:
    since = found.since.get(one.key)
    known = "" if since is None else f" (told {spoken(found.now - since)} ago)"
    line = Text(str(one.severity), style=_COLOURS[one.severity])
    return Text().append(line).append(f"  {name(one.source, one.id)}{known}: {one.text}")


def _sent(sent: list[Sent]) -> None:
    for one in sent:
        if one.why is None:
            print(f"sent to {one.label}")
        else:
            print(f"NOT sent to {one.label}, the next call tries again: {one.why}")
