"""Catalog: reads the newest one, and what a cursor's layer stands for; puts the next."""

from __future__ import annotations

import logging
import secrets
from datetime import datetime
from typing import Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import NO_CATALOG, Catalog
from nordcrawl.archive.format.commit import Logs
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, UsageError

logger = logging.getLogger(__name__)

WORTH: Final = 16
"""Writers that ended, from which on another catalog is put: as many gets less for each start."""


def newest_catalog(store: Store) -> Catalog:
    """Return the newest catalog that can be read; it may be an older one, for a listing may lag,
    and an empty one where there is none: then more logs are asked for, and nothing else is other.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    for key in sorted((entry.key for entry in store.list("catalog/")), reverse=True):
        try:
            return Catalog.decode(key, store.get(key))
        except (ArchiveDamaged, ObjectMissing) as error:  # `nordcrawl verify` finds it
            logger.warning("catalog not used: %s", error)
    return NO_CATALOG


def seen_by(store: Store, cursor: Cursor, newest: Catalog) -> dict[str, int]:
    """Return the last commit of each writer that the holder of a cursor has seen.

    Raises:
        UsageError: the archive has no such layer, so the cursor is of another one.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the catalog, the store.
    """
    if not cursor.layer:
        return dict(cursor.seen)
    catalog = newest.until(cursor.layer)
    if catalog is None:  # a listing lags, or two were put side by side
        key = keys.catalog_key(cursor.layer)
        try:
            catalog = Catalog.decode(key, get_patiently(store, key))
        except ObjectMissing:
            raise UsageError(
                f"cursor {str(cursor)[:80]} is of another archive than {store.uri}: no {key} there"
            ) from None
    return {**catalog.closed, **cursor.seen}


def put_catalog(store: Store, before: Catalog, logs: Logs, now: datetime) -> Catalog | None:
    """Put the next catalog if enough of these logs, read from their beginning, have ended that are
    in none `before`; return it.

    Raises:
        StoreRefused, StoreUnavailable, ObjectConflict: the store.
    """
    closed = {
        writer: log[-1].seq
        for writer, log in logs.items()
        if log and log[-1].closed and writer not in before.closed
    }
    if len(closed) < WORTH:
        return None
    name = f"{int(now.timestamp()):08x}{secrets.token_hex(5)}"
    catalog = before.with_layer(name, closed, now)
    store.put(catalog.key, catalog.encode(), content_type=keys.JSON_TYPE)
    return catalog
