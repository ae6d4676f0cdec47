"""Frames: records as a table of Arrow, pandas or Polars, each loaded where it is asked for.

The types are those of the schema: a column that is null throughout has its own, an integer with
nulls stays one, and times are instants in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nordcrawl.errors import UsageError
from nordcrawl.reading.fields import Field

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Records = Iterable[Mapping[str, Any]]


@contextmanager
def extra(name: str, what: str) -> Iterator[None]:
    """Say which of nordcrawl's extras brings a library that an import within does not find.

    Raises:
        UsageError: it is not there; `what` needs it, and the extra `name` has it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in ("pandas", "polars", "pyarrow"):
            raise
        raise UsageError(f"{what} needs {library}: pip install 'nordcrawl[{name}]'") from error


def to_arrow(records: Records, fields: Sequence[Field] | None) -> pa.Table:
    """Return records as a table of Arrow.

    Raises:
        UsageError: pyarrow is not there.
        ArchiveDamaged: a value is not of its field's type; names article and field.
    """
    with extra("parquet", "to_arrow()"):
        from nordcrawl.reading.arrow import arrow_table
    return arrow_table(records, fields)


def to_pandas(records: Records, fields: Sequence[Field] | None) -> pd.DataFrame:
    """Return records as a frame of pandas whose columns keep Arrow's types.

    Raises:
        UsageError: pandas or pyarrow is not there.
        ArchiveDamaged: as `to_arrow`.
    """
    with extra("pandas", "to_pandas()"):
        import pandas as pd

        from nordcrawl.reading.arrow import arrow_table
    return arrow_table(records, fields).to_pandas(types_mapper=pd.ArrowDtype)


def to_polars(records: Records, fields: Sequence[Field] | None) -> pl.DataFrame:
    """Return records as a frame of Polars.

    Raises:
        UsageError: Polars or pyarrow is not there.
        ArchiveDamaged: as `to_arrow`.
    """
    with extra("polars", "to_polars()"):
        import polars as pl

        from nordcrawl.reading.arrow import arrow_table
    frame = pl.from_arrow(arrow_table(records, fields))
    if not isinstance(frame, pl.DataFrame):  # a single column would be a series; a table is none
        raise TypeError(f"{type(frame).__name__} is no frame")
    return frame
