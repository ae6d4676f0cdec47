"""Checkpoint: the manifest of a folded state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.format.sealed import decode_versioned, encode_sealed
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model.times import parse_rfc3339, rfc3339

CHECKPOINT_FORMAT: Final = "nordcrawl-checkpoint"


CHECKPOINT_VERSION: Final = 1


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
        return keys.checkpoint_key(self.source, self.name)

    @property
    def records(self) -> int:
        """Rows in all parts."""
        return sum(part.records for part in self.parts)

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return encode_sealed(
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
            values = decode_versioned(body, CHECKPOINT_FORMAT, CHECKPOINT_VERSION)
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
            for part in checkpoint.parts:
                if part.key == key or keys.manifest_of(part.key) != key:
                    raise ValueError(f"lists {part.key!r}, which is none of its own parts")
            if not all(map(keys.is_writer, checkpoint.heads)):
                raise ValueError("a head of what is no writer")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveDamaged(f"{key}: not a checkpoint that can be read: {error}") from error
        return checkpoint
