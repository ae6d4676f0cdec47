"""The reader: an archive as articles, from the store alone.

No lock, no spool, nothing of the crawler: it can be used beside any number of writers. It sees
whole commits only, and checks every byte that it hands out against the log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final, TypeVar

from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.keys import PartKind, commit_key, number_of
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.sealed import UNREADABLE
from nordcrawl.archive.format.units import check_line, is_usual
from nordcrawl.archive.log.catalog import newest_catalog, seen_by
from nordcrawl.archive.log.erasures import Orders
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.log.pieces import Pieces
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, Snapshot, take
from nordcrawl.archive.read.sieve import Sieve
from nordcrawl.archive.read.wanted import Wanted
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.times import micros, parse_rfc3339
from nordcrawl.model.words import reason
from nordcrawl.system.lock import explained

_T = TypeVar("_T")

__all__ = ["Cursor", "LivePart", "LiveSegment", "Reader", "Snapshot", "Wanted"]

#: Changes after which an article is not shown by `Reader.latest`.
NOT_SHOWN: Final = frozenset({"removed", "erased"})
ALL: Final = Wanted()


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
        catalog = newest_catalog(self._store)
        seen = seen_by(self._store, since, catalog)
        names = writers(self._store)
        unknown = sorted(since.seen.keys() - set(names))
        # A listing may lag.
        if any(not self._store.exists(commit_key(w, since.seen[w])) for w in unknown):
            raise UsageError(
                f"cursor {str(since)[:80]} is of another archive than {self._store.uri}: "
                f"no writer {unknown[0]} there"
            )
        heads = {writer: (seq, None) for writer, seq in seen.items()}
        return take(self._store, heads, damaged=self._damaged, catalog=catalog, names=names)

    def records(
        self, *, since: Cursor | None = None, source: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield article records as written, every revision, in the order of commits.

        A record that two writers have both written is yielded once. To go on later, take the
        snapshot first, read its `records_of`, and keep its cursor.

        Raises:
            UsageError: as `snapshot`.
        """
        yield from self.records_of(self.snapshot(since), of_source(source))

    def records_of(self, snapshot: Snapshot, wanted: Wanted = ALL) -> Iterator[dict[str, Any]]:
        """Yield the article records of a snapshot, as `records` does, that are wanted."""
        for _, _, record in self._articles(snapshot, wanted):
            yield record

    def lines_of(self, snapshot: Snapshot, wanted: Wanted = ALL) -> Iterator[bytes]:
        """Yield the same as `records_of`, as the bytes of the lines, each with its LF.

        They are not even parsed where no second writer asks for it, and no erasure that may have
        missed them.
        """
        sieve, chosen = Sieve(snapshot, self._orders.read()), _chosen(wanted)
        for piece, lines in self._lines(snapshot, PartKind.ARTICLE, wanted):
            passes, key = sieve.of(piece), piece.part.entry.key
            if not wanted.asks_records and passes is None:
                yield from lines
                continue
            for number, line in enumerate(lines, start=1):
                record = _parsed(key, number, line, chosen)
                if record is not None and (passes is None or passes(line, record)):
                    yield line

    def latest(
        self,
        *,
        snapshot: Snapshot | None = None,
        wanted: Wanted = ALL,
    ) -> Iterator[dict[str, Any]]:
        """Yield each article once, as its latest revision, in the order of commits.

        The latest is that of the highest revision, then fetched last, then by writer and place.
        Articles that are removed or erased are left out. The archive is read twice, first for
        the places (some 100 bytes an article in a temporary file), so memory does not grow.

        Raises:
            SpoolError: the disk for temporary files.
        """
        snapshot = snapshot or self.snapshot()
        with explained(Path(gettempdir())), closing(sqlite3.connect("")) as db:
            db.execute(
                "CREATE TABLE latest(source TEXT, article_id TEXT, revision INTEGER, at INTEGER,"
                " place TEXT, shown INTEGER, PRIMARY KEY(source, article_id)) WITHOUT ROWID"
            )
            for place, number, record in self._articles(snapshot, wanted):
                db.execute(
                    "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET revision = excluded.revision, at = excluded.at,"
                    " place = excluded.place, shown = excluded.shown"
                    " WHERE (excluded.revision, excluded.at, excluded.place)"
                    " > (revision, at, place)",
                    (
                        *(record["source"], record["article_id"], record["revision"]),
                        *(_fetched_at(record), f"{place}{number:09d}"),
                        record["change"] not in NOT_SHOWN,
                    ),
                )
            best = "SELECT place, shown FROM latest WHERE source = ? AND article_id = ?"
            for place, number, record in self._articles(snapshot, wanted):
                found = db.execute(best, (record["source"], record["article_id"])).fetchone()
                if found == (f"{place}{number:09d}", 1):
                    yield record

    def ledger(
        self,
        *,
        run_id: str | None = None,
        source: str | None = None,
        snapshot: Snapshot | None = None,
    ) -> Iterator[LedgerEntry]:
        """Yield ledger lines, of one run or of all, in the order of commits."""
        snapshot = snapshot or self.snapshot()
        sieve = Sieve(snapshot, self._orders.read())
        for piece, lines in self._lines(snapshot, PartKind.LEDGER, of_source(source)):
            passes, key = sieve.of(piece), piece.part.entry.key
            for number, line in enumerate(lines, start=1):
                values = _parsed(key, number, line, _entry)
                if run_id in (None, values.get("run_id")) and (
                    passes is None or passes(line, values)
                ):
                    yield _parsed(key, number, line, LedgerEntry.from_json)

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield the manifests of all runs, sorted by key."""
        for key in sorted(entry.key for entry in self._store.list("runs/")):
            yield _parsed(key, 1, self._store.get(key), _object)

    def _articles(
        self, snapshot: Snapshot, wanted: Wanted
    ) -> Iterator[tuple[str, int, dict[str, Any]]]:
        """Yield (`_place` of the piece, number of the line in it, record)."""
        sieve, chosen = Sieve(snapshot, self._orders.read()), _chosen(wanted)
        for piece, lines in self._lines(snapshot, PartKind.ARTICLE, wanted):
            passes, key = sieve.of(piece), piece.part.entry.key
            place = _place(piece)
            for number, line in enumerate(lines, start=1):
                record = _parsed(key, number, line, chosen)
                if record is not None and (passes is None or passes(line, record)):
                    yield place, number, record

    def _lines(
        self, snapshot: Snapshot, kind: PartKind, wanted: Wanted
    ) -> Iterator[tuple[LiveSegment, Iterator[bytes]]]:
        pieces = Pieces(self._store)
        for piece in snapshot.pieces:
            entry, source = piece.part.entry, piece.commit.source
            if entry.kind is kind and wanted.may_hold(source, entry):
                yield piece, self._whole(pieces.lines(piece))

    def _whole(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        """Yield lines; damage ends them or, if somebody wants to be told, is told."""
        try:
            yield from lines
        except ArchiveDamaged as error:
            if self._damaged is None:
                raise
            self._damaged(error)


def of_source(source: str | None) -> Wanted:
    """Return what asks for all of a source, or of all."""
    return Wanted(frozenset([source])) if source is not None else ALL


def _chosen(wanted: Wanted) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    """Return a function that gives a record back, or None if it is not wanted; it raises as
    `check_line` where the record lacks what the reader itself needs."""

    def chosen(record: dict[str, Any]) -> dict[str, Any] | None:
        if not is_usual(record):
            check_line(PartKind.ARTICLE, record)
        return record if wanted.holds(record) else None

    return chosen


def _object(values: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise TypeError("no JSON object")
    return values


def _entry(values: dict[str, Any]) -> dict[str, Any]:
    check_line(PartKind.LEDGER, values)
    return values


def _place(piece: LiveSegment) -> str:
    """Return where lines lie, so that places, a line's number behind, sort as the lines of one
    writer do."""
    segment = piece.segment
    return f"{segment.writer}{segment.seq:012d}{number_of(segment.origin):012d}"


def _fetched_at(record: dict[str, Any]) -> int:
    try:
        at = parse_rfc3339(record["fetch"]["fetched_at"])
    except ValueError:  # `nordcrawl verify` finds it
        at = None
    return 0 if at is None else micros(at)


def _parsed(key: str, number: int, line: bytes, read: Callable[[dict[str, Any]], _T]) -> _T:
    try:
        return read(decode_json(line))
    except UNREADABLE as error:
        raise ArchiveDamaged(f"{key}: line {number} can't be read: {reason(error)}") from error
