"""Taking: records of one snapshot out of the archive, as a query wants them.

The only module of `nordcrawl.reading` that knows the archive's reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from nordcrawl.archive.format.commit import PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, encode_json
from nordcrawl.archive.read.disjoint import disjoint
from nordcrawl.archive.read.reader import Cursor, Reader, Snapshot, Wanted
from nordcrawl.archive.store.protocol import MARKER_KEY, Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, UsageError
from nordcrawl.model.words import reason
from nordcrawl.reading.query import Query, Span

__all__ = ["Cursor", "File", "Selection", "Snapshot"]


@dataclass(frozen=True, slots=True)
class File:
    """A live part of the archive: gzipped JSON Lines or, of captures, WARC, that any tool reads."""

    uri: str
    """``file://`` or ``s3://``."""
    key: str
    """Below the archive's address."""
    kind: str
    """``article``, ``ledger`` or ``capture``."""
    source: str
    date: str
    """UTC day of the fetch (articles) or the outcome (ledger)."""
    records: int
    bytes: int
    """Compressed."""
    sha256: str
    """Of the compressed object."""

    @property
    def location(self) -> str:
        """What other tools want: the path of a file in a folder, else the URI."""
        parts = urlsplit(self.uri)
        return unquote(parts.path) if parts.scheme == "file" else self.uri


class Selection:
    """One archive that is read; see `Reader` for what may be raised beside.

    With `damaged`, every damaged part is told to it once, and reading goes on.
    """

    def __init__(
        self, store: Store, *, damaged: Callable[[ArchiveDamaged], None] | None = None
    ) -> None:
        self._store = store
        told: set[str] = set()

        def tell_once(error: ArchiveDamaged) -> None:
            # The latest of each article takes two ways through the archive.
            if damaged is not None and str(error) not in told:
                told.add(str(error))
                damaged(error)

        self._reader = Reader(store, damaged=tell_once if damaged else None)

    @property
    def reader(self) -> Reader:
        """The archive's reader, for ledger and runs."""
        return self._reader

    def snapshot(self, since: Cursor | None = None) -> Snapshot:
        """Return what is there, or what came after a cursor.

        Raises:
            UsageError: there is no archive, or the cursor is of another one.
        """
        self.check()
        return self._reader.snapshot(since)

    def check(self) -> None:
        """See that there is an archive: an empty answer for a mistyped address would be silent.

        Raises:
            UsageError: there is none.
        """
        try:
            self._store.get(MARKER_KEY)
        except ObjectMissing:
            raise UsageError(
                f"no archive at {self._store.uri} (there is no {MARKER_KEY}); --archive or "
                "NORDCRAWL_ARCHIVE says where it lies"
            ) from None

    def records(self, snapshot: Snapshot, query: Query) -> Iterator[dict[str, Any]]:
        """Yield the records that the query wants, in the order of commits."""
        if query.latest:
            found = self._reader.latest(snapshot=snapshot, wanted=_wanted(query))
        else:
            found = self._reader.records_of(snapshot, _wanted(query))
        return filter(query.chooses, found)

    def lines(self, snapshot: Snapshot, query: Query) -> Iterator[bytes]:
        """Yield the same as lines: the archive's own bytes, each ended by LF."""
        if query.latest or query.as_of:
            # The archive's one way to write JSON, so these are the bytes that were read.
            return map(encode_json, self.records(snapshot, query))
        lines = self._reader.lines_of(snapshot, _wanted(query))
        if query.reads_records:
            return (line for line in lines if query.chooses(_parsed(line)))
        return lines

    def files(
        self, snapshot: Snapshot, kind: str | None = None, source: str | None = None
    ) -> list[File]:
        """Return the parts of a snapshot, by kind, source, date and name; no line is in two.

        Raises:
            StoreRefused: parts overlap, as two compactions side by side may leave them, and none
                can be left out; says what to do.
        """
        return [
            file
            for part in sorted(disjoint(snapshot), key=lambda part: part.entry.key)
            if part.entry.kind is not PartKind.QUARANTINE
            and kind in (None, (file := self._file(part.entry)).kind)
            and source in (None, file.source)
        ]

    def _file(self, entry: PartEntry) -> File:
        _, source, date, _ = entry.key.split("/")
        return File(
            uri=f"{self._store.uri}/{entry.key}",
            key=entry.key,
            kind=str(entry.kind),
            source=source.removeprefix("source="),
            date=date.removeprefix("date="),
            records=entry.records,
            bytes=entry.bytes,
            sha256=entry.sha256,
        )


def sources_of(snapshot: Snapshot) -> set[str]:
    """Return the sources that have articles in a snapshot."""
    return {p.commit.source for p in snapshot.pieces if p.part.entry.kind is PartKind.ARTICLE}


def _wanted(query: Query) -> Wanted:
    """Return what the reader itself can choose by. Not by time of fetch where the latest revisions
    are asked for: an older one must not stand in for one outside."""
    fetched = Span() if query.latest else query.fetched
    return Wanted(query.sources, query.as_of, fetched.start, fetched.end)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        record: dict[str, Any] = decode_json(line)
        record["source"]
    except (ValueError, KeyError, TypeError) as error:
        raise ArchiveDamaged(f"a line can't be read: {line[:80]!r}: {reason(error)}") from error
    return record
