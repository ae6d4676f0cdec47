"""Plan: the ledger of a source -> the captures to read again, the latest of each article.

It is the latest page that was kept of the address by which the article was read last, and of its
own. Where a later page was read and not kept nothing is read in its stead: an older page must not
become the newest revision.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from nordcrawl.crawl.told import link_told
from nordcrawl.discover import Link
from nordcrawl.model.capture import RESPONSE, Capture
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.model.times import from_micros, micros

_DDL: Final = """
CREATE TABLE kept(url TEXT PRIMARY KEY, at INTEGER, article_id TEXT, body TEXT, line TEXT)
  WITHOUT ROWID;
CREATE TABLE latest(url TEXT PRIMARY KEY, at INTEGER, article_id TEXT, body TEXT) WITHOUT ROWID;
CREATE TABLE article(article_id TEXT PRIMARY KEY, revision INTEGER, at INTEGER, gone INTEGER,
  asked TEXT, url TEXT, state TEXT) WITHOUT ROWID;
CREATE TABLE task(object TEXT, place INTEGER, line TEXT, state TEXT, at INTEGER,
  PRIMARY KEY(object, place)) WITHOUT ROWID
"""
_INSERT_LATEST: Final = (
    "INSERT INTO latest VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at,"
    " article_id = excluded.article_id, body = excluded.body WHERE excluded.at >= at"
)
_INSERT_KEPT: Final = (
    "INSERT INTO kept VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at,"
    " article_id = excluded.article_id, body = excluded.body, line = excluded.line"
    " WHERE excluded.at >= at"
)
_OF_ARTICLE: Final = "WHERE article_id = ? AND url IN (?, ?) ORDER BY at DESC LIMIT 1"
_LATEST_OF: Final = f"SELECT body FROM latest {_OF_ARTICLE}"  # noqa: S608 - constants
_KEPT_OF: Final = f"SELECT at, body, line FROM kept {_OF_ARTICLE}"  # noqa: S608
#: As many at a time as nobody minds in memory.
_TASKS_BEHIND: Final = (
    "SELECT object, place, line, state, at FROM task WHERE (object, place) > (?, ?)"
    " ORDER BY object, place LIMIT 200"
)
#: Outcomes of pages that were an article when they were read.
_READ: Final = frozenset(
    {Outcome.NEW, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.DUPLICATE, Outcome.MOVED}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What has to be known to read a page."""

    capture: Capture
    """Of a whole response."""
    url: str
    """What was asked for first."""
    fetched_at: datetime
    """UTC."""
    told_title: str | None
    """For a page that has no title."""


@dataclass(frozen=True, slots=True)
class Task:
    """A page to be read again."""

    url: str
    """By which it was found, in canonical form: the ledger's key."""
    final_url: str
    """Where it came from, without fragment."""
    fetched_at: datetime
    """UTC."""
    capture: Capture
    """Of a whole response."""
    link: Link
    """What sitemaps and feeds told of it then."""
    before: ArticleState
    """The article as its latest revision has it."""
    before_fetched_at: datetime
    """When the page of that revision was fetched, UTC."""

    @property
    def wanted(self) -> Wanted:
        """What has to be known to read it: a fraction of the task."""
        title = self.link.title or self.before.title
        return Wanted(self.capture, self.url, self.fetched_at, title)


@dataclass(slots=True)
class Left:
    """How many articles are not read again, and why."""

    not_kept: int = 0
    """No page of theirs was kept."""
    later_page: int = 0
    """The page that was read last was not kept, only an earlier one."""
    earlier: int = 0
    """Their page was fetched before the time that was asked for."""
    gone: int = 0
    """Their publisher took them down."""


class Plan:
    """What to read again of one source, in a temporary file, in the order in which the captures
    lie. Close it."""

    def __init__(self, entries: Iterable[LedgerEntry], since: datetime | None = None) -> None:
        """Fold the ledger lines of a source, in any order; `since` (UTC) leaves out pages that were
        fetched before."""
        self.left = Left()
        self._db = sqlite3.connect("", check_same_thread=False)
        self._one = threading.Lock()
        for statement in _DDL.split(";"):
            self._db.execute(statement)
        for entry in entries:
            self._take(entry)
        self._choose(None if since is None else micros(since))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def __len__(self) -> int:
        ((count,),) = self._db.execute("SELECT count(*) FROM task")
        return int(count)

    def __iter__(self) -> Iterator[Task]:
        return self._tasks(frozenset())

    def behind(self, done: Set[str]) -> Iterable[Task]:
        """Return the same without the parts that are `done`, to be gone through as often as wanted,
        by several threads at once."""
        return _Behind(self._tasks, frozenset(done))

    def _tasks(self, done: frozenset[str]) -> Iterator[Task]:
        place: tuple[str, int] = ("", -1)
        while True:
            with self._one:
                rows = self._db.execute(_TASKS_BEHIND, place).fetchall()
            if not rows:
                return
            place = rows[-1][:2]
            for key, _, line, state, at in rows:
                if key not in done:
                    yield _task(line, state, at)

    def _take(self, entry: LedgerEntry) -> None:
        if (new := entry.article) is not None:
            self._db.execute(
                "INSERT INTO article VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " revision = excluded.revision, at = excluded.at, gone = excluded.gone,"
                " asked = excluded.asked, url = excluded.url, state = excluded.state"
                " WHERE (excluded.revision, excluded.at) >= (revision, at)",
                (
                    *(new.article_id, new.revision, micros(entry.article_fetched_at), new.gone),
                    *(entry.url, new.url, json.dumps(new.to_json())),
                ),
            )
        if entry.fetched_at is None or entry.outcome not in _READ or entry.is_gone:
            return
        row = (entry.url, micros(entry.fetched_at), entry.article_id, entry.body_sha256)
        self._db.execute(_INSERT_LATEST, row)
        if entry.capture is not None and entry.capture.type == RESPONSE:
            self._db.execute(_INSERT_KEPT, (*row, json.dumps(entry.to_json())))

    def _choose(self, since: int | None) -> None:
        rows = self._db.execute("SELECT article_id, gone, asked, url, state, at FROM article")
        for article_id, gone, asked, url, state, at in rows:
            of = (article_id, asked, url)
            kept = self._db.execute(_KEPT_OF, of).fetchone()
            if gone:
                self.left.gone += 1
            elif kept is None:
                self.left.not_kept += 1
            elif self._db.execute(_LATEST_OF, of).fetchone() != (kept[1],):
                self.left.later_page += 1
            elif since is not None and kept[0] < since:
                self.left.earlier += 1
            else:
                capture = json.loads(kept[2])["capture"]
                self._db.execute(
                    "INSERT OR IGNORE INTO task VALUES (?, ?, ?, ?, ?)",
                    (capture["object"], capture["offset"], kept[2], state, at),
                )


@dataclass(frozen=True, slots=True)
class _Behind:
    """Tasks of a plan, without some parts."""

    tasks: Callable[[frozenset[str]], Iterator[Task]]
    done: frozenset[str]

    def __iter__(self) -> Iterator[Task]:
        return self.tasks(self.done)


def _task(line: str, state: str, at: int) -> Task:
    entry = LedgerEntry.from_json(json.loads(line))
    if entry.capture is None or entry.fetched_at is None:
        raise ValueError(f"{entry.url}: planned without a capture")
    return Task(
        url=entry.url,
        final_url=entry.final_url or entry.url,
        fetched_at=entry.fetched_at,
        capture=entry.capture,
        link=link_told(entry),
        before=ArticleState.from_json(json.loads(state)),
        before_fetched_at=from_micros(at),
    )
