"""Sealed parts: files of the spool that wait for the store, fixed to the byte."""

from __future__ import annotations

from dataclasses import dataclass

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
