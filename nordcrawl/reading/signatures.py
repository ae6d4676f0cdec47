"""Signatures: those of the texts of an archive's articles, as its ledger has them.

The ledger tells of each revision which signature its text has, so that no text is read. What an
article is now is the latest of its lines: they are folded source by source, in a temporary file of
some 600 bytes an article of the largest source, and memory does not grow.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model import signature as near
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.printable import shown
from nordcrawl.model.times import from_micros, micros

_CREATE: Final = """
CREATE TABLE article(article_id TEXT PRIMARY KEY, revision INTEGER, at INTEGER, text_sha256 TEXT,
  content_sha256 TEXT, gone INTEGER, is_told INTEGER, url TEXT, language TEXT,
  published_at INTEGER, title TEXT, near TEXT)
"""
#: The rule of the state (`KnownArticle.rank`), so that lines of many writers give the same in any
#: order; of one revision that two versions read, text and signature are the same.
_TAKE: Final = """
INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  revision = excluded.revision, at = excluded.at, text_sha256 = excluded.text_sha256,
  content_sha256 = excluded.content_sha256, gone = excluded.gone, is_told = excluded.is_told,
  url = excluded.url, language = excluded.language, published_at = excluded.published_at,
  title = excluded.title, near = excluded.near
WHERE (excluded.revision, excluded.at, excluded.text_sha256, excluded.content_sha256)
  >= (revision, at, text_sha256, content_sha256)
"""
_SHOWN: Final = (
    "SELECT article_id, revision, url, language, published_at, title, text_sha256, near, is_told"
    " FROM article WHERE NOT gone ORDER BY rowid"
)


@dataclass(frozen=True, slots=True)
class Signed:
    """An article's latest revision, and the signature of its text."""

    source: str
    article_id: str
    revision: int
    url: str
    language: str | None
    published_at: datetime | None
    """UTC."""
    title: str | None
    text_sha256: str
    near: str

    @property
    def bins(self) -> tuple[int, ...]:
        """The least value of each bin, see `nordcrawl.model.signature.bins`.

        Raises:
            ArchiveDamaged: the signature is none that this nordcrawl knows; names the article.
        """
        with self._explained():
            return near.bins(self.near)

    @property
    def bands(self) -> tuple[int, ...]:
        """The keys by which it is found, see `nordcrawl.model.signature.bands`; raises as `bins`
        does."""
        with self._explained():
            return near.bands(self.near)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise ArchiveDamaged(f"{shown(self.article_id)}: {error}") from error


@dataclass(slots=True)
class Counts:
    """How many articles there are, by whether they have a signature."""

    signed: int = 0
    short: int = 0
    """Their text is too short for one."""
    untold: int = 0
    """A nordcrawl archived them that made none (0.1), and they have not changed since."""


Row: TypeAlias = tuple[Any, ...]
"""What a ledger line tells of an article."""


def signed(source: str, entries: Iterable[LedgerEntry], counts: Counts) -> Iterator[Signed]:
    """Yield the articles of a source that have a signature, in the order in which the ledger first
    names them, by its lines in any order; count all of them.

    An article that its publisher took down is none.
    """
    yield from signed_of(source, filter(None, map(row_of, entries)), counts)


def signed_of(source: str, rows: Iterable[Row], counts: Counts) -> Iterator[Signed]:
    """Yield the same by the rows of the lines: all of each article that there are."""
    with closing(sqlite3.connect("")) as db:
        db.execute("PRAGMA journal_mode=OFF")
        db.execute(_CREATE)
        db.executemany(_TAKE, rows)
        for row in db.execute(_SHOWN):
            article_id, revision, url, language, published_at, title, text, signature, told = row
            if signature:
                counts.signed += 1
                at = None if published_at is None else from_micros(published_at)
                yield Signed(
                    source, article_id, revision, url, language, at, title, text, signature
                )
            elif told:
                counts.short += 1
            else:
                counts.untold += 1


def row_of(entry: LedgerEntry) -> Row | None:
    """Return the row of the article that a line tells of, if it does; its id stands first."""
    if (new := entry.article) is None:
        return None
    return (
        *(new.article_id, new.revision, micros(entry.article_fetched_at)),
        # Digests of fields came with signatures.
        *(new.text_sha256, new.content_sha256, new.gone, bool(new.near or new.fields)),
        *(new.url, new.language, None if new.published_at is None else micros(new.published_at)),
        *(new.title, new.near),
    )
