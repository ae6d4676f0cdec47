"""Pieces: lines of segments, by whichever part holds them now."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from nordcrawl.archive.format.commit import PartEntry
from nordcrawl.archive.format.lines import unpack
from nordcrawl.archive.log.snapshot import LiveSegment, Snapshot, take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

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
        self._later: Snapshot | None = None

    def lines(self, piece: LiveSegment) -> Iterator[bytes]:
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

    def _moved(self, piece: LiveSegment) -> LiveSegment | None:
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
