"""``nordcrawl state``: make the local state anew from the archive."""

from __future__ import annotations

import argparse
import time

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.write import rebuild_state, ship_left_over
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.config.state_folder import spool_folders
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.model.times import utc_now
from nordcrawl.quarantine.watch import Watch


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "The local state is a cache of the archive's ledger. Rebuild ships what waits, forgets the "
        "state, and folds it again."
    )
    parser.epilog = "Example: nordcrawl state rebuild highnorthnews"
    parser.add_argument("what", choices=("rebuild",))
    parser.add_argument("sources", nargs="+", metavar="SOURCE")
    archive_option(parser)
    parser.add_argument(
        "--from-ledger",
        action="store_true",
        help="from the first line on, whatever checkpoints there are",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `rebuild_states`."""
    return rebuild_states(options.archive, options.sources, from_ledger=options.from_ledger)


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
        watch = Watch(store, name, options.quarantine, utc_now)
        folder, *others = spool_folders(options, store, name)
        for other in others:
            ship_left_over(store, other, name, clock=utc_now, judge=watch)
        began = time.monotonic()
        counts = rebuild_state(
            store, folder, name, clock=utc_now, checkpoints=not from_ledger, judge=watch
        )
        told = ", ".join(f"{count} {what}" for what, count in counts.items())
        print(f"{name}: {told} from the archive in {time.monotonic() - began:.1f} s")
    return int(ExitCode.WHOLE)
