"""Snapshot: what is in the archive at one moment, or what came since another one.

Live are the parts that some commit adds and none removes. Their segments (see `log.Segment`) are
what counts: two parts that carry the same one, as two compactions side by side may leave them,
are one copy too many, and a reader that had a segment before never gets it again, whatever part
it lies in now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from nordcrawl.archive.format.catalog import NO_CATALOG, Catalog
from nordcrawl.archive.format.commit import (
    Commit,
    CommitKind,
    Heads,
    KnownCommit,
    Logs,
    PartEntry,
    Segment,
)
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.keys import number_of
from nordcrawl.archive.log.catalog import newest_catalog
from nordcrawl.archive.log.follow import follow, listed, writers
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged


@dataclass(frozen=True, slots=True)
class LivePart:
    """A live part, by the commit that put it there and its number among what that adds."""

    commit: Commit
    number: int

    @property
    def entry(self) -> PartEntry:
        """The part as the commit lists it."""
        return self.commit.add[self.number]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """What it is made of, in the order of its bytes."""
        return self.commit.segments(self.entry)

    def pieces(self) -> Iterator[LiveSegment]:
        """Yield the same with their places."""
        for _, piece in self.placed():
            yield piece

    def placed(self) -> Iterator[tuple[Segment, LiveSegment]]:
        """Yield both."""
        offset = 0
        for number, segment in enumerate(self.segments):
            yield segment, LiveSegment(self.commit, self.number, number, offset)
            offset += segment.bytes


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment to read, and where it lies."""

    commit: Commit
    place: int
    """Which of the parts that the commit adds."""
    number: int
    """Which of that part's segments."""
    offset: int
    """First byte of the segment within the part."""

    @property
    def part(self) -> LivePart:
        """The part that it lies in."""
        return LivePart(self.commit, self.place)

    @property
    def segment(self) -> Segment:
        """The segment itself."""
        return self.part.segments[self.number]

    @property
    def writer(self) -> str:
        """Who first brought it; of what was appended without a look at the entry."""
        appended = self.commit.kind is CommitKind.APPEND
        return self.commit.writer if appended else self.segment.writer

    def alone(self) -> LiveSegment:
        """Return the same without what else its commit did, which for many is much: for another
        machine, to read it by a snapshot of these alone."""
        commit = replace(self.commit, add=(self.part.entry,), remove=(), base={})
        return replace(self, commit=commit, place=0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in the archive at one moment: repeatable, for nothing of it ever changes.

    Holds little, for there may be 100,000s of commits: what follows from it is made when asked for.
    """

    pieces: tuple[LiveSegment, ...]
    """The segments that are new to the reader, in the order of commits: a writer's own order,
    across writers by time."""
    logs: Logs
    """The commits since the reader's cursor, of each writer."""
    heads: Heads
    """Of each writer the last commit seen, this snapshot's included."""
    removed: frozenset[str]
    """Keys that these commits took away."""
    catalog: Catalog = NO_CATALOG
    """The one that told which logs need not be followed."""

    @property
    def live(self) -> tuple[LivePart, ...]:
        """All live parts of these commits, in order; more than hold the pieces where two have the
        same."""
        return tuple(sorted(_live(self.logs, self.removed), key=_begin))

    @property
    def seen(self) -> dict[str, int]:
        """The last commit seen of each writer, of those too that a catalog stands for."""
        return {writer: seq for writer, (seq, _) in self.heads.items() if seq}

    @property
    def cursor(self) -> Cursor:
        """Where to go on from."""
        seen = self.seen
        known = self.catalog.within(seen)
        left = {writer: seq for writer, seq in seen.items() if known.closed.get(writer) != seq}
        return Cursor(left, known.name)


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
    logs: dict[str, tuple[Commit, ...]] = {}
    ahead: Heads = {w: head for w, head in heads.items() if catalog.closed.get(w) != head[0]}
    while ahead:
        for writer, trail in follow(store, ahead, must, damaged).items():
            logs[writer] = (*logs.get(writer, ()), *trail.commits)
            if trail.seq > heads.get(writer, NOTHING)[0]:
                heads[writer] = trail.head
        must = _missed(logs, heads)
        ahead = {writer: heads.get(writer, NOTHING) for writer in must}
    removed = frozenset(key for log in logs.values() for commit in log for key in commit.remove)
    before = {writer: seq for writer, (seq, _) in seen.items()}
    return Snapshot(_pieces(_live(logs, removed), before), logs, heads, removed, catalog)


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


#: Logs that are listed each by itself rather than all together.
_FEW: Final = 50
#: The head of a log of which nothing is known.
NOTHING: Final[tuple[int, str | None]] = (0, None)


def _missed(logs: Logs, heads: Heads) -> dict[str, KnownCommit]:
    """Return writers that went on after their log was read: a commit of another, read later,
    builds on what they did. Without it the two would not fit together."""
    return {
        writer: KnownCommit(seq, None, f"{commit.key} builds on it")
        for log in logs.values()
        for commit in log
        for writer, seq in commit.base.items()
        if heads.get(writer, NOTHING)[0] < seq
    }


def _live(logs: Logs, removed: frozenset[str]) -> Iterator[LivePart]:
    for log in logs.values():
        for commit in log:
            for number, entry in enumerate(commit.add):
                if entry.key not in removed:
                    yield LivePart(commit, number)


def _pieces(live: Iterable[LivePart], seen: Mapping[str, int]) -> tuple[LiveSegment, ...]:
    """Return what is new, each segment once: by time across writers, none of them changing its own
    order, by commit and the number of the first line. Of two copies an erased one is read before
    the one that it was, else any."""
    found: list[tuple[str, int, int, int, int, datetime, LiveSegment]] = []
    for part in live:
        for one, piece in part.placed():
            if one.seq > seen.get(one.writer, 0):
                where = (one.writer, one.seq, number_of(one.origin), hash(one.origin))
                found.append((*where, one.records, one.committed_at, piece))
    found.sort(key=lambda x: x[:5])
    timed: list[tuple[datetime, str, int, int, LiveSegment]] = []
    before: tuple[tuple[str, int, int], LiveSegment] | None = None
    for writer, seq, first, *_, at, piece in found:
        place = (writer, seq, first)
        # Origins are looked up only where there may be copies: each costs a look into the commit.
        if before and before[0] == place and before[1].segment.origin == piece.segment.origin:
            continue
        if timed and timed[-1][1] == writer:  # a clock set back must not change the order
            at = max(at, timed[-1][0])
        timed.append((at, writer, seq, first, piece))
        before = place, piece
    found.clear()
    timed.sort(key=lambda x: x[:4])
    return tuple(piece for *_, piece in timed)


def _begin(part: LivePart) -> tuple[datetime, str, int, str]:
    first = part.segments[0]
    return first.committed_at, first.writer, first.seq, part.entry.key
