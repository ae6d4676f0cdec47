"""``nordcrawl files``: which parts are in the archive now, for other engines to read."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.reading.selection import Selection


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Print the path or URI of each part that is in the archive now. A glob would also give "
        "parts that are on their way in or out."
    )
    parser.epilog = "Example: nordcrawl files --archive s3://bucket/prefix --source highnorthnews"
    archive_option(parser)
    parser.add_argument("--kind", choices=("article", "ledger", "capture"), default="article")
    parser.add_argument("--source", help="only this source")
    parser.add_argument("--json", action="store_true", help="with digest, bytes and records")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `list_files`."""
    return list_files(options.archive, options.kind, options.source, options.json)


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
