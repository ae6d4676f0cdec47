"""Testimony: what live parts say of the lines that a release or a drop took out of quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nordcrawl.archive.format.commit import Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.pieces import part_body, slices, told
from nordcrawl.archive.log.snapshot import LivePart
from nordcrawl.archive.store.protocol import Store
from nordcrawl.model.ledger import ARCHIVED


class Testimony:
    """Some segments, wherever they lie now, read back."""

    def __init__(
        self,
        store: Store,
        holders: Mapping[str, Sequence[tuple[Segment, LivePart]]],
        origins: Iterable[str],
    ) -> None:
        """Read them; raises as `part_body`."""
        self.parts: list[LivePart] = []
        """Those that were read."""
        self._held: set[bytes] = set()
        self._entries: dict[str, Mapping[str, Any]] = {}
        self._records: set[tuple[str, int, str]] = set()
        for origin in sorted(origins):
            for segment, part in holders.get(origin, ())[:1]:
                self.parts.append(part)
                for one, piece in slices(part, part_body(store, part)):
                    if one.origin == segment.origin:
                        for line, values in told(part, piece):
                            self._take(part.entry.kind, line, values)

    def _take(self, kind: PartKind, line: bytes, values: Mapping[str, Any]) -> None:
        if kind is PartKind.QUARANTINE:
            self._held.add(line)
        elif kind is PartKind.LEDGER:
            self._entries[values["url"]] = values
        else:
            told = (values["article_id"], values["revision"], values["text_sha256"])
            self._records.add(told)

    def tells(self, line: bytes, values: Mapping[str, Any]) -> bool:
        """Return whether a line of quarantine is held still, or its URL has a ledger line, and the
        record with it where that says that it was archived."""
        if line in self._held:
            return True
        entry = self._entries.get(values["url"])
        if entry is None:
            return False
        if entry["outcome"] not in ARCHIVED:
            return True
        told = (entry["article_id"], entry["revision"], values["record"]["text_sha256"])
        return told in self._records
