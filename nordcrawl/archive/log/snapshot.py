"""Snapshot: what is in the archive at one moment, or what came since another one.

Live are the parts that some commit adds and none removes. Their segments (see `log.Segment`) are
what counts: two parts that carry the same one, as two compactions side by side may leave them,
are one copy too many, and a reader that had a segment before never gets it again, whatever part
it lies in now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from nordcrawl.archive.format.catalog import NO_CATALOG, Catalog
from nordcrawl.archive.format.commit import Commit, Heads, KnownCommit, PartEntry, Segment
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.log.catalog import newest_catalog
from nordcrawl.archive.log.follow import follow, listed, writers
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged


@dataclass(frozen=True, slots=True)
class LivePart:
    """A live part and the commit that put it there."""

    entry: PartEntry
    commit: Commit


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment to read, and where it lies."""

    segment: Segment
    part: LivePart
    offset: int
    """First byte of the segment within the part."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in the archive at one moment: repeatable, for nothing of it ever changes."""

    parts: tuple[LivePart, ...]
    """The live parts that hold something new to the reader: those of the pieces."""
    live: tuple[LivePart, ...]
    """All live parts of these commits, in order; more than `parts` where two hold the same."""
    pieces: tuple[LiveSegment, ...]
    """Their segments that are new to the reader, in the order of commits: a writer's own order,
    across writers by time."""
    logs: Mapping[str, list[Commit]]
    """The commits since the reader's cursor, of each writer."""
    heads: Heads
    """Of each writer the last commit seen, this snapshot's included."""
    removed: frozenset[str]
    """Keys that these commits took away."""
    catalog: Catalog = NO_CATALOG
    """The one that told which logs need not be followed."""

    @property
    def seen(self) -> dict[str, int]:
        """The last commit seen of each writer, of those too that a catalog stands for."""
        return {writer: seq for writer, (seq, _) in self.heads.items() if seq}

    @property
    def cursor(self) -> Cursor:
        """Where to go on from."""
        seen = self.seen
        closed = self.catalog.closed
        if any(seen.get(writer, 0) < seq for writer, seq in closed.items()):
            return Cursor(seen)
        left = {writer: seq for writer, seq in seen.items() if closed.get(writer) != seq}
        return Cursor(left, self.catalog.name)


def take(
    store: Store,
    since: Heads | None = None,
    *,
    known: Mapping[str, KnownCommit] = MappingProxyType({}),
    damaged: Callable[[ArchiveDamaged], None] | None = None,
    catalog: Catalog | None = None,
    names: Iterable[str] | None = None,
) -> Snapshot:
    """Return what came since the given commits of each writer; of a writer that is not among
    them, and without any, all.

    A listing tells which commits must be there, beside those that are `known` to the caller;
    what is read are the logs themselves, so a listing that lags hides nothing. Logs of which the
    newest `catalog` says that they ended, and of which all was seen, are not asked for. `names` are
    the writers there are, where the caller has listed them.

    Raises:
        ArchiveDamaged: a log is broken, or has a hole; names the key. With `damaged` that is told
            to it, and what comes behind is in the snapshot.
        StoreRefused, StoreUnavailable: the store.
    """
    seen = dict(since or {})
    if catalog is None:
        catalog = newest_catalog(store)
    must = _listed(store, seen, catalog, names)
    for writer, one in (*_closed(catalog).items(), *known.items()):
        if writer not in must or (one.last, one.seq) > (False, must[writer].seq):
            must[writer] = one
    heads = dict.fromkeys(must, NOTHING) | seen
    logs: dict[str, list[Commit]] = {}
    ahead: Heads = {w: head for w, head in heads.items() if catalog.closed.get(w) != head[0]}
    while ahead:
        for writer, trail in follow(store, ahead, must, damaged).items():
            logs.setdefault(writer, []).extend(trail.commits)
            if trail.seq > heads.get(writer, NOTHING)[0]:
                heads[writer] = trail.head
        must = _missed(logs, heads)
        ahead = {writer: heads.get(writer, NOTHING) for writer in must}
    return assemble(logs, heads, {writer: seq for writer, (seq, _) in seen.items()}, catalog)


def _listed(
    store: Store, seen: Heads, catalog: Catalog, names: Iterable[str] | None
) -> dict[str, KnownCommit]:
    """Return of each writer that is to be followed the last commit that is listed."""
    if not seen or not catalog.layers:
        return listed(store)
    wanted = [
        name
        for name in (writers(store) if names is None else names)
        if name not in seen or catalog.closed.get(name) != seen[name][0]
    ]
    if len(wanted) > _FEW:
        return listed(store)
    return {name: listed(store, name).get(name, KnownCommit(0, None, "")) for name in wanted}


def _closed(catalog: Catalog) -> dict[str, KnownCommit]:
    why = f"{catalog.key} tells of it"
    return {
        writer: KnownCommit(seq, None, why, last=True) for writer, seq in catalog.closed.items()
    }


def assemble(
    logs: Mapping[str, list[Commit]],
    heads: Heads,
    seen: Mapping[str, int],
    catalog: Catalog = NO_CATALOG,
) -> Snapshot:
    """Put commits together to what is live and new to who has `seen` so much of each writer."""
    live, removed = _live(logs)
    pieces = _pieces(live, seen)
    return Snapshot(
        parts=tuple({piece.part.entry.key: piece.part for piece in pieces}.values()),
        live=tuple(sorted(live, key=_begin)),
        pieces=pieces,
        logs=logs,
        heads=heads,
        removed=removed,
        catalog=catalog,
    )


#: Logs that are listed each by itself rather than all together.
_FEW: Final = 50
#: The head of a log of which nothing is known.
NOTHING: Final[tuple[int, str | None]] = (0, None)


def _missed(logs: Mapping[str, list[Commit]], heads: Heads) -> dict[str, KnownCommit]:
    """Return writers that went on after their log was read: a commit of another, read later,
    builds on what they did. Without it the two would not fit together."""
    return {
        writer: KnownCommit(seq, None, f"{commit.key} builds on it")
        for log in logs.values()
        for commit in log
        for writer, seq in commit.base.items()
        if heads.get(writer, NOTHING)[0] < seq
    }


def _live(logs: Mapping[str, list[Commit]]) -> tuple[list[LivePart], frozenset[str]]:
    removed = frozenset(key for log in logs.values() for commit in log for key in commit.remove)
    live = [
        LivePart(entry, commit)
        for log in logs.values()
        for commit in log
        for entry in commit.add
        if entry.key not in removed
    ]
    return live, removed


def _pieces(live: list[LivePart], seen: Mapping[str, int]) -> tuple[LiveSegment, ...]:
    """Return what is new, each segment once and in order."""
    found: dict[str, LiveSegment] = {}
    for part in live:
        offset = 0
        for segment in part.commit.segments(part.entry):
            piece = LiveSegment(segment, part, offset)
            offset += segment.bytes
            if segment.seq <= seen.get(segment.writer, 0):
                continue
            other = found.get(segment.origin)
            if other is None or _rank(piece) < _rank(other):
                found[segment.origin] = piece
    return tuple(_in_order(found.values()))


def _rank(piece: LiveSegment) -> tuple[int, str]:
    """Which of two copies is read: an erased one before the one that it was, else any."""
    return piece.segment.records, piece.part.entry.key


def _in_order(pieces: Iterable[LiveSegment]) -> list[LiveSegment]:
    """Sort by time across writers, none of them changing its own order."""
    logs: defaultdict[str, list[LiveSegment]] = defaultdict(list)
    for piece in pieces:
        logs[piece.segment.writer].append(piece)
    timed: list[tuple[datetime, str, int, str, LiveSegment]] = []
    for writer, log in logs.items():
        log.sort(key=_place)
        latest = log[0].segment.committed_at
        for piece in log:  # a clock set back must not put a commit before its predecessor
            latest = max(latest, piece.segment.committed_at)
            timed.append((latest, writer, *_place(piece), piece))
    return [piece for *_, piece in sorted(timed, key=lambda x: x[:-1])]


def _begin(part: LivePart) -> tuple[datetime, str, int, str]:
    first = part.commit.segments(part.entry)[0]
    return first.committed_at, first.writer, first.seq, part.entry.key


def _place(piece: LiveSegment) -> tuple[int, str]:
    """Order within a writer: by commit, then by the number of the first line in the key."""
    return piece.segment.seq, piece.segment.origin.rpartition("-")[2]
