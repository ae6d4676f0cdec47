"""``nordcrawl signatures``: the signatures of all texts as a table, for an engine to compare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cli import output
from nordcrawl.cli.environment import (
    archive_option,
    options_from_environment,
    require_archive,
    require_sources,
)
from nordcrawl.errors import ExitCode
from nordcrawl.model.printable import counted
from nordcrawl.model.signature import MIN_WORDS
from nordcrawl.reading.frames import extra
from nordcrawl.reading.signatures import Counts, Signed, signed


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Write a Parquet file with a row for each article, as it is now: address, title, and the "
        "signature of its text (MinHash: bins, and bands as keys), by which an engine finds near "
        "duplicates in all of the archive. Made from the ledger; no text is read."
    )
    parser.epilog = "Example: nordcrawl signatures --output signatures.parquet"
    archive_option(parser)
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="all that the archive has")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE.parquet",
        help="required; written whole or not at all",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `write_table`."""
    return write_table(options.archive, options.sources, options.output)


def write_table(archive: str | None, names: Sequence[str], path: Path) -> int:
    """Write the table, and say on standard error what is in it and what is not.

    Raises:
        UsageError: the archive's address, a source or the file's name is wrong, or pyarrow, which
            the extra ``parquet`` installs, is not there.
        ArchiveDamaged: the ledger is; there is no file then.
        StoreRefused, StoreUnavailable: the store.
    """
    with extra("parquet", "nordcrawl signatures"):
        from nordcrawl.reading.parquet import write_signatures
    output.check(path)
    store = open_store(options_from_environment(NORDCRAWL_ARCHIVE=archive).archive, retry_s=30)
    require_archive(store)
    require_sources(store, names)
    counts = Counts()
    with output.opened(path) as out:
        write_signatures(_rows(store, names, counts), out)
    for line in _told(counts):
        print(f"nordcrawl: {line}", file=sys.stderr)
    return int(ExitCode.WHOLE)


def _rows(store: Store, names: Sequence[str], counts: Counts) -> Iterator[Signed]:
    reader = Reader(store)
    snapshot = reader.snapshot()
    there = {piece.part.commit.source for piece in snapshot.pieces}
    for name in sorted({*names} or there):
        yield from signed(name, reader.ledger(source=name, snapshot=snapshot), counts)


def _told(counts: Counts) -> Iterator[str]:
    yield f"signatures of {counted(counts.signed, 'article')}"
    if counts.short:
        yield (
            f"left out: {counted(counts.short, 'article')}, the text too short for a signature "
            f"(fewer than {MIN_WORDS} words)"
        )
    if counts.untold:
        yield (
            f"left out: {counted(counts.untold, 'article')}, archived by nordcrawl 0.1, which "
            "made no signatures, and not changed since"
        )
