"""Limits: the sizes and times of a writer, and how shipping ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from nordcrawl.archive.format.lines import MEMBER_BYTES
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.log.checkpoint import CheckpointPolicy
from nordcrawl.errors import NordcrawlError, SpoolError


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes and times of the writer; the defaults fit news on any machine."""

    part_bytes: int = 16 << 20
    """Raw bytes of what is committed together, and so of a part."""
    part_age_s: float = 900.0
    """How long an accepted line may wait in the outbox: what a lost disk can cost."""
    member_bytes: int = MEMBER_BYTES
    group_s: float = 0.05
    """Least time between two transactions that accept: one fsync serves all that came since."""
    spool_bytes: int = 2 << 30
    """Backlog at which the crawl waits for the store."""
    margin_share: float = 0.25
    margin_bytes: int = 1 << 20
    """How far beyond `spool_bytes` the backlog may go, as a share of it and in bytes at least: what
    was under way when the spool was full, and the outcomes of a run that ends so, still fit."""
    free_bytes: int = 32 << 20
    """Room on the disk below which nothing more is accepted; sealing needs some of it."""
    checkpoints: CheckpointPolicy = field(default_factory=CheckpointPolicy)


@dataclass(slots=True)
class Shipped:
    """What was committed."""

    records: int = 0
    """Article lines."""
    lines: int = 0
    """Article and ledger lines."""
    ledger_lines: int = 0
    captures: int = 0
    parts: int = 0
    commits: int = 0
    bytes: int = 0
    """Compressed."""


@dataclass(slots=True)
class ShipReport(Shipped):
    """How shipping ended. All is in the archive if `pending_records` is 0."""

    pending_records: int = 0
    """Lines, of articles and of the ledger, that are safe in the spool and not in the archive."""
    failure: NordcrawlError | None = None
    """Why not all was shipped."""
    erased_records: int = 0
    """Articles that were accepted, and taken out by an erasure order before they were committed."""
    erased_ledger_lines: int = 0


def check_room(spool: Spool, limits: Limits) -> None:
    """See that a spool has room for more.

    Raises:
        SpoolError: its disk is full, or it holds more than it may.
    """
    free, held = spool.free_bytes(), spool.backlog.bytes
    if free < limits.free_bytes:
        raise SpoolError(
            f"{spool.folder}: disk full: {free >> 20} MiB free, "
            f"{limits.free_bytes >> 20} MiB are the least"
        )
    margin = max(limits.margin_share * limits.spool_bytes, limits.margin_bytes)
    if held >= limits.spool_bytes + margin:
        raise SpoolError(
            f"{spool.folder}: holds {held >> 20} MiB that the archive did not take yet; the limit "
            f"is {limits.spool_bytes >> 20} MiB"
        )
