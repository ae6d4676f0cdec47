"""``nordcrawl ship``: ship what earlier runs left in the spool."""

from __future__ import annotations

import argparse
import sys

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.write import ship_left_over
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.config.state_folder import archive_folders, spools
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.model.times import utc_now
from nordcrawl.quarantine.watch import Watch


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Put what earlier runs left in spools on this machine into the archive. Each crawl does so "
        "first; this does it without one."
    )
    parser.epilog = "Example: nordcrawl ship highnorthnews"
    archive_option(parser)
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="all that have a spool")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `ship_spools`."""
    return ship_spools(options.archive, options.sources)


def ship_spools(archive: str | None, sources: list[str]) -> int:
    """Ship the spools of the named sources, or of all that have one; return the exit code.

    Raises:
        UsageError: the archive's address is wrong, or a named source has no spool.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    folders = archive_folders(options, store, mark=True)
    found = [(name, folder) for folder in folders for name in spools(folder)]
    there = sorted({name for name, _ in found})
    for name in sources:
        if name not in there:
            raise UsageError(
                f"ship: {name} has no spool in {folders[0]}; there are {', '.join(there) or 'none'}"
            )
    code = ExitCode.WHOLE
    for name, folder in found:
        if sources and name not in sources:
            continue
        try:
            watch = Watch(store, name, options.quarantine, utc_now)
            report = ship_left_over(store, folder / name, name, clock=utc_now, judge=watch)
        except NordcrawlError as error:
            print(f"nordcrawl: error: {name}: {error}", file=sys.stderr)
            code = error.exit_code
            continue
        print(f"{name}: {report.parts} parts shipped, {report.pending_records} lines left")
        if report.failure is not None:
            print(f"nordcrawl: error: {name}: {report.failure}", file=sys.stderr)
            code = report.failure.exit_code
    return int(code)
