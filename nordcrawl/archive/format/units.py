"""Units: what goes or stays together in a part, whatever its kind: a line, or a capture with its
records. For those who look for what is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, pack, unpack
from nordcrawl.capture.read import units_of as warc_units
from nordcrawl.capture.write import filler
from nordcrawl.model.times import parse_rfc3339


def units(kind: PartKind, body: bytes) -> Iterator[bytes]:
    """Yield the units of a part's bytes, or of a segment's: lines with their LF, or the gzip
    members of a capture, of the filler in the place of one, or of what the file begins with.

    Raises:
        ValueError: these are not whole gzip members, or not what such a part holds.
    """
    if kind is not PartKind.CAPTURE:
        yield from unpack(body)
        return
    for unit in warc_units(body):
        yield body[unit.offset : unit.offset + unit.length]


def values_of(kind: PartKind, unit: bytes) -> dict[str, Any]:
    """Return what a unit says: a line's object; of a capture what says whose it is, by the names of
    an article's line; of other records nothing.

    Raises:
        ValueError, KeyError, TypeError: it is no such unit; see `check_line`.
    """
    if kind is PartKind.CAPTURE:
        return next(warc_units(unit)).values()
    values: dict[str, Any] = decode_json(unit)
    check_line(kind, values)
    return values


_NAMED: Final = {"source": str, "url": str, "article_id": str}
_TYPES: Final[Mapping[PartKind, Mapping[str, Any]]] = {
    PartKind.ARTICLE: _NAMED
    | {"revision": int, "change": str, "text_sha256": str, "fetch": dict}
    | {"canonical_url": str | None, "aliases": list | None, "text": str | None},
    PartKind.LEDGER: _NAMED
    | {"run_id": str, "outcome": str, "at": str, "article_id": str | None}
    | {"final_url": str | None, "reason": str | None, "found_by": list | None}
    | {"article": dict | None},
    PartKind.QUARANTINE: _NAMED | {"run_id": str, "why": list, "record": dict, "ledger": dict},
}
_FETCH: Final = {"fetched_at": str, "requested_url": str | None, "redirects": list | None}
_STATE: Final = {"article_id": str, "revision": int, "text_sha256": str, "extractor": str}
_TEXTS: Final = ("why", "aliases", "redirects", "found_by")


def check_line(kind: PartKind, values: Any) -> None:
    """See that values have what every reader of such a line takes for granted, whatever its schema
    says of the rest: it may be that of another writer, and not as nordcrawl writes it.

    Raises:
        ValueError, KeyError, TypeError: they have not.
    """
    _require(values, _TYPES[kind])
    if kind is PartKind.ARTICLE:
        _require(values["fetch"], _FETCH)
        parse_rfc3339(values["fetch"]["fetched_at"])
    elif kind is PartKind.QUARANTINE:
        check_line(PartKind.ARTICLE, values["record"])
        check_line(PartKind.LEDGER, values["ledger"])
    elif values.get("article") is not None:
        _require(values["article"], _STATE)


def is_usual(record: Mapping[str, Any]) -> bool:
    """Return whether an article's line is sure to pass `check_line`, but for the form of its time:
    the same for most of them at a fifth of the cost, for who reads millions. Raises as that."""
    fetch = record["fetch"]
    return (
        type(record["source"]) is str
        and type(record["url"]) is str
        and type(record["article_id"]) is str
        and type(record["revision"]) is int
        and type(record["change"]) is str
        and type(record["text_sha256"]) is str
        and type(fetch["fetched_at"]) is str
        and type(fetch.get("requested_url", "")) is str
        and not (record.get("aliases") or fetch.get("redirects"))
    )


def _require(values: Any, wanted: Mapping[str, Any]) -> None:
    if not isinstance(values, dict):
        raise TypeError("no JSON object")
    for name, types in wanted.items():
        value = values.get(name)
        if not isinstance(value, types):
            raise ValueError(f"its {name} is {value!r:.40}")
        if name in _TEXTS and value and not all(isinstance(one, str) for one in value):
            raise ValueError(f"its {name} are not all texts")


def without(
    kind: PartKind, body: bytes, goes: Callable[[Mapping[str, Any]], bool]
) -> tuple[bytes, int, int]:
    """Return a segment's bytes without the units of whose values `goes` says so, how many units
    that count as records are left, and how many went.

    Of captures each one that goes leaves a filler of the same length, so that the others stay where
    records say that they are; nothing is left where no other is.

    Raises:
        ValueError: as `units`.
    """
    kept: list[bytes] = []
    left = gone = 0
    for unit in units(kind, body):
        values = values_of(kind, unit)
        if values and goes(values):
            gone += 1
            if kind is PartKind.CAPTURE:
                kept.append(filler(len(unit)))
            continue
        left += bool(values)
        kept.append(unit)
    if not gone:
        return body, left, 0
    if not left:
        return b"", 0, gone
    return (b"".join(kept) if kind is PartKind.CAPTURE else pack(kept)), left, gone
