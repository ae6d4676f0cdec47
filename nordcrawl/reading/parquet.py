"""Parquet: records as typed columns in a file, for engines that read only what they need.

The columns are those of `nordcrawl.reading.arrow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, cast

import pyarrow.parquet as pq

from nordcrawl.reading.arrow import GROUP_BYTES, arrow_schema, groups
from nordcrawl.reading.fields import Field


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
    gate = _Gate(out)
    writer = pq.ParquetWriter(cast(IO[bytes], gate), schema, compression="zstd")
    try:
        for table in groups(records, fields, schema, group_bytes):
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
