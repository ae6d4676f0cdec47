"""Store: the few things that the archive asks of the place it lies in.

A key is a relative path of ``[a-z0-9=._/-]``, never ending in a slash. Objects are immutable: a
key is put once and never again with other bytes. Correctness never rests on conditional puts;
where a store has them they are a fence (see docs/archive-format.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from nordcrawl.errors import ArchiveDamaged

MARKER_KEY: Final = "_nordcrawl.json"
MARKER_FORMAT: Final = "nordcrawl-archive"
MARKER_VERSION: Final = 1
MARKER_BODY: Final = b'{"format":"nordcrawl-archive","version":1}\n'
"""The marker's bytes, fixed: any number of processes may create it at once."""

_KEY = re.compile(r"[a-z0-9=_-][a-z0-9=._-]*(?:/[a-z0-9=_-][a-z0-9=._-]*)*")
_PREFIX = re.compile(r"(?:[a-z0-9=_-][a-z0-9=._-]*/)*(?:[a-z0-9=_-][a-z0-9=._-]*)?")


def is_key(text: str) -> bool:
    """Return whether `text` can be a key: no empty level, none that begins with a dot.

    >>> is_key("commits/ab12/000000000001.json"), is_key("a/../b"), is_key("/a"), is_key("a/")
    (True, False, False, False)
    """
    return _KEY.fullmatch(text) is not None


def check_key(key: str) -> str:
    """Return `key` as it is.

    Raises:
        ValueError: it can't be a key. Keys are made by nordcrawl, so this is a bug of ours.
    """
    if not is_key(key):
        raise ValueError(f"not an archive key: {key!r}")
    return key


def check_prefix(prefix: str) -> str:
    """Return `prefix` as it is: empty, or the beginning of a key.

    Raises:
        ValueError: no key can begin so.
    """
    if _PREFIX.fullmatch(prefix) is None:
        raise ValueError(f"not the beginning of an archive key: {prefix!r}")
    return prefix


def check_marker(uri: str, body: bytes) -> None:
    """Accept the marker of an archive that this nordcrawl can write.

    Raises:
        ArchiveDamaged: another format or version, or no JSON at all.
    """
    where = f"{uri}/{MARKER_KEY}"
    try:
        marker = json.loads(body)
    except ValueError as error:
        raise ArchiveDamaged(
            f"{where} is not JSON: is this a nordcrawl archive? Choose an empty prefix or folder"
        ) from error
    if not isinstance(marker, dict) or marker.get("format") != MARKER_FORMAT:
        raise ArchiveDamaged(
            f"{where} is not the marker of a nordcrawl archive: choose an empty prefix or folder"
        )
    version = marker.get("version")
    if version != MARKER_VERSION or isinstance(version, bool):
        raise ArchiveDamaged(
            f"{where} says version {str(version)[:20]!r}; this nordcrawl reads and writes "
            f"version {MARKER_VERSION}"
        )


class Put(StrEnum):
    """How a put ended."""

    CREATED = "created"
    ALREADY = "already"
    """The key held these very bytes: an earlier try of ours whose answer was lost."""


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """One object of a listing."""

    key: str
    size: int
    """Bytes."""
    modified: datetime | None = field(default=None, compare=False)
    """When it was stored, by the store's own clock; aware UTC, None where it does not tell."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the store was seen to do, by trying it."""

    conditional_put: bool
    """``If-None-Match: *`` is honoured: a key can't be overwritten by mistake."""
    checksum: bool
    """The store keeps a SHA-256 of its own; else its ETag's MD5 or a read-back proves a put."""


class Store(Protocol):
    """A folder or an S3-compatible bucket. Every method may raise `StoreRefused` (final until an
    operator acts) or `StoreUnavailable` (may pass; already retried within the method's bounds).
    Thread-safe.
    """

    @property
    def uri(self) -> str:
        """The archive's address without credentials: absolute ``file://`` or ``s3://``."""

    def probe(self) -> Capabilities:
        """Prove that the archive can be written, and see what the store can do.

        Creates the marker object ``_nordcrawl.json`` if there is none.

        Raises:
            ArchiveDamaged: the marker there is not one of an archive that we can write.
        """

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        """Store an object, durable and proven when this returns.

        Raises:
            ObjectConflict: the key holds other bytes; they are left as they are.
        """

    def get(self, key: str) -> bytes:
        """Return an object's bytes.

        Raises:
            ObjectMissing: there is none.
            ArchiveDamaged: the store itself can tell that they are not the bytes that were put.
        """

    def exists(self, key: str) -> bool:
        """Return whether there is an object under this key."""

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        """Yield the objects whose keys start with `prefix`, in no promised order."""

    def folders(self, prefix: str) -> Iterator[str]:
        """Yield the names of the next path level below `prefix` (which ends in a slash).

        Some stores go on naming a level for a while after its last object was deleted.
        """

    def strangers(self) -> Iterator[str]:
        """Yield the names, relative to the archive, of what lies there and can be no object of
        ours, for its name is no key."""

    def sweep(self) -> None:
        """Remove what puts that were killed may have left beside the objects, where a store keeps
        any such bytes.

        Raises:
            StoreRefused, StoreUnavailable: it can't be removed.
        """

    def delete(self, key: str) -> None:
        """Remove an object, with every older version that the store keeps of it; none is no error.

        When this returns its bytes can't be read from the store any more. Only erasure and
        compaction delete; what they remove, no commit may list as live.

        Raises:
            StoreRefused: this identity may not delete here, or the object is locked.
        """
