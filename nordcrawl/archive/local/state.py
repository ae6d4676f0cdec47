"""State: what the archive knows of URLs and articles, as a local cache for quick answers.

It folds from the ledger lines of all writers, in any order, so it can be thrown away and made
anew from the archive. `State` also answers for what was accepted a moment ago and is not on the
disk yet. Knows nothing of parts and stores; `nordcrawl.archive.write.catch_up` feeds it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from nordcrawl.archive.local import captured, polls, state_tables
from nordcrawl.archive.local.neighbours import DERIVED, Neighbour, Neighbours
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state_tables import (
    ARTICLE_COLUMNS,
    SELECT_URL,
    TABLES,
    URL_COLUMNS,
    KnownArticle,
    KnownText,
    article_of,
    article_row,
    title_key,
    url_of,
    url_row,
)
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.model.capture import Payload
from nordcrawl.model.ledger import ArticleState, LedgerEntry, UrlState, fold
from nordcrawl.model.times import from_micros, micros, parse_rfc3339, rfc3339

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Change:
    """What one ledger line changes; None where it changes nothing."""

    url: UrlState | None
    article: KnownArticle | None
    text: tuple[str, KnownText] | None
    captured: tuple[str, Payload] | None = None


class State:
    """Thread-safe. Reads are point look-ups of some 20 microseconds."""

    def __init__(self, spool: Spool, *, page_rows: int = 1000) -> None:
        """Read `page_rows` rows at a time: no read transaction stays open between them."""
        self._source = spool.source
        self.database = self._db = spool.state
        self._page_rows = page_rows
        self._lock = threading.RLock()
        self._urls: dict[str, UrlState] = {}
        self._articles: dict[str, KnownArticle] = {}
        self._texts: dict[str, KnownText] = {}
        self.neighbours = Neighbours(self._db)
        with self._db.transaction() as db:
            old = state_tables.create(db)
            self.neighbours.create(db)
        if old:
            self.drop()

    def url(self, url: str) -> UrlState | None:
        """Return what is remembered of a URL (canonical form)."""
        with self._lock:
            if (recent := self._urls.get(url)) is not None:
                return recent
            rows = self._db.query(f"{SELECT_URL} WHERE url = ?", (url,))
        return url_of(rows[0]) if rows else None

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
                    f"{SELECT_URL} WHERE url > ? ORDER BY url LIMIT {self._page_rows}", (after,)
                )
                last = rows[-1][0] if len(rows) == self._page_rows else None
                page = {row[0]: url_of(row) for row in rows}
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
            for table in TABLES[:3]
        }

    def absorb(self, entry: LedgerEntry) -> Change:
        """Fold a ledger line in; the answers know it at once, the disk after `write`."""
        if entry.count is not None:  # of no URL: those that it stands for are as they were
            return Change(None, None, None)
        new, kept = entry.article, captured.told_by(entry)
        with self._lock:
            if new is None:
                url = self._urls[entry.url] = fold(self.url(entry.url), entry)
                return Change(url, None, None, kept)
            known_url, known_article, known_text = self._look_up(entry.url, new)
            url = self._urls[entry.url] = fold(known_url, entry)
            seen_at = micros(entry.article_fetched_at)
            plain = replace(new, fetched_at=None)  # which `seen_at` is
            article = self._fold_article(known_article, KnownArticle(plain, seen_at))
            text = self._fold_text(known_text, new.text_sha256, KnownText(new.article_id, seen_at))
        return Change(url, article, text, kept)

    def _look_up(
        self, url: str, article: ArticleState
    ) -> tuple[UrlState | None, KnownArticle | None, KnownText | None]:
        """Return what is known of a URL, its article and its text; by one query, for every
        archived article asks for all three."""
        ids = (url, article.article_id, article.text_sha256)
        ((*row,),) = self._db.query(state_tables.SELECT_ALL, ids)
        recent = self._urls.get(url), self._articles.get(ids[1]), self._texts.get(ids[2])
        first, second = URL_COLUMNS, URL_COLUMNS + ARTICLE_COLUMNS
        return (
            recent[0] or (url_of(tuple(row[:first])) if row[0] is not None else None),
            recent[1] or (article_of(tuple(row[first:second])) if row[first] is not None else None),
            recent[2] or (KnownText(*row[second:]) if row[second] is not None else None),
        )

    def write(self, db: sqlite3.Connection, changes: Iterable[Change]) -> None:
        """Write changes, in the order of their lines, within the transaction of `db`."""
        changes = list(changes)
        db.execute("UPDATE folded SET lines = lines + ?", (len(changes),))
        for change in changes:
            if change.url is not None:
                db.execute(state_tables.INSERT_URL, url_row(change.url))
            if change.article is not None:
                db.execute(
                    state_tables.INSERT_ARTICLE,
                    article_row(change.article),
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
                for table in (*TABLES, *DERIVED, "cursor"):
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
                "SELECT * FROM article WHERE title_key = ? LIMIT ?", (key, state_tables.MOST_TITLED)
            )
            found = {row[0]: article_of(row).state for row in rows}
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
                article = article_of(tuple(row[URL_COLUMNS:])).state
                yield url_of(tuple(row[:URL_COLUMNS])), article
            if len(rows) < self._page_rows:
                return
            after = rows[-1][URL_COLUMNS]

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

    def _fold_article(self, known: KnownArticle | None, new: KnownArticle) -> KnownArticle | None:
        if known is not None and known.rank >= new.rank:
            return None
        self._articles[new.state.article_id] = new
        return new

    def absorb_other(self, db: sqlite3.Connection, entry: LedgerEntry) -> None:
        """Take note of an article of another source, for the sake of near duplicates; within the
        transaction of `db`."""
        if entry.article is not None:
            self.neighbours.write_other(db, entry.article, micros(entry.fetched_at or entry.at))

    def _fold_text(
        self, known: KnownText | None, digest: str, new: KnownText
    ) -> tuple[str, KnownText] | None:
        if known is not None and (known.seen_at, known.article_id) <= (new.seen_at, new.article_id):
            return None
        self._texts[digest] = new
        return digest, new

    def _article(self, article_id: str) -> KnownArticle | None:
        with self._lock:
            if (recent := self._articles.get(article_id)) is not None:
                return recent
            rows = self._db.query("SELECT * FROM article WHERE article_id = ?", (article_id,))
        return article_of(rows[0]) if rows else None

    def _text(self, text_sha256: str) -> KnownText | None:
        with self._lock:
            if (recent := self._texts.get(text_sha256)) is not None:
                return recent
            rows = self._db.query(
                "SELECT article_id, seen_at FROM text WHERE text_sha256 = ?", (text_sha256,)
            )
        return KnownText(*rows[0]) if rows else None


def _remove(recent: dict[str, _V], key: str, value: _V) -> None:
    """Remove an entry, unless a later line has replaced it."""
    if recent.get(key) is value:
        del recent[key]
