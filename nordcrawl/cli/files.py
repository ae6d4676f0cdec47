"""``nordcrawl files``: which parts are in the archive now, for other engines to read."""

from __future__ import annotations

import json
from dataclasses import asdict

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.reading.selection import Selection


def list_files(archive: str | None, kind: str | None, source: str | None, as_json: bool) -> int:
    """Print the live parts of one snapshot, a path or URI a line, or what is known of each.

    Raises:
        UsageError: the archive's address is wrong.
        ArchiveDamaged: its log is.
    """
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    taking = Selection(open_store(options.archive, retry_s=30))
    for file in taking.files(taking.snapshot(), kind, source):
        print(json.dumps(asdict(file)) if as_json else file.location)
    return 0
