"""Transfer: a payload as a WARC record of others has it, with the transfer coding that some writers
leave in, and whether it came whole. Pure.

Source: RFC 9112 section 7.1 (chunked) and 6.3 (Content-Length); WARC 1.1 section 6.3.2 (the block
of a response is what came over the connection, so the coding belongs in it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nordcrawl.fetch import coding

#: A chunk's size, and what may stand behind it; some servers pad it with blanks.
_SIZE: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")

Headers = Iterable[tuple[str, str]]
"""Names in lower case."""


def undone(headers: Headers, payload: bytes) -> bytes:
    """Return a payload without its chunks, where its headers tell of them and it has any: many
    writers undo them and leave the header.

    Raises:
        ValueError: the last chunk is missing.
    """
    told = (value.lower() for name, value in headers if name == "transfer-encoding")
    return _unchunked(payload) if any("chunked" in value for value in told) else payload


def lacks_bytes(headers: Headers, payload: bytes, *, truncated: bool, most: int) -> bool:
    """Return whether a payload (as `undone` gives it a response's) is not all that was sent:
    shorter than its headers say; or that of a record that says it is `truncated`, and of which
    nothing else says that it is whole. `most` is how large it may be when unpacked."""
    pairs = list(headers)
    told = [value for name, value in pairs if name == "content-length"]
    if told and re.fullmatch(r"\d{1,18}", told[0].strip()):
        if len(payload) < int(told[0]):
            return True
        if len(payload) == int(told[0]):
            return False
    if not truncated:
        return False
    codings = coding.names(value for name, value in pairs if name == "content-encoding")
    return not codings or coding.decode(payload, codings, most).fault is not None


def _unchunked(payload: bytes) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while True:
        size = _SIZE.match(payload, at)
        if size is None:
            if not pieces:
                return payload
            raise ValueError("the body is cut short: a chunk is missing")
        begin, count = size.end(), int(size[1], 16)
        if not count:
            return b"".join(pieces)
        end = begin + count
        behind = payload[end : end + 2]
        if len(payload) >= end and behind[:1] not in (b"\r", b"\n", b""):
            if not pieces:
                return payload  # a text that begins like a chunk
            raise ValueError("the body is damaged: a chunk is not as long as it says")
        if len(payload) <= end:
            raise ValueError("the body is cut short: a chunk is missing")
        pieces.append(payload[begin:end])
        at = end + (2 if behind == b"\r\n" else 1)
