"""Checkpoint: the manifest of a folded state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.format.sealed import Sealed, time_of
from nordcrawl.model.times import rfc3339


@dataclass(frozen=True, slots=True)
class CheckpointPart:
    """One object of a checkpoint's rows."""

    key: str
    sha256: str
    bytes: int
    records: int


@dataclass(frozen=True, slots=True)
class Checkpoint(Sealed):
    """The manifest."""

    FORMAT: ClassVar = "nordcrawl-checkpoint"
    WHAT: ClassVar = "a checkpoint"
    VERSIONS: ClassVar = (1, 2)

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

    @property
    def version(self) -> int:
        """Which one is written: 2 of one that names a layer; the other earlier releases read."""
        return 2 if self.layer else 1

    def to_json(self) -> dict[str, Any]:
        """Return what it says."""
        return {
            "source": self.source,
            "name": self.name,
            "made_at": rfc3339(self.made_at),
            "heads": {
                writer: {"seq": seq, "sha256": sha256}
                for writer, (seq, sha256) in sorted(self.heads.items())
            },
            "parts": list(map(asdict, self.parts)),
            **({"layer": self.layer} if self.layer else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read it back."""
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
        for part in checkpoint.parts:
            if part.key == checkpoint.key or keys.manifest_of(part.key) != checkpoint.key:
                raise ValueError(f"lists {part.key!r}, which is none of its own parts")
        if checkpoint.layer and not keys.is_layer(checkpoint.layer):
            raise ValueError(f"a layer {checkpoint.layer!r}")
        if not all(map(keys.is_writer, checkpoint.heads)):
            raise ValueError("a head of what is no writer")
        return checkpoint
