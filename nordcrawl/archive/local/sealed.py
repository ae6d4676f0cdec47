"""Sealed parts: files of the spool that wait for the store, fixed to the byte."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
    own: str = ""
    """The id in the key of captures, which is not the writer's."""

    @property
    def file_name(self) -> str:
        """Its name in ``sealed/``, which stays when the writer id changes."""
        if self.kind is PartKind.CAPTURE:
            return capture_name(self.first_seq, self.own, self.date)
        return f"{self.kind}-{self.first_seq:012d}.jsonl.gz"

    @property
    def lines(self) -> int:
        """Lines of articles and of the ledger in it."""
        return 0 if self.kind is PartKind.CAPTURE else self.records


def capture_name(number: int, own: str, day: str) -> str:
    """Return the name in ``sealed/`` of a file of captures; its key follows from it."""
    return f"{PartKind.CAPTURE}-{number:012d}-{own}-{day}{PartKind.CAPTURE.suffix}"


SEALED: Final = re.compile(
    r"(?:(?:article|ledger|quarantine)-\d{12}\.jsonl|capture-\d{12}-[0-9a-f]{10}-\d{4}-\d\d-\d\d\.warc)\.gz"
)
STRAY: Final = re.compile(r"(?:article|ledger|quarantine|capture)-\d{12}-[0-9a-f-]+\.stray")


def is_spool(folder: Path) -> bool:
    """Return whether something may wait in a folder: a spool, or the parts of one whose database
    was lost."""
    return (folder / "spool.sqlite").is_file() or any(
        SEALED.fullmatch(file.name) or STRAY.fullmatch(file.name)
        for file in (folder / "sealed").glob("*-*")
    )


SELECT_PART: Final = (
    "SELECT first_seq, last_seq, batch, kind, date, run_id, sha256, bytes, records, min_at,"
    " max_at, put, own FROM part LEFT JOIN capture ON number = first_seq"
)
"""Captures have a row in both."""


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
    first_seq, last_seq, batch, kind, date, run_id, sha256, size, records, low, high = row[:11]
    put, own = row[11:]
    return SealedPart(
        *(first_seq, last_seq, batch, PartKind(kind), date, run_id, sha256),
        *(size, records, low, high, bool(put), own or ""),
    )
