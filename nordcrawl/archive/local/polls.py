"""Polls: what each sitemap, feed and listing answered the last time; a cache beside the state.

In no checkpoint and no ledger: without it a run asks for everything.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from nordcrawl.archive.local.spool import Spool
from nordcrawl.model.times import from_micros, micros

#: URL, lastmod, published, title; lastmod and published in the words of the entry.
Row = tuple[str | None, ...]

_DDL: Final = """
CREATE TABLE IF NOT EXISTS poll(
  url TEXT PRIMARY KEY, at INTEGER NOT NULL, etag TEXT, last_modified TEXT, told TEXT,
  found BLOB NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer; times UTC, header values as sent."""

    url: str
    at: datetime
    etag: str | None
    last_modified: str | None
    told: str | None
    """What the index that names it said of its last change."""
    links: tuple[Row, ...]
    sitemaps: tuple[Row, ...]


class Polls:
    """The polls of one source. Thread-safe, as the spool is."""

    def __init__(self, spool: Spool) -> None:
        self._db = spool.state
        with self._db.transaction() as db:
            db.execute(_DDL)

    def head(self, url: str) -> Poll | None:
        """Return the latest answer of an entry without what it named, which may be much."""
        rows = self._db.query(
            "SELECT at, etag, last_modified, told FROM poll WHERE url = ?", (url,)
        )
        if not rows:
            return None
        at, etag, last_modified, told = rows[0]
        return Poll(url, from_micros(at), etag, last_modified, told, (), ())

    def get(self, url: str) -> Poll | None:
        """Return the latest answer of an entry; None if there is none, or it can't be read."""
        rows = self._db.query("SELECT * FROM poll WHERE url = ?", (url,))
        if not rows:
            return None
        _, at, etag, last_modified, told, found = rows[0]
        try:
            links, sitemaps = json.loads(zlib.decompress(found))
        except (zlib.error, ValueError):
            return None
        return Poll(
            url,
            from_micros(at),
            etag,
            last_modified,
            told,
            tuple(tuple(row) for row in links),
            tuple(tuple(row) for row in sitemaps),
        )

    def put(self, poll: Poll) -> None:
        """Keep an answer instead of the one before.

        Raises:
            SpoolError: the disk.
        """
        found = json.dumps([poll.links, poll.sitemaps], ensure_ascii=True, separators=(",", ":"))
        row = (
            poll.url,
            micros(poll.at),
            poll.etag,
            poll.last_modified,
            poll.told,
            zlib.compress(found.encode(), 3),
        )
        with self._db.transaction() as db:
            db.execute("INSERT OR REPLACE INTO poll VALUES (?, ?, ?, ?, ?, ?)", row)


def forget(db: sqlite3.Connection) -> None:
    """Drop all polls, within the transaction of `db`: they name what is to be erased."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'poll'").fetchall():
        db.execute("DELETE FROM poll")
