"""Lines: JSON Lines in gzip members, as parts hold them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from nordcrawl.system.members import compress, members_of

#: Raw bytes of a gzip member, unless a single line is longer: small enough for a range request of
#: one article, large enough to cost no compression (17.71 against 17.62 MiB in one stream).
MEMBER_BYTES = 1 << 20


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
            yield compress(b"".join(held))
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        yield compress(b"".join(held))


def unpack(body: bytes) -> Iterator[bytes]:
    """Yield the lines of a part, each with its LF; a member at a time is in memory.

    Raises:
        ValueError: these are not whole gzip members, or a line goes over the end of one.
    """
    for member in members_of(body):
        raw = member.raw
        if raw and not raw.endswith(b"\n"):
            raise ValueError("a line is not ended by LF")
        start = 0
        while start < len(raw):
            end = raw.index(b"\n", start) + 1
            yield raw[start:end]
            start = end
