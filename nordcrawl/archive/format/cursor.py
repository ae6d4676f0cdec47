"""Cursor: how far a consumer has read, as a short text."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from nordcrawl.errors import UsageError

_CURSOR_PREFIX = "c1."


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has come: the last commit seen of each writer.

    As text it is opaque and fit for URLs, file names and arguments:

    >>> Cursor.parse(str(Cursor({"00aa11bb22": 300}))).seen
    {'00aa11bb22': 300}
    """

    seen: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        packed = b"".join(
            bytes.fromhex(writer) + _varint(seq) for writer, seq in sorted(self.seen.items())
        )
        token = base64.urlsafe_b64encode(packed + hashlib.sha256(packed).digest()[:4])
        return _CURSOR_PREFIX + token.decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `str` wrote.

        Raises:
            UsageError: it is no cursor, or was changed.
        """
        wrong = UsageError(f"not a cursor: {text[:80]!r}; give one as nordcrawl printed it")
        token = text.removeprefix(_CURSOR_PREFIX)
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as error:
            raise wrong from error
        packed, check = raw[:-4], raw[-4:]
        if token == text or len(raw) < 4 or hashlib.sha256(packed).digest()[:4] != check:
            raise wrong
        seen: dict[str, int] = {}
        position = 0
        while position < len(packed):
            writer = packed[position : position + 5].hex()
            position += 5
            seq = shift = 0
            more = True
            while more:
                if position >= len(packed):
                    raise wrong
                byte = packed[position]
                position += 1
                seq |= (byte & 0x7F) << shift
                shift += 7
                more = byte >= 0x80
            seen[writer] = seq
        return cls(seen)


def _varint(value: int) -> bytes:
    """Write a number as little-endian groups of seven bits, LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
