"""Captured: of each URL the payload that the archive has of it, a table of the state.

Folds from the ledger lines that tell of a `response` record; the latest wins.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any, Final

from nordcrawl.archive.local.database import Database
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.model.capture import RESPONSE, Payload
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.times import from_micros, micros

DDL: Final = """
CREATE TABLE IF NOT EXISTS captured(
  url TEXT PRIMARY KEY, at INTEGER NOT NULL, digest TEXT NOT NULL, target TEXT NOT NULL)
  WITHOUT ROWID
"""


def told_by(entry: LedgerEntry) -> tuple[str, Payload] | None:
    """Return a URL and the payload of it that a ledger line says was kept; None for none."""
    capture = entry.capture
    if capture is None or capture.type != RESPONSE or capture.payload_digest is None:
        return None
    at = entry.fetched_at or entry.at
    return entry.url, Payload(capture.payload_digest, entry.final_url or entry.url, at)


def payload(db: Database, url: str) -> Payload | None:
    """Return the payload that the archive has of a URL; as of the disk."""
    rows = db.query("SELECT digest, target, at FROM captured WHERE url = ?", (url,))
    return Payload(rows[0][0], rows[0][1], from_micros(rows[0][2])) if rows else None


def write(db: sqlite3.Connection, url: str, found: Payload) -> None:
    """Take note of a payload, unless a later one is known, within the transaction of `db`."""
    db.execute(
        "INSERT INTO captured VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET at = excluded.at, digest = excluded.digest, target = excluded.target"
        " WHERE (excluded.at, excluded.digest, excluded.target) > (at, digest, target)",
        (url, micros(found.at), found.digest, found.url),
    )


def forget(db: sqlite3.Connection, source: str, erasures: Erasures, urls: Iterable[str]) -> None:
    """Forget the payloads of `urls`, and what else erasures cover by an address, within the
    transaction of `db`."""
    rows: list[tuple[Any, ...]] = db.execute("SELECT url, target FROM captured").fetchall()
    gone = [url for url, *more in rows if erasures.covers_page(source, None, (url, *more))]
    db.executemany("DELETE FROM captured WHERE url = ?", [(url,) for url in (*urls, *gone)])
