"""Pieces: lines of segments, by whichever part holds them now."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import Final

from nordcrawl.archive.format.commit import PartEntry, Segment
from nordcrawl.archive.format.lines import unpack
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

_MISTAKES: Final = 2
"""How often a store may say "missing" by mistake, each time with patience, until it is believed."""
_CACHE_BYTES: Final = 32 << 20
"""Compressed bytes of parts that are kept while segments of others come between theirs."""


class Pieces:
    """Reads pieces from a store, and proves each part by its digest before a line goes out.

    A part that was removed and deleted since the snapshot was taken is read where its lines lie
    now. Not thread-safe.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._places: dict[str, LiveSegment] = {}
        """Where each segment lies by the newest log that was read, by its origin."""

    def lines(self, piece: LiveSegment) -> Iterator[bytes]:
        """Yield a piece's lines, each with its LF.

        Raises:
            ArchiveDamaged: its part is missing, or bytes or count of lines are not as committed.
        """
        found = self._found(piece)
        if found is not None:
            yield from segment_lines(*found)

    def _found(self, piece: LiveSegment) -> tuple[LiveSegment, bytes] | None:
        """Return a piece where it lies now, with the bytes of its part; None if every line of it
        was erased. Each turn but the last finds it in another part, as somebody moved it on."""
        place, again = piece, 0
        while True:
            try:
                if again:
                    body = get_patiently(self._store, place.part.entry.key)
                    check_part(place.part.entry, body)
                    return place, body
                return place, self._body(place.part.entry)
            except ObjectMissing:
                lost = place.part.entry
            moved = self._place(piece, lost.key)
            if moved is None:
                return None
            # The first "missing" may have been a mistake of the store's, and the part may have gone
            # since the log was read. Not so twice.
            again = again + 1 if moved.part.entry.key == lost.key else 0
            if again > _MISTAKES:
                raise ArchiveDamaged(f"{lost.key}: missing, but committed")
            place = moved

    def _place(self, piece: LiveSegment, lost: str) -> LiveSegment | None:
        """Return where a piece lies now that it is not in the part `lost`; there again, if the
        newest log knows of no other place; None if every line of it was erased."""
        origin = piece.segment.origin
        found = self._places.get(origin)
        if found is None or found.part.entry.key == lost:
            later = take(self._store)
            self._places = {one.segment.origin: one for one in later.pieces}
            found = self._places.get(origin)
            if found is None and piece.part.entry.key not in later.removed:
                raise ArchiveDamaged(f"{piece.part.entry.key}: missing, and its log with it")
        return found

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
        ArchiveDamaged: it is missing, and nothing in the newest log explains that; or changed.
        StoreRefused, StoreUnavailable: the store.
    """
    entry = part.entry
    get = store.get
    for last in (*[False] * _MISTAKES, True):
        try:
            body = get(entry.key)
            break
        except ObjectMissing as error:
            if entry.key in take(store).removed:
                raise PartMovedError(entry.key) from None
            if last:
                raise ArchiveDamaged(f"{entry.key}: missing, but committed") from error
            get = partial(get_patiently, store)
    check_part(entry, body)
    return body


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
