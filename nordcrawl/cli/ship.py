"""``nordcrawl ship`` and ``nordcrawl state``: what is done with spools between two crawls."""

from __future__ import annotations

import sys
import time

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.write.writer import rebuild_state, ship_left_over
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.config.state_folder import spool_folder, spools, spools_folder
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.model.times import utc_now


def ship_spools(archive: str | None, sources: list[str]) -> int:
    """Ship the spools of the named sources, or of all that have one; return the exit code.

    Raises:
        UsageError: the archive's address is wrong, or a named source has no spool.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    parent = spools_folder(options)
    found = spools(parent)
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


def rebuild_states(archive: str | None, sources: list[str], *, from_ledger: bool) -> int:
    """Make the local state of sources anew from the archive; return the exit code.

    Raises:
        UsageError: the archive's address or a source's name is wrong.
        LockHeld, SpoolError, StoreError: see `rebuild_state`.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    known = options.sources()
    for name in sources:
        if name not in known:
            raise UsageError(f"no source {name!r}: there are {', '.join(known)}")
    for name in sources:
        folder = spool_folder(options, name)
        began = time.monotonic()
        counts = rebuild_state(store, folder, name, clock=utc_now, checkpoints=not from_ledger)
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"{name}: {told} from the archive in {time.monotonic() - began:.1f} s")
    return int(ExitCode.WHOLE)
