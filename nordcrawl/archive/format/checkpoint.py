"""Checkpoint: the manifest of a folded state."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.format.sealed import decode_versioned, encode_sealed, readable, time_of
from nordcrawl.model.times import rfc3339

CHECKPOINT_FORMAT: Final = "nordcrawl-checkpoint"


CHECKPOINT_VERSION: Final = 2
"""Of one that names a layer; else it is 1, which earlier releases read."""


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
    """Of each writer the last commit that is folded in, but for those of the layer."""
    parts: tuple[CheckpointPart, ...]
    layer: str = ""
    """A layer of the archive's catalogs of which all is folded in, and of those before it."""

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
        layer = {"layer": self.layer} if self.layer else {}
        return encode_sealed(
            {
                "format": CHECKPOINT_FORMAT,
                "version": CHECKPOINT_VERSION if layer else 1,
                "source": self.source,
                "name": self.name,
                "made_at": rfc3339(self.made_at),
                "heads": {
                    writer: {"seq": seq, "sha256": sha256}
                    for writer, (seq, sha256) in sorted(self.heads.items())
                },
                "parts": list(map(asdict, self.parts)),
                **layer,
            }
        )

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a manifest.

        Raises:
            ArchiveDamaged: it is none, was changed, or is of a later version.
        """
        with readable(key, "a checkpoint"):
            values = decode_versioned(body, CHECKPOINT_FORMAT, 1, CHECKPOINT_VERSION)
            checkpoint = cls(
                source=values["source"],
                name=values["name"],
                made_at=time_of(values, "made_at"),
                heads={w: (int(x["seq"]), x["sha256"]) for w, x in values["heads"].items()},
                parts=tuple(
                    CheckpointPart(x["key"], x["sha256"], int(x["bytes"]), int(x["records"]))
                    for x in values["parts"]
                ),
                layer=values["layer"] if values["version"] > 1 else "",
            )
            if checkpoint.key != key:
                raise ValueError(f"it says that it is {checkpoint.key}")
            for part in checkpoint.parts:
                if part.key == key or keys.manifest_of(part.key) != key:
                    raise ValueError(f"lists {part.key!r}, which is none of its own parts")
            if checkpoint.layer and not keys.is_layer(checkpoint.layer):
                raise ValueError(f"a layer {checkpoint.layer!r}")
            if not all(map(keys.is_writer, checkpoint.heads)):
                raise ValueError("a head of what is no writer")
        return checkpoint
