"""Forms: records as JSON Lines and CSV, streamed.

`nordcrawl.reading.parquet` and `nordcrawl.reading.table` are the other two; they load libraries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from nordcrawl.archive.format.lines import encode_json
from nordcrawl.reading.fields import EXTRA, Field, Scalar, columns


def write_lines(lines: Iterable[bytes], out: IO[bytes]) -> None:
    """Write lines as they are."""
    for line in lines:
        out.write(line)


def picked(records: Iterable[Mapping[str, Any]], fields: Sequence[Field]) -> Iterator[bytes]:
    """Yield JSON lines of some fields, each under its dotted name."""
    for record in records:
        yield encode_json({field.name: field.value(record) for field in fields})


def write_csv(
    records: Iterable[Mapping[str, Any]], fields: Sequence[Field] | None, out: IO[bytes]
) -> None:
    """Write CSV: a header, comma, CRLF, quotes where needed. Source: RFC 4180.

    The columns are always the same: those of the record, then `EXTRA`. Lists and objects are JSON
    text. Null is an empty field, an empty string is ``""``.
    """
    chosen = fields or [Field(name, type_) for name, type_ in columns().items()]
    names = [field.name for field in chosen] + ([] if fields else [EXTRA])
    out.write(_row(names))
    known = columns().keys()
    for record in records:
        cells = [field.value(record) for field in chosen]
        if not fields:
            # Keys within a known value stand in that value's JSON text.
            cells.append({key: record[key] for key in record if key not in known} or None)
        out.write(_row(cells))


def _row(cells: Iterable[Any]) -> bytes:
    return (",".join(map(_cell, cells)) + "\r\n").encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            text = value
        case _:
            text = as_json(value)
    # Quoted too: what a reader might take for null or trim.
    if not text or text[0] in " \t" or text[-1] in " \t" or any(c in text for c in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def as_json(value: Any) -> str:
    """Return a value as compact JSON text."""
    return encode_json(value)[:-1].decode()


def text_of(field: Field, value: Any) -> str:
    """Return a value as it stands in a table's cell: short, and of one kind."""
    if value is None:
        return ""
    if field.type is Scalar.TIME:
        return str(value)[:16].replace("T", " ")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else as_json(value)
