"""Cursor: how far a consumer has read, as a short text."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Final, Self

from nordcrawl.errors import UsageError

_WRITER: Final = 5
"""Bytes of a writer's id."""
_LAYER: Final = 9
"""Bytes of the name of a catalog's layer."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has come: the last commit seen of each writer.

    As text it is opaque and fit for URLs, file names and arguments:

    >>> Cursor.parse(str(Cursor({"00aa11bb22": 300}))).seen
    {'00aa11bb22': 300}
    """

    seen: Mapping[str, int] = field(default_factory=dict)
    layer: str = ""
    """A layer of the archive's catalogs of which all was seen, and of those before it."""

    def __str__(self) -> str:
        body = bytes.fromhex(self.layer) + packed(self.seen)
        token = base64.urlsafe_b64encode(body + hashlib.sha256(body).digest()[:4])
        return ("c2." if self.layer else "c1.") + token.decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `str` wrote, or that of nordcrawl 0.2, which knows no layers.

        Raises:
            UsageError: it is no cursor, or was changed.
        """
        form, dot, token = text.partition(".")
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            body, check = raw[:-4], raw[-4:]
            layer = _LAYER if form == "c2" else 0
            if (
                form not in ("c1", "c2")
                or not dot
                or len(body) < layer
                or hashlib.sha256(body).digest()[:4] != check
            ):
                raise ValueError(form)
            return cls(unpacked(body[layer:]), body[:layer].hex())
        except (ValueError, binascii.Error) as error:
            raise UsageError(
                f"not a cursor: {text[:80]!r}; give one as nordcrawl printed it"
            ) from error


def packed(seen: Mapping[str, int]) -> bytes:
    """Return writers and numbers as bytes, sorted: an id's five, the number as LEB128."""
    return b"".join(bytes.fromhex(writer) + _varint(seq) for writer, seq in sorted(seen.items()))


def unpacked(body: bytes) -> dict[str, int]:
    """Read back what `packed` wrote.

    Raises:
        ValueError: it ends within a number or an id.
    """
    seen: dict[str, int] = {}
    position = 0
    while position < len(body):
        writer = intern(body[position : position + _WRITER].hex())
        position += _WRITER
        seq = shift = 0
        more = True
        while more:
            if position >= len(body):
                raise ValueError("ends within a number")
            byte = body[position]
            position += 1
            seq |= (byte & 0x7F) << shift
            shift += 7
            more = byte >= 0x80
        seen[writer] = seq
    return seen


def _varint(value: int) -> bytes:
    """Write a number as little-endian groups of seven bits, LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
