"""``nordcrawl signatures``: the signatures of all texts as a table, for an engine to compare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

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
from nordcrawl.cli.on_cluster import engine_options, joined
from nordcrawl.errors import ExitCode
from nordcrawl.model.printable import counted
from nordcrawl.model.signature import MIN_WORDS
from nordcrawl.reading.frames import extra
from nordcrawl.reading.signatures import Counts, Signed, signed

#: Seconds in which a store that fails is tried again.
_RETRY_S: Final = 30.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Write a Parquet file with a row for each article, as it is now: address, title, and the "
        "signature of its text (MinHash: bins, and bands as keys), by which an engine finds near "
        "duplicates in all of the archive. Made from the ledger; no text is read. With --engine "
        "ray the machines of a cluster do that; the rows come in another order."
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
    engine_options(parser)


def run(options: argparse.Namespace) -> int:
    """Carry out the command: write the table, and say on standard error what is in it and what is
    not.

    Raises:
        UsageError: the archive's address, a source or the file's name is wrong, or pyarrow, which
            the extra ``parquet`` installs, is not there, or Ray, where it was asked for.
        ArchiveDamaged: the ledger is; there is no file then.
        StoreRefused, StoreUnavailable: the store.
    """
    with extra("parquet", "nordcrawl signatures"):
        from nordcrawl.reading.parquet import write_packed, write_signatures
    output.check(options.output)
    archive = options_from_environment(NORDCRAWL_ARCHIVE=options.archive).archive
    store = open_store(archive, retry_s=_RETRY_S)
    require_archive(store)
    require_sources(store, options.sources)
    counts = Counts()
    with joined(options, "nordcrawl signatures"), output.opened(options.output) as out:
        if options.engine == "local":
            write_signatures(_rows(store, options.sources, counts), out)
        else:
            from nordcrawl.reading.signatures_on_ray import packed_signatures

            parts = packed_signatures(store, archive, _RETRY_S, options.sources, counts)
            write_packed(parts, out)
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
