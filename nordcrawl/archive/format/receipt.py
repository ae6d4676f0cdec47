"""Receipt: that an order was carried out, and how far the logs were looked through for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.sealed import decode_versioned, encode_sealed, readable, time_of
from nordcrawl.model.times import rfc3339

RECEIPT_FORMAT: Final = "nordcrawl-erasure-receipt"
RECEIPT_VERSION: Final = 2
_KEY: Final = re.compile(r"erasures/([a-z0-9-]+)/receipt(?:-(\d{6}))?\.json")


@dataclass(frozen=True, slots=True)
class Receipt:
    """One of an order's receipts: the first, or a later one for what came since."""

    order_id: str
    number: int
    """From 1."""
    finished_at: datetime
    seen: Mapping[str, int]
    """Of each writer the last commit that was looked at; no part that was live then holds
    anything of it. Empty in those of nordcrawl 0.2, which do not tell."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What was done: ``lines``, ``tombstones``, ``objects_deleted``."""
    log: Mapping[str, Any] = field(default_factory=dict)
    """The last commit of the writer that did it: ``writer``, ``seq``, ``sha256``."""

    @property
    def key(self) -> str:
        """Where it lies."""
        name = "receipt" if self.number == 1 else f"receipt-{self.number:06d}"
        return keys.erasure_key(self.order_id, name)

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return encode_sealed(
            {
                "format": RECEIPT_FORMAT,
                "version": RECEIPT_VERSION,
                "order_id": self.order_id,
                "finished_at": rfc3339(self.finished_at),
                **self.counts,
                "log": dict(self.log),
                "seen": str(Cursor(self.seen)),
            }
        )

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a receipt; one of version 1 has seen nothing.

        Raises:
            ArchiveDamaged: it is none, was changed, or is of a later version.
        """
        with readable(key, "a receipt"):
            values = decode_versioned(body, RECEIPT_FORMAT, 1, 2)
            if (named := parse_receipt_key(key)) is None:
                raise ValueError("no key of a receipt")
            if values["order_id"] != named[0]:
                raise ValueError(f"it is of the order {values['order_id']}")
            return cls(
                order_id=named[0],
                number=named[1],
                finished_at=time_of(values, "finished_at"),
                seen=Cursor.parse(values["seen"]).seen if values["version"] > 1 else {},
                log=values["log"],
            )


def parse_receipt_key(key: str) -> tuple[str, int] | None:
    """Return order id and number of the receipt that a key names, None if it names none.

    >>> parse_receipt_key("erasures/20261026t0z-3fa2b1/receipt-000002.json")
    ('20261026t0z-3fa2b1', 2)
    """
    match = _KEY.fullmatch(key)
    return (match[1], int(match[2] or 1)) if match else None
