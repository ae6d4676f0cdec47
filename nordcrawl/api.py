"""The public Python API: read an archive.

>>> from nordcrawl import Archive
>>> sorted(Archive("tests/compat/archive-0.1.0").schema()["properties"])[:2]
['aliases', 'archived_at']

Everything that can go wrong is a `nordcrawl.errors.NordcrawlError`: `UsageError` for a wrong
address, date or cursor, `ArchiveDamaged` naming what does not agree with the archive's log,
`StoreRefused` and `StoreUnavailable`. Credentials of a bucket come by boto3's own chain. Neither
Scrapy nor, for an archive in a folder, boto3 is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Unpack, cast

from nordcrawl.archive.format import schema_file
from nordcrawl.archive.store.address import open_store
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown
from nordcrawl.reading import fields as columns
from nordcrawl.reading import frames
from nordcrawl.reading.history import revisions
from nordcrawl.reading.query import Filters, Moment, Query
from nordcrawl.reading.record import ArticleRecord, LedgerRecord
from nordcrawl.reading.selection import Cursor, File, Selection, Snapshot

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

__all__ = ["Archive", "ArticleRecord", "Changes", "File", "Filters", "LedgerRecord"]

Kind = Literal["article", "ledger"]

_SCHEMAS: Final = {"article": "article-1", "ledger": "ledger-1"}
_RETRY_S: Final = 30.0


class Archive:
    """An archive to read, in a folder or a bucket (``s3://bucket/prefix``).

    Nothing is opened or asked before it is read. Every method reads one snapshot: whole commits
    as they stood when it was called, whatever is written meanwhile.
    """

    def __init__(self, address: str | Path) -> None:
        """Take the archive at an address.

        Raises:
            UsageError: not an address of an archive; the text says what is allowed.
        """
        self._store = open_store(str(address), retry_s=_RETRY_S)
        self._taking = Selection(self._store)

    def __repr__(self) -> str:
        return f"Archive({self._store.uri!r})"

    def articles(
        self, *, latest: bool = True, as_of: Moment | None = None, **filters: Unpack[Filters]
    ) -> Iterator[ArticleRecord]:
        """Iterate over the articles, each once, as its latest revision; or over all revisions.

        Articles that are gone (removed or erased) are left out of the latest. Filters choose
        among the latest: an older revision never stands in for one that they leave out.
        `as_of` shows the archive as it was then: only what it had accepted.

        Raises:
            UsageError: a filter is wrong, or there is no archive.
        """
        _check(filters, "articles")
        query = Query.of(latest=latest, as_of=as_of, **filters)
        return self._records(self._taking.snapshot(), query)

    def to_arrow(
        self,
        *,
        fields: Sequence[str] | None = None,
        latest: bool = True,
        as_of: Moment | None = None,
        **filters: Unpack[Filters],
    ) -> pa.Table:
        """Return the same as `articles` as a table of Arrow, with the types of the schema: times
        are instants in UTC. `fields` are dotted names, as ``fetch.fetched_at``; without them it is
        the whole record, and ``extra`` has what this version does not know. Needs the extra
        ``parquet``.

        Raises:
            UsageError: as `articles`; a field is unknown; pyarrow is not there.
            ArchiveDamaged: a value is not of its field's type.
        """
        _check(filters, "to_arrow")
        return frames.to_arrow(
            self.articles(latest=latest, as_of=as_of, **filters), _chosen(fields)
        )

    def to_pandas(
        self,
        *,
        fields: Sequence[str] | None = None,
        latest: bool = True,
        as_of: Moment | None = None,
        **filters: Unpack[Filters],
    ) -> pd.DataFrame:
        """Return the same as `to_arrow` as a frame of pandas, whose columns keep Arrow's types
        (`pandas.ArrowDtype`). Needs the extra ``pandas``; raises what `to_arrow` does."""
        _check(filters, "to_pandas")
        return frames.to_pandas(
            self.articles(latest=latest, as_of=as_of, **filters), _chosen(fields)
        )

    def to_polars(
        self,
        *,
        fields: Sequence[str] | None = None,
        latest: bool = True,
        as_of: Moment | None = None,
        **filters: Unpack[Filters],
    ) -> pl.DataFrame:
        """Return the same as `to_arrow` as a frame of Polars. Needs the extra ``polars``; raises
        what `to_arrow` does."""
        _check(filters, "to_polars")
        return frames.to_polars(
            self.articles(latest=latest, as_of=as_of, **filters), _chosen(fields)
        )

    def changes(self, since: str | None = None, **filters: Unpack[Filters]) -> Changes:
        """Return all revisions that came since a cursor, or all there are, in commit order.

        Raises:
            UsageError: the cursor is none, or of another archive; a filter is wrong.
        """
        _check(filters, "changes")
        query = Query.of(**filters)
        snapshot = self._taking.snapshot(None if since is None else Cursor.parse(since))
        return Changes(self, snapshot, query)

    def history(self, url_or_article_id: str) -> list[ArticleRecord]:
        """Return all revisions of the article that an address, present or past, or an id names.

        Scheme and ``www.`` make no difference. Should an address have been that of several
        articles, these follow each other; each is sorted by revision, removed ones included.

        Raises:
            UsageError: there is no such article, and the text tells the nearest addresses; or
                there is no archive.
        """
        return cast(list[ArticleRecord], revisions(self._taking, url_or_article_id))

    def files(
        self, kind: Kind | Literal["capture"] | None = None, source: str | None = None
    ) -> list[File]:
        """Return the parts that are in the archive now, for other engines to read: all, or those
        of lines of one kind, or those of pages as they were fetched.

        Unlike a glob this leaves out parts whose commit is on its way, and those that compaction
        has replaced and not yet deleted.
        """
        if kind not in (None, "capture"):
            _schema_of(kind)
        return self._taking.files(self._taking.snapshot(), kind, source)

    def ledger(
        self, *, run_id: str | None = None, source: str | None = None
    ) -> Iterator[LedgerRecord]:
        """Iterate over the ledger: how each URL ended in each run, or in one."""
        self._taking.check()
        lines = self._taking.reader.ledger(run_id=run_id, source=source)
        return (cast(LedgerRecord, line.to_json()) for line in lines)

    def runs(self) -> Iterator[dict[str, Any]]:
        """Iterate over the reports of all runs, oldest first."""
        self._taking.check()
        return self._taking.reader.runs()

    def schema(self, kind: Kind = "article") -> dict[str, Any]:
        """Return the JSON Schema (2020-12) of article records or ledger lines."""
        return schema_file.schema(_schema_of(kind))

    def _records(self, snapshot: Snapshot, query: Query) -> Iterator[ArticleRecord]:
        return cast(Iterator[ArticleRecord], self._taking.records(snapshot, query))


class Changes:
    """What came since a cursor. Iterate as often as you like: it is always the same.

    To read each revision once over any number of calls, keep `cursor` together with what you made
    of the records, and give it to the next `Archive.changes`.
    """

    def __init__(self, archive: Archive, snapshot: Snapshot, query: Query) -> None:
        self._archive = archive
        self._snapshot = snapshot
        self._query = query

    @property
    def cursor(self) -> str:
        """Where to go on from, once these are dealt with."""
        return str(self._snapshot.cursor)

    def __iter__(self) -> Iterator[ArticleRecord]:
        return self._archive._records(self._snapshot, self._query)


def _chosen(names: Sequence[str] | None) -> Sequence[columns.Field] | None:
    return None if names is None else columns.parse(names)


def _schema_of(kind: str) -> str:
    if kind not in _SCHEMAS:
        raise UsageError(f"kind {shown(str(kind))!r}: one of {', '.join(_SCHEMAS)} is allowed")
    return _SCHEMAS[kind]


def _check(filters: Filters, method: str) -> None:
    """Refuse an argument that is not a filter, as Python would, in the words of who gave it.

    Raises:
        TypeError: the text names the argument and the filters there are.
    """
    known = Filters.__annotations__
    for name in filters:
        if name not in known:
            raise TypeError(
                f"{method}() got an unexpected keyword argument {name!r}; filters are "
                f"{', '.join(known)}"
            )
