"""Gathered: the pages of the files that a source may take, copied into a temporary file.

So they can be read in the order of their dates, whatever the order and compression of the files,
and a revisit finds its payload; nothing of it but a page at a time is in memory. The files are
nameless ones of the system's temporary folder (TMPDIR), and gone with the process.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from nordcrawl.capture.read import Warc, record_at
from nordcrawl.errors import SpoolError
from nordcrawl.importing.findings import Findings, Left
from nordcrawl.model.times import from_micros, micros
from nordcrawl.sources.source import Source
from nordcrawl.system.members import compress

_DDL: Final = """
CREATE TABLE page(n INTEGER PRIMARY KEY, url TEXT, target TEXT, is_article INTEGER, at INTEGER,
  file TEXT, record_id TEXT, beside TEXT, digest TEXT, place INTEGER, length INTEGER,
  of_target TEXT, of_at INTEGER, of_id TEXT);
CREATE TABLE redirect(source TEXT, at INTEGER, target TEXT);
CREATE TABLE request(record_id TEXT, beside TEXT, method TEXT, head BLOB);
CREATE TABLE task(n INTEGER PRIMARY KEY, at INTEGER, page INTEGER, asked TEXT, passed TEXT,
  place INTEGER, length INTEGER, round INTEGER)
"""
_INDEXES: Final = """
CREATE INDEX page_target ON page(target, at) WHERE place IS NOT NULL;
CREATE INDEX page_digest ON page(digest) WHERE place IS NOT NULL;
CREATE INDEX page_record ON page(record_id) WHERE place IS NOT NULL;
CREATE INDEX redirect_target ON redirect(target, at);
CREATE INDEX request_record ON request(record_id);
CREATE INDEX request_beside ON request(beside);
CREATE INDEX task_round ON task(round, at, n)
"""
_FROM: Final = (
    "SELECT source, at FROM redirect WHERE target = ? AND at BETWEEN ? AND ?"
    " ORDER BY at DESC, source LIMIT 1"
)
_REQUEST: Final = (
    "SELECT method, head FROM request WHERE (beside = ? AND beside != '')"
    " OR (record_id = ? AND record_id != '') LIMIT 1"
)
_TASKS: Final = (
    "SELECT task.n, task.asked, task.passed, task.place, task.length, page.target, page.url,"
    " page.at, page.file, page.record_id, page.beside FROM task JOIN page ON page.n = task.page"
    " WHERE round = ? AND (task.at, task.n) > (?, ?) ORDER BY task.at, task.n LIMIT 500"
)
#: Hops of a chain of redirects, and how long after one the page that it leads to may have come:
#: crawlers of archives queue it.
_MOST_HOPS: Final = 20
_MOST_WAIT: Final = timedelta(days=1)
#: Of the copies, as they are read once.
_LEVEL: Final = 1


@dataclass(frozen=True, slots=True)
class Refers:
    """What a `revisit` record says of the record that has its payload."""

    target: str
    at: datetime | None
    record_id: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A page of the files, whether its payload came with it or not."""

    url: str
    """In the source's canonical form."""
    target: str
    """As the record has it."""
    is_article: bool
    """Its address is an article's; else it counts where a redirect led to it."""
    at: datetime
    file: str
    record_id: str
    beside: str
    """Id of the record that it says it is concurrent to, if any."""
    digest: str
    """Of the payload, as told; empty if it was not."""


@dataclass(frozen=True, slots=True)
class Task:
    """A page to be read."""

    n: int
    asked: str
    """The discovered URL that it answers, in canonical form."""
    passed: tuple[str, ...]
    """Addresses on the way from there, `asked` first; none where it answered itself."""
    target: str
    url: str
    """`target` in canonical form."""
    fetched_at: datetime
    file: str
    place: int
    length: int
    record_id: str
    beside: str


class Gathered:
    """The wanted pages; of one thread at a time, but for `record`. Close it."""

    def __init__(self) -> None:
        with room():
            self._file = tempfile.TemporaryFile(prefix="nordcrawl-import-")  # noqa: SIM115
            self._db = sqlite3.connect("", check_same_thread=False)
            self._db.executescript(_DDL)
        self._size = 0
        self._round = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._file.close()

    def __len__(self) -> int:
        """How many pages are to be read, those for later included."""
        ((count,),) = self._db.execute("SELECT count(*) FROM task")
        return int(count)

    @property
    def later(self) -> int:
        """How many were put off."""
        sql = "SELECT count(*) FROM task WHERE round > ?"
        ((count,),) = self._db.execute(sql, (self._round,))
        return int(count)

    # --- as the files are read --------------------------------------------------------------

    def add(self, page: Sighting, raw: bytes) -> None:
        """Keep a `response` record with its payload.

        Raises:
            SpoolError: the temporary folder refuses; so do all that add.
        """
        member = compress(raw, _LEVEL)
        with room():
            self._file.write(member)
            self._insert(page, self._size, len(member), Refers("", None, ""))
        self._size += len(member)

    def add_revisit(self, page: Sighting, refers: Refers) -> None:
        """Keep what a `revisit` record says."""
        with room():
            self._insert(page, None, None, refers)

    def add_redirect(self, source: str, at: datetime, target: str) -> None:
        """Keep that an address (canonical form) led to another one."""
        with room():
            row = (source, micros(at), target)
            self._db.execute("INSERT INTO redirect VALUES (?, ?, ?)", row)

    def add_request(self, record_id: str, beside: str, method: str, head: bytes) -> None:
        """Keep a request, by the record that it is concurrent to."""
        with room():
            row = (record_id, beside, method, head)
            self._db.execute("INSERT INTO request VALUES (?, ?, ?, ?)", row)

    def _insert(
        self, page: Sighting, place: int | None, length: int | None, refers: Refers
    ) -> None:
        self._db.execute(
            "INSERT INTO page VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(page.url, page.target, page.is_article, micros(page.at), page.file),
                *(page.record_id, page.beside, page.digest, place, length, refers.target),
                *(micros(refers.at) if refers.at else None, refers.record_id),
            ),
        )

    # --- when all are read ------------------------------------------------------------------

    def settle(self, source: Source, findings: Findings) -> None:
        """Make tasks of what was kept: find the payloads of revisits, and by which addresses pages
        were asked for."""
        with room():
            self._file.flush()
            self._db.executescript(_INDEXES)
            rows = self._db.execute(
                "SELECT n, url, is_article, at, record_id, beside, digest, place, length,"
                " of_target, of_at, of_id FROM page ORDER BY n"
            )
            for n, url, is_article, at, record_id, beside, digest, place, length, *of in rows:
                where = (place, length)
                if place is None and (where := self._payload(digest, *of)) is None:  # type: ignore[assignment]
                    findings.left[Left.REVISIT] += 1
                    continue
                if self._method(record_id, beside) not in ("", "GET"):
                    findings.left[Left.METHOD] += 1
                    continue
                passed = self._passed(source, url, at)
                asked = [("\n".join(passed), passed[0])] if passed else []
                if is_article:
                    asked.append(("", url))
                if not asked:
                    findings.left[Left.NO_ARTICLE] += 1
                for way, first in asked:
                    self._db.execute(
                        "INSERT INTO task VALUES (NULL, ?, ?, ?, ?, ?, ?, 0)",
                        (at, n, first, way, *where),
                    )

    def _payload(
        self, digest: str, target: str, at: int | None, record_id: str
    ) -> tuple[int, int] | None:
        """Return where the payload of a revisit lies."""
        found: Iterable[tuple[int, int, str]] = ()
        if record_id:
            found = self._db.execute(
                "SELECT place, length, digest FROM page WHERE record_id = ?"
                " AND place IS NOT NULL", (record_id,),
            ).fetchall()  # fmt: skip
        if not found and target and at is not None:
            found = self._db.execute(
                "SELECT place, length, digest FROM page WHERE target = ? AND at = ?"
                " AND place IS NOT NULL", (target, at),
            ).fetchall()  # fmt: skip
        for place, length, told in found:
            if not digest or not told or told == digest:
                return place, length
        if not digest:
            return None
        row: tuple[int, int] | None = self._db.execute(
            "SELECT place, length FROM page WHERE digest = ? AND place IS NOT NULL ORDER BY n",
            (digest,),
        ).fetchone()
        return row

    def _method(self, record_id: str, beside: str) -> str:
        row = self._db.execute(_REQUEST, (record_id, beside)).fetchone()
        return row[0] if row else ""

    def _passed(self, source: Source, url: str, at: int) -> list[str]:
        """Return the addresses on the way to a page, from the first on that is an article's."""
        way: list[str] = []
        here, until = url, at
        while len(way) < _MOST_HOPS:
            row = self._db.execute(_FROM, (here, at - micros_of(_MOST_WAIT), until)).fetchone()
            if row is None or row[0] == url or row[0] in way:
                break
            here, until = row
            way.append(here)
        way.reverse()
        while way and source.sort(way[0], way[0])[0] != "article":
            del way[0]
        return way

    # --- reading ----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Task]:
        """Yield those that are not put off, the earliest first."""
        last = (-1 << 62, 0)
        while rows := self._db.execute(_TASKS, (self._round, *last)).fetchall():
            for n, asked, passed, place, length, target, url, at, file, *ids in rows:
                way = tuple(passed.split("\n")) if passed else ()
                last = (at, n)
                yield Task(
                    n, asked, way, target, url, from_micros(at), file, place, length, *ids
                )  # fmt: skip

    def done(self, task: Task) -> None:
        """Forget a page."""
        with room():
            self._db.execute("DELETE FROM task WHERE n = ?", (task.n,))

    def put_off(self, task: Task) -> None:
        """Leave a page for the next round."""
        with room():
            sql = "UPDATE task SET round = ? WHERE n = ?"
            self._db.execute(sql, (self._round + 1, task.n))

    def go_on(self) -> bool:
        """Take those that were put off; return whether there are any."""
        there = bool(self.later)
        self._round += there
        return there

    def record(self, task: Task) -> Warc:
        """Return the record that has a page's payload; of any thread."""
        return record_at(os.pread(self._file.fileno(), task.length, task.place))

    def request(self, task: Task) -> bytes:
        """Return the head of the request that a page answered; empty if it is not known."""
        row = self._db.execute(_REQUEST, (task.record_id, task.beside)).fetchone()
        return bytes(row[1]) if row else b""


def micros_of(span: timedelta) -> int:
    """Return a span as microseconds."""
    return span // timedelta(microseconds=1)


@contextmanager
def room() -> Iterator[None]:
    """Say where the temporary folder refuses.

    Raises:
        SpoolError: it does.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise SpoolError(
            f"the temporary folder {tempfile.gettempdir()} can't be written ({why}): the pages "
            "that are imported are copied there; TMPDIR names another one"
        ) from error
