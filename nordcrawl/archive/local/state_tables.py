"""The tables of the state: their columns, and each row as a value and back.

A row of `url` is a `UrlState`, one of `article` a `KnownArticle`; times are integers, microseconds
since 1970, UTC.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nordcrawl.archive.local import captured
from nordcrawl.model.article import normalize
from nordcrawl.model.ledger import ArticleState, Outcome, UrlState
from nordcrawl.model.times import from_micros, micros, parse_rfc3339, rfc3339

_DDL: Final = """
CREATE TABLE IF NOT EXISTS url(
  url TEXT PRIMARY KEY, outcome TEXT NOT NULL, at INTEGER NOT NULL, fetched_at INTEGER,
  lastmod TEXT, etag TEXT, last_modified TEXT, body_sha256 TEXT, article_id TEXT,
  weak_alias INTEGER NOT NULL, linked_at INTEGER, gone_at INTEGER, gone_before INTEGER,
  missed_at INTEGER, missed_before INTEGER)
  WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS url_article ON url(article_id) WHERE article_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS article(
  article_id TEXT PRIMARY KEY, revision INTEGER NOT NULL, url TEXT NOT NULL,
  text_sha256 TEXT NOT NULL, content_sha256 TEXT NOT NULL, extractor TEXT NOT NULL, title TEXT,
  published_at TEXT, modified_at TEXT, seen_at INTEGER NOT NULL, language TEXT, near TEXT,
  fields TEXT, partners TEXT, gone INTEGER NOT NULL DEFAULT 0, title_key TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS article_title ON article(title_key) WHERE title_key IS NOT NULL;
CREATE TABLE IF NOT EXISTS text(
  text_sha256 TEXT PRIMARY KEY, article_id TEXT NOT NULL, seen_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folded(lines INTEGER NOT NULL)
"""
TABLES: Final = ("url", "article", "text", "other", "captured")
URL_COLUMNS: Final = 15
ARTICLE_COLUMNS: Final = 16


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """The latest revision of an article, and when its page was fetched, in microseconds."""

    state: ArticleState
    seen_at: int

    @property
    def rank(self) -> tuple[int, int, str, str, tuple[int, ...]]:
        """Which of two states is the article's: the digests only make ties the same everywhere. Of
        one revision that was read twice, the reading of the later version."""
        state = self.state
        version = _version(state.extractor)
        return state.revision, self.seen_at, state.text_sha256, state.content_sha256, version


@dataclass(frozen=True, slots=True)
class KnownText:
    """Whose a text was first, and when, in microseconds."""

    article_id: str
    seen_at: int


def _version(extractor: str) -> tuple[int, ...]:
    """Return the versions of what extracted (see `ArticleState.extractor`), as numbers: those of
    nordcrawl, then the engine's.

    >>> _version("labrador/2.0.10/0.3.0") > _version("labrador/2.0.9/0.3.0")
    True
    """
    versions = ".".join(reversed(extractor.split("/")[1:]))
    return tuple(int(number) for number in re.findall(r"\d+", versions))


def create(db: sqlite3.Connection) -> bool:
    """Make the tables that are missing; return whether those of an earlier version were there,
    which are dropped: all is to be folded anew."""
    columns = [len(db.execute(f"PRAGMA table_info({t})").fetchall()) for t in ("url", "article")]
    is_old = columns not in ([0, 0], [URL_COLUMNS, ARTICLE_COLUMNS])
    for table in ("url", "article") if is_old else ():
        db.execute(f"DROP TABLE {table}")
    for statement in (*_DDL.split(";"), captured.DDL):
        db.execute(statement)
    if not db.execute("SELECT 1 FROM folded").fetchall():
        db.execute("INSERT INTO folded VALUES (0)")
    return is_old


SELECT_URL: Final = "SELECT * FROM url"
_INSERT: Final = "INSERT OR REPLACE INTO {} VALUES ({})"
INSERT_URL: Final = _INSERT.format("url", ", ".join("?" * URL_COLUMNS))
INSERT_ARTICLE: Final = _INSERT.format("article", ", ".join("?" * ARTICLE_COLUMNS))
MOST_TITLED: Final = 50
"""Articles of one title that are looked at: a column ("The week in pictures") has many."""


def title_key(title: str | None) -> str | None:
    """Return what titles that are the same to a reader have in common; None for none."""
    if not (folded := normalize(title or "").casefold()):
        return None
    return hashlib.blake2b(folded.encode(errors="replace"), digest_size=8).hexdigest()


SELECT_ALL: Final = (
    "SELECT u.*, a.*, t.article_id, t.seen_at FROM (SELECT 1)"
    " LEFT JOIN url u ON u.url = ? LEFT JOIN article a ON a.article_id = ?"
    " LEFT JOIN text t ON t.text_sha256 = ?"
)


def url_row(state: UrlState) -> tuple[Any, ...]:
    """Return the row of what is known of a URL."""
    return (
        *(state.url, str(state.outcome), micros(state.at), _micros(state.fetched_at)),
        *(state.lastmod, state.etag, state.last_modified, state.body_sha256, state.article_id),
        *(state.weak_alias, _micros(state.linked_at)),
        *(*map(micros, state.gone_at), None, None)[:2],
        *(*map(micros, state.missed_at), None, None)[:2],
    )


def url_of(row: tuple[Any, ...]) -> UrlState:
    """Return what a row says of a URL."""
    url, outcome, at, fetched_at, lastmod, etag, last_modified, body, article_id, weak = row[:10]
    linked, *lost = row[10:]
    return UrlState(
        url=url,
        outcome=Outcome(outcome),
        at=from_micros(at),
        fetched_at=_from_micros(fetched_at),
        lastmod=lastmod,
        etag=etag,
        last_modified=last_modified,
        body_sha256=body,
        article_id=article_id,
        weak_alias=bool(weak),
        linked_at=_from_micros(linked),
        gone_at=tuple(from_micros(at) for at in lost[:2] if at is not None),
        missed_at=tuple(from_micros(at) for at in lost[2:] if at is not None),
    )


def _micros(at: datetime | None) -> int | None:
    return None if at is None else micros(at)


def _from_micros(value: int | None) -> datetime | None:
    return None if value is None else from_micros(value)


def article_row(row: KnownArticle) -> tuple[Any, ...]:
    """Return the row of an article."""
    state = row.state
    return (
        *(state.article_id, state.revision, state.url, state.text_sha256, state.content_sha256),
        *(state.extractor, state.title, rfc3339(state.published_at), rfc3339(state.modified_at)),
        *(row.seen_at, state.language, state.near),
        json.dumps(dict(state.fields)) if state.fields else None,
        json.dumps(state.partners) if state.partners else None,
        *(state.gone, title_key(state.title)),
    )


def article_of(row: tuple[Any, ...]) -> KnownArticle:
    """Return the article of a row."""
    article_id, revision, url, text, content, extractor, title, published_at, modified_at = row[:9]
    at, language, near, fields, partners, gone, _ = row[9:]
    state = ArticleState(
        article_id=article_id,
        revision=revision,
        url=url,
        text_sha256=text,
        content_sha256=content,
        extractor=extractor,
        title=title,
        published_at=parse_rfc3339(published_at),
        modified_at=parse_rfc3339(modified_at),
        language=language,
        near=near,
        fields=json.loads(fields) if fields else {},
        partners=tuple(json.loads(partners)) if partners else (),
        gone=bool(gone),
    )
    return KnownArticle(state, at)
