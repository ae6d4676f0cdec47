"""Checkpoints: the folded state of a source as objects of the archive, so that an empty disk need
not fold every ledger line that was ever written.

A checkpoint is a cache like the state itself, and says up to which commits it is folded. Its parts
are put first, its manifest last; a manifest, so a checkpoint, is never changed. One that is
missing or damaged costs time only: the one before it serves, or the ledgers from the beginning.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from nordcrawl.archive import layout
from nordcrawl.archive.log import Heads
from nordcrawl.archive.store import Store
from nordcrawl.article import parse_rfc3339, rfc3339
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, ObjectMissing

logger = logging.getLogger(__name__)

CHECKPOINT_FORMAT: Final = "nordcrawl-checkpoint"
CHECKPOINT_VERSION: Final = 1
_PART_BYTES: Final = 16 << 20
"""Raw bytes at which the next part of a checkpoint begins."""


@dataclass(frozen=True, slots=True)
class CheckpointPart:
    """One object of a checkpoint's rows."""

    key: str
    sha256: str
    bytes: int
    records: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The manifest."""

    source: str
    name: str
    """``<time>-<writer>``, so names sort by time."""
    made_at: datetime
    heads: Heads
    """Of each writer the last commit that is folded in."""
    parts: tuple[CheckpointPart, ...]

    @property
    def key(self) -> str:
        """Where it lies."""
        return layout.checkpoint_key(self.source, self.name)

    @property
    def records(self) -> int:
        """Rows in all parts."""
        return sum(part.records for part in self.parts)

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return layout.encode_sealed(
            {
                "format": CHECKPOINT_FORMAT,
                "version": CHECKPOINT_VERSION,
                "source": self.source,
                "name": self.name,
                "made_at": rfc3339(self.made_at),
                "heads": {
                    writer: {"seq": seq, "sha256": sha256}
                    for writer, (seq, sha256) in sorted(self.heads.items())
                },
                "parts": [
                    {"key": p.key, "sha256": p.sha256, "bytes": p.bytes, "records": p.records}
                    for p in self.parts
                ],
            }
        )

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a manifest.

        Raises:
            ArchiveDamaged: it is none, was changed, or is of a later version.
        """
        try:
            values = layout.decode_sealed(body)
            if (values["format"], values["version"]) != (CHECKPOINT_FORMAT, CHECKPOINT_VERSION):
                raise ValueError(f"version {values['version']!r} is unknown to this nordcrawl")
            made_at = parse_rfc3339(values["made_at"])
            if made_at is None:
                raise ValueError("no made_at")
            checkpoint = cls(
                source=values["source"],
                name=values["name"],
                made_at=made_at,
                heads={w: (int(x["seq"]), x["sha256"]) for w, x in values["heads"].items()},
                parts=tuple(
                    CheckpointPart(x["key"], x["sha256"], int(x["bytes"]), int(x["records"]))
                    for x in values["parts"]
                ),
            )
            if checkpoint.key != key:
                raise ValueError(f"it says that it is {checkpoint.key}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveDamaged(f"{key}: not a checkpoint that can be read: {error}") from error
        return checkpoint


def checkpoint_keys(store: Store, source: str) -> list[str]:
    """Return the keys of a source's manifests, newest first."""
    prefix = layout.checkpoint_key(source, "").removesuffix(".json")
    found = (entry.key for entry in store.list(prefix))
    return sorted((key for key in found if key.endswith(".json")), reverse=True)


def put_checkpoint(
    store: Store,
    source: str,
    rows: Iterable[Mapping[str, Any]],
    heads: Heads,
    writer: str,
    now: datetime,
) -> Checkpoint | None:
    """Put a checkpoint; None if there is one of this very name and time already.

    Raises:
        StoreRefused, StoreUnavailable: the store; there is no such checkpoint then.
    """
    name = f"{now:%Y%m%dt%H%M%S%fz}-{writer}"
    parts: list[CheckpointPart] = []
    try:
        for body, records in _bodies(rows):
            key = layout.checkpoint_part_key(source, name, len(parts) + 1)
            store.put(key, body, content_type=layout.PART_TYPE)
            parts.append(CheckpointPart(key, hashlib.sha256(body).hexdigest(), len(body), records))
        checkpoint = Checkpoint(source, name, now, dict(heads), tuple(parts))
        store.put(checkpoint.key, checkpoint.encode(), content_type=layout.JSON_TYPE)
    except ObjectConflict as error:
        logger.warning("no checkpoint: %s", error)
        return None
    return checkpoint


def _bodies(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[bytes, int]]:
    """Yield parts as (bytes, rows); as much as one part is in memory."""
    lines: list[bytes] = []
    size = 0
    for row in rows:
        lines.append(layout.encode_line(row))
        size += len(lines[-1])
        if size >= _PART_BYTES:
            yield layout.pack(lines), len(lines)
            lines, size = [], 0
    if lines:
        yield layout.pack(lines), len(lines)


def read_rows(store: Store, checkpoint: Checkpoint) -> Iterator[dict[str, Any]]:
    """Yield a checkpoint's rows, each part proven by its digest before a row goes out.

    Raises:
        ArchiveDamaged: a part is missing or changed.
        StoreRefused, StoreUnavailable: the store.
    """
    for part in checkpoint.parts:
        try:
            body = store.get(part.key)
        except ObjectMissing as error:
            raise ArchiveDamaged(f"{part.key}: missing, but {checkpoint.key} lists it") from error
        if hashlib.sha256(body).hexdigest() != part.sha256:
            raise ArchiveDamaged(f"{part.key}: not the bytes that {checkpoint.key} lists (sha256)")
        count = 0
        for line in layout.unpack(body):
            count += 1
            yield layout.decode_json(line)
        if count != part.records:
            raise ArchiveDamaged(f"{part.key}: {count} rows, but {part.records} are listed")
