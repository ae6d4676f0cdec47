"""Captures, read back: the WARC record that a line names, wherever its part lies now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from nordcrawl.archive.log.pieces import PartMovedError, part_body
from nordcrawl.archive.log.snapshot import Snapshot
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.read import record_at
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


def member(store: Store, reader: Reader, capture: Capture) -> bytes | None:
    """Return the gzip member of a capture; None if it was erased.

    Raises:
        ArchiveDamaged: it is not where it should be.
        StoreRefused, StoreUnavailable: the store.
    """
    for _ in range(_LOOKS):
        try:
            body = _part(store, reader.snapshot(), capture.object)
            break
        except PartMovedError:
            continue
    else:
        raise ArchiveDamaged(f"{capture.object}: moved again and again")
    if body is None:
        return None
    found = body[capture.offset : capture.offset + capture.length]
    try:
        record = record_at(body, capture.offset)
    except ValueError as error:
        raise ArchiveDamaged(f"{capture.object}: {error}") from error
    return found if record.type == capture.type else None


def _part(store: Store, snapshot: Snapshot, origin: str) -> bytes | None:
    for part in snapshot.live:
        if any(segment.origin == origin for segment in part.segments):
            return part_body(store, part)
    return None
