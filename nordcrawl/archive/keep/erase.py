"""The eraser: takes articles out of an archive, byte for byte, and leaves tombstones.

Order, rewrite, delete, receipt. The order is put first, so from then on readers leave out what it
covers and crawlers neither archive nor ship it. Killed anywhere, `finish` goes on: what is done
already is seen in the archive. The receipt is put when a look through every object that could
hold a line of it found nothing, and names the commits that were looked at; what comes later in
spite of the order, `finish_again` takes out.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import CommitKind, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind, date_of
from nordcrawl.archive.format.lines import decode_json, encode_line, pack, unpack
from nordcrawl.archive.format.order import ERASED, Order, tombstone
from nordcrawl.archive.format.receipt import Receipt
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.keep.delete import Deleter, LaterError, UnprovenError
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.proofs import Cache, Cleaned, Proof, Replaced, Uncommitted
from nordcrawl.archive.log.checkpoint import checkpoint_keys, put_checkpoint, read_rows
from nordcrawl.archive.log.erasures import Erasures, Orders, clean_report
from nordcrawl.archive.log.pieces import PartMovedError, part_body, slices
from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, ObjectMissing
from nordcrawl.model.times import rfc3339, utc_date

logger = logging.getLogger(__name__)

_ROUNDS: Final = 20
"""Looks through the archive; each but the last finds what was committed during the one before."""
UNDER_WAY: Final = timedelta(hours=1)
"""How long after an order, by the store's clock, a part that no commit lists may still be about to
be committed: a crawler looks at the orders right before each commit, and tries to put one for
minutes."""
_LISTED_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 20)
"""How long the store's listing may lag behind the order."""
_URL: Final = re.compile(r"https?://[^\s\"'<>\\]+")


@dataclass(slots=True)
class Erased:
    """What an erasure did."""

    order_id: str
    lines: int = 0
    parts: int = 0
    tombstones: int = 0
    deleted: int = 0
    """Objects deleted."""
    reports: int = 0
    checkpoints: int = 0
    left: list[str] = field(default_factory=list)
    """Why it is not finished; empty if it is."""


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
        for line in unpack(part_body(store, part)):
            values = decode_json(line)
            if erasures.covers(part.entry.kind, values):
                found |= {i for i, one in single if one.covers(part.entry.kind, values)}
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
        self._own = Erasures.of([order])
        self._done = Erased(order.order_id)
        self._there_since: datetime | None = None

    def run(self) -> Erased:
        if self._await_listed() is None:
            self._done.left.append("the store does not list the order yet; run it again")
            return self._done
        heads = heads_told(self._store)
        snapshot = None
        for _ in range(_ROUNDS):
            snapshot = take_whole(self._store, heads | self._maintainer.known)
            self._all = Erasures.of([*self._orders.read().orders, self._order])
            try:
                if not self._rewrite(snapshot):
                    break
            except PartMovedError:
                self._discard()
            if self._done.left:
                return self._done
        else:
            self._done.left.append("others go on changing the archive; run it again")
        deleter = self._maintainer.deleter()
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
        for wait_s in (*_LISTED_S, None):
            for entry in self._store.list(self._order.key):
                if entry.key == self._order.key:
                    self._there_since = entry.modified
                    return entry.modified or self._order.ordered_at
            if wait_s is not None:
                self._maintainer.pause(wait_s)
        return None

    def _discard(self) -> None:
        self._maintainer.discard(self._maintainer.deleter())

    # --- parts ------------------------------------------------------------------------------

    def _rewrite(self, snapshot: Snapshot) -> bool:
        """Replace the parts that hold erased lines; return whether there were any.

        Nothing is replaced if a line of an article is covered by an address that is in no order.
        """
        found = _Found()
        for part in snapshot.live:
            self._look(part, found)
        if found.strangers:
            self._done.left += [
                f"{article_id} of {source} has an address that the order names, and is not in it: "
                f"nothing was changed; look at it, then erase it by --article"
                for source, article_id in sorted(found.strangers)
            ]
            return True
        add: defaultdict[str, list[PartEntry]] = defaultdict(list)
        remove: defaultdict[str, list[LivePart]] = defaultdict(list)
        for part in found.parts:
            remove[part.commit.source].append(part)
            if (entry := self._without(part)) is not None:
                add[part.commit.source].append(entry)
        for source in sorted({source for source, _ in found.revisions} | remove.keys()):
            add[source] += self._tombstones(source, found)
            if add[source] or remove[source]:
                self._maintainer.commit(
                    CommitKind.ERASE, source, self._order.order_id, add[source], remove[source]
                )
        return bool(found.parts)

    def _look(self, part: LivePart, found: _Found) -> None:
        kind = part.entry.kind
        holds = False
        for _, piece in slices(part, part_body(self._store, part)):
            for line in unpack(piece):
                values = decode_json(line)
                key = (values.get("source", ""), values.get("article_id") or "")
                if kind is PartKind.ARTICLE and key in self._all.articles:
                    found.revisions[key] = max(found.revisions.get(key, 0), values["revision"])
                    if values.get("change") == ERASED:
                        found.buried.add(key)
                if self._goes(kind, values):
                    holds = True
                elif key[1] and self._own.covers(kind, values):
                    found.strangers.add(key)
        if holds:
            found.parts.append(part)

    def _goes(self, kind: PartKind, values: Mapping[str, Any]) -> bool:
        """Return whether a line is to be taken out: it is covered, and what it tells of is an
        article that an order names, or none."""
        article_id = values.get("article_id")
        known = article_id is None or self._all.covers_article(values.get("source", ""), article_id)
        return known and self._all.covers(kind, values)

    def _without(self, part: LivePart) -> PartEntry | None:
        """Put a part anew without what is erased; None if nothing is left of it."""
        kind, source = part.entry.kind, part.commit.source
        bodies: list[bytes] = []
        segments: list[Segment] = []
        for segment, piece in slices(part, part_body(self._store, part)):
            lines = list(unpack(piece))
            kept = [line for line in lines if not self._goes(kind, decode_json(line))]
            if len(kept) < len(lines):
                self._done.lines += len(lines) - len(kept)
                piece = pack(kept)
                segment = replace(
                    segment,
                    sha256=hashlib.sha256(piece).hexdigest(),
                    bytes=len(piece),
                    records=len(kept),
                )
            if kept:
                bodies.append(piece)
                segments.append(segment)
        self._done.parts += 1
        if not bodies:
            return None
        return self._maintainer.add_part(
            kind, source, date_of(part.entry.key), b"".join(bodies), segments, [part.entry]
        )

    def _tombstones(self, source: str, found: _Found) -> list[PartEntry]:
        """Put a part with the tombstones of this source's erased articles that have none yet."""
        now = self._maintainer.clock()
        records = [
            tombstone(key, revision + 1, self._order_of(key), now)
            for key, revision in sorted(found.revisions.items())
            if key[0] == source and key not in found.buried
        ]
        if not records:
            return []
        self._done.tombstones += len(records)
        body = pack(encode_line(record) for record in records)
        key, number = self._maintainer.put_part(PartKind.ARTICLE, source, utc_date(now), body)
        at = rfc3339(now) or ""
        return [
            PartEntry(
                key=key,
                kind=PartKind.ARTICLE,
                sha256=hashlib.sha256(body).hexdigest(),
                bytes=len(body),
                records=len(records),
                first_seq=number,
                last_seq=number,
                min_at=at,
                max_at=at,
            )
        ]

    def _order_of(self, key: tuple[str, str]) -> Order:
        if key in self._order.articles:
            return self._order
        return next(order for order in self._all.orders if key in order.articles)

    # --- objects ----------------------------------------------------------------------------

    def _delete_parts(self, deleter: Deleter) -> None:
        """Delete parts that were replaced, by their names and not by a listing alone, and those
        that no commit lists and that hold a line of it."""
        removed = deleter.snapshot.removed
        live = {part.entry.key for part in deleter.snapshot.live}
        found = {e.key for folder in _PARTS for e in self._store.list(folder)}
        for key in sorted(removed - found):
            if self._store.exists(key):
                found.add(key)
        for key in sorted(found - live):
            if key in removed:
                self._delete(deleter, key, Replaced())
            elif keys.is_part_key(key) and self._holds(key):
                self._delete(deleter, key, Uncommitted(self._under_way, self._there_since))

    def _delete(self, deleter: Deleter, key: str, proof: Proof) -> bool:
        try:
            deleter.delete(key, proof)
        except (LaterError, UnprovenError) as why:
            if isinstance(proof, Replaced) and not self._holds(key):
                logger.warning("kept, and nothing in it is erased: %s", why)
            else:
                self._done.left.append(f"{why}: run it again later")
            return False
        self._done.deleted += 1
        return True

    def _holds(self, key: str) -> bool:
        kind = PartKind.ARTICLE if key.startswith("articles-") else PartKind.LEDGER
        try:
            lines = unpack(self._store.get(key))
            return any(self._all.covers(kind, decode_json(line)) for line in lines)
        except (ValueError, ObjectMissing):
            return False

    def _rewrite_reports(self, deleter: Deleter) -> None:
        """Take erased pages out of the reports' examples."""
        for entry in list(self._store.list("runs/")):
            try:
                body = self._store.get(entry.key)
                values = dict(decode_json(body))
            except ObjectMissing:
                continue
            except (ValueError, TypeError):
                self._unreadable(entry.key, body)
                continue
            cleaned = clean_report(values, self._all)
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
        except (ValueError, KeyError):
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
            put_checkpoint(self._store, source, kept(), checkpoint.heads, writer, made_at)
        except ObjectMissing:
            return
        except (ArchiveDamaged, ValueError, KeyError) as error:
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
                "tombstones": done.tombstones,
                "objects_deleted": done.deleted,
            },
            log=self._maintainer.head,
        )
        with suppress(ObjectConflict):  # another erasure came to the same end
            self._store.put(receipt.key, receipt.encode(), content_type=keys.JSON_TYPE)


_PARTS: Final = ("articles-v1/", "ledger-v1/")


@dataclass(slots=True)
class _Found:
    """What a look through the live parts found."""

    parts: list[LivePart] = field(default_factory=list)
    """Those that hold a line that is to go."""
    revisions: dict[tuple[str, str], int] = field(default_factory=dict)
    """The highest revision of each erased article that is there."""
    buried: set[tuple[str, str]] = field(default_factory=set)
    """Erased articles that have a tombstone."""
    strangers: set[tuple[str, str]] = field(default_factory=set)
    """Articles in no order at an address that this order names."""
