"""Captures, read back: the WARC record that a line names, wherever its part lies now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from nordcrawl.archive.log.pieces import PartMovedError, part_body
from nordcrawl.archive.log.snapshot import LivePart
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.read import Warc, record_at
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model.capture import RESPONSE, Capture
from nordcrawl.model.ledger import LedgerEntry

_LOOKS = 5


class Found(NamedTuple):
    """A capture, and when it was fetched, UTC."""

    at: datetime
    capture: Capture


def captures_of(reader: Reader, chooses: Callable[[LedgerEntry], bool]) -> list[Found]:
    """Return the captures that the chosen ledger lines name, the latest last."""
    return sorted(
        (Found(entry.fetched_at or entry.at, entry.capture)
         for entry in reader.ledger() if entry.capture is not None and chooses(entry)),
        key=lambda found: (found.at, found.capture.object, found.capture.offset),
    )  # fmt: skip


def response_of(found: list[Found], wanted: Found) -> Found | None:
    """Return the `response` with the payload of a capture: itself, or the latest one that a revisit
    can mean; None if that is not among those that were found."""
    if wanted.capture.type == RESPONSE:
        return wanted
    digest = wanted.capture.payload_digest
    return next(
        (one for one in reversed(found)
         if one.at <= wanted.at and one.capture.type == RESPONSE
         and digest in (None, one.capture.payload_digest)),
        None,
    )  # fmt: skip


class Kept(NamedTuple):
    """What the archive keeps of a capture."""

    member: bytes
    """The gzip member."""
    record: Warc
    """The record in it."""


class CapturedParts:
    """The parts that hold captures, wherever they lie now; the last one is held, so whoever asks in
    the order of object and offset gets each from the store once. Not thread-safe."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store = store
        self._reader = reader
        self._live: dict[str, LivePart] | None = None
        self._held: tuple[str, bytes | None] | None = None

    def get(self, capture: Capture) -> Kept | None:
        """Return a capture; None if it was erased.

        Raises:
            ArchiveDamaged: it is not where it should be.
            StoreRefused, StoreUnavailable: the store.
        """
        body = self._body(capture.object)
        if body is None:
            return None
        try:
            record = record_at(body, capture.offset)
        except ValueError as error:
            raise ArchiveDamaged(f"{capture.object}: {error}") from error
        if record.type != capture.type:
            return None
        return Kept(body[capture.offset : capture.offset + capture.length], record)

    def _body(self, origin: str) -> bytes | None:
        if self._held is None or self._held[0] != origin:
            self._held = origin, self._part(origin)
        return self._held[1]

    def _part(self, origin: str) -> bytes | None:
        for _ in range(_LOOKS):
            if self._live is None:
                live = self._reader.snapshot().live
                self._live = {segment.origin: part for part in live for segment in part.segments}
            try:
                found = self._live.get(origin)
                return None if found is None else part_body(self._store, found)
            except PartMovedError:
                self._live = None
        raise ArchiveDamaged(f"{origin}: moved again and again")
