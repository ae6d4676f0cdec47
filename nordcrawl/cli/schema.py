"""``nordcrawl schema``: what a line of the archive is, for validators and for other engines."""

from __future__ import annotations

import argparse
import sys

from nordcrawl.archive.format.schema_file import schema_bytes
from nordcrawl.reading.engines import ENGINES


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Print what a line of the archive is: as JSON Schema, or as the column types that an "
        "engine needs in order not to guess them from the first lines."
    )
    parser.epilog = "Example: nordcrawl schema article --format duckdb"
    parser.add_argument("kind", nargs="?", choices=("article", "ledger"), default="article")
    parser.add_argument("--format", default="json", choices=("json", *sorted(ENGINES)))


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `print_schema`."""
    return print_schema(options.kind, options.format)


def print_schema(kind: str, form: str) -> int:
    """Print the JSON Schema of a kind of line, or its column types for an engine."""
    name = f"{kind}-1"
    text = schema_bytes(name).decode() if form == "json" else ENGINES[form](kind)
    sys.stdout.write(text)
    return 0
