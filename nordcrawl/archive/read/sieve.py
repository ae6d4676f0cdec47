"""Sieve: what a reader has had, so that it gives each line once."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import LiveSegment, Snapshot

#: What two records of one revision must have equal, beside ids and text, to be the same one.
_CONTENT: Final = (
    "title", "subtitle", "kicker", "authors", "published_at", "language", "kind", "section",
    "tags", "blocks",
)  # fmt: skip


class Sieve:
    """Holds back what another writer has written too, and what an order covers.

    Keeps nothing where there is only one writer; else some 100 bytes of memory a line of the
    sources that have several.
    """

    def __init__(self, snapshot: Snapshot, erasures: Erasures) -> None:
        by_source: defaultdict[str, set[str]] = defaultdict(set)
        for piece in snapshot.pieces:
            by_source[piece.part.commit.source].add(piece.segment.writer)
        self._shared = {source for source, names in by_source.items() if len(names) > 1}
        self._first: dict[bytes, str] = {}
        self._erasures = erasures
        self._is_clean = erasures.looked_at(snapshot.heads)

    def concerns(self, piece: LiveSegment) -> bool:
        """Return whether the lines of a piece have to be looked at."""
        shared = piece.part.commit.source in self._shared
        return shared or not self._is_clean(piece.part, piece.segment)

    def passes(self, piece: LiveSegment, values: dict[str, Any]) -> bool:
        """Return whether a line goes out."""
        if not self._is_clean(piece.part, piece.segment) and self._erasures.covers(
            piece.part.entry.kind, values
        ):
            return False
        if piece.part.commit.source not in self._shared:
            return True
        identity = (
            identity_of(values) if piece.part.entry.kind is PartKind.ARTICLE else repr(values)
        )
        digest = hashlib.blake2b(identity.encode(errors="replace"), digest_size=16).digest()
        writer = piece.segment.writer
        return self._first.setdefault(digest, writer) == writer


def identity_of(record: dict[str, Any]) -> str:
    """Return what makes a record the same as another: who it is and what it says."""
    content = [record.get(name) for name in _CONTENT]
    names = ("source", "article_id", "revision", "change", "text_sha256")
    return json.dumps([[record[name] for name in names], content], ensure_ascii=False)
