"""The eraser: takes articles out of an archive, byte for byte, and leaves tombstones.

Order, rewrite, delete, receipt. The order is put first, so from then on readers leave out what it
covers and crawlers neither archive nor ship it. Killed anywhere, `finish` goes on: what is done
already is seen in the archive. The receipt is put when a look through every object that could
hold a line of it found nothing, and names the commits that were looked at; what comes later in
spite of the order, `finish_again` takes out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.lines import decode_json, unpack
from nordcrawl.archive.format.order import Order
from nordcrawl.archive.format.receipt import Receipt
from nordcrawl.archive.format.sealed import UNREADABLE, encode_sealed
from nordcrawl.archive.format.units import units, values_of
from nordcrawl.archive.keep.delete import Deleter, LaterError, UnprovenError
from nordcrawl.archive.keep.erase_parts import Erased, Rewriter
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.proofs import (
    Beside,
    Cache,
    Cleaned,
    Proof,
    Taken,
    Uncommitted,
)
from nordcrawl.archive.log.checkpoint import checkpoint_keys, put_checkpoint, read_rows
from nordcrawl.archive.log.erasures import Erasures, Orders, clean_report
from nordcrawl.archive.log.follow import tries
from nordcrawl.archive.log.pieces import PartMovedError, part_body, told
from nordcrawl.archive.log.snapshot import Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, ObjectMissing

__all__ = ["UNDER_WAY", "Erased", "finish", "finish_again", "put_order"]

logger = logging.getLogger(__name__)

_ROUNDS: Final = 20
"""Looks through the archive; each but the last finds what was committed during the one before."""
UNDER_WAY: Final = timedelta(hours=1)
"""How long after an order, by the store's clock, a part that no commit lists may still be about to
be committed: a crawler looks at the orders right before each commit, and tries to put one for
minutes."""
_URL: Final = re.compile(r"https?://[^\s\"'<>\\]+")


def put_order(store: Store, order: Order) -> None:
    """Put an order; from here on it stands.

    Raises:
        StoreRefused, StoreUnavailable: the store; there is no order then.
    """
    store.put(order.key, order.encode(), content_type=keys.JSON_TYPE)


def finish(maintainer: Maintainer, order: Order, *, under_way: timedelta = UNDER_WAY) -> Erased:
    """Do what an order says, or the rest of it; put its receipt if nothing of it is left.

    Lines that another order covers are taken out with it. A part that no commit lists is left for
    as long after the order as it may be `under_way`.

    Raises:
        ArchiveDamaged: a log has a hole, or is not what somebody saw of it: nothing was deleted.
            Or a part is not as committed.
        StoreRefused, StoreUnavailable: the store; run it again.
    """
    return _Eraser(maintainer, order, under_way).run()


def finish_again(maintainer: Maintainer) -> list[Erased]:
    """Take out what came in spite of orders that were carried out: committed by a crawler that
    did not know of them yet, or copied by a compaction. Most times there is nothing.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: as `finish`.
    """
    store = maintainer.store
    erasures = Orders(store).read()
    opened = {order.order_id for order in erasures.open_orders}
    closed = [order for order in erasures.orders if order.order_id not in opened]
    if not closed:
        return []
    done = replace(Erasures.of(closed), seen=erasures.seen)
    for _ in range(_ROUNDS):
        snapshot = take_whole(store, heads_told(store) | maintainer.known)
        try:
            found = _came_since(store, snapshot, done)
        except PartMovedError:
            continue
        return [finish(maintainer, order) for order in closed if order.order_id in found]
    return []


def _came_since(store: Store, snapshot: Snapshot, erasures: Erasures) -> set[str]:
    """Return the ids of the orders that cover lines which their receipts have not seen."""
    is_clean = erasures.looked_at(snapshot.heads)
    found: set[str] = set()
    single = [(order.order_id, Erasures.of([order])) for order in erasures.orders]
    for part in snapshot.live:
        if all(is_clean(part, segment) for segment in part.segments):
            continue
        kind = part.entry.kind
        for _, values in told(part, part_body(store, part)):
            if values and erasures.covers(kind, values):
                found |= {i for i, one in single if one.covers(kind, values)}
    return found


class _Eraser:
    def __init__(self, maintainer: Maintainer, order: Order, under_way: timedelta) -> None:
        self._under_way = under_way
        self._maintainer = maintainer
        self._store = maintainer.store
        self._order = order
        self._orders = Orders(self._store)
        self._all = Erasures.of([order])
        """All orders, this one included."""
        self._done = Erased(order.order_id)
        self._there_since: datetime | None = None

    def run(self) -> Erased:
        if self._await_listed() is None:
            self._done.left.append("the store does not list the order yet; run it again")
            return self._done
        maintainer, heads = self._maintainer, heads_told(self._store)
        snapshot = None
        for _ in range(_ROUNDS):
            snapshot = take_whole(self._store, heads | maintainer.known)
            self._all = Erasures.of([*self._orders.read().orders, self._order])
            rewriter = Rewriter(maintainer, self._order, self._all, self._done)
            with suppress(PartMovedError), maintainer.trying():
                if not rewriter.rewrite(snapshot):
                    break
            if self._done.left:
                return self._done
        else:
            self._done.left.append("others go on changing the archive; run it again")
        deleter = maintainer.deleter()
        self._delete_parts(deleter)
        self._rewrite_reports(deleter)
        self._rewrite_checkpoints(deleter)
        self._store.sweep()
        if not self._done.left and snapshot is not None:
            self._put_receipt(snapshot)
        return self._done

    def _await_listed(self) -> datetime | None:
        """Wait until everybody can find the order; return a time for which it has been there, by
        the store's clock if it has one, None if it is not listed in a minute."""
        for _ in tries(self._maintainer.pause):
            for entry in self._store.list(self._order.key):
                if entry.key == self._order.key:
                    self._there_since = entry.modified
                    return entry.modified or self._order.ordered_at
        return None

    # --- objects ----------------------------------------------------------------------------

    def _delete_parts(self, deleter: Deleter) -> None:
        """Delete parts that were replaced, by their names and not by a listing alone, and those
        that no commit lists and that hold a line of it."""
        removed = deleter.snapshot.removed
        live = {part.entry.key for part in deleter.snapshot.live}
        found = {e.key for folder in keys.PART_FOLDERS for e in self._store.list(folder)}
        for key in sorted(removed - found):
            if self._store.exists(key):
                found.add(key)
        for key in sorted(found - live):
            if (part := keys.indexed_part(key)) is not None:
                if part not in found:
                    self._delete(deleter, key, Beside())
            elif key in removed:
                self._delete(deleter, key, Taken())
            elif keys.is_part_key(key) and self._holds(key):
                self._delete(deleter, key, Uncommitted(self._under_way, self._there_since))

    def _delete(self, deleter: Deleter, key: str, proof: Proof) -> bool:
        try:
            deleter.delete(key, proof)
        except (LaterError, UnprovenError) as why:
            if isinstance(proof, Taken) and not self._holds(key):
                logger.warning("kept, and nothing in it is erased: %s", why)
            else:
                self._done.left.append(f"{why}: run it again later")
            return False
        self._done.deleted += 1
        return True

    def _holds(self, key: str) -> bool:
        named = keys.parse_part_key(key)
        if named is None:
            return False
        kind = named[0]
        try:
            found = (values_of(kind, unit) for unit in units(kind, self._store.get(key)))
            return any(values and self._all.covers(kind, values) for values in found)
        except (*UNREADABLE, ObjectMissing):
            return False

    def _rewrite_reports(self, deleter: Deleter) -> None:
        """Take erased pages out of the reports' examples."""
        for entry in list(self._store.list("runs/")):
            try:
                body = self._store.get(entry.key)
                values = dict(decode_json(body))
                cleaned = clean_report(values, self._all)
            except ObjectMissing:
                continue
            except (ValueError, TypeError):
                self._unreadable(entry.key, body)
                continue
            if cleaned == values:
                continue
            stem = entry.key.removeprefix("runs/").removesuffix(".json")
            key = keys.run_key(f"{stem}-{self._order.order_id.replace('-', '')}")
            cleaned.pop("sha256", None)
            body = encode_sealed(cleaned)
            self._store.put(key, body, content_type=keys.JSON_TYPE)
            if self._delete(deleter, entry.key, Cleaned(key)):
                self._done.deleted -= 1
                self._done.reports += 1

    def _unreadable(self, key: str, body: bytes) -> None:
        """A report that is none can't be cleaned; it stands in the way only if it names an
        address."""
        if any(map(self._all.covers_url, _URL.findall(body.decode(errors="replace")))):
            self._done.left.append(f"{key}: can't be read, and names an erased address: remove it")
        else:
            logger.warning("%s: no report that can be read; left as it is", key)

    def _rewrite_checkpoints(self, deleter: Deleter) -> None:
        """Put checkpoints anew without the rows, then delete the old ones; those that can't be
        read are deleted, for they are a cache."""
        found = [entry.key for entry in self._store.list("checkpoints/")]
        for source in sorted({key.split("/")[1].removeprefix("source=") for key in found}):
            for manifest in checkpoint_keys(self._store, source):
                self._rewrite_checkpoint(deleter, source, manifest)
        for key in sorted(found):
            source = key.split("/")[1].removeprefix("source=")
            if keys.manifest_of(key) not in (None, *found) and self._rows_tell(source, key):
                self._delete(deleter, key, Uncommitted(self._under_way, self._there_since))

    def _rows_tell(self, source: str, key: str) -> bool:
        try:
            rows = unpack(self._store.get(key))
            return any(self._all.covers_row(source, decode_json(row)) for row in rows)
        except ObjectMissing:
            return False
        except UNREADABLE:
            return True

    def _rewrite_checkpoint(self, deleter: Deleter, source: str, manifest: str) -> None:
        parts = [
            entry.key
            for entry in self._store.list(manifest.removesuffix(".json") + "/")
            if keys.manifest_of(entry.key) == manifest
        ]
        try:
            checkpoint = Checkpoint.decode(manifest, self._store.get(manifest))
            parts = sorted({*parts, *(part.key for part in checkpoint.parts)})

            def kept() -> Iterator[dict[str, Any]]:
                for row in read_rows(self._store, checkpoint):
                    if not self._all.covers_row(source, row):
                        yield row

            if sum(1 for _ in kept()) == checkpoint.records:
                return
            writer = checkpoint.name.rpartition("-")[2]
            made_at = checkpoint.made_at + timedelta(microseconds=1)
            put_checkpoint(
                *(self._store, source, kept(), checkpoint.heads, writer, made_at),
                layer=checkpoint.layer,
            )
        except ObjectMissing:
            return
        except (ArchiveDamaged, *UNREADABLE) as error:
            logger.warning("a checkpoint that can't be read is deleted: %s", error)
        # The manifest last: by it we find the rest if we are killed.
        if all(self._delete(deleter, old, Cache()) for old in (*parts, manifest)):
            self._done.deleted -= len(parts) + 1
            self._done.checkpoints += 1

    def _put_receipt(self, snapshot: Snapshot) -> None:
        done = self._done
        number = self._orders.read().receipts.get(self._order.order_id, 0) + 1
        receipt = Receipt(
            order_id=self._order.order_id,
            number=number,
            finished_at=self._maintainer.clock(),
            seen=snapshot.seen,
            counts={
                "lines": done.lines,
                "captures": done.captures,
                "tombstones": done.tombstones,
                "objects_deleted": done.deleted,
            },
            log=self._maintainer.head,
        )
        with suppress(ObjectConflict):  # another erasure came to the same end
            self._store.put(receipt.key, receipt.encode(), content_type=keys.JSON_TYPE)
