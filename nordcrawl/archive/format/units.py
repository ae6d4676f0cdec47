"""Units: what goes or stays together in a part, whatever its kind: a line, or a capture with its
records. For those who look for what is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, pack, unpack
from nordcrawl.capture.read import units_of as warc_units
from nordcrawl.capture.write import filler


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
        ValueError: it is no such unit.
    """
    if kind is not PartKind.CAPTURE:
        values: dict[str, Any] = decode_json(unit)
        return values
    return next(warc_units(unit)).values()


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
