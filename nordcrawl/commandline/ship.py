"""``nordcrawl ship``: bring what earlier runs left in the spool into the archive."""

from __future__ import annotations

import sys

from nordcrawl.archive.uri import open_store
from nordcrawl.archive.writer import ship_left_over
from nordcrawl.commandline import options_from_environment
from nordcrawl.errors import NordcrawlError, UsageError
from nordcrawl.exitcodes import ExitCode
from nordcrawl.run import spool_folder, utc_now


def ship_spools(archive: str | None, sources: list[str]) -> int:
    """Ship the spools of the named sources, or of all that have one; return the exit code.

    Raises:
        UsageError: the archive's address is wrong, or a named source has no spool.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    parent = spool_folder(options, "x").parent
    found = sorted(p.name for p in parent.iterdir()) if parent.is_dir() else []
    for name in sources:
        if name not in found:
            raise UsageError(f"ship: {name} has no spool in {parent}; there are {found or 'none'}")
    code = ExitCode.WHOLE
    for name in sources or found:
        try:
            report = ship_left_over(store, parent / name, name, clock=utc_now)
        except NordcrawlError as error:
            print(f"nordcrawl: error: {name}: {error}", file=sys.stderr)
            code = error.exit_code
            continue
        print(f"{name}: {report.parts} parts shipped, {report.pending_records} lines left")
        if report.failure is not None:
            print(f"nordcrawl: error: {name}: {report.failure}", file=sys.stderr)
            code = report.failure.exit_code
    return int(code)
