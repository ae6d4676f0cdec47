"""``nordcrawl verify``: prove an archive, by the store alone."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from typing import Final

from rich.console import Console
from rich.progress import Progress

from nordcrawl.archive.keep.findings import Severity, Verification
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import archive_option, options_from_environment, require_archive
from nordcrawl.errors import ExitCode
from nordcrawl.model.printable import shown

_SHOWN = 50


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Look at every object of the archive: is each there, unchanged and whole, is nothing "
        "doubled, nothing foreign. Exit code 0: all is well; 13: damage; 5: nothing is wrong, but "
        "something was begun and not ended."
    )
    parser.epilog = "Example: nordcrawl verify --archive s3://bucket/prefix"
    archive_option(parser)
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `verify_archive`."""
    return verify_archive(options.archive, as_json=options.json)


def verify_archive(archive: str | None, *, as_json: bool) -> int:
    """Verify, print what was looked at and found, and return the exit code.

    Raises:
        UsageError: the archive's address is wrong, or there is none.
        StoreRefused, StoreUnavailable: the store.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=30)
    require_archive(store)
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("parts", total=None)
        found = verify(store, lambda done, total: bar.update(task, completed=done, total=total))
    if as_json:
        values = dataclasses.asdict(found) | {"exit_code": int(found.exit_code)}
        print(json.dumps(values, ensure_ascii=False, indent=2))
    else:
        _print(found)
    return int(found.exit_code)


_MARKS: Final = {
    Severity.DAMAGE: "DAMAGE    ",
    Severity.UNFINISHED: "unfinished",
    Severity.NOTE: "note      ",
}


def _print(found: Verification) -> None:
    print(f"archive   {found.archive}")
    print(f"objects   {found.objects} of {found.bytes / (1 << 20):.1f} MiB")
    print(f"log       {found.writers} writers, {found.commits} commits")
    print(f"parts     {found.parts} ({found.superseded} replaced ones are still there)")
    print(
        f"lines     {found.article_lines} revisions of {found.articles} articles "
        f"({found.copies} archived by two writers), {found.ledger_lines} of the ledger"
    )
    if found.quarantine_lines:
        print(f"          {found.quarantine_lines} records in quarantine (nordcrawl quarantine)")
    if found.captures:
        print(f"captures  {found.captures} pages as they were fetched")
    print(
        f"also      {found.runs} reports, {found.checkpoints} checkpoints, "
        f"{found.erasures} erasures"
    )
    for finding in found.findings[:_SHOWN]:
        print(f"{_MARKS[finding.severity]} {shown(finding.key)}: {shown(finding.what, 300)}")
    more = found.damage + found.unfinished + found.notes - _SHOWN
    if more > 0:
        print(f"... and {more} more (--json has the first 1000)")
    verdict = {
        ExitCode.WHOLE: "whole: every object is there, unchanged, and accounted for",
        ExitCode.PENDING: f"whole, but {found.unfinished} things were begun and not ended",
        ExitCode.DAMAGED: f"{found.damage} findings of damage",
    }
    print(f"exit {int(found.exit_code):<4} {verdict[found.exit_code]}")
