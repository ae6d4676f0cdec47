"""Sealed: JSON objects that carry a digest of themselves."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Final, Self

from nordcrawl.archive.format.lines import decode_json, encode_json
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.model.times import parse_rfc3339


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
    check_seal(body)
    values = decode_json(body)
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    return values


def check_seal(body: bytes) -> None:
    """See that bytes are those that `encode_sealed` wrote; what they say is not read.

    Raises:
        ValueError: they are not.
    """
    head = body[:-_SEAL_BYTES]
    if body[-_SEAL_BYTES:] != _SEAL % hashlib.sha256(head).hexdigest().encode():
        raise ValueError("changed since it was written: its sha256 is another")


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


@contextmanager
def readable(key: str, what: str) -> Iterator[None]:
    """Turn whatever is raised by values that are not what they should be into `ArchiveDamaged`
    that names the key; `what` with its article, as in "a commit"."""
    try:
        yield
    except UNREADABLE as error:
        raise ArchiveDamaged(f"{key}: not {what} that can be read: {error}") from error


UNREADABLE: Final = (*(ValueError, KeyError, TypeError, AttributeError, OverflowError, UsageError),)
"""What is raised where values are not what they should be."""


class Sealed(ABC):
    """A value that is a sealed object of the archive, with format and version in it."""

    __slots__ = ()
    FORMAT: ClassVar[str]
    WHAT: ClassVar[str]
    """In words, with its article."""
    VERSIONS: ClassVar[tuple[int, ...]] = (1,)
    """That can be read."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Where it lies."""

    @property
    def version(self) -> int:
        """Which one is written."""
        return self.VERSIONS[0]

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Return what it says, beside format and version."""

    @classmethod
    @abstractmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read that back; raises one of `UNREADABLE` for anything else."""

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return encode_sealed({"format": self.FORMAT, "version": self.version, **self.to_json()})

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read an object.

        Raises:
            ArchiveDamaged: it is none, was changed, is of a later version, or of another key.
        """
        with readable(key, cls.WHAT):
            found = cls.from_json(decode_versioned(body, cls.FORMAT, *cls.VERSIONS))
            if found.key != key:
                raise ValueError(f"it says that it is {found.key}")
        return found


def time_of(values: Mapping[str, Any], name: str) -> datetime:
    """Return the time under a key.

    Raises:
        ValueError, KeyError, TypeError: there is none.
    """
    at = parse_rfc3339(values[name])
    if at is None:
        raise ValueError(f"no {name}")
    return at
