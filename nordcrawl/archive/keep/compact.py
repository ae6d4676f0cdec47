"""Compaction: many small parts into few, without touching a line.

The bytes of the parts of a day are put one behind the other, as gzip members may be, and the
commit says which segment came from where. So every segment can still be proven by the digest of
the commit that brought it, a cursor means the same before and after, and two compactions side by
side, or one beside any number of crawlers, can't lose or double a line: see `snapshot`.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind, date_of
from nordcrawl.archive.format.lease import parse_lease_key
from nordcrawl.archive.keep.delete import Deleter, LaterError, UnprovenError
from nordcrawl.archive.keep.erase import finish_again
from nordcrawl.archive.keep.maintainer import PARTS_A_COMMIT, Maintainer
from nordcrawl.archive.keep.proofs import (
    OUTLIVED,
    Beside,
    Cache,
    Continued,
    Outlived,
    Proof,
    Taken,
    Uncommitted,
)
from nordcrawl.archive.log.catalog import Tail, put_catalog
from nordcrawl.archive.log.checkpoint import checkpoint_keys
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.log.pieces import PartMovedError, part_body, slices
from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import StoreRefused

logger = logging.getLogger(__name__)

PART_BYTES: Final = 16 << 20
"""Compressed bytes up to which parts are put together; also what one needs of memory."""
_TURNS: Final = 50
"""Most looks at an archive that others go on changing."""


@dataclass(slots=True)
class Compacted:
    """What a compaction did."""

    parts_before: int = 0
    parts_after: int = 0
    commits: int = 0
    deleted: int = 0
    """Objects that were not needed any more."""
    kept: int = 0
    """Objects not needed any more that are within the grace, or could not be deleted yet."""
    ended: int = 0
    """Logs that ended and are in the catalog now, so that nobody need ask for more of them."""
    erased: int = 0
    """Lines that came in spite of an erasure that was done, and are out again."""
    refusal: StoreRefused | None = None
    """Why objects could not be deleted; the archive is right in spite of it."""
    unproven: list[str] = field(default_factory=list)
    """Why objects are kept that somebody says are not needed: `nordcrawl verify` tells more."""


@dataclass(slots=True)
class Unit:
    """Live parts of a day that share segments, mostly a single one; they go together."""

    parts: list[LivePart] = field(default_factory=list)
    size: int = 0
    """Compressed bytes, each segment once."""


def compact(
    maintainer: Maintainer,
    *,
    sources: Iterable[str] = (),
    grace: timedelta = timedelta(0),
    part_bytes: int = PART_BYTES,
    dry_run: bool = False,
    orphans: timedelta | None = None,
) -> Compacted:
    """Put the parts of each source, kind and day together, then delete what is not needed, and put
    a catalog of the logs that ended, if enough did.

    `grace` is how long after its removal a part is kept for readers of other engines that have a
    list of files in hand; our own find the new place by themselves. `orphans` is an age by the
    store's own clock beyond which parts that no log lists are deleted, too; without it they stay.
    A dry run only counts. Killed anywhere, the archive is as before or as after.

    What came in spite of an erasure that was done is taken out first.

    Raises:
        ArchiveDamaged: a log has a hole, or is not what somebody saw of it: nothing was changed. Or
            a part is not as committed; nothing of that source was changed.
        StoreRefused: the store, or an erasure is not finished.
        StoreUnavailable: the store.
    """
    done = Compacted()
    store = maintainer.store
    chosen = frozenset(sources)
    deleter = maintainer.deleter()
    if not dry_run:
        done.erased = sum(erased.lines for erased in finish_again(maintainer))
        deleter = maintainer.deleter()
    for turn in range(_TURNS):
        bundles = _bundles(deleter.snapshot, chosen, part_bytes)
        before = sum(part.commit.source in chosen or not chosen for part in deleter.snapshot.live)
        if turn == 0:
            done.parts_before = before
        done.parts_after = before
        try:
            with maintainer.trying():
                _replace_all(maintainer, bundles, part_bytes, done, dry_run=dry_run)
            break
        except PartMovedError:
            deleter = maintainer.deleter()
    if not dry_run:
        if done.commits:
            deleter = maintainer.deleter()
        known = deleter.snapshot.catalog
        catalog = put_catalog(store, Tail.of(known, deleter.snapshot.logs), maintainer.clock())
        done.ended = len(catalog.closed) - len(known.closed) if catalog else 0
        _tidy(maintainer, deleter, grace, orphans, done)
    return done


def _replace_all(
    maintainer: Maintainer,
    bundles: dict[str, list[list[LivePart]]],
    part_bytes: int,
    done: Compacted,
    *,
    dry_run: bool,
) -> None:
    for source, some in bundles.items():
        for start in range(0, len(some), PARTS_A_COMMIT):
            now = some[start : start + PARTS_A_COMMIT]
            after = sum(len(_outputs(bundle, part_bytes)) for bundle in now)
            if not dry_run:
                _replace(maintainer, source, now, part_bytes)
            done.parts_after += after - sum(map(len, now))
            done.commits += 1


def _bundles(
    snapshot: Snapshot, chosen: frozenset[str], part_bytes: int
) -> dict[str, list[list[LivePart]]]:
    """Return, of each source, the parts that are to be put together: neighbours of a day as far as
    they fit into one, and those that hold the same segment, whatever their size, so that it is in
    one part again. What is alone is left as it is."""
    groups: defaultdict[tuple[str, PartKind, str], list[LivePart]] = defaultdict(list)
    for part in snapshot.live:
        if part.entry.kind is PartKind.CAPTURE:
            continue  # lines say where in which part captures lie; docs/captures.md
        if part.entry.kind is PartKind.QUARANTINE:
            continue  # it is released or dropped by runs
        if not chosen or part.commit.source in chosen:
            groups[part.commit.source, part.entry.kind, date_of(part.entry.key)].append(part)
    by_source: defaultdict[str, list[list[LivePart]]] = defaultdict(list)
    for (source, _, _), parts in sorted(groups.items()):
        bundle: list[LivePart] = []
        size = 0
        for unit in _units(parts):
            if bundle and size + unit.size > part_bytes:
                by_source[source].append(bundle)
                bundle, size = [], 0
            bundle += unit.parts
            size += unit.size
        by_source[source].append(bundle)
    return {
        source: many
        for source, bundles in by_source.items()
        if (many := [bundle for bundle in bundles if len(bundle) > 1])
    }


def _units(parts: Sequence[LivePart]) -> list[Unit]:
    """Divide parts, in their order, into those that are connected by a common segment."""
    unit_of: dict[str, Unit] = {}
    units: list[Unit] = []
    for part in parts:
        segments = part.segments
        found = {id(u): u for s in segments if (u := unit_of.get(s.origin)) is not None}
        unit, *others = found.values() or [Unit()]
        if not found:
            units.append(unit)
        for other in others:
            unit.parts += other.parts
            units.remove(other)
        unit.parts.append(part)
        for one in unit.parts:
            unit_of |= dict.fromkeys((s.origin for s in one.segments), unit)
    for unit in units:
        unit.size = sum(segment.bytes for segment in _least(unit.parts).values())
    return units


def _least(parts: Iterable[LivePart]) -> dict[str, Segment]:
    """Return each segment of some parts once, in order: the copy with the fewest records, which is
    the one erased last."""
    least: dict[str, Segment] = {}
    for part in parts:
        for segment in part.segments:
            other = least.get(segment.origin)
            if other is None or segment.records < other.records:
                least[segment.origin] = segment
    return least


def _outputs(bundle: Sequence[LivePart], part_bytes: int) -> list[list[Segment]]:
    """Divide the segments of a bundle into parts to be; one is enough unless several parts had to
    go together."""
    outputs: list[list[Segment]] = []
    size = 0
    for segment in _least(bundle).values():
        if not outputs or size + segment.bytes > part_bytes:
            outputs.append([])
            size = 0
        outputs[-1].append(segment)
        size += segment.bytes
    return outputs


def _replace(
    maintainer: Maintainer, source: str, bundles: Sequence[Sequence[LivePart]], part_bytes: int
) -> None:
    erasures = read_erasures(maintainer.store)
    if erasures.open_orders:
        order = erasures.open_orders[0]
        raise StoreRefused(
            f"erasure {order.order_id} is not finished: run nordcrawl erase --resume first"
        )
    add = [entry for bundle in bundles for entry in _joined(maintainer, source, bundle, part_bytes)]
    if read_erasures(maintainer.store).ids != erasures.ids:
        # Its lines may be in what was just put, and would come back.
        raise StoreRefused("an erasure was ordered meanwhile; compact again when it is done")
    maintainer.commit(
        CommitKind.COMPACT, source, "compact", add, (part for bundle in bundles for part in bundle)
    )


def _joined(
    maintainer: Maintainer, source: str, bundle: Sequence[LivePart], part_bytes: int
) -> Iterator[PartEntry]:
    """Put the bytes of several parts as one, or as few, each segment once."""
    wanted = _least(bundle)
    pieces: dict[str, bytes] = {}
    for part in bundle:
        for segment, piece in slices(part, part_body(maintainer.store, part)):
            if wanted[segment.origin] == segment:
                pieces[segment.origin] = piece
    kind, date = bundle[0].entry.kind, date_of(bundle[0].entry.key)
    for segments in _outputs(bundle, part_bytes):
        origins = {segment.origin for segment in segments}
        times = [
            at
            for part in bundle
            if origins.intersection(s.origin for s in part.segments)
            for at in (part.entry.min_at, part.entry.max_at)
        ]
        body = b"".join(pieces[segment.origin] for segment in segments)
        records = sum(segment.records for segment in segments)
        yield maintainer.put_part(kind, source, date, body, records, times, segments)


def _tidy(
    maintainer: Maintainer,
    deleter: Deleter,
    grace: timedelta,
    orphans: timedelta | None,
    done: Compacted,
) -> None:
    """Delete removed parts behind their grace, old checkpoints and leases; and what killed
    processes left, where that is asked for."""
    unneeded = [*_removed(maintainer, deleter, grace, done)]
    unneeded += ((key, Cache()) for key in _old_checkpoints(maintainer.store))
    unneeded += _old_catalogs(maintainer.store)
    unneeded += _old_leases(maintainer.store, maintainer.clock())
    if orphans is not None:
        unneeded += _orphans(maintainer.store, deleter, orphans)
    for number, (key, proof) in enumerate(unneeded):
        try:
            deleter.delete(key, proof)
        except LaterError as why:
            logger.info("kept: %s", why)
            done.kept += 1
        except UnprovenError as why:
            if not isinstance(proof, Cache | Continued):  # else it is one that is needed
                done.unproven.append(str(why))
                done.kept += 1
        except StoreRefused as refusal:
            done.refusal = refusal
            done.kept += len(unneeded) - number
            return
        else:
            done.deleted += 1


def _removed(
    maintainer: Maintainer, deleter: Deleter, grace: timedelta, done: Compacted
) -> Iterator[tuple[str, Proof]]:
    now, snapshot = maintainer.clock(), deleter.snapshot
    removed_at = {
        key: commit.committed_at
        for log in snapshot.logs.values()
        for commit in log
        for key in commit.remove
    }
    for prefix in keys.PART_FOLDERS:
        for entry in maintainer.store.list(prefix):
            if entry.key in removed_at:
                if now - removed_at[entry.key] >= grace:
                    yield entry.key, Taken()
                else:
                    done.kept += 1


def _old_checkpoints(store: Store) -> Iterator[str]:
    """Yield the objects of all checkpoints, of which the old and the damaged ones will go; each
    manifest after its parts, so that one that was half deleted is found again."""
    found = [entry.key for entry in store.list("checkpoints/")]
    for source in sorted({key.split("/")[1].removeprefix("source=") for key in found}):
        for manifest in checkpoint_keys(store, source):
            yield from sorted(key for key in found if key != manifest
                              and keys.manifest_of(key) == manifest)  # fmt: skip
            yield manifest


def _old_catalogs(store: Store) -> Iterator[tuple[str, Proof]]:
    """Yield the catalogs but the last two, where one more stands in for a lost one."""
    found = sorted(entry.key for entry in store.list("catalog/"))
    yield from ((key, Continued(found[-1])) for key in found[:-2])


def _old_leases(store: Store, now: datetime) -> Iterator[tuple[str, Proof]]:
    """Yield the leases that ended long before the latest claim of their source or host; one of a
    time that has not come yet, of a wrong clock, says nothing of the others."""
    leases = {
        entry.key: lease
        for entry in store.list("leases/")
        if (lease := parse_lease_key(entry.key)) is not None and lease.slot <= now
    }
    # Named by their time, so the latest comes last.
    latest = {leases[key].claimed: key for key in sorted(leases) if not leases[key].is_end}
    for key, lease in sorted(leases.items()):
        by = latest.get(lease.claimed)
        if by is not None and leases[by].slot - lease.slot >= OUTLIVED:
            yield key, Outlived(by)


def _orphans(store: Store, deleter: Deleter, age: timedelta) -> Iterator[tuple[str, Proof]]:
    """Yield the keys of parts that no commit or manifest lists, and of indexes without part."""
    listed = {
        entry.key
        for log in deleter.snapshot.logs.values()
        for commit in log
        for entry in commit.add
    }
    for prefix in (*keys.PART_FOLDERS, "checkpoints/"):
        found = {entry.key for entry in store.list(prefix)}
        for key in sorted(found - listed):
            manifest = keys.manifest_of(key)
            if keys.is_part_key(key) or (manifest not in (None, key) and manifest not in found):
                yield key, Uncommitted(age)
            elif (part := keys.indexed_part(key)) is not None and part not in found:
                yield key, Beside()
