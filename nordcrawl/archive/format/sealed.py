"""Sealed: JSON objects that carry a digest of themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from nordcrawl.archive.format.lines import decode_json, encode_json


def encode_sealed(values: Mapping[str, Any]) -> bytes:
    """Return a JSON object that proves itself: its last key ``sha256`` is the digest of all
    bytes before that key's comma."""
    body = encode_json(values)[:-2]
    return body + _SEAL % hashlib.sha256(body).hexdigest().encode()


_SEAL = b',"sha256":"%b"}\n'


_SEAL_BYTES = len(_SEAL) - 2 + 64


def decode_sealed(body: bytes) -> dict[str, Any]:
    """Read what `encode_sealed` wrote.

    Raises:
        ValueError: it is no JSON object, or not the one that was written.
    """
    head = body[:-_SEAL_BYTES]
    if body[-_SEAL_BYTES:] != _SEAL % hashlib.sha256(head).hexdigest().encode():
        raise ValueError("changed since it was written: its sha256 is another")
    values = decode_json(body)
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    return values


def decode_versioned(body: bytes, name: str, *versions: int) -> dict[str, Any]:
    """Read what `encode_sealed` wrote of a format, by its keys ``format`` and ``version``.

    Raises:
        ValueError: as `decode_sealed`; or it is of another format, or of another version.
        KeyError: it does not say which.
    """
    values = decode_sealed(body)
    if values["format"] != name:
        raise ValueError(f"its format is {values['format']!r}, not {name}")
    if values["version"] not in versions:
        raise ValueError(f"version {values['version']!r} is unknown to this nordcrawl")
    return values
