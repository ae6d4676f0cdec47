"""Snapshot: what is in the archive at one moment, or what came since another one.

Live are the parts that some commit adds and none removes. Their segments (see `log.Segment`) are
what counts: two parts that carry the same one, as two compactions side by side may leave them,
are one copy too many, and a reader that had a segment before never gets it again, whatever part
it lies in now.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from nordcrawl.archive import layout
from nordcrawl.archive.log import (
    Commit,
    Cursor,
    Heads,
    Known,
    PartEntry,
    Segment,
    follow,
    listed,
)
from nordcrawl.archive.store import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

_CACHE_BYTES: Final = 32 << 20
"""Compressed bytes of parts that are kept while segments of others come between theirs."""


@dataclass(frozen=True, slots=True)
class Part:
    """A live part and the commit that put it there."""

    entry: PartEntry
    commit: Commit


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment to read, and where it lies."""

    segment: Segment
    part: Part
    offset: int
    """First byte of the segment within the part."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in the archive at one moment: repeatable, for nothing of it ever changes."""

    parts: tuple[Part, ...]
    """The live parts that hold something new to the reader: those of the pieces."""
    live: tuple[Part, ...]
    """All live parts of these commits, in order; more than `parts` where two hold the same."""
    pieces: tuple[Piece, ...]
    """Their segments that are new to the reader, in the order of commits: a writer's own order,
    across writers by time."""
    logs: Mapping[str, list[Commit]]
    """The commits since the reader's cursor, of each writer."""
    heads: Heads
    """Of each writer the last commit seen, this snapshot's included."""
    removed: frozenset[str]
    """Keys that these commits took away."""

    @property
    def cursor(self) -> Cursor:
        """Where to go on from."""
        return Cursor({writer: seq for writer, (seq, _) in self.heads.items() if seq})


def take(
    store: Store,
    since: Heads | None = None,
    *,
    known: Mapping[str, Known] = MappingProxyType({}),
    damaged: Callable[[ArchiveDamaged], None] | None = None,
) -> Snapshot:
    """Return what came since the given commits of each writer; of a writer that is not among
    them, and without any, all.

    One listing tells which commits must be there, beside those that are `known` to the caller;
    what is read are the logs themselves, so a listing that lags hides nothing.

    Raises:
        ArchiveDamaged: a log is broken, or has a hole; names the key. With `damaged` that is told
            to it, and what comes behind is in the snapshot.
        StoreRefused, StoreUnavailable: the store.
    """
    seen = dict(since or {})
    must = listed(store)
    for writer, one in known.items():
        if writer not in must or one.seq > must[writer].seq:
            must[writer] = one
    heads = dict.fromkeys(must, NOTHING) | seen
    logs: dict[str, list[Commit]] = {}
    ahead: Heads = heads
    while ahead:
        for writer, trail in follow(store, ahead, must, damaged).items():
            logs.setdefault(writer, []).extend(trail.commits)
            if trail.seq > heads.get(writer, NOTHING)[0]:
                heads[writer] = trail.head
        must = _missed(logs, heads)
        ahead = {writer: heads.get(writer, NOTHING) for writer in must}
    return assemble(logs, heads, {writer: seq for writer, (seq, _) in seen.items()})


def assemble(logs: Mapping[str, list[Commit]], heads: Heads, seen: Mapping[str, int]) -> Snapshot:
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
    )


#: The head of a log of which nothing is known.
NOTHING: Final[tuple[int, str | None]] = (0, None)


def _missed(logs: Mapping[str, list[Commit]], heads: Heads) -> dict[str, Known]:
    """Return writers that went on after their log was read: a commit of another, read later,
    builds on what they did. Without it the two would not fit together."""
    return {
        writer: Known(seq, None, f"{commit.key} builds on it")
        for log in logs.values()
        for commit in log
        for writer, seq in commit.base.items()
        if heads.get(writer, NOTHING)[0] < seq
    }


def _live(logs: Mapping[str, list[Commit]]) -> tuple[list[Part], frozenset[str]]:
    removed = frozenset(key for log in logs.values() for commit in log for key in commit.remove)
    live = [
        Part(entry, commit)
        for log in logs.values()
        for commit in log
        for entry in commit.add
        if entry.key not in removed
    ]
    return live, removed


def _pieces(live: list[Part], seen: Mapping[str, int]) -> tuple[Piece, ...]:
    """Return what is new, each segment once and in order."""
    found: dict[str, Piece] = {}
    for part in live:
        offset = 0
        for segment in part.commit.segments(part.entry):
            piece = Piece(segment, part, offset)
            offset += segment.bytes
            if segment.seq <= seen.get(segment.writer, 0):
                continue
            other = found.get(segment.origin)
            if other is None or _rank(piece) < _rank(other):
                found[segment.origin] = piece
    return tuple(_in_order(found.values()))


def _rank(piece: Piece) -> tuple[int, str]:
    """Which of two copies is read: an erased one before the one that it was, else any."""
    return piece.segment.records, piece.part.entry.key


def _in_order(pieces: Iterable[Piece]) -> list[Piece]:
    """Sort by time across writers, none of them changing its own order."""
    logs: defaultdict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        logs[piece.segment.writer].append(piece)
    timed: list[tuple[datetime, str, int, str, Piece]] = []
    for writer, log in logs.items():
        log.sort(key=_place)
        latest = log[0].segment.committed_at
        for piece in log:  # a clock set back must not put a commit before its predecessor
            latest = max(latest, piece.segment.committed_at)
            timed.append((latest, writer, *_place(piece), piece))
    return [piece for *_, piece in sorted(timed, key=lambda x: x[:-1])]


def _begin(part: Part) -> tuple[datetime, str, int, str]:
    first = part.commit.segments(part.entry)[0]
    return first.committed_at, first.writer, first.seq, part.entry.key


def _place(piece: Piece) -> tuple[int, str]:
    """Order within a writer: by commit, then by the number of the first line in the key."""
    return piece.segment.seq, piece.segment.origin.rpartition("-")[2]


class Pieces:
    """Reads pieces from a store, and proves each part by its digest before a line goes out.

    A part that was removed and deleted since the snapshot was taken is read where its lines lie
    now. Not thread-safe.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._later: Snapshot | None = None

    def lines(self, piece: Piece) -> Iterator[bytes]:
        """Yield a piece's lines, each with its LF.

        Raises:
            ArchiveDamaged: its part is missing, or bytes or count of lines are not as committed.
        """
        try:
            body = self._body(piece.part.entry)
        except ObjectMissing:
            moved = self._moved(piece)
            if moved is None:
                return
            piece, body = moved, self._body(moved.part.entry)
        yield from segment_lines(piece, body)

    def _moved(self, piece: Piece) -> Piece | None:
        """Return where a piece lies now; None if every line of it was erased."""
        key, origin = piece.part.entry.key, piece.segment.origin
        for fresh in (False, True):
            if fresh or self._later is None:
                self._later = take(self._store)
            for now in self._later.pieces:
                if now.segment.origin == origin and now.part.entry.key != key:
                    if not self._store.exists(now.part.entry.key):
                        break
                    return now
            else:
                if key in self._later.removed:
                    return None
        raise ArchiveDamaged(f"{key}: missing, but committed")

    def _body(self, entry: PartEntry) -> bytes:
        if (held := self._bodies.get(entry.key)) is not None:
            self._bodies.move_to_end(entry.key)
            return held
        body = self._store.get(entry.key)
        check_part(entry, body)
        self._bodies[entry.key] = body
        while sum(map(len, self._bodies.values())) > _CACHE_BYTES and len(self._bodies) > 1:
            self._bodies.popitem(last=False)
        return body


def check_part(entry: PartEntry, body: bytes) -> None:
    """Compare a part's bytes with its commit.

    Raises:
        ArchiveDamaged: they are others.
    """
    if len(body) != entry.bytes or hashlib.sha256(body).hexdigest() != entry.sha256:
        raise ArchiveDamaged(
            f"{entry.key}: {len(body)} bytes that are not the {entry.bytes} committed (sha256)"
        )


def segment_lines(piece: Piece, body: bytes) -> Iterator[bytes]:
    """Yield the lines of a piece out of its part's bytes.

    Raises:
        ArchiveDamaged: no whole gzip members, or not the number of lines that is committed.
    """
    segment = piece.segment
    count = 0
    try:
        for line in layout.unpack(body[piece.offset : piece.offset + segment.bytes]):
            count += 1
            yield line
    except ValueError as error:
        raise ArchiveDamaged(f"{piece.part.entry.key}: {error}") from error
    if count != segment.records:
        raise ArchiveDamaged(
            f"{piece.part.entry.key}: {count} lines, but {segment.records} committed"
        )
