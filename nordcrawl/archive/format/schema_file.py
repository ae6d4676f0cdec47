"""Schema: the JSON Schemas of the archive's lines, which are shipped with this package."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

SCHEMA_TYPE = "application/schema+json"


SCHEMAS = ("article-1", "ledger-1", "quarantine-1")
QUARANTINE_SCHEMA = SCHEMAS[2]
BEGUN_WITH = SCHEMAS[:2]
"""Those that every archive has from its first commit on."""


@cache
def schema_bytes(name: str) -> bytes:
    """Return a JSON Schema of `SCHEMAS` as it is put into every archive.

    Raises:
        KeyError: there is no such schema.
    """
    if name not in SCHEMAS:
        raise KeyError(name)
    return (files("nordcrawl.archive") / "schema" / f"{name}.json").read_bytes()


def schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema (2020-12) as a dict: of those in `SCHEMAS`.

    Raises:
        KeyError: there is no such schema.
    """
    values: dict[str, Any] = json.loads(schema_bytes(name))
    return values
