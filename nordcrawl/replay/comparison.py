"""Comparison: what came out of a replay, against the latest records of the same articles.

Of an article's addresses that one is compared from which its record came. A record of a page that
was fetched later than the one on the tape is not compared: it may well be another text.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.read.wanted import Wanted
from nordcrawl.errors import ExitCode
from nordcrawl.identity import changes
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.times import parse_rfc3339
from nordcrawl.replay.tape import Recorded
from nordcrawl.rights import PageRights, join

#: Examples kept, of each kind.
EXAMPLES: Final = 50
OTHER: Final = "the archive's record is of a page that was not replayed"
GONE: Final = "the archive shows the article no more"
#: What rights are called that are not the page's own: of its site's files, which are not kept.
_OF_SITE: Final = ("signals", "reserved_by", "content_signal", "tdm_problem", "checked_at")
#: Where a value comes from that neither page nor feeds tell, but the revision before.
_FROM_BEFORE: Final = "archive"


@dataclass(frozen=True, slots=True)
class Example:
    """An article that did not come out as it is in the archive."""

    url: str
    article_id: str
    fields: tuple[str, ...] = ()
    """Which fields differ; empty where there is no article any more."""
    reason: str | None = None
    """Why there is none."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "url": self.url,
            "article_id": self.article_id,
            "fields": list(self.fields),
            "reason": self.reason,
        }


@dataclass(slots=True)
class Comparison:
    """How the articles of a replay came out, counted."""

    same: int = 0
    differ: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    """In how many articles each field differs."""
    lost: Counter[str] = field(default_factory=Counter)
    """Articles that gave none any more, by why."""
    not_compared: Counter[str] = field(default_factory=Counter)
    """Articles, by why."""
    examples: list[Example] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """What it means: 14 where anything came out otherwise, 8 where nothing was compared."""
        if self.differ or self.lost:
            return ExitCode.SUSPECT
        return ExitCode.WHOLE if self.same else ExitCode.NOTHING

    @property
    def why(self) -> str:
        """The same in words."""
        if self.differ or self.lost:
            return "not everything came out as it is in the archive"
        return "all the same" if self.same else "nothing was compared"

    def lose(self, url: str, article_id: str, reason: str) -> None:
        """Count an article that gave none any more."""
        self.lost[reason] += 1
        self._show(Example(url, article_id, reason=reason))

    def compare(self, url: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Compare a record of the archive with what came out."""
        told = before.get("provenance") or {}
        fields = tuple(
            name
            for name in changes.compare(_own(before), _own(after)).fields
            if (told.get(name) or {}).get("origin") != _FROM_BEFORE
        )
        if not fields:
            self.same += 1
            return
        self.differ += 1
        self.fields.update(fields)
        self._show(Example(url, before["article_id"], fields))

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "same": self.same,
            "differ": self.differ,
            "fields": dict(self.fields.most_common()),
            "no_article": self.lost.total(),
            "reasons": dict(self.lost.most_common()),
            "not_compared": dict(self.not_compared.most_common()),
            "examples": [example.to_json() for example in self.examples],
            "exit_code": int(self.exit_code),
            "exit": self.exit_code.name.lower(),
        }

    def _show(self, example: Example) -> None:
        alike = sum(bool(one.fields) == bool(example.fields) for one in self.examples)
        if alike < EXAMPLES:
            self.examples.append(example)


def compared(
    archive: Reader,
    replayed: Reader | None,
    source: str,
    pages: Iterable[Recorded],
    refused: Mapping[str, str],
) -> Comparison:
    """Compare the archive's latest records of a source with those of a replay of some pages.

    `replayed` is None where nothing was; `refused` are ids of articles whose pages were not even
    asked for, with why.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: one of the two.
    """
    found = Comparison()
    wanted: dict[str, list[Recorded]] = {}
    for one in pages:
        if one.article_id is not None:
            wanted.setdefault(one.article_id, []).append(one)
    with closing(_Replayed(replayed)) as results:
        for record in archive.latest(wanted=Wanted(frozenset([source]))):
            article_id = record["article_id"]
            own = wanted.pop(article_id, ())
            page = next((one for one in own if one.target == record["url"]), None)
            if page is None and (why := refused.get(article_id)) is not None:
                found.lose(record["url"], article_id, why)
                continue
            if not own:
                continue
            fetched_at = parse_rfc3339(record["fetch"]["fetched_at"])
            if page is None or fetched_at is None or fetched_at > page.at:
                found.not_compared[OTHER] += 1
                continue
            result = results.of(page.url)
            if isinstance(result, str):
                found.lose(page.url, article_id, result)
            else:
                found.compare(page.url, record, result)
    if wanted:
        found.not_compared[GONE] = len(wanted)
    return found


class _Replayed:
    """The records that came out, by the address that was asked for; in a temporary file."""

    def __init__(self, reader: Reader | None) -> None:
        lines = reader.ledger() if reader is not None else ()
        self._lines: dict[str, LedgerEntry] = {entry.url: entry for entry in lines}
        self._db = sqlite3.connect("")
        self._db.execute(
            "CREATE TABLE records(article_id TEXT, revision INTEGER, record BLOB,"
            " PRIMARY KEY(article_id, revision)) WITHOUT ROWID"
        )
        if reader is not None:
            self._db.executemany("INSERT INTO records VALUES (?, ?, ?)", self._rows(reader))

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def of(self, url: str) -> dict[str, Any] | str:
        """Return the record of the page of an address; or why there is none."""
        line = self._lines.get(url)
        if line is None:
            return "not reached"
        row = self._db.execute(
            "SELECT record FROM records WHERE article_id = ? AND revision <= ?"
            " ORDER BY revision DESC LIMIT 1",
            (line.article_id, line.revision),
        ).fetchone()
        if row is None:
            return f"{line.outcome}: {line.reason}" if line.reason else str(line.outcome)
        record: dict[str, Any] = orjson.loads(row[0])
        return record

    @staticmethod
    def _rows(reader: Reader) -> Iterator[tuple[str, int, bytes]]:
        for record in reader.records():
            yield record["article_id"], record["revision"], orjson.dumps(record)


def _own(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with no other rights than those that the page itself says."""
    rights = record.get("rights") or {}
    page = PageRights.from_record(record["url"], rights)
    own = {key: value for key, value in rights.items() if key not in _OF_SITE}
    return {**record, "rights": own | {"signals": join(page.statements)}}
