"""Capture: an exchange with a web server as it is kept, and what lines of the archive say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

RESPONSE: Final = "response"
REVISIT: Final = "revisit"

#: Names and values, repeats kept.
RawHeaders = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, as they went over the wire as far as that is known."""

    url: str
    """What was asked for, of this very answer: behind all redirects."""
    request_headers: RawHeaders = field(repr=False)
    status: int
    protocol: str
    """Of the answer: ``HTTP/1.1``."""
    headers: RawHeaders = field(repr=False)
    body: bytes = field(repr=False)
    """Before any content coding is undone, behind the transfer coding."""
    method: str = "GET"
    ip_address: str | None = None
    """Of the server; None where a proxy was asked, or it is not known."""
    truncated: str | None = None
    """Why the body is not all of it: ``length`` or ``disconnect``."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The payload of a `response` record that the archive has: what a `revisit` refers to."""

    digest: str
    """``sha256:`` and 64 hex digits, of the body before content decoding."""
    url: str
    """Target of that record."""
    at: datetime
    """Its date: when it was fetched, UTC."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An exchange that is to be kept, with what is known of it by now."""

    exchange: Exchange
    fetched_at: datetime
    """UTC."""
    source: str
    run_id: str
    requested_url: str
    """What was asked for first, before redirects."""
    article_id: str | None = None
    earlier: Payload | None = None
    """The payload that the archive has of this page."""

    @property
    def size(self) -> int:
        """Bytes that it holds, nearly."""
        return len(self.exchange.body)


@dataclass(frozen=True, slots=True)
class Capture:
    """Where a capture lies, as a record's ``fetch.capture`` and a ledger line's ``capture`` say."""

    object: str
    """Key of the part that it was put into. An erasure may have put another one in its place, with
    each capture that is left at the same offset."""
    offset: int
    length: int
    """Compressed bytes: a gzip member that holds the one WARC record."""
    type: str
    """`RESPONSE` or `REVISIT`."""
    record_id: str
    """``urn:uuid:…``"""
    payload_digest: str | None

    def to_json(self) -> dict[str, Any]:
        """Return what stands in a line."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read back `to_json`; `KeyError` for anything else."""
        return cls(**{name: values[name] for name in cls.__slots__})
