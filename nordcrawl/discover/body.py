"""Body: a sitemap's or feed's bytes, unpacked and in one character set."""

from __future__ import annotations

import codecs
import zlib
from dataclasses import dataclass

from nordcrawl.model.charset import declared, decode, is_wide

#: Source: sitemaps.org: at most 50 MB uncompressed.
MAX_BYTES = 50 << 20

_GZIP = b"\x1f\x8b"
#: Gzip in gzip: a file that is packed, and packed again by the server without a header.
_MOST_LAYERS = 3
_MOST_MEMBERS = 10_000
_PIECE = 1 << 20
#: What may stand before the first character that counts.
_BLANK = b" \t\r\n\x00"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a body holds."""

    data: bytes
    fault: str | None = None
    """Why this is not all of it."""


def unpack(body: bytes) -> Unpacked:
    """Return a body without gzip (``.xml.gz`` files are served as they are), as far as it can be
    read; all members of it, up to `MAX_BYTES` in all.

    Source: RFC 1952 section 2.2 (a gzip file is a series of members). What follows the last
    member is ignored, as gzip itself does.
    """
    for _ in range(_MOST_LAYERS):
        if body[:2] != _GZIP:
            break
        unpacked = _members(body)
        if unpacked.fault is not None:
            return unpacked
        body = unpacked.data
    if len(body) > MAX_BYTES:
        return Unpacked(b"", f"larger than {MAX_BYTES} bytes")
    return Unpacked(body)


def _members(body: bytes) -> Unpacked:
    out, rest = bytearray(), body
    for _ in range(_MOST_MEMBERS):
        stream = zlib.decompressobj(wbits=31)
        try:
            # In pieces, so that what comes before broken bytes is had.
            for start in range(0, len(rest), _PIECE):
                piece = rest[start : start + _PIECE]
                out += stream.decompress(piece, MAX_BYTES + 1 - len(out))
                if len(out) > MAX_BYTES:
                    return Unpacked(b"", f"larger than {MAX_BYTES} bytes when unpacked")
                if stream.eof:
                    rest = stream.unused_data + rest[start + _PIECE :]
                    break
        except zlib.error as error:
            return Unpacked(bytes(out), f"broken gzip: {error}")
        if not stream.eof:
            return Unpacked(bytes(out), "gzip cut short")
        if rest[:2] != _GZIP:
            return Unpacked(bytes(out))
    return Unpacked(bytes(out), f"more than {_MOST_MEMBERS} members of gzip")


@dataclass(frozen=True, slots=True)
class Characters:
    """A body as UTF-8, from its first character that is neither blank nor a byte order mark."""

    data: bytes
    guessed: bool = False
    """It is not UTF-8, and says no other character set that it is in."""

    @property
    def text(self) -> str:
        """The same, decoded."""
        return self.data.decode("utf-8", "replace")


def characters(body: bytes, content_type: str | None) -> Characters:
    """Return a body in UTF-8; see `nordcrawl.model.charset.decode`. Most are, and large ones are
    not copied more often than it takes."""
    start = body.lstrip(codecs.BOM_UTF8 + _BLANK) if body[:1] not in (b"\xff", b"\xfe") else body
    if _is_utf8(start):
        return Characters(start)
    text = decode(body, content_type).lstrip("\ufeff \t\r\n\x00")
    said = set(declared(body, content_type)) - {"utf-8"}
    guessed = not said and not is_wide(body)
    return Characters(text.encode("utf-8", "replace"), guessed)


def _is_utf8(body: bytes) -> bool:
    if b"\x00" in body[:64]:
        return False  # UTF-16 without a mark
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _PIECE):
            decoder.decode(body[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
