"""Parquet: records as typed columns in a file, for engines that read only what they need.

The columns of records are those of `nordcrawl.reading.arrow`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from nordcrawl.model.signature import BANDS, BINS
from nordcrawl.reading.arrow import GROUP_BYTES, GROUP_ROWS, arrow_schema, groups
from nordcrawl.reading.fields import Field
from nordcrawl.reading.signatures import Signed

#: Of a file of signatures. No unsigned 64 bits: Spark, for one, has no such type.
_COLUMNS: Final[Mapping[str, pa.DataType]] = {
    "source": pa.string(),
    "article_id": pa.string(),
    "revision": pa.int32(),
    "url": pa.string(),
    "language": pa.string(),
    "published_at": pa.timestamp("us", tz="UTC"),
    "title": pa.string(),
    "text_sha256": pa.string(),
    "bins": pa.list_(pa.uint16()),
    "bands": pa.list_(pa.int64()),
}
SIGNATURES: Final = pa.schema(_COLUMNS, metadata={"nordcrawl": "signatures-1"})


def write_parquet(
    records: Iterable[Mapping[str, Any]],
    fields: Sequence[Field] | None,
    out: IO[bytes],
    *,
    group_bytes: int = GROUP_BYTES,
) -> None:
    """Write a Parquet file, row group by row group: one is written when its records come to
    `group_bytes` as JSON, or to `GROUP_ROWS`. Memory is some ten times it, however large the
    archive.

    Raises:
        ArchiveDamaged: a value is not of its field's type; names article and field.
    """
    schema = arrow_schema(fields)
    _write(groups(records, fields, schema, group_bytes), schema, out)


def write_signatures(rows: Iterable[Signed], out: IO[bytes]) -> None:
    """Write a Parquet file of signatures, in row groups of `GROUP_ROWS`; memory is that of one.

    Raises:
        ArchiveDamaged: a signature is none that this nordcrawl knows; names the article.
    """
    _write_signatures(_signature_tables(rows), out)


def pack_signatures(rows: Iterable[Signed]) -> bytes:
    """Return signatures as bytes for `write_packed`, as another machine may have made them; raises
    as `write_signatures`."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(
        sink, SIGNATURES, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as to:
        for table in _signature_tables(rows):
            to.write_table(table)
    return sink.getvalue().to_pybytes()


def write_packed(parts: Iterable[bytes], out: IO[bytes]) -> None:
    """Write a Parquet file of packed signatures, a row group or more for each part."""
    _write_signatures((pa.ipc.open_stream(part).read_all() for part in parts), out)


def _write_signatures(tables: Iterable[pa.Table], out: IO[bytes]) -> None:
    # No column but these has values that come again.
    _write(tables, SIGNATURES, out, use_dictionary=["source", "language"])


def _signature_tables(rows: Iterable[Signed]) -> Iterator[pa.Table]:
    left = iter(rows)
    return map(_signatures, iter(lambda: [*islice(left, GROUP_ROWS)], []))


def _signatures(rows: list[Signed]) -> pa.Table:
    # Lists of numbers as one buffer each: as objects of Python they would take 4 KB a row.
    bins, bands = array("H"), array("q")
    for row in rows:
        bins.extend(row.bins)
        bands.extend(row.bands)
    columns = [
        pa.array([getattr(row, field.name) for row in rows], field.type)
        for field in [*SIGNATURES][:-2]
    ]
    lists = [_lists(bins, pa.uint16(), BINS), _lists(bands, pa.int64(), BANDS)]
    return pa.Table.from_arrays([*columns, *lists], schema=SIGNATURES)


def _lists(values: array[int], type_: pa.DataType, each: int) -> pa.Array[Any]:
    flat = pa.Array.from_buffers(type_, len(values), [None, pa.py_buffer(values)])
    return pa.ListArray.from_arrays(pa.array(range(0, len(values) + 1, each), pa.int32()), flat)


def _write(
    tables: Iterable[pa.Table],
    schema: pa.Schema,
    out: IO[bytes],
    *,
    use_dictionary: bool | list[str] = True,
) -> None:
    gate = _Gate(out)
    chosen = cast(bool, use_dictionary)  # the stubs know no names of columns
    writer = pq.ParquetWriter(
        cast(IO[bytes], gate), schema, compression="zstd", use_dictionary=chosen
    )
    try:
        for table in tables:
            writer.write_table(table)
    except BaseException:
        # Closed by whatever way, the writer would end what is half with a good footer.
        gate.shut = True
        raise
    finally:
        writer.close()


class _Gate:
    """Lets bytes through until it is shut."""

    closed = False
    shut = False

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out

    def write(self, body: bytes) -> int:
        return len(body) if self.shut else self._out.write(body)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
