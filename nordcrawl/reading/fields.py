"""Fields: the record as typed columns, and the way to a value by its dotted name.

The types are read out of the JSON Schema, so a field that is added there is a column everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, TypeAlias

from nordcrawl.archive.format.schema_file import schema
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown

#: The keys of the schema's open objects. Columns need names: most engines can't take a map out of
#: JSON, and some not out of Parquet (Hugging Face datasets 5.2). Other keys go to `EXTRA`.
KNOWN_KEYS: Final[Mapping[str, Sequence[str]]] = {
    "rights": (
        *("robots_meta", "x_robots_tag", "tdm", "licence", "signals", "reserved_by"),
        *("content_signal", "tdm_problem", "checked_at"),
    ),
    "provenance": (
        *("cms_id", "canonical_url", "title", "subtitle", "kicker", "authors", "published_at"),
        *("modified_at", "language", "kind", "section", "tags", "blocks", "images", "links"),
        *("translations", "paywalled", "rights"),
    ),
    "told": ("lastmod", "published", "title"),
    "article.fields": (
        *("title", "subtitle", "kicker", "authors", "published_at", "modified_at", "language"),
        *("kind", "section", "tags", "text", "blocks", "images", "paywalled", "rights"),
    ),
}
#: The column for what this version does not know: a JSON object by dotted name, or null.
EXTRA: Final = "extra"


class Scalar(Enum):
    """A single value; may be null anywhere."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    items: Type


@dataclass(frozen=True, slots=True)
class Struct:
    """An object."""

    fields: Mapping[str, Type]


Type: TypeAlias = Scalar | ListOf | Struct


@cache
def columns(name: str = "article-1") -> Mapping[str, Type]:
    """Return the columns of the lines of a schema, in the order of the record.

    Raises:
        KeyError: there is no such schema.
        ValueError: it says something that is no column.
    """
    fields: Mapping[str, Any] = schema(name)["properties"]
    return {key: _type(key, node) for key, node in fields.items()}


def _type(name: str, node: Mapping[str, Any]) -> Type:
    if isinstance(node.get("const"), int):
        return Scalar.INTEGER
    told = node["type"] if isinstance(node["type"], list) else [node["type"]]
    match [kind for kind in told if kind != "null"]:
        case ["string"]:
            return Scalar.TIME if node.get("format") == "date-time" else Scalar.STRING
        case ["integer"]:
            return Scalar.INTEGER
        case ["number"]:
            return Scalar.NUMBER
        case ["boolean"]:
            return Scalar.BOOLEAN
        case ["array"]:
            return ListOf(_type(name, node["items"]))
        case ["object"] if "properties" in node:
            fields = {key: _type(f"{name}.{key}", of) for key, of in node["properties"].items()}
            return Struct(fields)
        case ["object"] if name in KNOWN_KEYS:
            of = _type(name, node["additionalProperties"])
            return Struct(dict.fromkeys(KNOWN_KEYS[name], of))
    raise ValueError(f"{name}: no column can be made of {node}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field that is asked for."""

    name: str
    """Dotted, and the name of its column."""
    type: Type

    def value(self, record: Mapping[str, Any]) -> Any:
        """Return the record's value; None where there is none."""
        value: Any = record
        for step in self.name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        return value


def parse(names: str | Sequence[str], spelled: str = "fields") -> tuple[Field, ...]:
    """Return the fields of a comma list of dotted names.

    Raises:
        UsageError: one is unknown or stands there twice; the text says which there are.
    """
    asked = [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]
    if twice := sorted({name for name in asked if asked.count(name) > 1}):
        raise UsageError(f"{spelled}: {shown(twice[0])} stands there twice")
    return tuple(Field(name, _find(name, spelled)) for name in asked)


def _find(name: str, spelled: str) -> Type:
    at: Type = Struct(columns())
    path = ""
    for step in name.split("."):
        match at:
            case Struct(fields) if step in fields:
                at = fields[step]
            case Struct(fields):
                there = ", ".join(f"{path}{key}" for key in fields)
                raise UsageError(f"{spelled}: no field {shown(name)!r}; there are {there}")
            case _:
                raise UsageError(
                    f"{spelled}: no field {shown(name)!r}: {shown(path[:-1])} has none of its own"
                )
        path += f"{step}."
    return at


def fitted(value: Any, type_: Type, path: str, extra: dict[str, Any]) -> Any:
    """Return a value without the keys that its type does not know; these go into `extra`, by
    dotted name (with the number of an item in a list)."""
    match type_:
        case Struct(fields) if isinstance(value, Mapping):
            for key in (key for key in value if key not in fields):
                extra[f"{path}.{key}" if path else key] = value[key]
            return {
                key: fitted(value.get(key), of, f"{path}.{key}" if path else key, extra)
                for key, of in fields.items()
            }
        case ListOf(Scalar()):
            return value
        case ListOf(items) if isinstance(value, list):
            return [fitted(x, items, f"{path}.{n}", extra) for n, x in enumerate(value)]
        case _:
            return value
