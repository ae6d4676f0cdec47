"""``nordcrawl compact``: put small parts together."""

from __future__ import annotations

import math
import sys
from datetime import timedelta

from nordcrawl.archive.compaction import compact
from nordcrawl.archive.maintenance import Maintainer
from nordcrawl.archive.uri import open_store
from nordcrawl.commandline import options_from_environment, require_archive
from nordcrawl.errors import UsageError
from nordcrawl.exitcodes import ExitCode
from nordcrawl.run import maintenance_folder, utc_now


def compact_archive(
    archive: str | None, sources: list[str], *, grace_hours: float, dry_run: bool
) -> int:
    """Compact, say what was done, and return the exit code.

    Raises:
        UsageError: the archive's address or the grace is wrong.
        LockHeld: another maintenance is under way on this machine.
        StoreError: the store, or a damaged archive.
    """
    if not (math.isfinite(grace_hours) and 0 <= grace_hours <= 24 * 365):
        raise UsageError(f"--grace {grace_hours}: hours from 0 to 8760 are allowed")
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=options.store_retry_s)
    require_archive(store)
    with Maintainer.open(store, maintenance_folder(options), utc_now) as maintainer:
        done = compact(
            maintainer, sources=sources, grace=timedelta(hours=grace_hours), dry_run=dry_run
        )
    would = "would be" if dry_run else "are"
    print(f"{done.parts_before} parts {would} {done.parts_after}, no line changed")
    if not dry_run:
        print(f"{done.deleted} objects deleted, {done.kept} kept")
    if done.refusal is not None:
        print(f"nordcrawl: error: {done.refusal}", file=sys.stderr)
        return int(done.refusal.exit_code)
    return int(ExitCode.WHOLE)
