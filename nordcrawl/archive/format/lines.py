"""Lines: JSON Lines in gzip members, as parts hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson
from zlib_ng import zlib_ng

#: Raw bytes of a gzip member, unless a single line is longer: small enough for a range request of
#: one article, large enough to cost no compression (17.71 against 17.62 MiB in one stream).
MEMBER_BYTES = 1 << 20


#: Of zlib-ng: half the time of its level 6 for 5 % more bytes; 4 % more than zlib at its level 6.
LEVEL = 5


#: Window bits that make zlib read and write gzip members; without a file name or time in them.
_GZIP = 31


def encode_line(values: Mapping[str, Any]) -> bytes:
    """Return one JSON object as a line: UTF-8, compact, keys in their order, ended by LF.

    For values without floats, as records and ledger lines are: NaN would become null. Half of a
    surrogate pair is no character and can't be UTF-8; it becomes U+FFFD, so that one in a headline
    costs that character and not the article. Source: RFC 3629 section 3.

    Raises:
        TypeError: it has something in it that is no JSON.
    """
    try:
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate, or a number beyond 64 bits
        text: str = json.dumps(values, **_COMPACT)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode() + b"\n"


def encode_json(values: Mapping[str, Any]) -> bytes:
    """Return the same for any JSON object; floats are checked.

    Raises:
        ValueError: it has NaN, an infinity or a lone surrogate in it, which are no JSON.
        TypeError: it has something else in it that is no JSON.
    """
    return json.dumps(values, **_COMPACT).encode() + b"\n"


_COMPACT: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}


def decode_json(line: bytes) -> Any:
    """Read a JSON text.

    Raises:
        ValueError: it is none.
    """
    return orjson.loads(line)


def pack(lines: Iterable[bytes], member_bytes: int = MEMBER_BYTES) -> bytes:
    """Compress lines into gzip members of at most `member_bytes` raw, each line whole in one.

    A line longer than that gets a member of its own.
    """
    return b"".join(members(lines, member_bytes))


def members(lines: Iterable[bytes], member_bytes: int = MEMBER_BYTES) -> Iterator[bytes]:
    """Yield the gzip members of `pack`, one by one."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        if held and size + len(line) > member_bytes:
            yield zlib_ng.compress(b"".join(held), LEVEL, _GZIP)
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        yield zlib_ng.compress(b"".join(held), LEVEL, _GZIP)


def unpack(body: bytes) -> Iterator[bytes]:
    """Yield the lines of a part, each with its LF; a member at a time is in memory.

    Raises:
        ValueError: these are not whole gzip members, or a line goes over the end of one.
    """
    view = memoryview(body)
    position = 0
    while position < len(body):
        raw, position = _member(view, position)
        if raw and not raw.endswith(b"\n"):
            raise ValueError("a line is not ended by LF")
        start = 0
        while start < len(raw):
            end = raw.index(b"\n", start) + 1
            yield raw[start:end]
            start = end


def _member(view: memoryview, start: int) -> tuple[bytes, int]:
    """Return the raw bytes of the gzip member that begins at `start`, and where it ends."""
    inflate = zlib_ng.decompressobj(_GZIP)
    pieces = []
    position = start
    try:
        while not inflate.eof and position < len(view):
            pieces.append(inflate.decompress(view[position : position + _STEP]))
            position = min(position + _STEP, len(view))
    except zlib_ng.error as error:  # type: ignore[misc]  # its stub says too little
        raise ValueError(f"not a whole gzip file: {error}") from error
    if not inflate.eof:
        raise ValueError("not a whole gzip file: it ends within a member")
    return b"".join(pieces), position - len(inflate.unused_data)


#: Bytes given to zlib at a time: what is beyond a member's end is copied back.
_STEP = 1 << 16
