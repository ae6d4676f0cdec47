"""Engines: the columns of the archive's lines in the words of other tools.

What is guessed from the first lines breaks on a part where a field is null throughout, or the
other way round; with these types it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nordcrawl.reading.fields import ListOf, Scalar, Struct, Type, columns

_DUCKDB: Final = {
    Scalar.STRING: "VARCHAR",
    Scalar.INTEGER: "BIGINT",
    Scalar.NUMBER: "DOUBLE",
    Scalar.BOOLEAN: "BOOLEAN",
    Scalar.TIME: "TIMESTAMPTZ",
}
_SPARK: Final = {
    Scalar.STRING: "STRING",
    Scalar.INTEGER: "BIGINT",
    Scalar.NUMBER: "DOUBLE",
    Scalar.BOOLEAN: "BOOLEAN",
    Scalar.TIME: "TIMESTAMP",
}
_POLARS: Final = {
    Scalar.STRING: "pl.String",
    Scalar.INTEGER: "pl.Int64",
    Scalar.NUMBER: "pl.Float64",
    Scalar.BOOLEAN: "pl.Boolean",
    Scalar.TIME: 'pl.Datetime("us", "UTC")',
}
_PYARROW: Final = {
    Scalar.STRING: "pa.string()",
    Scalar.INTEGER: "pa.int64()",
    Scalar.NUMBER: "pa.float64()",
    Scalar.BOOLEAN: "pa.bool_()",
    Scalar.TIME: 'pa.timestamp("us", "UTC")',
}


def duckdb(kind: str) -> str:
    """Return SQL that makes a table macro, ``articles(files)`` or ``ledger(files)``."""
    name = "articles" if kind == "article" else kind
    told = ",\n    ".join(f"\"{key}\": '{_duckdb(type_)}'" for key, type_ in _of(kind))
    lines = (
        f"CREATE OR REPLACE MACRO {name}(files) AS TABLE",
        "  SELECT * FROM read_json(files, format = 'newline_delimited', columns = {",
        f"    {told}",
        # DuckDB takes a folder's source=360 for a number, also where the column is a text.
        "  }, hive_types_autocast = false);\n",
    )
    return "\n".join(lines)


def _duckdb(type_: Type) -> str:
    match type_:
        case Scalar():
            return _DUCKDB[type_]
        case ListOf(items):
            return f"{_duckdb(items)}[]"
        case Struct(fields):
            # Quoted throughout: fetch, precision and others are keywords there.
            told = ", ".join(f'"{key}" {_duckdb(of)}' for key, of in fields.items())
            return f"STRUCT({told})"


def spark(kind: str) -> str:
    """Return a schema as Spark's DDL, which ``spark.read.schema`` takes."""
    return ",\n".join(f"`{key}` {_spark(type_)}" for key, type_ in _of(kind)) + "\n"


def _spark(type_: Type) -> str:
    match type_:
        case Scalar():
            return _SPARK[type_]
        case ListOf(items):
            return f"ARRAY<{_spark(items)}>"
        case Struct(fields):
            told = ", ".join(f"`{key}`: {_spark(of)}" for key, of in fields.items())
            return f"STRUCT<{told}>"


def polars(kind: str) -> str:
    """Return a Python module with `schema` for ``polars.scan_ndjson``."""
    return "import polars as pl\n\nschema = {\n" + _lines(kind, _polars) + "}\n"


def _polars(type_: Type) -> str:
    match type_:
        case Scalar():
            return _POLARS[type_]
        case ListOf(items):
            return f"pl.List({_polars(items)})"
        case Struct(fields):
            return f"pl.Struct({_dict(fields, _polars)})"


def pyarrow(kind: str) -> str:
    """Return a Python module with `schema` for ``pyarrow.json`` and ``pyarrow.dataset``."""
    return "import pyarrow as pa\n\nschema = pa.schema({\n" + _lines(kind, _pyarrow) + "})\n"


def _pyarrow(type_: Type) -> str:
    match type_:
        case Scalar():
            return _PYARROW[type_]
        case ListOf(items):
            return f"pa.list_({_pyarrow(items)})"
        case Struct(fields):
            told = ", ".join(f'("{key}", {_pyarrow(of)})' for key, of in fields.items())
            return f"pa.struct([{told}])"


def _dict(fields: Mapping[str, Type], spell: Callable[[Type], str]) -> str:
    return "{" + ", ".join(f'"{key}": {spell(of)}' for key, of in fields.items()) + "}"


def _lines(kind: str, spell: Callable[[Type], str]) -> str:
    return "".join(f'    "{key}": {spell(type_)},\n' for key, type_ in _of(kind))


def _of(kind: str) -> list[tuple[str, Type]]:
    return [*columns(f"{kind}-1").items()]


#: By the name that ``nordcrawl schema --format`` takes.
ENGINES: Final[Mapping[str, Callable[[str], str]]] = {
    "duckdb": duckdb,
    "polars": polars,
    "pyarrow": pyarrow,
    "spark": spark,
}
