"""Sealed parts: files of the spool that wait for the store, fixed to the byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part as it lies in ``sealed/``; its key follows from the spool's writer id."""

    first_seq: int
    last_seq: int
    batch: int
    """What is committed together has the same batch: the last seq in it."""
    kind: PartKind
    date: str
    run_id: str
    sha256: str
    bytes: int
    records: int
    min_at: str
    max_at: str
    put: bool = False

    @property
    def file_name(self) -> str:
        """Its name in ``sealed/``, which stays when the writer id changes."""
        return f"{self.kind}-{self.first_seq:012d}.jsonl.gz"


SELECT_PART: Final = (
    "SELECT first_seq, last_seq, batch, kind, date, run_id, sha256, bytes, records, min_at,"
    " max_at, put FROM part"
)


def insert_parts(db: sqlite3.Connection, parts: Sequence[SealedPart]) -> None:
    """Take note of parts, in a transaction."""
    db.executemany(
        "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        [
            (
                *(p.first_seq, p.last_seq, p.batch, str(p.kind), p.date, p.run_id),
                *(p.sha256, p.bytes, p.records, p.min_at, p.max_at),
            )
            for p in parts
        ],
    )


def part_of(row: tuple[Any, ...]) -> SealedPart:
    """Return the part that a row of `SELECT_PART` tells of."""
    first_seq, last_seq, batch, kind, date, run_id, sha256, size, records, low, high, put = row
    return SealedPart(
        *(first_seq, last_seq, batch, PartKind(kind), date, run_id, sha256),
        *(size, records, low, high, bool(put)),
    )
