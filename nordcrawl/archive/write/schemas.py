"""Schemas: the description of the lines, left in the archive with them."""

from __future__ import annotations

from contextlib import suppress

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.schema_file import SCHEMA_TYPE, schema_bytes
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ObjectConflict


def put_schema(store: Store, name: str) -> None:
    """Put a schema if there is none; what an earlier version put there stays.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    key = keys.schema_key(name)
    if not store.exists(key):
        with suppress(ObjectConflict):  # another version of nordcrawl came first
            store.put(key, schema_bytes(name), content_type=SCHEMA_TYPE)
