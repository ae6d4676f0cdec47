"""Waiting: the lines that a spool holds, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.model.times import micros, utc_date


@dataclass(frozen=True, slots=True)
class SpooledLine:
    """One line on its way to a part."""

    kind: PartKind
    date: str
    at: int
    """Microseconds since 1970: fetched_at of an article, at of a ledger line."""
    run_id: str
    line: bytes
    seq: int = 0
    """Its number in this spool, given when it is added; rises for ever."""

    @classmethod
    def of(cls, kind: PartKind, at: datetime, run_id: str, line: bytes) -> Self:
        """Return a line of that time, which says into which day's part it goes."""
        return cls(kind, utc_date(at), micros(at), run_id, line)


@dataclass(slots=True)
class Backlog:
    """What waits, counted in memory so that nobody need ask the disk."""

    outbox_lines: int = 0
    outbox_bytes: int = 0
    sealed_lines: int = 0
    sealed_bytes: int = 0
    capture_bytes: int = 0
    """Of captures that are not sealed."""

    def count(self, lines: Sequence[SpooledLine], by: int = 1) -> None:
        """Count lines that came into the outbox, or with -1 went."""
        self.outbox_lines += by * len(lines)
        self.outbox_bytes += by * sum(len(x.line) for x in lines)

    def count_sealed(self, lines: int, size: int, by: int = 1) -> None:
        """Count a sealed part that came, or with -1 went."""
        self.sealed_lines += by * lines
        self.sealed_bytes += by * size

    @property
    def lines(self) -> int:
        """Lines accepted and not yet committed."""
        return self.outbox_lines + self.sealed_lines

    @property
    def bytes(self) -> int:
        """Bytes on disk: raw in the outbox, compressed in captures and sealed parts."""
        return self.outbox_bytes + self.capture_bytes + self.sealed_bytes
