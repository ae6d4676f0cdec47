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
from typing import Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.cursor import packed, unpacked
from nordcrawl.archive.format.sealed import decode_versioned, encode_sealed, readable
from nordcrawl.model.times import parse_rfc3339, rfc3339

CATALOG_FORMAT: Final = "nordcrawl-catalog"
CATALOG_VERSION: Final = 1


@dataclass(frozen=True)
class Catalog:
    """All layers up to the one by whose name it goes; none is in an archive without catalogs."""

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

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return encode_sealed(
            {
                "format": CATALOG_FORMAT,
                "version": CATALOG_VERSION,
                "made_at": rfc3339(self.made_at),
                "layers": [
                    {"name": name, "closed": base64.b64encode(packed(closed)).decode()}
                    for name, closed in self.layers
                ],
            }
        )

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a catalog.

        Raises:
            ArchiveDamaged: it is none, was changed, or is of a later version.
        """
        with readable(key, "a catalog"):
            values = decode_versioned(body, CATALOG_FORMAT, CATALOG_VERSION)
            catalog = cls(
                tuple(
                    (x["name"], unpacked(base64.b64decode(x["closed"], validate=True)))
                    for x in values["layers"]
                ),
                parse_rfc3339(values["made_at"]),
            )
            if not catalog.layers or catalog.key != key:
                raise ValueError(f"it says that it is {catalog.key}")
            if not all(keys.is_layer(name) for name, _ in catalog.layers):
                raise ValueError("a layer with a name that none can have")
        return catalog


NO_CATALOG: Final = Catalog()
