"""Coding: undo a body's content codings, and tell whether the body came whole. Pure.

Scrapy passes on what it could inflate, so that half an article would look like a whole one.

Source: RFC 9110 section 8.4 (codings are listed in the order in which they were applied); RFC 1952
section 2.2 (a gzip file is a series of members); RFC 7932 (br); RFC 8878 section 3.1 (zstd frames).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from zlib_ng import zlib_ng

try:
    import brotli
except ImportError:  # PyPy
    import brotlicffi as brotli
if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: What can be undone and proven whole, as Accept-Encoding says it.
READABLE = ("gzip", "deflate", "br", "zstd")

Fault: TypeAlias = Literal["cut short", "damaged", "too large", "in an unknown coding"]

#: Bytes taken in, and given out, at a time.
_PIECE = 1 << 16
_ZlibError: Any = zlib_ng.error  # its stub has an instance for the class
#: Members of a gzip file, or frames of zstd; more are meant to cost time.
_MAX_PARTS = 10_000
#: Codings one upon the other. Source: curl allows as many.
_MAX_CODINGS = 5
_GZIP = b"\x1f\x8b"
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
#: Source: WHATWG MIME Sniffing, "binary data byte", and how many bytes of a resource are looked at.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_LOOKED_AT = 1445
#: Bytes below which a body may look like text by chance.
_LEAST_TEXT = 16
_TAG = re.compile(rb"\s*<[!?a-zA-Z]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its codings, as far as it could be had."""

    body: bytes
    fault: Fault | None = None
    """What keeps it from being the whole body; None if nothing does."""


def names(values: Iterable[str]) -> list[str]:
    """Return the codings of Content-Encoding headers, in the order in which they were applied.

    >>> names(["gzip, BR", "x-gzip", "identity"])
    ['gzip', 'br', 'gzip']
    """
    found = (name.strip().lower() for value in values for name in value.split(","))
    return [name.removeprefix("x-") for name in found if name not in ("", "identity")]


def decode(body: bytes, codings: Sequence[str], most: int) -> Decoded:
    """Return a body of which `codings` (as `names` gives them) were applied, at most `most` bytes
    of it; what follows the end of a whole body is ignored.

    A body that is plain text in truth is whole as it is, whatever its header says: no coding ever
    looks like text, and servers and proxies do forget to take the header off.
    """
    if len(codings) > _MAX_CODINGS:
        return Decoded(b"", "in an unknown coding")
    decoded = Decoded(body)
    for coding in reversed(codings):
        decoded = _undo(decoded.body, coding, most)
        if decoded.fault is not None:
            break
    return decoded


def _undo(body: bytes, coding: str, most: int) -> Decoded:
    if coding not in _STREAMS:
        return Decoded(body, None if _is_text(body) else "in an unknown coding")
    pieces: list[bytes] = []
    size = 0
    fault: Fault | None = None
    try:
        for piece in _STREAMS[coding](memoryview(body)):
            pieces.append(piece)
            size += len(piece)
            if size > most:
                return Decoded(b"".join(pieces)[:most], "too large")
    except EOFError:
        fault = "cut short"
    except (_ZlibError, brotli.error, zstd.ZstdError):
        fault = "damaged"
    if fault is not None and _is_text(body):
        return Decoded(body)
    return Decoded(b"".join(pieces), fault)


def _is_text(body: bytes) -> bool:
    """Return whether a body is readable as it is; random bytes pass for text in no UTF-8."""
    start = body[:_LOOKED_AT]
    if len(start.strip()) < _LEAST_TEXT or _BINARY.search(start):
        return False
    if _TAG.match(start):
        return True
    try:
        # The last character may be cut by the look itself.
        return bool(start.decode("utf-8", "strict"))
    except UnicodeDecodeError as error:
        return error.start > _LOOKED_AT - 4


#: Yields pieces of one stream, and returns where in the input it ended.
_Part: TypeAlias = Generator[bytes, None, int]


def _chunks(data: memoryview) -> Iterable[tuple[int, memoryview]]:
    """Yield the pieces of the input, each with the place of its end."""
    for at in range(0, len(data), _PIECE):
        yield min(at + _PIECE, len(data)), data[at : at + _PIECE]


def _inflated(data: memoryview, wbits: int) -> _Part:
    """Inflate one stream.

    Raises:
        EOFError: it has no end.
        zlib_ng.error: it is broken.
    """
    stream = zlib_ng.decompressobj(wbits)
    for end, chunk in _chunks(data):
        rest: memoryview | bytes = chunk
        while rest and not stream.eof:
            yield stream.decompress(rest, _PIECE)
            rest = stream.unconsumed_tail
        if stream.eof:
            return end - len(stream.unused_data)
    while piece := stream.decompress(b"", _PIECE):
        yield piece
    if not stream.eof:
        raise EOFError
    return len(data)


def _gzip(data: memoryview) -> Iterable[bytes]:
    for _ in range(_MAX_PARTS):
        ended = yield from _inflated(data, 31)
        data = data[ended:]
        if data[:2] != _GZIP:
            return
    raise _ZlibError("too many members")


def _deflate(data: memoryview) -> Iterable[bytes]:
    """RFC 9110 wants the zlib format; some servers send what is inside it only."""
    wrapped = len(data) < 2 or (data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0)
    yield from _inflated(data, 15 if wrapped else -15)


def _unzstd_part(data: memoryview) -> _Part:
    stream = zstd.ZstdDecompressor()
    for end, chunk in _chunks(data):
        piece = stream.decompress(chunk, _PIECE)
        while piece:
            yield piece
            if stream.eof or stream.needs_input:
                break
            piece = stream.decompress(b"", _PIECE)
        if stream.eof:
            return end - len(stream.unused_data)
    raise EOFError


def _zstd(data: memoryview) -> Iterable[bytes]:
    for _ in range(_MAX_PARTS):
        ended = yield from _unzstd_part(data)
        data = data[ended:]
        if not _ZSTD.match(data):
            return
    raise zstd.ZstdError("too many frames")


def _brotli(data: memoryview) -> Iterable[bytes]:
    stream = brotli.Decompressor()
    given = before = 0
    try:
        for end, chunk in _chunks(data):
            for piece in _unbrotlied(stream, chunk):
                given += len(piece)
                yield piece
            if stream.is_finished():
                return
            before = end
    except brotli.error:
        # The library takes bytes behind the end for an error and gives nothing of that piece, so
        # the piece is tried again byte by byte.
        yield from _to_the_end(data, before, given)
        return
    raise EOFError


def _to_the_end(data: memoryview, before: int, given: int) -> Iterable[bytes]:
    """Yield what comes after the first `given` bytes; the end lies within a piece of `before`."""
    stream = brotli.Decompressor()
    singly = (data[at : at + 1] for at in range(before, min(before + _PIECE, len(data))))
    for chunk in (*(chunk for _, chunk in _chunks(data[:before])), *singly):
        for piece in _unbrotlied(stream, chunk):
            skipped = min(given, len(piece))
            given -= skipped
            yield piece[skipped:]
        if stream.is_finished():
            return
    raise EOFError


def _unbrotlied(stream: brotli.Decompressor, chunk: memoryview) -> Iterable[bytes]:
    piece = stream.process(bytes(chunk), output_buffer_limit=_PIECE)
    while piece:
        yield piece
        if stream.is_finished():
            return
        piece = stream.process(b"", output_buffer_limit=_PIECE)


_STREAMS: dict[str, Callable[[memoryview], Iterable[bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
