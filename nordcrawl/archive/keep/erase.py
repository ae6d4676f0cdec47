"""The eraser: takes articles out of an archive, byte for byte, and leaves tombstones.

Order, rewrite, delete, receipt. The order is put first, so from then on readers leave out what it
covers and crawlers neither archive nor ship it. Killed anywhere, `finish` goes on: what is done
already is seen in the archive. The receipt is put when a look through every object that could
hold a line of it found nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import CommitKind, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind, date_of
from nordcrawl.archive.format.lines import decode_json, encode_line, pack, unpack
from nordcrawl.archive.format.order import (
    ERASED,
    Order,
    tombstone,
)
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.log.checkpoint import checkpoint_keys, put_checkpoint, read_rows
from nordcrawl.archive.log.erasures import Erasures, clean_report
from nordcrawl.archive.log.pieces import check_part
from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing
from nordcrawl.model.times import rfc3339, utc_date

logger = logging.getLogger(__name__)

_ROUNDS: Final = 5
"""Looks through the archive; each but the last finds what was committed during the one before."""
_UNDER_WAY: Final = timedelta(hours=1)
"""A part younger than this that no commit lists may be about to be committed."""


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


def finish(maintainer: Maintainer, order: Order) -> Erased:
    """Do what an order says, or the rest of it; put its receipt if nothing of it is left.

    Raises:
        ArchiveDamaged: a log has a hole, or is not what somebody saw of it: nothing was deleted.
            Or a part is not as committed.
        StoreRefused, StoreUnavailable: the store; run it again.
    """
    return _Eraser(maintainer, order).run()


class _Eraser:
    def __init__(self, maintainer: Maintainer, order: Order) -> None:
        self._maintainer = maintainer
        self._store = maintainer.store
        self._order = order
        self._erasures = Erasures.of([order])
        self._done = Erased(order.order_id)

    def run(self) -> Erased:
        heads = heads_told(self._store)
        for _ in range(_ROUNDS):
            snapshot = take_whole(self._store, heads)
            if not self._rewrite(snapshot):
                break
        else:
            self._done.left.append("a crawl goes on committing lines of it; run it again")
        self._delete_objects(take_whole(self._store, heads))
        self._rewrite_reports()
        self._rewrite_checkpoints()
        if not self._done.left:
            self._put_receipt()
        return self._done

    # --- parts ------------------------------------------------------------------------------

    def _rewrite(self, snapshot: Snapshot) -> bool:
        """Replace the parts that hold erased lines; tell whether there were any."""
        add: defaultdict[str, list[PartEntry]] = defaultdict(list)
        remove: defaultdict[str, list[LivePart]] = defaultdict(list)
        revisions: dict[tuple[str, str], int] = {}
        buried: set[tuple[str, str]] = set()
        for part in snapshot.live:
            entry = self._without(part, revisions, buried)
            if entry is not None:
                remove[part.commit.source].append(part)
                if entry.records:
                    add[part.commit.source].append(entry)
        for source in sorted({source for source, _ in self._order.articles} | remove.keys()):
            add[source] += self._tombstones(source, revisions, buried)
            if add[source] or remove[source]:
                self._maintainer.commit(
                    CommitKind.ERASE, source, self._order.order_id, add[source], remove[source]
                )
        return any(remove.values())

    def _without(
        self,
        part: LivePart,
        revisions: dict[tuple[str, str], int],
        buried: set[tuple[str, str]],
    ) -> PartEntry | None:
        """Return the entry of a part as it is to be, None if it holds nothing erased; one without
        records was not put."""
        try:
            body = self._store.get(part.entry.key)
        except ObjectMissing as error:
            raise ArchiveDamaged(f"{part.entry.key}: missing, but committed") from error
        check_part(part.entry, body)
        bodies: list[bytes] = []
        segments: list[Segment] = []
        offset = erased = 0
        for segment in part.commit.segments(part.entry):
            piece = body[offset : offset + segment.bytes]
            offset += segment.bytes
            lines = list(unpack(piece))
            kept = [x for x in lines if not self._covers(part.entry.kind, x, revisions, buried)]
            if len(kept) < len(lines):
                erased += len(lines) - len(kept)
                piece = pack(kept)
                segment = Segment(
                    origin=segment.origin,
                    writer=segment.writer,
                    seq=segment.seq,
                    committed_at=segment.committed_at,
                    sha256=hashlib.sha256(piece).hexdigest(),
                    bytes=len(piece),
                    records=len(kept),
                )
            bodies.append(piece)
            segments.append(segment)
        if not erased:
            return None
        self._done.lines += erased
        self._done.parts += 1
        kind, source = part.entry.kind, part.commit.source
        if not any(bodies):
            return PartEntry(part.entry.key, kind, "", 0, 0, 0, 0, "", "")
        return self._maintainer.add_part(
            kind, source, date_of(part.entry.key), b"".join(bodies), segments, [part.entry]
        )

    def _covers(
        self,
        kind: PartKind,
        line: bytes,
        revisions: dict[tuple[str, str], int],
        buried: set[tuple[str, str]],
    ) -> bool:
        values = decode_json(line)
        key = (values.get("source", ""), values.get("article_id") or "")
        if kind is PartKind.ARTICLE and key in self._order.articles:
            revisions[key] = max(revisions.get(key, 0), values["revision"])
            if values.get("change") == ERASED:
                buried.add(key)
        return self._erasures.covers(kind, values)

    def _tombstones(
        self,
        source: str,
        revisions: Mapping[tuple[str, str], int],
        buried: set[tuple[str, str]],
    ) -> list[PartEntry]:
        """Put a part with the tombstones of this source's articles that have none yet."""
        now = self._maintainer.clock()
        missing = (
            sorted(key for key in self._order.articles if key[0] == source) if revisions else []
        )
        records = [
            tombstone(key, revisions[key] + 1, self._order, now)
            for key in missing
            if key in revisions and key not in buried
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

    # --- objects ----------------------------------------------------------------------------

    def _delete_objects(self, snapshot: Snapshot) -> None:
        """Delete parts that are not live: the ones replaced, and any other that holds a line."""
        live = {part.entry.key for part in snapshot.live}
        now = self._maintainer.clock()
        for prefix in ("articles-v1/", "ledger-v1/"):
            for entry in self._store.list(prefix):
                if entry.key in live or not keys.is_part_key(entry.key):
                    continue
                if entry.key not in snapshot.removed and not self._maintainer.owns(entry.key):
                    if not self._holds(entry.key):
                        continue
                    if entry.modified is not None and now - entry.modified < _UNDER_WAY:
                        self._done.left.append(
                            f"{entry.key} is not committed and may be about to be: run it again "
                            "after that crawl, or in an hour"
                        )
                        continue
                self._store.delete(entry.key)
                self._done.deleted += 1

    def _holds(self, key: str) -> bool:
        kind = PartKind.ARTICLE if key.startswith("articles-") else PartKind.LEDGER
        try:
            lines = unpack(self._store.get(key))
            return any(self._erasures.covers(kind, decode_json(line)) for line in lines)
        except (ValueError, ObjectMissing):
            return False

    def _rewrite_reports(self) -> None:
        """Take erased pages out of the reports' examples."""
        for entry in list(self._store.list("runs/")):
            if not entry.key.endswith(".json"):
                continue
            values = json.loads(self._store.get(entry.key))
            cleaned = clean_report(values, self._erasures)
            if cleaned == values:
                continue
            stem = entry.key.removeprefix("runs/").removesuffix(".json")
            key = keys.run_key(f"{stem}-{self._order.order_id.replace('-', '')}")
            cleaned.pop("sha256", None)
            body = encode_sealed(cleaned)
            self._store.put(key, body, content_type=keys.JSON_TYPE)
            self._store.delete(entry.key)
            self._done.reports += 1

    def _rewrite_checkpoints(self) -> None:
        """Put checkpoints anew without the rows, then delete the old ones."""
        prefix = "checkpoints/"
        sources = {
            entry.key.split("/")[1].removeprefix("source=") for entry in self._store.list(prefix)
        }
        for source in sorted(sources):
            for key in checkpoint_keys(self._store, source):
                self._rewrite_checkpoint(source, Checkpoint.decode(key, self._store.get(key)))

    def _rewrite_checkpoint(self, source: str, checkpoint: Checkpoint) -> None:
        def kept() -> Iterator[dict[str, Any]]:
            for row in read_rows(self._store, checkpoint):
                if not self._erasures.covers_row(source, row):
                    yield row

        try:
            if sum(1 for _ in kept()) == checkpoint.records:
                return
            writer = checkpoint.name.rpartition("-")[2]
            made_at = checkpoint.made_at + timedelta(microseconds=1)
            put_checkpoint(self._store, source, kept(), checkpoint.heads, writer, made_at)
        except ArchiveDamaged as error:
            logger.warning("a checkpoint that can't be read is deleted: %s", error)
        for old in [*(part.key for part in checkpoint.parts), checkpoint.key]:
            self._store.delete(old)  # the manifest last: by it we find the rest if we are killed
        self._done.checkpoints += 1

    def _put_receipt(self) -> None:
        done = self._done
        body = encode_sealed(
            {
                "format": "nordcrawl-erasure-receipt",
                "version": 1,
                "order_id": self._order.order_id,
                "finished_at": rfc3339(self._maintainer.clock()),
                "lines": done.lines,
                "tombstones": done.tombstones,
                "objects_deleted": done.deleted,
                "log": self._maintainer.head,
            }
        )
        if not self._store.exists(self._order.receipt_key):
            self._store.put(self._order.receipt_key, body, content_type=keys.JSON_TYPE)
