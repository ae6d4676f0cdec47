"""``nordcrawl compact``: put small parts together."""

from __future__ import annotations

import argparse
import math
import sys
from datetime import timedelta
from typing import Final

from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import (
    archive_option,
    options_from_environment,
    require_archive,
    require_sources,
)
from nordcrawl.cli.numbers import number
from nordcrawl.config.state_folder import maintenance_folder
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.model.times import utc_now

_LEAST_AGE_H: Final = 24
"""A crawler may wait for its store for hours between a part and the commit that lists it."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Put the parts of each source and day together without changing a line, and delete what is "
        "not needed any more. Cursors stay valid; crawls and readers may go on."
    )
    parser.epilog = "Example: nordcrawl compact highnorthnews --dry-run"
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="all by default")
    archive_option(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument(
        "--grace",
        type=number,
        default=0.0,
        metavar="HOURS",
        help="keep replaced parts so long, for engines that have a list of files in hand "
        "(default: 0)",
    )
    parser.add_argument(
        "--orphans",
        type=number,
        metavar="HOURS",
        help="delete parts, too, that no log lists and that were put so long ago by the store's "
        "clock, 24 at the least (default: they stay)",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `compact_archive`."""
    return compact_archive(
        options.archive,
        options.sources,
        grace_hours=options.grace,
        dry_run=options.dry_run,
        orphans_hours=options.orphans,
    )


def compact_archive(
    archive: str | None,
    sources: list[str],
    *,
    grace_hours: float,
    dry_run: bool,
    orphans_hours: float | None = None,
) -> int:
    """Compact, say what was done, and return the exit code.

    Raises:
        UsageError: the archive's address, the grace or the age of orphans is wrong.
        LockHeld: another maintenance is under way on this machine.
        StoreError: the store, or a damaged archive.
    """
    if not (math.isfinite(grace_hours) and 0 <= grace_hours <= 24 * 365):
        raise UsageError(f"--grace {grace_hours}: hours from 0 to 8760 are allowed")
    if orphans_hours is not None and not (
        math.isfinite(orphans_hours) and _LEAST_AGE_H <= orphans_hours <= 24 * 3650
    ):
        raise UsageError(f"--orphans {orphans_hours}: hours from {_LEAST_AGE_H} on are allowed")
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    require_archive(store)
    require_sources(store, sources)
    with Maintainer.open(store, maintenance_folder(options, store), utc_now) as maintainer:
        done = compact(
            maintainer,
            sources=sources,
            grace=timedelta(hours=grace_hours),
            dry_run=dry_run,
            orphans=None if orphans_hours is None else timedelta(hours=orphans_hours),
        )
    would = "would become" if dry_run else "have become"
    print(f"{done.parts_before} parts {would} {done.parts_after}, no line changed")
    if not dry_run:
        print(f"{done.deleted} objects deleted, {done.kept} kept")
    if done.ended:
        print(f"{done.ended} logs that ended are in the catalog now")
    if done.erased:
        print(f"{done.erased} lines taken out that came in spite of an erasure")
    for why in done.unproven:
        print(f"nordcrawl: kept: {why}", file=sys.stderr)
    if done.refusal is not None:
        print(f"nordcrawl: error: {done.refusal}", file=sys.stderr)
        return int(done.refusal.exit_code)
    if done.unproven:
        return int(ExitCode.DAMAGED)
    return int(ExitCode.WHOLE)
