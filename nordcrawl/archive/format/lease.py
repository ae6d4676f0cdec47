"""Lease: who crawls a source, or asks a host, now: as objects that say so for a slot of time.

Time (UTC) is cut into slots of ten minutes. Whoever crawls holds the slot that it is, by having
created the object of that slot; a key is created once, so one of several succeeds. Nothing is ever
changed or deleted: a holder that ends creates an end beside its claim, and the next one the claim
with the next number; of a holder that is killed the slots go by.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from nordcrawl.archive.format.sealed import decode_sealed, encode_sealed

SLOT: Final = timedelta(minutes=10)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEY: Final = re.compile(
    r"leases/((?:source|host)=[a-z0-9_-][a-z0-9._-]*)/([0-9]{8}t[0-9]{4}z)-[0-9]{3}(-end)?\.json"
)


def slot_of(now: datetime) -> datetime:
    """Return the beginning of the slot that `now` is in.

    >>> str(slot_of(datetime(2026, 11, 26, 4, 19, 59, tzinfo=UTC)))
    '2026-11-26 04:10:00+00:00'
    """
    return now - (now - _EPOCH) % SLOT


def of_source(name: str) -> str:
    """Return what is claimed to crawl a source.

    >>> of_source("paper")
    'source=paper'
    """
    return f"source={name}"


def of_host(name: str) -> str:
    """Return what is claimed to ask a host, by its name or address without port.

    Two names that no key can tell apart have one claim: they wait for each other, which harms none.

    >>> of_host("www.example.org"), of_host("2001:db8::1")
    ('host=www.example.org', 'host=2001_db8__1')
    """
    return f"host={re.sub(r'[^a-z0-9._-]', '_', name.lower())}"


def claim_key(claimed: str, slot: datetime, number: int, *, end: bool = False) -> str:
    """Name a claim of a slot, or the end of one; `number` is that of the holder in this slot.

    >>> claim_key("source=a", datetime(2026, 11, 26, 4, 10, tzinfo=UTC), 0, end=True)
    'leases/source=a/20261126t0410z-000-end.json'
    """
    name = f"{slot:%Y%m%dt%H%M}z-{number:03d}{'-end' if end else ''}"
    return f"leases/{claimed}/{name}.json"


@dataclass(frozen=True, slots=True)
class Named:
    """What the key of a claim tells, or that of the end of one."""

    claimed: str
    """A source or a host, as `of_source` and `of_host` name it."""
    slot: datetime
    """The slot's beginning, UTC."""
    is_end: bool


def parse_lease_key(key: str) -> Named | None:
    """Return what a key tells; None if it can't be that of a claim or of the end of one.

    >>> parse_lease_key("leases/source=a/20261126t0410z-000.json").slot.isoformat()
    '2026-11-26T04:10:00+00:00'
    """
    if (match := _KEY.fullmatch(key)) is None:
        return None
    try:
        slot = datetime.strptime(match[2], "%Y%m%dt%H%Mz").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Named(match[1], slot, match[3] is not None)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a slot."""

    writer: str
    """The spool's name in the archive: one source in one state folder."""
    run_id: str
    host: str
    """The machine's name, for people."""
    machine: str
    """The same for every process that can see the others' numbers, and for no other."""
    pid: int

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return encode_sealed({"format": "nordcrawl-lease", "version": 1, **asdict(self)})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Read what `encode` wrote.

        Raises:
            ValueError: it is something else.
        """
        values: dict[str, Any] = decode_sealed(body)
        try:
            return cls(*(values[name] for name in cls.__slots__))
        except KeyError as error:
            raise ValueError(f"no key {error}") from None
