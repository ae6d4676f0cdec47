"""Erase here: what this machine's spools and states hold of erased articles."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from nordcrawl.archive.format.order import Order
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.adoption import adopt_strays


def open_orders(store: Store) -> list[Order]:
    """Return the orders that were begun and not ended.

    Raises:
        StoreError: the store, or a damaged order.
    """
    return list(read_erasures(store).open_orders)


def purge_spool(store: Store, folder: Path, source: str) -> None:
    """Take what the archive's orders cover out of one spool and state of this machine.

    Raises:
        LockHeld: a crawl works on it; that obeys before its next commit.
        SpoolError, StoreError: the disk, or the store.
    """
    with closing(Spool.open(folder, source)) as spool:
        adopt_strays(store, spool)
        Obedience(store, spool, State(spool)).check()
