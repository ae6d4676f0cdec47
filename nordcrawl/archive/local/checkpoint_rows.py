"""The rows of a checkpoint: all that a state has on its disk, out of it and into an empty one.

What is derived from them (`neighbours`) is in no checkpoint and is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from nordcrawl.archive.local.database import Database
from nordcrawl.archive.local.neighbours import Neighbours
from nordcrawl.archive.local.state_tables import TABLES, article_of

_LOADED_AT_ONCE: Final = 50_000
"""Rows in one transaction."""
_READ_AT_ONCE: Final = 1000
"""Rows in one query: no read transaction stays open between two."""


def dump(database: Database) -> Iterator[dict[str, Any]]:
    """Yield all that is on the disk as JSON objects: ``{"table": ..., column: value, ...}``, times
    in microseconds since 1970. Nothing may be written meanwhile."""
    for table in TABLES:
        names = _columns(database, table)
        key = names[0]
        after = ""
        while True:
            found = database.query(
                f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {_READ_AT_ONCE}",  # noqa: S608
                (after,),
            )
            for row in found:
                yield {"table": table, **dict(zip(names, row, strict=True))}
            if len(found) < _READ_AT_ONCE:
                break
            after = found[-1][0]


def load(database: Database, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put the rows of a checkpoint into an empty state, many in a transaction.

    Raises:
        KeyError, ValueError: a row is of no known table or lacks a column.
        SpoolError: the disk.
    """
    columns = {table: _columns(database, table) for table in TABLES}
    waiting: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
    for number, row in enumerate(rows, start=1):
        table = row["table"]
        if table not in columns:
            raise ValueError(f"a row of table {table!r}")
        waiting[table].append(tuple(row[name] for name in columns[table]))
        if number % _LOADED_AT_ONCE == 0:
            _insert(database, waiting)
    _insert(database, waiting)


def _insert(database: Database, waiting: dict[str, list[tuple[Any, ...]]]) -> None:
    neighbours = Neighbours(database)
    with database.transaction() as db:
        for table, rows in waiting.items():
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608
                if table == "article":
                    for row in rows:
                        neighbours.write(db, article_of(row).state)
                elif table == "other":
                    for row in rows:
                        neighbours.index(db, row[0], row[1])
                rows.clear()


def _columns(database: Database, table: str) -> list[str]:
    return [row[1] for row in database.query(f"PRAGMA table_info({table})")]
