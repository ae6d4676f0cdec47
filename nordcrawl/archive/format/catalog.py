"""Catalog: which logs have ended, so that nobody need ask for more of them.

A writer whose last commit says `closed` will never commit again. A catalog lists such writers, each
with the number of that commit, in layers: one for each catalog that there was before it, and its
own. So a cursor names a layer, and with it all writers of that layer and of those before.

It says nothing that the logs don't say. Without it they are asked one by one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.cursor import packed, unpacked
from nordcrawl.archive.format.sealed import Sealed
from nordcrawl.model.times import parse_rfc3339, rfc3339


@dataclass(frozen=True)
class Catalog(Sealed):
    """All layers up to the one by whose name it goes; none is in an archive without catalogs."""

    FORMAT: ClassVar = "nordcrawl-catalog"
    WHAT: ClassVar = "a catalog"

    layers: tuple[tuple[str, Mapping[str, int]], ...] = ()
    """Of each layer its name, and its writers with the number of their last commit."""
    made_at: datetime | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The name of the last layer; empty if there is none."""
        return self.layers[-1][0] if self.layers else ""

    @property
    def key(self) -> str:
        """Where it lies."""
        return keys.catalog_key(self.name)

    @cached_property
    def closed(self) -> Mapping[str, int]:
        """All writers with the number of their last commit."""
        return {writer: seq for _, layer in self.layers for writer, seq in layer.items()}

    def until(self, name: str) -> Self | None:
        """Return the catalog that ended with a layer; None if that is none of these."""
        for number, (layer, _) in enumerate(self.layers, start=1):
            if layer == name:
                return type(self)(self.layers[:number])
        return None

    def within(self, seen: Mapping[str, int]) -> Self:
        """Return the last of these catalogs of which one who has `seen` so much has seen all."""
        for number, (_, layer) in enumerate(self.layers):
            if any(seen.get(writer, 0) < seq for writer, seq in layer.items()):
                return type(self)(self.layers[:number])
        return self

    def with_layer(self, name: str, closed: Mapping[str, int], made_at: datetime) -> Self:
        """Return the next catalog."""
        return type(self)((*self.layers, (name, dict(closed))), made_at)

    def to_json(self) -> dict[str, Any]:
        """Return what it says."""
        return {
            "made_at": rfc3339(self.made_at),
            "layers": [
                {"name": name, "closed": base64.b64encode(packed(closed)).decode()}
                for name, closed in self.layers
            ],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read it back."""
        layers = tuple(
            (x["name"], unpacked(base64.b64decode(x["closed"], validate=True)))
            for x in values["layers"]
        )
        if not all(keys.is_layer(name) for name, _ in layers):
            raise ValueError("a layer with a name that none can have")
        return cls(layers, parse_rfc3339(values["made_at"]))


NO_CATALOG: Final = Catalog()
