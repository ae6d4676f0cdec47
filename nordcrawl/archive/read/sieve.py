"""Sieve: what a reader has had, so that it gives each line once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import orjson

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import LiveSegment, Snapshot

#: What makes two records the same: who it is, and what it says.
_IDENTITY: Final = (
    "source", "article_id", "revision", "change", "text_sha256", "title", "subtitle", "kicker",
    "authors", "published_at", "language", "kind", "section", "tags", "blocks",
)  # fmt: skip


class Sieve:
    """Holds back what another writer has written too, and what an order covers.

    Keeps nothing where there is only one writer; else some 30 bytes a line of the sources that
    have several, in a temporary file, so memory does not grow.
    """

    def __init__(self, snapshot: Snapshot, erasures: Erasures) -> None:
        by_source: defaultdict[str, set[str]] = defaultdict(set)
        for piece in snapshot.pieces:
            by_source[piece.part.commit.source].add(piece.segment.writer)
        self._shared = {source for source, names in by_source.items() if len(names) > 1}
        self._erasures = erasures
        self._is_clean = erasures.looked_at(snapshot.heads)
        self._seen: sqlite3.Connection | None = None

    def concerns(self, piece: LiveSegment) -> bool:
        """Return whether the lines of a piece have to be looked at."""
        shared = piece.part.commit.source in self._shared
        return shared or not self._is_clean(piece.part, piece.segment)

    def passes(self, piece: LiveSegment, values: Mapping[str, Any]) -> bool:
        """Return whether a line goes out."""
        kind = piece.part.entry.kind
        if not self._is_clean(piece.part, piece.segment) and self._erasures.covers(kind, values):
            return False
        if piece.part.commit.source not in self._shared:
            return True
        told = [values.get(x) for x in _IDENTITY] if kind is PartKind.ARTICLE else dict(values)
        digest = hashlib.sha256(orjson.dumps(told)).digest()
        writer = int(piece.segment.writer, 16)
        return self._first(digest, writer) == writer

    def _first(self, digest: bytes, writer: int) -> int:
        """Return the writer whose line of this digest came first."""
        if self._seen is None:
            self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._seen.execute("PRAGMA journal_mode=OFF")
            self._seen.execute(
                "CREATE TABLE seen(digest INTEGER PRIMARY KEY, more INTEGER, writer INTEGER)"
            )
            self._seen.execute("BEGIN")
        row = (int.from_bytes(digest[:8], signed=True), int.from_bytes(digest[8:16], signed=True))
        if self._seen.execute(_INSERT, (*row, writer)).rowcount:
            return writer
        more, first = self._seen.execute(_SELECT, row[:1]).fetchone()
        return int(first) if more == row[1] else writer


_INSERT: Final = "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)"
_SELECT: Final = "SELECT more, writer FROM seen WHERE digest = ?"
