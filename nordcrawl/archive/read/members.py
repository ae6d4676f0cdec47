"""Members: the gzip members of many captures, part by part, so that no part is asked for twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from nordcrawl.archive.log.pieces import PartMovedError, part_body
from nordcrawl.archive.log.snapshot import LivePart
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.read import Warc, record_at
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model.capture import Capture

_LOOKS = 5


def members(
    store: Store, reader: Reader, captures: Iterable[Capture]
) -> Iterator[tuple[Capture, bytes, Warc]]:
    """Yield each of the captures that is there, in the order of parts: its gzip member, and the
    record in it. One that was erased is left out.

    Raises:
        ArchiveDamaged: one is not where it should be.
        StoreRefused, StoreUnavailable: the store.
    """
    ordered = sorted(set(captures), key=lambda one: (one.object, one.offset))
    live = _live(reader)
    for origin, some in groupby(ordered, key=lambda one: one.object):
        for _ in range(_LOOKS):
            try:
                body = part_body(store, live[origin]) if origin in live else None
                break
            except PartMovedError:
                live = _live(reader)
        else:
            raise ArchiveDamaged(f"{origin}: moved again and again")
        if body is None:
            continue
        for capture in some:
            try:
                record = record_at(body, capture.offset)
            except ValueError as error:
                raise ArchiveDamaged(f"{origin}: {error}") from error
            if record.type == capture.type:
                yield capture, body[capture.offset : capture.offset + capture.length], record


def _live(reader: Reader) -> dict[str, LivePart]:
    snapshot = reader.snapshot()
    return {segment.origin: part for part in snapshot.live for segment in part.segments}
