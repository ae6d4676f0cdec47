"""``nordcrawl schema``: what a line of the archive is, for validators and for other engines."""

from __future__ import annotations

import sys

from nordcrawl.archive.format.schema_file import schema_bytes
from nordcrawl.reading.engines import ENGINES


def print_schema(kind: str, form: str) -> int:
    """Print the JSON Schema of a kind of line, or its column types for an engine."""
    name = f"{kind}-1"
    text = schema_bytes(name).decode() if form == "json" else ENGINES[form](kind)
    sys.stdout.write(text)
    return 0
