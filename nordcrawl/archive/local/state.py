"""State: what the archive knows of URLs and articles, as a local cache for quick answers.

It folds from the ledger lines of all writers, in any order, so it can be thrown away and made
anew from the archive. `State` also answers for what was accepted a moment ago and is not on the
disk yet. Knows nothing of parts and stores; `nordcrawl.archive.write.catch_up` feeds it.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from nordcrawl.archive.local import captured, polls
from nordcrawl.archive.local.neighbours import DERIVED, Neighbour, Neighbours
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.model.article import normalize
from nordcrawl.model.capture import Payload
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome, UrlState, fold
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
_V = TypeVar("_V")
_TABLES: Final = ("url", "article", "text", "other", "captured")
_URL_COLUMNS: Final = 15
_ARTICLE_COLUMNS: Final = 16
_LOADED_AT_ONCE: Final = 50_000
"""Rows of a checkpoint in one transaction."""


@dataclass(frozen=True, slots=True)
class _Article:
    state: ArticleState
    seen_at: int

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """Which of two states is the article's: the digests only make ties the same everywhere."""
        return self.state.revision, self.seen_at, self.state.text_sha256, self.state.content_sha256


@dataclass(frozen=True, slots=True)
class _Text:
    article_id: str
    seen_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one ledger line changes; None where it changes nothing."""

    url: UrlState | None
    article: _Article | None
    text: tuple[str, _Text] | None
    captured: tuple[str, Payload] | None = None


class State:
    """Thread-safe. Reads are point look-ups of some 20 microseconds."""

    def __init__(self, spool: Spool, *, page_rows: int = 1000) -> None:
        """Read `page_rows` rows at a time: no read transaction stays open between them."""
        self._source = spool.source
        self._db = spool.state
        self._page_rows = page_rows
        self._lock = threading.RLock()
        self._urls: dict[str, UrlState] = {}
        self._articles: dict[str, _Article] = {}
        self._texts: dict[str, _Text] = {}
        self.neighbours = Neighbours(self._db)
        with self._db.transaction() as db:
            old = _is_old(db)
            for table in ("url", "article") if old else ():
                db.execute(f"DROP TABLE {table}")
            for statement in _DDL.split(";"):
                db.execute(statement)
            self.neighbours.create(db)
            db.execute(captured.DDL)
            if not db.execute("SELECT 1 FROM folded").fetchall():
                db.execute("INSERT INTO folded VALUES (0)")
        if old:
            self.drop()

    def url(self, url: str) -> UrlState | None:
        """Return what is remembered of a URL (canonical form)."""
        with self._lock:
            if (recent := self._urls.get(url)) is not None:
                return recent
            rows = self._db.query(f"{_SELECT_URL} WHERE url = ?", (url,))
        return _url_of(rows[0]) if rows else None

    def article(self, article_id: str) -> ArticleState | None:
        """Return the latest revision known of an article."""
        found = self._article(article_id)
        return found.state if found else None

    def fetched_at(self, article_id: str) -> datetime | None:
        """Return when the page of an article's latest revision was fetched, UTC."""
        found = self._article(article_id)
        return from_micros(found.seen_at) if found else None

    def unlinked(self) -> set[str]:
        """Return the ids of articles that another one names as its translation, and that do not
        name it; as of the disk."""
        with self._lock:
            rows = self._db.query(
                "SELECT a.article_id, a.partners, p.article_id FROM partner p"
                " JOIN article a ON a.article_id = p.partner WHERE NOT a.gone"
            )
        return {
            article_id
            for article_id, partners, namer in rows
            if namer not in json.loads(partners or "[]")
        }

    def payload(self, url: str) -> Payload | None:
        """Return the payload that the archive has of a URL (canonical form); as of the disk."""
        return captured.payload(self._db, url)

    def text_owner(self, text_sha256: str) -> str | None:
        """Return the id of the article that had this text first, in any of its revisions."""
        found = self._text(text_sha256)
        return found.article_id if found else None

    def aliases(self, article_id: str) -> list[str]:
        """Return all URLs that led to an article, weak ones too, sorted."""
        with self._lock:
            rows = self._db.query("SELECT url FROM url WHERE article_id = ?", (article_id,))
            found = {url for (url,) in rows if url not in self._urls}
            recent = self._urls.items()
            found |= {url for url, state in recent if state.article_id == article_id}
        return sorted(found)

    def urls(self) -> Iterator[UrlState]:
        """Yield the state of every URL, sorted by it; what changes meanwhile may be seen or not."""
        after = ""
        while True:
            with self._lock:
                rows = self._db.query(
                    f"{_SELECT_URL} WHERE url > ? ORDER BY url LIMIT {self._page_rows}", (after,)
                )
                last = rows[-1][0] if len(rows) == self._page_rows else None
                page = {row[0]: _url_of(row) for row in rows}
                page |= {
                    url: recent
                    for url, recent in self._urls.items()
                    if url > after and (last is None or url <= last)
                }
            yield from (page[url] for url in sorted(page))
            if last is None:
                return
            after = last

    def counts(self) -> dict[str, int]:
        """Return how many urls, articles and texts are on the disk."""
        return {
            f"{table}s": self._db.query(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
            for table in _TABLES[:3]
        }

    def absorb(self, entry: LedgerEntry) -> Change:
        """Fold a ledger line in; the answers know it at once, the disk after `write`."""
        if entry.count is not None:  # of no URL: those that it stands for are as they were
            return Change(None, None, None)
        new, payload = entry.article, captured.payload_of(entry)
        kept = (entry.url, payload) if payload is not None else None
        with self._lock:
            if new is None:
                url = self._urls[entry.url] = fold(self.url(entry.url), entry)
                return Change(url, None, None, kept)
            known_url, known_article, known_text = self._look_up(entry.url, new)
            url = self._urls[entry.url] = fold(known_url, entry)
            seen_at = micros(entry.fetched_at or entry.at)
            article = self._fold_article(known_article, _Article(new, seen_at))
            text = self._fold_text(known_text, new.text_sha256, _Text(new.article_id, seen_at))
        return Change(url, article, text, kept)

    def _look_up(
        self, url: str, article: ArticleState
    ) -> tuple[UrlState | None, _Article | None, _Text | None]:
        """Return what is known of a URL, its article and its text; by one query, for every
        archived article asks for all three."""
        ids = (url, article.article_id, article.text_sha256)
        ((*row,),) = self._db.query(_SELECT_ALL, ids)
        recent = self._urls.get(url), self._articles.get(ids[1]), self._texts.get(ids[2])
        first, second = _URL_COLUMNS, _URL_COLUMNS + _ARTICLE_COLUMNS
        return (
            recent[0] or (_url_of(tuple(row[:first])) if row[0] is not None else None),
            recent[1]
            or (_article_of(tuple(row[first:second])) if row[first] is not None else None),
            recent[2] or (_Text(*row[second:]) if row[second] is not None else None),
        )

    def write(self, db: sqlite3.Connection, changes: Iterable[Change]) -> None:
        """Write changes, in the order of their lines, within the transaction of `db`."""
        changes = list(changes)
        db.execute("UPDATE folded SET lines = lines + ?", (len(changes),))
        for change in changes:
            if change.url is not None:
                db.execute(_INSERT_URL, _url_row(change.url))
            if change.article is not None:
                db.execute(
                    _INSERT_ARTICLE,
                    _article_row(change.article),
                )
                self.neighbours.write(db, change.article.state)
            if change.text is not None:
                digest, text = change.text
                db.execute(
                    "INSERT OR REPLACE INTO text VALUES (?, ?, ?)",
                    (digest, text.article_id, text.seen_at),
                )
            if change.captured is not None:
                captured.write(db, *change.captured)

    def commit(self, changes: Sequence[Change], last_seq: int) -> None:
        """Write changes of lines that are durable in the spool, the last with a number.

        Raises:
            SpoolError: the disk refuses; nothing of it is done.
        """
        with self._db.transaction() as db:
            self.write(db, changes)
            db.execute("UPDATE spool SET seq = max(seq, ?)", (last_seq,))
        self.settle(changes)

    def settle(self, changes: Iterable[Change]) -> None:
        """Let the disk answer for changes whose transaction is through."""
        with self._lock:
            for change in changes:
                if change.url is not None:
                    _remove(self._urls, change.url.url, change.url)
                if change.article is not None:
                    _remove(self._articles, change.article.state.article_id, change.article)
                if change.text is not None:
                    _remove(self._texts, *change.text)

    def drop(self) -> None:
        """Forget everything, so that `catch_up` folds it anew, own commits included."""
        with self._lock:
            with self._db.transaction() as db:
                for table in (*_TABLES, *DERIVED, "cursor"):
                    db.execute(f"DELETE FROM {table}")  # noqa: S608
                polls.forget(db)
                db.execute("UPDATE folded SET lines = 0")
                db.execute("UPDATE spool SET seq = 0")
            self.forget_unsettled()

    def titled(self, title: str) -> list[ArticleState]:
        """Return the articles whose latest revision has this title, but for case, space and quote
        marks; at most some dozens."""
        key = title_key(title)
        if key is None:
            return []
        with self._lock:
            rows = self._db.query(
                "SELECT * FROM article WHERE title_key = ? LIMIT ?", (key, _MOST_TITLED)
            )
            found = {row[0]: _article_of(row).state for row in rows}
            found |= {i: recent.state for i, recent in self._articles.items()}
        return [state for state in found.values() if title_key(state.title) == key]

    def near(self, signature: str) -> list[Neighbour]:
        """Return articles of any source whose text may be nearly this one, to be compared."""
        with self._lock:
            recent = [row.state for row in self._articles.values()]
            return self.neighbours.near(signature, recent)

    def namers(self, article_id: str) -> list[str]:
        """Return the ids of articles that name this one as their translation, sorted."""
        with self._lock:
            recent = [row.state for row in self._articles.values()]
            return self.neighbours.namers(article_id, recent)

    def pages(
        self, fetched_before: datetime, now: datetime
    ) -> Iterator[tuple[UrlState, ArticleState]]:
        """Yield the own address of each article, where it was last read before a time (or, by a
        clock that was wrong, after `now`) or no article was there since, with the article; what
        changes meanwhile may be seen or not."""
        after = ""
        while True:
            with self._lock:
                rows = self._db.query(
                    "SELECT u.*, a.* FROM article a JOIN url u ON u.url = a.url"
                    " WHERE a.article_id > ? AND (u.fetched_at IS NULL OR u.fetched_at < ?"
                    " OR u.fetched_at > ? OR u.gone_at > u.fetched_at"
                    " OR u.missed_at > u.fetched_at)"
                    " ORDER BY a.article_id LIMIT ?",
                    (after, micros(fetched_before), micros(now), self._page_rows),
                )
            for row in rows:
                article = _article_of(tuple(row[_URL_COLUMNS:])).state
                yield _url_of(tuple(row[:_URL_COLUMNS])), article
            if len(rows) < self._page_rows:
                return
            after = rows[-1][_URL_COLUMNS]

    def published_lately(self, since: datetime, within: timedelta) -> list[datetime]:
        """Return when articles were published since a time, of those whose latest revision was read
        within so long of it; as of the disk."""
        with self._lock:
            rows = self._db.query(
                "SELECT published_at, seen_at FROM article WHERE published_at >= ?",
                (rfc3339(since),),
            )
        told = ((parse_rfc3339(published), from_micros(seen)) for published, seen in rows)
        return [at for at, seen in told if at is not None and timedelta(0) <= seen - at <= within]

    # --- checkpoints ------------------------------------------------------------------------

    @property
    def lines_since_checkpoint(self) -> int:
        """How many ledger lines were folded since a checkpoint was written or loaded."""
        return int(self._db.query("SELECT lines FROM folded")[0][0])

    def mark_checkpoint(self) -> None:
        """Take note that a checkpoint of this state was written."""
        with self._db.transaction() as db:
            db.execute("UPDATE folded SET lines = 0")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield all that is on the disk as JSON objects: ``{"table": ..., column: value, ...}``,
        times in microseconds since 1970. Nothing may be written meanwhile."""
        for table in _TABLES:
            names = self._columns(table)
            key = names[0]
            after = ""
            while True:
                found = self._db.query(
                    f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {self._page_rows}",  # noqa: S608
                    (after,),
                )
                for row in found:
                    yield {"table": table, **dict(zip(names, row, strict=True))}
                if len(found) < self._page_rows:
                    break
                after = found[-1][0]

    def load(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put `rows` of a checkpoint into an empty state, many in a transaction.

        Raises:
            KeyError, ValueError: a row is of no known table or lacks a column.
        """
        columns = {table: self._columns(table) for table in _TABLES}
        waiting: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _TABLES}
        for number, row in enumerate(rows, start=1):
            table = row["table"]
            if table not in columns:
                raise ValueError(f"a row of table {table!r}")
            waiting[table].append(tuple(row[name] for name in columns[table]))
            if number % _LOADED_AT_ONCE == 0:
                self._insert(waiting)
        self._insert(waiting)

    def _insert(self, waiting: dict[str, list[tuple[Any, ...]]]) -> None:
        with self._db.transaction() as db:
            for table, rows in waiting.items():
                if rows:
                    marks = ", ".join("?" * len(rows[0]))
                    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608
                    if table == "article":
                        for row in rows:
                            self.neighbours.write(db, _article_of(row).state)
                    elif table == "other":
                        for row in rows:
                            self.neighbours.index(db, row[0], row[1])
                    rows.clear()

    def _columns(self, table: str) -> list[str]:
        return [row[1] for row in self._db.query(f"PRAGMA table_info({table})")]

    # --- erasure ----------------------------------------------------------------------------

    def purge(self, erasures: Erasures) -> int:
        """Forget whatever erasures cover; return how many rows that was."""
        source = self._source
        urls = [
            state.url
            for state in self.urls()
            if erasures.covers_row(
                source,
                {
                    "table": "url",
                    "url": state.url,
                    "article_id": state.article_id,
                    "weak_alias": state.weak_alias,
                },
            )
        ]
        ids = [
            article_id
            for article_id, url in self._db.query("SELECT article_id, url FROM article")
            if erasures.covers_row(
                source, {"table": "article", "article_id": article_id, "url": url}
            )
        ]
        ids += [article_id for of, article_id in erasures.articles if of == source]
        with self._lock:
            before = self._db.total_changes
            with self._db.transaction() as db:
                db.executemany("DELETE FROM url WHERE url = ?", [(url,) for url in urls])
                captured.forget(db, source, erasures, urls)
                for table in ("article", "text"):
                    db.executemany(
                        f"DELETE FROM {table} WHERE article_id = ?",  # noqa: S608
                        [(article_id,) for article_id in ids],
                    )
                self.neighbours.forget(db, [article_id for _, article_id in erasures.articles])
                polls.forget(db)
            for url in urls:
                self._urls.pop(url, None)
            for article_id in ids:
                self._articles.pop(article_id, None)
            self._texts = {d: t for d, t in self._texts.items() if t.article_id not in ids}
        return self._db.total_changes - before

    def forget_unsettled(self) -> None:
        """Forget changes that will never be written: their transaction failed."""
        with self._lock:
            self._urls.clear()
            self._articles.clear()
            self._texts.clear()

    def _fold_article(self, known: _Article | None, new: _Article) -> _Article | None:
        if known is not None and known.rank >= new.rank:
            return None
        self._articles[new.state.article_id] = new
        return new

    def absorb_other(self, db: sqlite3.Connection, entry: LedgerEntry) -> None:
        """Take note of an article of another source, for the sake of near duplicates; within the
        transaction of `db`."""
        if entry.article is not None:
            self.neighbours.write_other(db, entry.article, micros(entry.fetched_at or entry.at))

    def _fold_text(self, known: _Text | None, digest: str, new: _Text) -> tuple[str, _Text] | None:
        if known is not None and (known.seen_at, known.article_id) <= (new.seen_at, new.article_id):
            return None
        self._texts[digest] = new
        return digest, new

    def _article(self, article_id: str) -> _Article | None:
        with self._lock:
            if (recent := self._articles.get(article_id)) is not None:
                return recent
            rows = self._db.query("SELECT * FROM article WHERE article_id = ?", (article_id,))
        return _article_of(rows[0]) if rows else None

    def _text(self, text_sha256: str) -> _Text | None:
        with self._lock:
            if (recent := self._texts.get(text_sha256)) is not None:
                return recent
            rows = self._db.query(
                "SELECT article_id, seen_at FROM text WHERE text_sha256 = ?", (text_sha256,)
            )
        return _Text(*rows[0]) if rows else None


_SELECT_URL: Final = "SELECT * FROM url"
_INSERT: Final = "INSERT OR REPLACE INTO {} VALUES ({})"
_INSERT_URL: Final = _INSERT.format("url", ", ".join("?" * _URL_COLUMNS))
_INSERT_ARTICLE: Final = _INSERT.format("article", ", ".join("?" * _ARTICLE_COLUMNS))
_MOST_TITLED: Final = 50
"""Articles of one title that are looked at: a column ("The week in pictures") has many."""


def title_key(title: str | None) -> str | None:
    """Return what titles that are the same to a reader have in common; None for none."""
    if not (folded := normalize(title or "").casefold()):
        return None
    return hashlib.blake2b(folded.encode(errors="replace"), digest_size=8).hexdigest()


def _is_old(db: sqlite3.Connection) -> bool:
    """Return whether the tables are those of an earlier version, which are then folded anew."""
    columns = [len(db.execute(f"PRAGMA table_info({t})").fetchall()) for t in ("url", "article")]
    return columns not in ([0, 0], [_URL_COLUMNS, _ARTICLE_COLUMNS])


_SELECT_ALL: Final = (
    "SELECT u.*, a.*, t.article_id, t.seen_at FROM (SELECT 1)"
    " LEFT JOIN url u ON u.url = ? LEFT JOIN article a ON a.article_id = ?"
    " LEFT JOIN text t ON t.text_sha256 = ?"
)


def _url_row(state: UrlState) -> tuple[Any, ...]:
    return (
        *(state.url, str(state.outcome), micros(state.at), _micros(state.fetched_at)),
        *(state.lastmod, state.etag, state.last_modified, state.body_sha256, state.article_id),
        *(state.weak_alias, _micros(state.linked_at)),
        *(*map(micros, state.gone_at), None, None)[:2],
        *(*map(micros, state.missed_at), None, None)[:2],
    )


def _url_of(row: tuple[Any, ...]) -> UrlState:
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


def _article_row(row: _Article) -> tuple[Any, ...]:
    state = row.state
    return (
        *(state.article_id, state.revision, state.url, state.text_sha256, state.content_sha256),
        *(state.extractor, state.title, rfc3339(state.published_at), rfc3339(state.modified_at)),
        *(row.seen_at, state.language, state.near),
        json.dumps(dict(state.fields)) if state.fields else None,
        json.dumps(state.partners) if state.partners else None,
        *(state.gone, title_key(state.title)),
    )


def _article_of(row: tuple[Any, ...]) -> _Article:
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
    return _Article(state, at)


def _remove(recent: dict[str, _V], key: str, value: _V) -> None:
    """Remove an entry, unless a later line has replaced it."""
    if recent.get(key) is value:
        del recent[key]
