"""The reader: an archive as articles, from the store alone.

No lock, no spool, nothing of the crawler: it can be used beside any number of writers. It sees
whole commits only, and checks every byte that it hands out against the log.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from nordcrawl.archive import layout
from nordcrawl.archive.layout import PartKind
from nordcrawl.archive.log import Commit, Cursor, PartEntry, chain, read_part, writers
from nordcrawl.archive.store import Store
from nordcrawl.article import parse_rfc3339
from nordcrawl.errors import ArchiveDamaged, UsageError
from nordcrawl.ledger import LedgerEntry

_T = TypeVar("_T")

__all__ = ["Archive", "Cursor", "Part", "Snapshot"]

#: Changes after which an article is not shown by `Archive.latest`.
HIDDEN: Final = frozenset({"removed", "erased"})
#: What two records of one revision must have equal, beside ids and text, to be the same one.
_CONTENT: Final = (
    "title", "subtitle", "kicker", "authors", "published_at", "language", "kind", "section",
    "tags", "blocks",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A live part and the commit that put it there."""

    entry: PartEntry
    commit: Commit


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in the archive at one moment: repeatable, for nothing of it ever changes."""

    parts: tuple[Part, ...]
    """In the order of commits: a writer's own order, across writers by time."""
    cursor: Cursor
    """Where to go on from."""


class Archive:
    """An archive to read. Thread-safe as far as its store is.

    Every method may raise `StoreRefused` and `StoreUnavailable`, and `ArchiveDamaged` naming the
    key of what does not agree with the log.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def snapshot(self, since: Cursor | None = None) -> Snapshot:
        """Return the live parts, or those that came after a cursor.

        A writer that the cursor does not know is new: all of it came after.

        Raises:
            UsageError: the cursor tells of writers that are not in this archive.
        """
        seen = dict(since.seen) if since else {}
        found = writers(self._store)
        if unknown := sorted(seen.keys() - set(found)):
            raise UsageError(
                f"cursor {str(since)[:80]} is of another archive than {self._store.uri}: "
                f"no writer {unknown[0]} there"
            )
        logs = {writer: list(chain(self._store, writer, seen.get(writer, 0))) for writer in found}
        removed = {key for log in logs.values() for commit in log for key in commit.remove}
        parts = tuple(
            Part(entry, commit)
            for commit in _in_order(logs.values())
            for entry in commit.add
            if entry.key not in removed
        )
        seen.update({writer: log[-1].seq for writer, log in logs.items() if log})
        return Snapshot(parts, Cursor(seen))

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
        self, snapshot: Snapshot, *, source: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the article records of a snapshot, as `records` does."""
        for _, record in self._articles(snapshot, source):
            yield record

    def latest(
        self, *, snapshot: Snapshot | None = None, source: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield each article once, as its latest revision, sorted by source and article id.

        The latest is that of the highest revision, then fetched last, then by writer and place.
        Articles that are removed or erased are left out. They are sorted out in a temporary file,
        so memory does not grow with the archive.
        """
        with closing(sqlite3.connect("")) as db:
            db.execute(
                "CREATE TABLE latest(source TEXT, article_id TEXT, revision INTEGER, at INTEGER,"
                " place TEXT, record TEXT, PRIMARY KEY(source, article_id)) WITHOUT ROWID"
            )
            for place, record in self._articles(snapshot or self.snapshot(), source):
                shown = record["change"] not in HIDDEN
                db.execute(
                    "INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET revision = excluded.revision, at = excluded.at,"
                    " place = excluded.place, record = excluded.record"
                    " WHERE (excluded.revision, excluded.at, excluded.place)"
                    " > (revision, at, place)",
                    (
                        *(record["source"], record["article_id"], record["revision"]),
                        *(_fetched_at(record), place),
                        json.dumps(record, ensure_ascii=False) if shown else None,
                    ),
                )
            rows = db.execute("SELECT record FROM latest ORDER BY source, article_id")
            yield from (json.loads(text) for (text,) in rows if text is not None)

    def ledger(
        self, *, run_id: str | None = None, source: str | None = None
    ) -> Iterator[LedgerEntry]:
        """Yield ledger lines, of one run or of all, in the order of commits."""
        snapshot = self.snapshot()
        copies = _Copies(
            p.commit for p in snapshot.parts if run_id is None or p.commit.run_id == run_id
        )
        for part in snapshot.parts:
            if part.entry.kind is not PartKind.LEDGER:
                continue
            if run_id not in (None, part.commit.run_id) or source not in (None, part.commit.source):
                continue
            for number, line in enumerate(read_part(self._store, part.entry), start=1):
                entry = _parsed(part.entry.key, number, line, LedgerEntry.from_json)
                key = (entry.run_id, entry.url, entry.at, entry.outcome)
                if not copies.met_before(part.commit, repr(key)):
                    yield entry

    def runs(self) -> Iterator[dict[str, Any]]:
        """Yield the manifests of all runs, sorted by key."""
        for key in sorted(entry.key for entry in self._store.list("runs/")):
            yield _parsed(key, 1, self._store.get(key), dict)

    def _articles(
        self, snapshot: Snapshot, source: str | None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield (place, record); places sort as the lines of one writer do."""
        copies = _Copies(part.commit for part in snapshot.parts)
        for part in snapshot.parts:
            if part.entry.kind is not PartKind.ARTICLE or source not in (None, part.commit.source):
                continue
            commit = part.commit
            for number, line in enumerate(read_part(self._store, part.entry), start=1):
                record = _parsed(part.entry.key, number, line, _checked)
                if not copies.met_before(commit, _identity(record)):
                    place = f"{commit.writer}{commit.seq:012d}{part.entry.first_seq:012d}"
                    yield f"{place}{number:09d}", record


class _Copies:
    """Knows lines that another writer has written too; keeps nothing where there is only one.

    Some 100 bytes of memory a line of sources that have several writers.
    """

    def __init__(self, commits: Iterable[Commit]) -> None:
        by_source: defaultdict[str, set[str]] = defaultdict(set)
        for commit in commits:
            by_source[commit.source].add(commit.writer)
        self._shared = {source for source, names in by_source.items() if len(names) > 1}
        self._first: dict[bytes, str] = {}

    def met_before(self, commit: Commit, identity: str) -> bool:
        if commit.source not in self._shared:
            return False
        digest = hashlib.blake2b(identity.encode(), digest_size=16).digest()
        return self._first.setdefault(digest, commit.writer) != commit.writer


def _in_order(logs: Iterable[list[Commit]]) -> Iterator[Commit]:
    """Merge the writers' logs by time, none of them changing its own order."""
    return (commit for _, commit in heapq.merge(*map(_timed, logs), key=lambda pair: pair[0]))


def _timed(log: list[Commit]) -> Iterator[tuple[tuple[datetime, str], Commit]]:
    latest: datetime | None = None
    for commit in log:  # a clock set back must not put a commit before its predecessor
        latest = max(latest or commit.committed_at, commit.committed_at)
        yield (latest, commit.writer), commit


def _identity(record: dict[str, Any]) -> str:
    content = [record.get(name) for name in _CONTENT]
    names = ("source", "article_id", "revision", "change", "text_sha256")
    return json.dumps([[record[name] for name in names], content], ensure_ascii=False)


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record if it has what the reader itself needs; `KeyError` if not."""
    for name in ("source", "article_id", "revision", "change", "text_sha256", "fetch"):
        record[name]
    return record


def _fetched_at(record: dict[str, Any]) -> int:
    at = parse_rfc3339(record["fetch"]["fetched_at"])
    return 0 if at is None else layout.micros(at)


def _parsed(key: str, number: int, line: bytes, read: Callable[[dict[str, Any]], _T]) -> _T:
    try:
        return read(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(f"{key}: line {number} can't be read: {error!r}") from error
