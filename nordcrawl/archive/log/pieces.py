"""Pieces: lines of segments, by whichever part holds them now."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from nordcrawl.archive.format.commit import PartEntry, Segment
from nordcrawl.archive.format.lines import unpack
from nordcrawl.archive.format.sealed import readable
from nordcrawl.archive.format.units import units, values_of
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

MISTAKES: Final = 2
"""How often a store may say "missing" by mistake, each time with patience, until it is believed."""
_CACHE_BYTES: Final = 32 << 20
"""Compressed bytes of parts that are kept while segments of others come between theirs."""


class Bodies:
    """The bodies of the parts that were asked for last, up to so many bytes of them. Not
    thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str, read: Callable[[], bytes]) -> bytes:
        """Return a body, by `read` where it is not held."""
        if (held := self._held.get(key)) is not None:
            self._held.move_to_end(key)
            return held
        body = self._held[key] = read()
        while sum(map(len, self._held.values())) > self._most and len(self._held) > 1:
            self._held.popitem(last=False)
        return body


class Pieces:
    """Reads pieces from a store, and proves each part by its digest before a line goes out.

    A part that was removed and deleted since the snapshot was taken is read where its lines lie
    now. Not thread-safe.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bodies = Bodies(_CACHE_BYTES)
        self._places: dict[str, LiveSegment] = {}
        """Where each segment lies by the newest log that was read, by its origin."""

    def lines(self, piece: LiveSegment) -> Iterator[bytes]:
        """Yield a piece's lines, each with its LF.

        Raises:
            ArchiveDamaged: its part is missing, or bytes or count of lines are not as committed.
        """
        place: LiveSegment | None = self._places.get(piece.segment.origin, piece)
        while place is not None:  # else every line of it was erased
            try:
                body = self._body(place.part)
                break
            except PartMovedError:
                self._places = {one.segment.origin: one for one in take(self._store).pieces}
                place = self._places.get(piece.segment.origin)
        else:
            return
        yield from segment_lines(place, body)

    def values(self, piece: LiveSegment) -> Iterator[dict[str, Any]]:
        """Yield what a piece's lines say; not of captures.

        Raises:
            ArchiveDamaged: as `lines`; or a line is not what every reader takes for granted.
        """
        entry = piece.part.entry
        for line in self.lines(piece):
            with readable(entry.key, "a line"):
                values = values_of(entry.kind, line)
            yield values

    def _body(self, part: LivePart) -> bytes:
        return self._bodies.get(part.entry.key, partial(part_body, self._store, part))


def check_part(entry: PartEntry, body: bytes) -> None:
    """Compare a part's bytes with its commit.

    Raises:
        ArchiveDamaged: they are others.
    """
    if len(body) != entry.bytes or hashlib.sha256(body).hexdigest() != entry.sha256:
        raise ArchiveDamaged(
            f"{entry.key}: {len(body)} bytes that are not the {entry.bytes} committed (sha256)"
        )


def segment_lines(piece: LiveSegment, body: bytes) -> Iterator[bytes]:
    """Yield the lines of a piece out of its part's bytes.

    Raises:
        ArchiveDamaged: no whole gzip members, or not the number of lines that is committed.
    """
    segment = piece.segment
    count = 0
    try:
        for line in unpack(body[piece.offset : piece.offset + segment.bytes]):
            count += 1
            yield line
    except ValueError as error:
        raise ArchiveDamaged(f"{piece.part.entry.key}: {error}") from error
    if count != segment.records:
        raise ArchiveDamaged(
            f"{piece.part.entry.key}: {count} lines, but {segment.records} committed"
        )


class PartMovedError(Exception):
    """A part is not there any more because somebody replaced it meanwhile: take a new snapshot."""


def part_body(store: Store, part: LivePart) -> bytes:
    """Return the bytes of a live part, proven by its digest, for those who replace parts.

    Raises:
        PartMovedError: it was removed since the snapshot was taken.
        ArchiveDamaged: it is missing, and nothing in the newest log explains that; or changed. Or
            that log has a hole.
        StoreRefused, StoreUnavailable: the store.
    """
    entry = part.entry
    get = store.get
    for last in (*[False] * MISTAKES, True):
        try:
            body = get(entry.key)
            break
        except ObjectMissing as error:
            if entry.key in take(store).removed:
                raise PartMovedError(entry.key) from None
            if last:
                lost = f"{entry.key}: missing, with {entry.records} lines, but committed"
                raise ArchiveDamaged(lost) from error
            get = partial(get_patiently, store)
    check_part(entry, body)
    return body


def told(part: LivePart, body: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield the units of a part's bytes, or of one of its segments, and what each says.

    Raises:
        ArchiveDamaged: they are not what such a part holds, though they may be as committed.
    """
    entry = part.entry
    with readable(entry.key, "a part"):
        for unit in units(entry.kind, body):
            yield unit, values_of(entry.kind, unit)


def slices(part: LivePart, body: bytes) -> Iterator[tuple[Segment, bytes]]:
    """Yield a part's segments with their bytes, each proven by its digest.

    Raises:
        ArchiveDamaged: these are not the bytes of the segment, or not all of the part.
    """
    offset = 0
    for segment in part.segments:
        piece = body[offset : offset + segment.bytes]
        offset += segment.bytes
        if hashlib.sha256(piece).hexdigest() != segment.sha256:
            raise ArchiveDamaged(f"{part.entry.key}: not the bytes of {segment.origin}")
        yield segment, piece
    if offset != len(body):
        raise ArchiveDamaged(f"{part.entry.key}: its segments are not all of it")
