"""``nordcrawl capture``: the page of an address as it was fetched, out of the archive."""

from __future__ import annotations

import argparse
import sys

from nordcrawl.archive.read.captures import CapturedParts, captures_of, response_of
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from nordcrawl.cli.environment import archive_option, options_from_environment, require_archive
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.printable import shown
from nordcrawl.reading.addresses import bare, given, same


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Write the latest capture of an address, WARC records as gzip members, to standard output: "
        "of a page that was the same the last time the revisit, and the response it refers to."
    )
    parser.epilog = "Example: nordcrawl capture https://example.org/news/7 > page.warc.gz"
    parser.add_argument("url", metavar="URL")
    parser.add_argument(
        "--body", action="store_true", help="only the body, as sent: with its content coding"
    )
    archive_option(parser)


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `write_capture`."""
    return write_capture(options.archive, options.url, body_only=options.body)


def write_capture(archive: str | None, url: str, *, body_only: bool) -> int:
    """Write a capture to standard output.

    Raises:
        UsageError: the archive has none of the address, or no more; or it is no address.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    store = open_store(options_from_environment(NORDCRAWL_ARCHIVE=archive).archive, retry_s=30)
    require_archive(store)
    wanted = bare(given(url, "no address"))

    def chooses(entry: LedgerEntry) -> bool:
        return any(same(wanted, each) for each in (entry.url, entry.final_url) if each)

    reader = Reader(store)
    found = captures_of(reader, chooses)
    if not found:
        raise UsageError(f"{store.uri} has no capture of {shown(url)}")
    latest = found[-1]
    response = response_of(found, latest)
    chosen = [response] if body_only else dict.fromkeys([latest, response])
    parts = CapturedParts(store, reader)
    kept = [parts.get(one.capture) for one in chosen if one is not None]
    there = [each for each in kept if each is not None]
    if not there:
        raise UsageError(f"{store.uri} has the page of {shown(url)} no more: it was erased")
    for each in there:
        sys.stdout.buffer.write(each.record.http[2] if body_only else each.member)
    return int(ExitCode.WHOLE)
