"""Neighbours: which articles may be nearly the same text, and which name which as translation.

Tables beside the state's own, made from the same ledger lines: an index of the texts' signatures
by bands, of all sources of the archive, and the named translations turned round. Bounded: a look-up
reads at most `MOST` articles a band. Does not decide what is near: `nordcrawl.model.signature`
does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nordcrawl.archive.local.database import Database
from nordcrawl.model import signature as near
from nordcrawl.model.ledger import ArticleState

#: Tables that are made from others: they stand in no checkpoint.
DERIVED: Final = ("band", "partner")
#: Articles looked at for each band. Texts that more than these share a band with are forms, such
#: as weather reports; of these some only are found.
MOST: Final = 50
#: Who shares a band with a text: pairs of a band and `MOST`, one for each band.
_SHARING: Final = " UNION ALL ".join(
    ["SELECT * FROM (SELECT article_id FROM band WHERE band = ? LIMIT ?)"] * near.BANDS
)
#: The same with address and signature, in one look-up: a text on its own has none to fetch, and a
#: much told one has dozens.
_NEIGHBOURS: Final = (
    f"WITH found AS MATERIALIZED (SELECT DISTINCT article_id FROM ({_SHARING}))"  # noqa: S608
    " SELECT article_id, url, near FROM found JOIN article USING (article_id) UNION ALL"
    " SELECT article_id, url, near FROM found JOIN other USING (article_id)"
)
_DDL: Final = """
CREATE TABLE IF NOT EXISTS other(
  article_id TEXT PRIMARY KEY, near TEXT NOT NULL, url TEXT NOT NULL, revision INTEGER NOT NULL,
  seen_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS band(
  band NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY(band, article_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS band_article ON band(article_id);
CREATE TABLE IF NOT EXISTS partner(
  partner TEXT NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY(partner, article_id))
  WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS partner_article ON partner(article_id)
"""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An article whose text shares a band with another one's."""

    article_id: str
    url: str
    near: str


class Neighbours:
    """The two indexes in the state's file. Not thread-safe: `State` holds its lock."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, db: sqlite3.Connection) -> None:
        """Make the tables where there are none."""
        for statement in _DDL.split(";"):
            db.execute(statement)

    def write(self, db: sqlite3.Connection, state: ArticleState) -> None:
        """Index an article of the spool's own source, instead of its revision before."""
        self.index(db, state.article_id, None if state.gone else state.near)
        db.execute("DELETE FROM partner WHERE article_id = ?", (state.article_id,))
        db.executemany(
            "INSERT OR IGNORE INTO partner VALUES (?, ?)",
            [(partner, state.article_id) for partner in state.partners],
        )

    def write_other(self, db: sqlite3.Connection, state: ArticleState, seen_at: int) -> None:
        """Index an article of another source, unless a later revision of it is known."""
        known = db.execute(
            "SELECT revision, seen_at, near FROM other WHERE article_id = ?", (state.article_id,)
        ).fetchone()
        # The signature only makes ties the same everywhere.
        if known is not None and known >= (state.revision, seen_at, state.near or ""):
            return
        db.execute(
            "INSERT OR REPLACE INTO other VALUES (?, ?, ?, ?, ?)",
            (state.article_id, state.near or "", state.url, state.revision, seen_at),
        )
        self.index(db, state.article_id, None if state.gone else state.near)

    def index(self, db: sqlite3.Connection, article_id: str, signature: str | None) -> None:
        """Let an article be found by the bands of a signature, and by no others."""
        db.execute("DELETE FROM band WHERE article_id = ?", (article_id,))
        if signature:
            db.executemany(
                "INSERT OR IGNORE INTO band VALUES (?, ?)",
                [(band, article_id) for band in near.bands(signature)],
            )

    def near(self, signature: str, recent: Iterable[ArticleState]) -> list[Neighbour]:
        """Return the articles that share a band with a signature; `recent` are those that are not
        on the disk yet, or in another state there."""
        bands = near.bands(signature)
        rows = self._db.query(_NEIGHBOURS, [value for band in bands for value in (band, MOST)])
        found = {row[0]: Neighbour(*row) for row in rows if row[2]}
        wanted = set(bands)
        for state in recent:
            found.pop(state.article_id, None)
            if state.near and not state.gone and not wanted.isdisjoint(near.bands(state.near)):
                found[state.article_id] = Neighbour(state.article_id, state.url, state.near)
        return [found[article_id] for article_id in sorted(found)]

    def namers(self, article_id: str, recent: Iterable[ArticleState]) -> list[str]:
        """Return the ids of articles that name this one as their translation, sorted."""
        rows = self._db.query("SELECT article_id FROM partner WHERE partner = ?", (article_id,))
        found = {namer for (namer,) in rows}
        for state in recent:
            found.discard(state.article_id)
            if article_id in state.partners:
                found.add(state.article_id)
        return sorted(found)

    def forget(self, db: sqlite3.Connection, ids: Iterable[str]) -> None:
        """Drop all rows of articles, within the transaction of `db`."""
        for article_id in ids:
            for table in ("other", "band", "partner"):
                db.execute(f"DELETE FROM {table} WHERE article_id = ?", (article_id,))  # noqa: S608
            db.execute("DELETE FROM partner WHERE partner = ?", (article_id,))
