"""Compaction: many small parts into few, without touching a line.

The bytes of the parts of a day are put one behind the other, as gzip members may be, and the
commit says which segment came from where. So every segment can still be proven by the digest of
the commit that brought it, a cursor means the same before and after, and two compactions side by
side, or one beside any number of crawlers, can't lose or double a line: see `snapshot`.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import CommitKind, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind, date_of, is_part_key
from nordcrawl.archive.keep.maintainer import PARTS_A_COMMIT, Maintainer
from nordcrawl.archive.log.checkpoint import checkpoint_keys
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.log.pieces import check_part
from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.archive.store.protocol import ObjectEntry, Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, StoreRefused

logger = logging.getLogger(__name__)

PART_BYTES: Final = 16 << 20
"""Compressed bytes up to which parts are put together; also what one needs of memory."""
_CHECKPOINTS_KEPT: Final = 2
_NEVER_COMMITTED: Final = timedelta(days=7)
"""After this a part that no commit lists is not waiting for one: a writer that comes back puts
its parts again before it commits them."""


@dataclass(slots=True)
class Compacted:
    """What a compaction did."""

    parts_before: int = 0
    parts_after: int = 0
    commits: int = 0
    deleted: int = 0
    """Objects that were not needed any more."""
    kept: int = 0
    """Objects not needed any more that are within the grace, or could not be deleted."""
    refusal: StoreRefused | None = None
    """Why objects could not be deleted; the archive is right in spite of it."""


def compact(
    maintainer: Maintainer,
    *,
    sources: Iterable[str] = (),
    grace: timedelta = timedelta(0),
    part_bytes: int = PART_BYTES,
    dry_run: bool = False,
) -> Compacted:
    """Put the parts of each source, kind and day together, then delete what is not needed.

    `grace` is how long after its removal a part is kept for readers of other engines that have a
    list of files in hand; our own find the new place by themselves. A dry run only counts. Killed
    anywhere, the archive is as before or as after, and the next compaction tidies up.

    Raises:
        ArchiveDamaged: a log has a hole, or is not what somebody saw of it: nothing was changed. Or
            a part is not as committed; nothing of that source was changed.
        StoreRefused, StoreUnavailable: the store.
    """
    store = maintainer.store
    chosen = set(sources)
    done = Compacted()
    heads = heads_told(store)
    snapshot = take_whole(store, heads)
    groups: defaultdict[tuple[str, PartKind, str], list[LivePart]] = defaultdict(list)
    for part in snapshot.live:
        if not chosen or part.commit.source in chosen:
            key = part.entry.key
            groups[part.commit.source, part.entry.kind, date_of(key)].append(part)
    done.parts_before = sum(map(len, groups.values()))
    done.parts_after = done.parts_before
    by_source: defaultdict[str, list[list[LivePart]]] = defaultdict(list)
    for (source, _, _), parts in sorted(groups.items()):
        by_source[source] += _bundles(parts, part_bytes)
    for source, bundles in by_source.items():
        for start in range(0, len(bundles), PARTS_A_COMMIT):
            some = bundles[start : start + PARTS_A_COMMIT]
            done.parts_after -= sum(len(bundle) - 1 for bundle in some)
            done.commits += 1
            if not dry_run:
                _replace(maintainer, source, some)
    if not dry_run:
        _tidy(maintainer, take_whole(store, heads) if done.commits else snapshot, grace, done)
    return done


def _bundles(parts: Sequence[LivePart], part_bytes: int) -> list[list[LivePart]]:
    """Divide the parts of one day into neighbours that fit into one; singles are left as they are.

    Two that hold the same segment, as compactions side by side may leave them, are neighbours by
    the order of their first segments, and end up in one with that segment once.
    """
    bundles: list[list[LivePart]] = []
    size = 0
    for part in parts:
        if not bundles or size + part.entry.bytes > part_bytes:
            bundles.append([])
            size = 0
        bundles[-1].append(part)
        size += part.entry.bytes
    return [bundle for bundle in bundles if len(bundle) > 1]


def _replace(maintainer: Maintainer, source: str, bundles: Sequence[Sequence[LivePart]]) -> None:
    erasures = read_erasures(maintainer.store)
    if erasures.open_orders:
        order = erasures.open_orders[0]
        raise StoreRefused(
            f"erasure {order.order_id} is not finished: run nordcrawl erase --resume first"
        )
    add = [_joined(maintainer, source, bundle) for bundle in bundles]
    if read_erasures(maintainer.store).ids != erasures.ids:
        # Its lines may be in what was just put, and would come back.
        raise StoreRefused("an erasure was ordered meanwhile; compact again when it is done")
    maintainer.commit(
        CommitKind.COMPACT, source, "compact", add, (part for bundle in bundles for part in bundle)
    )


def _joined(maintainer: Maintainer, source: str, bundle: Sequence[LivePart]) -> PartEntry:
    """Put the bytes of several parts as one, each segment once."""
    pieces: dict[str, tuple[Segment, bytes]] = {}
    for part in bundle:
        try:
            body = maintainer.store.get(part.entry.key)
        except ObjectMissing as error:
            raise ArchiveDamaged(f"{part.entry.key}: missing, but committed") from error
        check_part(part.entry, body)
        offset = 0
        for segment in part.commit.segments(part.entry):
            piece = body[offset : offset + segment.bytes]
            offset += segment.bytes
            if hashlib.sha256(piece).hexdigest() != segment.sha256:
                raise ArchiveDamaged(f"{part.entry.key}: not the bytes of {segment.origin}")
            other = pieces.get(segment.origin)
            if other is None or segment.records < other[0].records:
                pieces[segment.origin] = (segment, piece)
    entries = [part.entry for part in bundle]
    return maintainer.add_part(
        bundle[0].entry.kind,
        source,
        date_of(bundle[0].entry.key),
        b"".join(piece for _, piece in pieces.values()),
        [segment for segment, _ in pieces.values()],
        entries,
    )


def _tidy(maintainer: Maintainer, snapshot: Snapshot, grace: timedelta, done: Compacted) -> None:
    """Delete removed parts behind their grace, old checkpoints, and what killed processes left."""
    store, now = maintainer.store, maintainer.clock()
    unneeded = [*_removed(maintainer, snapshot, now, grace, done), *_old_checkpoints(store, now)]
    for number, key in enumerate(unneeded):
        try:
            store.delete(key)
        except StoreRefused as refusal:
            done.refusal = refusal
            done.kept += len(unneeded) - number
            return
        done.deleted += 1


def _removed(
    maintainer: Maintainer, snapshot: Snapshot, now: datetime, grace: timedelta, done: Compacted
) -> Iterator[str]:
    removed_at = {
        key: commit.committed_at
        for log in snapshot.logs.values()
        for commit in log
        for key in commit.remove
    }
    live = {part.entry.key for part in snapshot.live}
    for prefix in ("articles-v1/", "ledger-v1/"):
        for entry in maintainer.store.list(prefix):
            if entry.key in live:
                continue
            if entry.key in removed_at:
                if now - removed_at[entry.key] >= grace:
                    yield entry.key
                else:
                    done.kept += 1
            elif is_part_key(entry.key) and (maintainer.owns(entry.key) or _forgotten(entry, now)):
                yield entry.key


def _old_checkpoints(store: Store, now: datetime) -> Iterator[str]:
    """Yield all but the newest checkpoints, each manifest after its parts, so that one that was
    half deleted is found again; and old parts that no manifest lists."""
    entries = {entry.key: entry for entry in store.list("checkpoints/")}
    listed: set[str] = set()
    for source in sorted({key.split("/")[1].removeprefix("source=") for key in entries}):
        for number, key in enumerate(checkpoint_keys(store, source)):
            parts = [part.key for part in Checkpoint.decode(key, store.get(key)).parts]
            listed |= {key, *parts}
            if number >= _CHECKPOINTS_KEPT:
                yield from (*(part for part in parts if part in entries), key)
    for key, entry in entries.items():
        if key not in listed and _forgotten(entry, now):
            yield key


def _forgotten(entry: ObjectEntry, now: datetime) -> bool:
    return entry.modified is not None and now - entry.modified >= _NEVER_COMMITTED
