"""The reader: an archive as articles, from the store alone.

No lock, no spool, nothing of the crawler: it can be used beside any number of writers. It sees
whole commits only, and checks every byte that it hands out against the log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from typing import Any, Final, TypeVar

from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.log.erasures import Orders
from nordcrawl.archive.log.pieces import Pieces
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, Snapshot, take
from nordcrawl.archive.read.sieve import Sieve
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.times import micros, parse_rfc3339
from nordcrawl.model.words import reason

_T = TypeVar("_T")

__all__ = ["Cursor", "LivePart", "Reader", "Snapshot"]

#: Changes after which an article is not shown by `Reader.latest`.
NOT_SHOWN: Final = frozenset({"removed", "erased"})


class Reader:
    """An archive to read. Thread-safe as far as its store is.

    Every method may raise `StoreRefused` and `StoreUnavailable`, and `ArchiveDamaged` naming the
    key of what does not agree with the log, or of what is missing in it. With a `damaged` function
    that is told to it, and reading goes on behind the damaged part or commit.
    """

    def __init__(
        self, store: Store, *, damaged: Callable[[ArchiveDamaged], None] | None = None
    ) -> None:
        self._store = store
        self._damaged = damaged
        self._orders = Orders(store)

    def snapshot(self, since: Cursor | None = None) -> Snapshot:
        """Return the live parts, or those that hold what came after a cursor.

        A writer that the cursor does not know is new: all of it came after.

        Raises:
            UsageError: the cursor tells of writers that are not in this archive.
        """
        if since is None:
            return take(self._store, damaged=self._damaged)
        seen = {writer: (seq, None) for writer, seq in since.seen.items()}
        snapshot = take(self._store, seen, damaged=self._damaged)
        known = set(self._store.folders("commits/"))
        if unknown := sorted(since.seen.keys() - known):
            raise UsageError(
                f"cursor {str(since)[:80]} is of another archive than {self._store.uri}: "
                f"no writer {unknown[0]} there"
            )
        return snapshot

    def records(
        self, *, since: Cursor | None = None, source: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield article records as written, every revision, in the order of commits.

        A record that two writers have both written is yielded once. To go on later, take the
        snapshot first, read its `records_of`, and keep its cursor.

        Raises:
            UsageError: as `snapshot`.
        """
        yield from self.records_of(self.snapshot(since), source=source)

    def records_of(
        self, snapshot: Snapshot, *, source: str | None = None, as_of: datetime | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the article records of a snapshot, as `records` does; with `as_of` only those
        that were accepted by then."""
        for _, record in self._articles(snapshot, source, as_of):
            yield record

    def lines_of(self, snapshot: Snapshot, *, source: str | None = None) -> Iterator[bytes]:
        """Yield the same as `records_of`, as the bytes of the lines, each with its LF.

        They are not even parsed where no second writer asks for it, and no erasure that may have
        missed them.
        """
        sieve = Sieve(snapshot, self._orders.read())
        for piece, lines in self._lines(snapshot, PartKind.ARTICLE, source):
            if not sieve.concerns(piece):
                yield from lines
                continue
            for number, line in enumerate(lines, start=1):
                record = _parsed(piece.part.entry.key, number, line, _checked)
                if sieve.passes(piece, record):
                    yield line

    def latest(
        self,
        *,
        snapshot: Snapshot | None = None,
        source: str | None = None,
        as_of: datetime | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield each article once, as its latest revision, in the order of commits.

        The latest is that of the highest revision, then fetched last, then by writer and place.
        Articles that are removed or erased are left out. The archive is read twice, first for
        the places (some 100 bytes an article in a temporary file), so memory does not grow.
        """
        snapshot = snapshot or self.snapshot()
        with closing(sqlite3.connect("")) as db:
            db.execute(
                "CREATE TABLE latest(source TEXT, article_id TEXT, revision INTEGER, at INTEGER,"
                " place TEXT, shown INTEGER, PRIMARY KEY(source, article_id)) WITHOUT ROWID"
            )
            for place, record in self._articles(snapshot, source, as_of):
                db.execute(
                    "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET revision = excluded.revision, at = excluded.at,"
                    " place = excluded.place, shown = excluded.shown"
                    " WHERE (excluded.revision, excluded.at, excluded.place)"
                    " > (revision, at, place)",
                    (
                        *(record["source"], record["article_id"], record["revision"]),
                        *(_fetched_at(record), place, record["change"] not in NOT_SHOWN),
                    ),
                )
            best = "SELECT place, shown FROM latest WHERE source = ? AND article_id = ?"
            for place, record in self._articles(snapshot, source, as_of):
                found = db.execute(best, (record["source"], record["article_id"])).fetchone()
                if found == (place, 1):
                    yield record

    def ledger(
        self, *, run_id: str | None = None, source: str | None = None
    ) -> Iterator[LedgerEntry]:
        """Yield ledger lines, of one run or of all, in the order of commits."""
        snapshot = self.snapshot()
        sieve = Sieve(snapshot, self._orders.read())
        for piece, lines in self._lines(snapshot, PartKind.LEDGER, source):
            for number, line in enumerate(lines, start=1):
                values = _parsed(piece.part.entry.key, number, line, _object)
                if run_id in (None, values.get("run_id")) and sieve.passes(piece, values):
                    yield _parsed(piece.part.entry.key, number, line, LedgerEntry.from_json)

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield the manifests of all runs, sorted by key."""
        for key in sorted(entry.key for entry in self._store.list("runs/")):
            yield _parsed(key, 1, self._store.get(key), _object)

    def _articles(
        self, snapshot: Snapshot, source: str | None, as_of: datetime | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (place, record); places sort as the lines of one writer do."""
        sieve = Sieve(snapshot, self._orders.read())
        for piece, lines in self._lines(snapshot, PartKind.ARTICLE, source):
            segment = piece.segment
            first = segment.origin.rpartition("-")[2].partition(".")[0]
            for number, line in enumerate(lines, start=1):
                record = _parsed(piece.part.entry.key, number, line, _checked)
                if as_of is not None and not _by(record, as_of):
                    continue
                if sieve.passes(piece, record):
                    yield f"{segment.writer}{segment.seq:012d}{first}{number:09d}", record

    def _lines(
        self, snapshot: Snapshot, kind: PartKind, source: str | None
    ) -> Iterator[tuple[LiveSegment, Iterator[bytes]]]:
        pieces = Pieces(self._store)
        for piece in snapshot.pieces:
            if piece.part.entry.kind is kind and source in (None, piece.part.commit.source):
                yield piece, self._whole(pieces.lines(piece))

    def _whole(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """Yield lines; damage ends them or, if somebody wants to be told, is told."""
        try:
            yield from lines
        except ArchiveDamaged as error:
            if self._damaged is None:
                raise
            self._damaged(error)


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record if it has what the reader itself needs; `KeyError` if not."""
    for name in ("source", "article_id", "revision", "change", "text_sha256", "fetch"):
        record[name]
    return record


def _object(values: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise TypeError("no JSON object")
    return values


def _by(record: dict[str, Any], at: datetime) -> bool:
    archived_at = parse_rfc3339(record.get("archived_at"))
    return archived_at is not None and archived_at <= at


def _fetched_at(record: dict[str, Any]) -> int:
    at = parse_rfc3339(record["fetch"]["fetched_at"])
    return 0 if at is None else micros(at)


def _parsed(key: str, number: int, line: bytes, read: Callable[[dict[str, Any]], _T]) -> _T:
    try:
        return read(decode_json(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(f"{key}: line {number} can't be read: {reason(error)}") from error
