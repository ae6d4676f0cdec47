"""Arrow: records as typed columns in memory, for data frames and for Parquet.

Times are instants of microseconds in UTC, lists and objects are such. What a later nordcrawl adds
and this one does not know goes into the column `EXTRA` as JSON, so nothing of a record is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
import pyarrow as pa

from nordcrawl.errors import ArchiveDamaged
from nordcrawl.model.printable import shown
from nordcrawl.reading.fields import (
    EXTRA,
    Field,
    ListOf,
    Scalar,
    Struct,
    Type,
    columns,
    fitted,
)
from nordcrawl.reading.forms import as_json

#: Bytes as JSON of a group of rows. Memory is some ten times it, however large the archive.
GROUP_BYTES: Final = 8 << 20
GROUP_ROWS: Final = 10_000

_SCALARS: Final[Mapping[Scalar, pa.DataType]] = {
    Scalar.STRING: pa.string(),
    Scalar.INTEGER: pa.int64(),
    Scalar.NUMBER: pa.float64(),
    Scalar.BOOLEAN: pa.bool_(),
    Scalar.TIME: pa.timestamp("us", tz="UTC"),
}


def arrow_type(type_: Type) -> pa.DataType:
    """Return the Arrow type of a column."""
    match type_:
        case Scalar():
            return _SCALARS[type_]
        case ListOf(items):
            return pa.list_(arrow_type(items))
        case Struct(fields):
            return pa.struct([(name, arrow_type(of)) for name, of in fields.items()])


def arrow_schema(fields: Sequence[Field] | None = None) -> pa.Schema:
    """Return the schema of the whole record with `EXTRA`, or of some fields."""
    chosen = [(f.name, f.type) for f in fields] if fields else [*columns().items()]
    told = [pa.field(name, arrow_type(type_)) for name, type_ in chosen]
    if not fields:
        told.append(pa.field(EXTRA, pa.string()))
    return pa.schema(told, metadata={"nordcrawl": "article-1"})


def arrow_table(records: Iterable[Mapping[str, Any]], fields: Sequence[Field] | None) -> pa.Table:
    """Return all records as one table; its memory is about that of their JSON.

    Raises:
        ArchiveDamaged: a value is not of its field's type; names article and field.
    """
    schema = arrow_schema(fields)
    return pa.concat_tables([*groups(records, fields, schema), schema.empty_table()])


def groups(
    records: Iterable[Mapping[str, Any]],
    fields: Sequence[Field] | None,
    schema: pa.Schema,
    group_bytes: int = GROUP_BYTES,
) -> Iterator[pa.Table]:
    """Yield tables of some rows each, of a schema by `arrow_schema`: one is made when its records
    come to `group_bytes` as JSON, or to `GROUP_ROWS`.

    Raises:
        ArchiveDamaged: a value is not of its field's type; names article and field.
    """
    rows: list[dict[str, Any]] = []
    size = 0
    for record in records:
        rows.append(_row(record, fields))
        size += len(orjson.dumps(record))
        if size >= group_bytes or len(rows) >= GROUP_ROWS:
            yield _table(rows, schema)
            rows, size = [], 0
    if rows:
        yield _table(rows, schema)


def _row(record: Mapping[str, Any], fields: Sequence[Field] | None) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if fields is None:
        values = fitted(record, Struct(columns()), "", extra)
        row = {name: _value(values[name], type_) for name, type_ in columns().items()}
        row[EXTRA] = as_json(extra) if extra else None
        return row
    return {f.name: _value(fitted(f.value(record), f.type, f.name, extra), f.type) for f in fields}


def _value(value: Any, type_: Type) -> Any:
    """Return a value as Arrow takes it: times as such."""
    match type_:
        case Scalar.TIME if isinstance(value, str):
            return _time(value)
        case Struct(fields) if isinstance(value, Mapping):
            return {key: _value(value.get(key), of) for key, of in fields.items()}
        case ListOf(Struct() as items) if isinstance(value, list):
            return [_value(x, items) for x in value]
        case ListOf() if isinstance(value, str):
            return object()  # refused; of a string Arrow would take the characters
        case _:
            return value


def _time(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text  # which Arrow refuses, with the name of its field


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    try:
        return pa.Table.from_pylist(rows, schema=schema)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise ArchiveDamaged(_culprit(rows, schema) or f"no columns: {error}") from error


def _culprit(rows: list[dict[str, Any]], schema: pa.Schema) -> str | None:
    for row in rows:
        for field in schema:
            try:
                pa.array([row[field.name]], type=field.type)
            except (pa.ArrowException, ValueError, TypeError) as error:
                whose = f"{shown(str(row.get('article_id')))} revision {row.get('revision')}"
                return f"{whose}: {field.name} is not of its type: {shown(str(error))}"
    return None
