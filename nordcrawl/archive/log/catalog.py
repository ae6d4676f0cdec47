"""Catalog: reads the newest one, and what a layer stands for; puts the next."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import NO_CATALOG, Catalog
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Heads, Logs
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, UsageError

logger = logging.getLogger(__name__)

WORTH: Final = 16
"""Writers that ended, from which on another catalog is put: as many gets less for each start."""
LONG: Final = 100
"""The same for crawlers, which put it for themselves where nobody compacts: each catalog has all of
the ones before it, and what a crawler puts it can't delete."""


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
    try:
        catalog = layer_of(store, cursor.layer, newest)
    except ObjectMissing:
        raise UsageError(
            f"cursor {str(cursor)[:80]} is of another archive than {store.uri}: "
            f"no {keys.catalog_key(cursor.layer)} there"
        ) from None
    return {**catalog.closed, **cursor.seen}


def layer_of(store: Store, name: str, newest: Catalog) -> Catalog:
    """Return the catalog that ended with a layer.

    Raises:
        ObjectMissing: the archive has no such layer.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the catalog, the store.
    """
    if (catalog := newest.until(name)) is not None:
        return catalog
    key = keys.catalog_key(name)  # a listing lags, or two were put side by side
    return Catalog.decode(key, get_patiently(store, key))


def heads_of(store: Store, checkpoint: Checkpoint, newest: Catalog) -> Heads:
    """Return of each writer the last commit that is folded into a checkpoint; of those that its
    layer stands for without a digest.

    Raises:
        ObjectMissing, ArchiveDamaged, StoreRefused, StoreUnavailable: as `layer_of`.
    """
    if not checkpoint.layer:
        return checkpoint.heads
    closed = layer_of(store, checkpoint.layer, newest).closed
    return {**{writer: (seq, None) for writer, seq in closed.items()}, **checkpoint.heads}


@dataclass(frozen=True, slots=True)
class Tail:
    """The logs that were seen to end and are in no catalog, with the number of their last commit:
    each start and each reader asks for more of them."""

    catalog: Catalog
    """The newest one."""
    ended: Mapping[str, int]

    @classmethod
    def of(cls, catalog: Catalog, logs: Logs) -> Self:
        """Take those of `logs`, each read up to its last commit."""
        ended = {
            writer: log[-1].seq
            for writer, log in logs.items()
            if log and log[-1].closed and writer not in catalog.closed
        }
        return cls(catalog, ended)


NO_TAIL: Final = Tail(NO_CATALOG, {})


def put_catalog(
    store: Store, tail: Tail, now: datetime, *, only_if_long: bool = False
) -> Catalog | None:
    """Put the next catalog if the tail is worth it, or `only_if_long`; return it.

    Raises:
        StoreRefused, StoreUnavailable, ObjectConflict: the store.
    """
    if len(tail.ended) < (LONG if only_if_long else WORTH):
        return None
    # Its name is the last, by whatever clock those before it were named.
    at = max(int(now.timestamp()), int(tail.catalog.name[:8] or "0", 16) + 1)
    name = f"{min(at, 0xFFFFFFFF):08x}{secrets.token_hex(5)}"
    catalog = tail.catalog.with_layer(name, tail.ended, now)
    store.put(catalog.key, catalog.encode(), content_type=keys.JSON_TYPE)
    return catalog
