"""Parquet: records as typed columns in a file, for engines that read only what they need.

The columns of records are those of `nordcrawl.reading.arrow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import IO, Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

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
    """Write a Parquet file of signatures, row group by row group of `GROUP_ROWS`; memory is some
    100 MiB, however many there are."""
    left = iter(rows)
    batches = iter(lambda: [row.columns() for row in islice(left, GROUP_ROWS)], [])
    tables = (pa.Table.from_pylist(batch, schema=SIGNATURES) for batch in batches)
    _write(tables, SIGNATURES, out)


def _write(tables: Iterable[pa.Table], schema: pa.Schema, out: IO[bytes]) -> None:
    gate = _Gate(out)
    writer = pq.ParquetWriter(cast(IO[bytes], gate), schema, compression="zstd")
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
