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
from typing import Any

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.checkpoint import Checkpoint, CheckpointPart
from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.format.lines import decode_json, encode_line, pack, unpack
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectConflict, ObjectMissing

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CheckpointPolicy:
    """When a checkpoint saves more reading than it costs, and how it is cut."""

    lines: int = 20_000
    """Ledger lines since the last one, at the least; fewer are read in a second or two."""
    lines_per_url: float = 0.5
    """Ledger lines since the last one, for each URL that is to be written into it."""
    part_bytes: int = 16 << 20
    """Raw bytes at which the next part of a checkpoint begins."""

    def is_time(self, lines: int, urls: int) -> bool:
        """Return whether a state of so many URLs, so many lines after the last checkpoint, is
        worth one."""
        return lines >= max(self.lines, self.lines_per_url * urls)


def checkpoint_keys(store: Store, source: str) -> list[str]:
    """Return the keys of a source's manifests, newest first."""
    prefix = keys.checkpoint_key(source, "").removesuffix(".json")
    found = (entry.key for entry in store.list(prefix))
    return sorted((key for key in found if key.endswith(".json")), reverse=True)


def put_checkpoint(
    store: Store,
    source: str,
    rows: Iterable[Mapping[str, Any]],
    heads: Heads,
    writer: str,
    now: datetime,
    policy: CheckpointPolicy = CheckpointPolicy(),
    layer: str = "",
) -> Checkpoint | None:
    """Put a checkpoint; `heads` without those that a `layer` of catalogs stands for. None if there
    is one of this very name and time already.

    Raises:
        StoreRefused, StoreUnavailable: the store; there is no such checkpoint then.
    """
    name = f"{now:%Y%m%dt%H%M%S%fz}-{writer}"
    parts: list[CheckpointPart] = []
    try:
        for body, records in _bodies(rows, policy.part_bytes):
            key = keys.checkpoint_part_key(source, name, len(parts) + 1)
            store.put(key, body, content_type=keys.PART_TYPE)
            parts.append(CheckpointPart(key, hashlib.sha256(body).hexdigest(), len(body), records))
        checkpoint = Checkpoint(source, name, now, dict(heads), tuple(parts), layer)
        store.put(checkpoint.key, checkpoint.encode(), content_type=keys.JSON_TYPE)
    except ObjectConflict as error:
        logger.warning("no checkpoint: %s", error)
        return None
    return checkpoint


def _bodies(rows: Iterable[Mapping[str, Any]], part_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Yield parts as (bytes, rows); as much as one part is in memory."""
    lines: list[bytes] = []
    size = 0
    for row in rows:
        lines.append(encode_line(row))
        size += len(lines[-1])
        if size >= part_bytes:
            yield pack(lines), len(lines)
            lines, size = [], 0
    if lines:
        yield pack(lines), len(lines)


def read_rows(store: Store, checkpoint: Checkpoint) -> Iterator[dict[str, Any]]:
    """Yield a checkpoint's rows, each part proven by its digest before a row goes out.

    Raises:
        ArchiveDamaged: a part is missing or changed.
        StoreRefused, StoreUnavailable: the store.
    """
    for part in checkpoint.parts:
        try:
            body = get_patiently(store, part.key)
        except ObjectMissing as error:
            raise ArchiveDamaged(f"{part.key}: missing, but {checkpoint.key} lists it") from error
        if hashlib.sha256(body).hexdigest() != part.sha256:
            raise ArchiveDamaged(f"{part.key}: not the bytes that {checkpoint.key} lists (sha256)")
        count = 0
        for line in unpack(body):
            count += 1
            yield decode_json(line)
        if count != part.records:
            raise ArchiveDamaged(f"{part.key}: {count} rows, but {part.records} are listed")
