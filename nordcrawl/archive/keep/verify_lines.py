"""What is checked of an archive's lines when it is verified: each by itself, and all together.

Remembers some 100 bytes a line in a temporary file, so memory does not grow with the archive.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Self

import jsonschema_rs

from nordcrawl.archive.format.commit import PartEntry
from nordcrawl.archive.format.keys import PartKind, date_of
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.order import ERASED, ERASED_URI
from nordcrawl.archive.format.schema_file import schema
from nordcrawl.capture.write import target_of
from nordcrawl.model.ledger import ARCHIVED, Outcome
from nordcrawl.model.times import parse_rfc3339, utc_date

_DDL: Final = """
CREATE TABLE article(source TEXT, article_id TEXT, revision INTEGER, writer TEXT, key TEXT,
  text_sha256 TEXT,
  PRIMARY KEY(source, article_id, revision, writer)) WITHOUT ROWID;
CREATE TABLE ledger(run_id TEXT, url TEXT, writer TEXT, count INTEGER,
  PRIMARY KEY(run_id, url, writer)) WITHOUT ROWID;
CREATE TABLE text(text_sha256 TEXT, source TEXT, article_id TEXT,
  PRIMARY KEY(text_sha256, source, article_id)) WITHOUT ROWID;
CREATE TABLE held(run_id TEXT, url TEXT, key TEXT, PRIMARY KEY(run_id, url)) WITHOUT ROWID;
CREATE TABLE held_told(run_id TEXT, url TEXT, key TEXT, PRIMARY KEY(run_id, url)) WITHOUT ROWID;
CREATE TABLE told(source TEXT, article_id TEXT, revision INTEGER, key TEXT,
  PRIMARY KEY(source, article_id, revision)) WITHOUT ROWID;
CREATE TABLE capture(part TEXT, place INTEGER, length INTEGER, url TEXT, erased INTEGER,
  PRIMARY KEY(part, place)) WITHOUT ROWID;
CREATE TABLE named(part TEXT, place INTEGER, length INTEGER, url TEXT, key TEXT,
  PRIMARY KEY(part, place, length, url)) WITHOUT ROWID
"""


_UNPAIRED: Final = (
    (
        "SELECT min(key), article_id, revision FROM article"
        " WHERE (source, article_id, revision) NOT IN"
        " (SELECT source, article_id, revision FROM told) GROUP BY source, article_id, revision",
        "no ledger line tells of it",
    ),
    (
        "SELECT key, article_id, revision FROM told WHERE (source, article_id, revision) NOT IN"
        " (SELECT source, article_id, revision FROM article)",
        "told of, but not in the archive",
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where lines lie."""

    entry: PartEntry
    source: str
    """Of the commit that put the part there."""
    writer: str
    """Of the commit that first brought them."""


class LineCheck:
    """Give it every line of the archive, then ask for what does not fit together. Close it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._tombs: dict[str, str] = {}
        self._hidden: Counter[str] = Counter()
        """Of each run the lines whose address is not told."""
        for statement in _DDL.split(";"):
            self._db.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def problem(self, place: Place, line: bytes) -> str | None:
        """Take a line; say what is wrong with it, if anything is."""
        kind = place.entry.kind
        try:
            values = decode_json(line)
        except ValueError as error:
            return f"not JSON: {error}"
        if wrong := _schema_mistake(kind, values):
            return wrong[:300]
        if values["source"] != place.source:
            return f"of source {values['source']!r} among lines of {place.source!r}"
        if kind is PartKind.QUARANTINE and (mistake := _held_mistake(values)):
            return mistake
        record = values["record"] if kind is PartKind.QUARANTINE else values
        at = values["at"] if kind is PartKind.LEDGER else record["fetch"]["fetched_at"]
        if (time := parse_rfc3339(at)) is None or utc_date(time) != date_of(place.entry.key):
            return f"of {at}, which is not the day of its folder"
        if not _within(time, place.entry):
            return f"of {at}, which is not within min_at and max_at of its part"
        take = {
            PartKind.ARTICLE: self._article,
            PartKind.LEDGER: self._entry,
            PartKind.QUARANTINE: self._held,
        }
        return take[kind](place, values)

    def unpaired(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what) of revisions without a ledger line, and of lines without a revision."""
        for sql, what in _UNPAIRED:
            for key, article_id, revision in self._db.execute(sql):
                yield key, f"{article_id}, revision {revision}: {what}"

    def capture(self, part: str, offset: int, length: int, url: str) -> None:
        """Take a capture, by the part that first brought it."""
        self._take("capture", part, offset, length, url, 0)

    def erased(self, part: str, offset: int) -> None:
        """Take what stands where a capture was erased."""
        self._take("capture", part, offset, None, None, 1)

    def dangling(self) -> Iterator[tuple[str, str, str]]:
        """Yield (key of the lines, of the part that they name, what) of captures that lines name
        and that are not there, or of another address."""
        rows = self._db.execute(
            "SELECT n.key, n.part, n.place, n.url, c.url, c.length IS n.length FROM named n"
            " LEFT JOIN capture c ON c.part = n.part AND c.place = n.place"
            " WHERE c.part IS NULL OR (NOT c.erased AND (c.url, c.length) != (n.url, n.length))"
        )
        for key, part, place, url, found, same in rows:
            what = f"names a capture of {url} at byte {place} of {part}"
            if found is None:
                yield key, part, f"{what}, where none is"
            else:
                yield key, "", f"{what}, where one of {found} is{'' if same else ', not as long'}"

    def unnamed(self) -> Iterator[tuple[str, int]]:
        """Yield (part, how many) of captures that no line names."""
        yield from self._db.execute(
            "SELECT part, count(*) FROM capture WHERE NOT erased AND (part, place) NOT IN"
            " (SELECT part, place FROM named) GROUP BY part"
        )

    def _names(self, place: Place, told: Mapping[str, Any] | None, url: str | None) -> None:
        if told:
            where = (told["object"], told["offset"], told["length"])
            self._take("named", *where, target_of(url or ""), place.entry.key)

    def _take(self, table: str, *row: object) -> bool:
        """Take a row; return whether it is new."""
        marks = ", ".join("?" * len(row))
        sql = f"INSERT OR IGNORE INTO {table} VALUES ({marks})"  # noqa: S608
        return self._db.execute(sql, row).rowcount > 0

    def unheld(self, decisions: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
        """Yield (key, what) of held records of which no ledger line says so, and of such lines
        without the record that no decision of their run has settled; `decisions` are the ids of
        those by run."""
        for key, url in self._db.execute(
            "SELECT key, url FROM held WHERE (run_id, url) NOT IN"
            " (SELECT run_id, url FROM held_told)"
        ):
            yield key, f"{url}: held, but no ledger line says so"
        for key, run_id, url in self._db.execute(
            "SELECT key, run_id, url FROM held_told WHERE (run_id, url) NOT IN"
            " (SELECT run_id, url FROM held)"
        ).fetchall():
            settled = (
                self._db.execute(
                    "SELECT 1 FROM ledger WHERE run_id = ? AND url = ?", (decision, url)
                ).fetchone()
                for decision in decisions.get(run_id, ())
            )
            if not any(settled):
                yield key, f"{url}: in quarantine, it says, but its record is not there"

    @property
    def copies(self) -> int:
        """Revisions that a second writer has archived too; readers get them once."""
        ((total, distinct),) = self._db.execute(
            "SELECT count(*),"
            " count(DISTINCT source || char(0) || article_id || char(0) || revision) FROM article"
        )
        return int(total - distinct)

    @property
    def articles(self) -> int:
        """Articles, through all their revisions."""
        ((count,),) = self._db.execute(
            "SELECT count(DISTINCT source || char(0) || article_id) FROM article"
        )
        return int(count)

    def forks(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what) of revisions that two writers have with different texts: both are
        read, as nobody can say which was first."""
        yield from (
            (key, f"{article_id}, revision {revision}: two writers have different texts of it")
            for key, article_id, revision in self._db.execute(
                "SELECT max(key), article_id, revision FROM article"
                " GROUP BY source, article_id, revision HAVING count(DISTINCT text_sha256) > 1"
            )
        )

    def erased_by(self) -> Iterator[tuple[str, str]]:
        """Yield (key, order id) of the orders that left tombstones."""
        yield from ((key, order_id) for order_id, key in sorted(self._tombs.items()))

    def had(self, source: str, article_id: str, text_sha256: str) -> bool:
        """Return whether a ledger line says that an article had a text."""
        sql = "SELECT 1 FROM text WHERE text_sha256 = ? AND source = ? AND article_id = ?"
        return bool(self._db.execute(sql, (text_sha256, source, article_id)).fetchall())

    def outcomes(self) -> Counter[str]:
        """Return how many URLs have an outcome in each run."""
        sql = (
            "SELECT run_id, sum(count) FROM (SELECT DISTINCT run_id, url, count FROM ledger)"
            " GROUP BY run_id"
        )
        return self._hidden + Counter(dict(self._db.execute(sql)))

    def _article(self, place: Place, values: dict[str, Any]) -> str | None:
        if values["change"] == ERASED:
            self._tombs.setdefault(values["run_id"], place.entry.key)
            return None
        self._names(place, values["fetch"].get("capture"), values["url"])
        row = (values["source"], values["article_id"], values["revision"], place.writer)
        if not self._take("article", *row, place.entry.key, values["text_sha256"]):
            return f"{row[1]}, revision {row[2]}: a second time by the same writer"
        return None

    def _entry(self, place: Place, values: dict[str, Any]) -> str | None:
        count = values.get("count")
        row = (values["run_id"], values["url"])
        if not count and values["url"].startswith(ERASED_URI):
            self._hidden[row[0]] += 1
        elif not self._take("ledger", *row, place.writer, count or 1):
            return f"{row[1]}: a second outcome in run {row[0]}"
        self._names(place, values.get("capture"), values.get("final_url"))
        article = values["article"]
        if values["outcome"] == Outcome.QUARANTINED and values["revision"] is not None:
            self._take("held_told", *row, place.entry.key)
        if article is not None:
            who = (values["source"], article["article_id"])
            self._take("text", article["text_sha256"], *who)
            if values["outcome"] in ARCHIVED:
                self._take("told", *who, article["revision"], place.entry.key)
        return None

    def _held(self, place: Place, values: dict[str, Any]) -> str | None:
        if not self._take("held", values["run_id"], values["url"], place.entry.key):
            return f"{values['url']}: held a second time of run {values['run_id']}"
        return None


def _held_mistake(values: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the record and the ledger line in a line of quarantine."""
    record, entry = values["record"], values["ledger"]
    for kind, line in ((PartKind.ARTICLE, record), (PartKind.LEDGER, entry)):
        if wrong := _schema_mistake(kind, line):
            return f"its {kind} {wrong}"[:300]
    told = [values[name] for name in ("run_id", "source", "article_id")]
    for line in (record, entry):
        if [line[name] for name in ("run_id", "source", "article_id")] != told:
            return "its record or ledger line is of another run, source or article"
    return None


def _schema_mistake(kind: PartKind, values: Any) -> str | None:
    if (wrong := next(_validator(kind).iter_errors(values), None)) is None:
        return None
    return f"not by the schema: {'.'.join(map(str, wrong.instance_path))}: {wrong.message}"


@cache
def _validator(kind: PartKind) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema(f"{kind}-1"))


def _within(time: datetime, entry: PartEntry) -> bool:
    """Return whether a time is within what a commit says of its part, if it says anything.

    Compactions of earlier releases compared times as text, which is wrong by less than a second.
    """
    if not (entry.min_at and entry.max_at):
        return True
    low, high = (datetime.fromisoformat(text) for text in (entry.min_at, entry.max_at))
    return low - _AS_TEXT <= time <= high + _AS_TEXT


_AS_TEXT: Final = timedelta(seconds=1)


def missing_outcomes(
    runs: Iterable[tuple[str, Mapping[str, Any]]],
    outcomes: Mapping[str, int],
    *,
    are_erased: bool,
) -> Iterator[tuple[str, str]]:
    """Yield (key, what) of reports that count more outcomes than the ledger has lines of their run.

    One whose lines were not all archived when it was written counts for nothing, and one that was
    told twice neither; nor, if any `are_erased`, one that does not say how many lines went before
    they were archived.
    """
    runs = list(runs)
    times = Counter(run["run_id"] for _, run in runs)
    for key, run in runs:
        told = run.get("outcomes")
        erased = run.get("erased_lines", None if are_erased else 0)
        if not (isinstance(told, dict) and isinstance(erased, int)):
            continue
        if run.get("pending_records") or times[run["run_id"]] > 1:
            continue
        count = sum(number for number in told.values() if isinstance(number, int))
        found = outcomes.get(run["run_id"], 0) + erased
        if found < count:
            yield key, f"tells of {count} outcomes, but the ledger has {found} of its run"
