"""Old reports: of those in the state folder the latest are kept, and all that the archive has not.

An hourly run leaves 8,760 files a year. The archive has each report, so the copy of a run of long
ago may go; but not on trust: the archive is asked for each, and what is not proven to lie there
stays.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nordcrawl.archive.format.keys import run_key
from nordcrawl.archive.format.sealed import decode_sealed
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import NordcrawlError, ObjectMissing
from nordcrawl.reading.runs import run_name

logger = logging.getLogger(__name__)

#: So many of a source's reports are kept on this machine, the latest: eight days of an hourly one.
KEPT: Final = 200
#: The archive is asked for so many a run at most; a run adds one, so many years' are gone in days.
ASKED: Final = 50
#: Why a run ended that could not begin: no archive has its report.
NOT_BEGUN: Final = "not begun"


def delete_old(
    reports: Path, source: str, run_id: str, store: Store, go_on: Callable[[], bool]
) -> None:
    """Delete the older reports of a source that the archive has, later ones first, as long as
    `go_on`; never that of the run `run_id`. What can't be read, asked or deleted is left, and the
    log says so: no run fails of it."""
    asked = 0
    try:
        for file in _old(reports, source):
            if asked >= ASKED or not go_on():
                return
            if file.stem == run_id or not _was_begun(file):
                continue
            asked += 1
            if _is_archived(store, file.stem):
                file.unlink(missing_ok=True)
    except (NordcrawlError, OSError) as error:
        logger.warning("old reports in %s are left: %s", reports, error)


def _old(reports: Path, source: str) -> list[Path]:
    """Return the reports of a source but for the latest, later ones first; whatever else lies
    there is none."""
    names = ((run_name(f"runs/{file.name}"), file) for file in reports.glob("*.json"))
    found = [(name.started_at, file) for name, file in names if name and name.source == source]
    return [file for _, file in sorted(found, reverse=True)[KEPT:]]


def _was_begun(file: Path) -> bool:
    """Return whether a report is of a run that may have put it; what can't be read is none."""
    try:
        values = json.loads(file.read_bytes())
        return bool(values["finish_reason"] != NOT_BEGUN)
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _is_archived(store: Store, run_id: str) -> bool:
    """Return whether the archive has the report that the run wrote, and not only the trace of one
    that was killed."""
    try:
        return decode_sealed(store.get(run_key(run_id))).get("exit_code") is not None
    except (ObjectMissing, ValueError):
        return False
