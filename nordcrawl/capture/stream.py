"""Stream: the records of a WARC file that others wrote, one at a time, however it is compressed.

A gzip member (or zstd frame) may hold one record, as the standard advises, or all of them. Where a
record begins and ends is found here, as fastwarc says nothing of a file that breaks off, and takes
what is left of it for the last record; what stands in a record's head is fastwarc's to parse.
Source: WARC 1.1 sections 4 and 5, annex D (gzip); iipc.github.io/warc-specifications,
"Zstandard compression for WARC files".
"""

from __future__ import annotations

import re
import struct
import sys
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from zlib_ng import zlib_ng

from nordcrawl.capture.read import Warc, record_in

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: Bytes read, and given out, at a time; what lies behind a member's end is copied back each time.
_PIECE: Final = 1 << 14
#: Bytes of a record's head, and of the dictionary of a zstd file.
_MOST_HEAD: Final = 1 << 16
_MOST_DICTIONARY: Final = 16 << 20
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_DICTIONARY: Final = b"\x5d\x2a\x4d\x18"
_LENGTH: Final = re.compile(rb"\r\ncontent-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_END: Final = b"\r\n\r\n"
_ZlibError: Any = zlib_ng.error  # its stub has an instance for the class


class Damaged(Exception):
    """The file is damaged from a place on, or ends within a record."""

    def __init__(self, offset: int, why: str, *, is_cut: bool = False) -> None:
        super().__init__(f"at byte {offset}: {why}")
        self.offset = offset
        """Of the file: where the gzip member, zstd frame or plain record begins."""
        self.why = why
        self.is_cut = is_cut
        """The file ends there."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record, as it lies in the file but for its compression."""

    warc: Warc
    raw: bytes


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A record that was not read: it is larger than was asked for, or has a head that nobody can
    read."""

    offset: int
    is_large: bool


def is_warc(start: bytes) -> bool:
    """Return whether a file that begins like this may be one of WARC records."""
    return start.startswith((b"WARC/", _GZIP, _ZSTD, _DICTIONARY))


def records_of(file: IO[bytes], most: int) -> Iterator[Found | PassedOver]:
    """Yield the records of a file from its start, of at most `most` bytes each; no more than one of
    them is in memory.

    Raises:
        Damaged: what follows can't be read; all that came before was whole.
    """
    data = _Bytes(file)
    while True:
        while data.fill(2) and data.start(2) == b"\r\n":  # some writers put more behind a record
            data.take(2)
        if not data.fill(1):
            return
        offset = data.offset
        head = data.head(offset)
        told = _LENGTH.search(head)
        if told is None:
            raise Damaged(offset, "a WARC record without a length")
        length = int(told[1])
        if length > most:
            data.skip(length, offset)
            _end(data, offset)
            yield PassedOver(offset, is_large=True)
            continue
        if not data.fill(length):
            raise Damaged(offset, "the file ends within a record", is_cut=True)
        raw = head + data.take(length) + _END
        ended = _end(data, offset)
        try:
            yield Found(record_in(raw, offset, len(raw)), raw)
        except ValueError:
            yield PassedOver(offset, is_large=False)
        if ended is not None:
            raise ended


def _end(data: _Bytes, offset: int) -> Damaged | None:
    """Take the end of a record. Return what is damaged behind it, if that is known by now.

    Raises:
        Damaged: the record itself is not as it was written.
    """
    ended = None
    try:
        # One byte more, so that the checksum of a member that ends with the record is compared.
        data.fill(len(_END) + 1)
    except Damaged as error:
        if not error.is_cut and error.offset <= offset:
            raise  # the very member of the record
        ended = error
    start = data.start(len(_END))
    if start == _END:
        data.take(len(_END))
    elif len(start) == len(_END) or start.strip(b"\r\n"):
        raise Damaged(offset, "a WARC record that is not as long as it says")
    else:
        data.take(len(start))
    return ended


class _Bytes:
    """The bytes of a file without its compression, from front to back."""

    def __init__(self, file: IO[bytes]) -> None:
        self._raw = _Raw(file)
        self._pieces = _pieces(self._raw)
        self._held = bytearray()
        self._at = 0
        """Of all bytes, how many were taken."""
        self._read = 0
        self._marks: deque[tuple[int, int]] = deque()
        """How many bytes came before a member, frame or plain piece, and where in the file it
        begins."""
        self._failure: Damaged | None = None

    @property
    def offset(self) -> int:
        """Where in the file the member, frame or plain byte begins that is next."""
        while len(self._marks) > 1 and self._marks[1][0] <= self._at:
            self._marks.popleft()
        if not self._marks:
            return 0
        before, begins = self._marks[0]
        return begins + self._at - before if self._raw.is_plain else begins

    def fill(self, count: int) -> bool:
        """Return whether there are so many bytes more, and have them at hand.

        Raises:
            Damaged: the file is, before them; what is at hand stays there.
        """
        while len(self._held) < count:
            if self._failure is not None:
                raise self._failure
            try:
                begins, piece = next(self._pieces)
            except StopIteration:
                return False
            except Damaged as error:
                self._failure = error
                raise
            if not self._marks or self._marks[-1][1] != begins:
                self._marks.append((self._read, begins))
            self._held += piece
            self._read += len(piece)
        return True

    def start(self, count: int) -> bytes:
        """Return the next bytes that are at hand, up to `count`, and leave them there."""
        return bytes(self._held[:count])

    def take(self, count: int) -> bytes:
        """Return the next bytes, which are at hand."""
        taken = bytes(memoryview(self._held)[:count])
        del self._held[:count]
        self._at += count
        return taken

    def skip(self, count: int, offset: int) -> None:
        """Pass over bytes of the record that begins at an offset."""
        while count:
            if not self._held and not self.fill(1):
                raise Damaged(offset, "the file ends within a record", is_cut=True)
            few = min(count, len(self._held))
            del self._held[:few]
            self._at += few
            count -= few

    def head(self, offset: int) -> bytes:
        """Return the head of the record that begins here, with the empty line behind it."""
        looked = 0
        while (end := self._held.find(_END, looked)) < 0:
            looked = max(0, len(self._held) - len(_END) + 1)
            if len(self._held) >= 5 and not self._held.startswith(b"WARC/"):
                raise Damaged(offset, "no WARC record")
            if len(self._held) > _MOST_HEAD:
                raise Damaged(offset, "a WARC record without an end of its head")
            if not self.fill(len(self._held) + 1):
                raise Damaged(offset, "the file ends within a record's head", is_cut=True)
        if not self._held.startswith(b"WARC/"):
            raise Damaged(offset, "no WARC record")
        return self.take(end + len(_END))


class _Raw:
    """A file that is read piece by piece, and knows how far."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.read = 0
        self.is_plain = False
        """Without any compression."""

    def next(self, count: int = _PIECE) -> bytes:
        """Return the next bytes, none at the end."""
        try:
            piece = self._file.read(count)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            why = getattr(error, "strerror", None) or str(error) or "it ends too early"
            raise Damaged(self.read, f"can't be read: {why}") from error
        self.read += len(piece)
        return piece


def _pieces(raw: _Raw) -> Iterator[tuple[int, bytes]]:
    """Yield the uncompressed bytes in pieces, each with where its member or frame begins in the
    file, plain ones with where they themselves do."""
    start = raw.next(8)
    if start.startswith(_GZIP):
        yield from _gunzipped(raw, start)
    elif start.startswith((_ZSTD, _DICTIONARY)):
        yield from _unzstd(raw, start)
    else:
        raw.is_plain = True
        while start:
            yield raw.read - len(start), start
            start = raw.next()


def _gunzipped(raw: _Raw, data: bytes) -> Iterator[tuple[int, bytes]]:
    while data or (data := raw.next()):
        begins = raw.read - len(data)
        if len(data) < 2:
            data += raw.next()
        if not data.startswith(_GZIP):
            if data == _GZIP[:1]:
                raise Damaged(begins, "the file ends within a gzip member", is_cut=True)
            if not data.strip(b"\0"):  # padding, as of a tape
                data = b""
                continue
            raise Damaged(begins, "no gzip member")
        inflate = zlib_ng.decompressobj(31)
        while not inflate.eof:
            try:
                piece = inflate.decompress(data, _PIECE)
            except _ZlibError as error:
                raise Damaged(begins, f"a gzip member is damaged ({error})") from error
            data = inflate.unconsumed_tail
            if piece:
                yield begins, piece
            elif not (inflate.eof or data or (data := raw.next())):
                raise Damaged(begins, "the file ends within a gzip member", is_cut=True)
        data = inflate.unused_data


def _unzstd(raw: _Raw, data: bytes) -> Iterator[tuple[int, bytes]]:
    dictionary = None
    if data.startswith(_DICTIONARY):
        dictionary, data = _dictionary(raw, data), b""
    while data or (data := raw.next()):
        begins = raw.read - len(data)
        stream = zstd.ZstdDecompressor(zstd_dict=dictionary)
        while not stream.eof:
            try:
                piece = stream.decompress(data, _PIECE)
            except zstd.ZstdError as error:
                raise Damaged(begins, f"a zstd frame is damaged ({error})") from error
            data = b""
            if piece:
                yield begins, piece
            elif stream.needs_input and not stream.eof and not (data := raw.next()):
                raise Damaged(begins, "the file ends within a zstd frame", is_cut=True)
        data = stream.unused_data


def _dictionary(raw: _Raw, start: bytes) -> zstd.ZstdDict:
    """Return the dictionary in the frame that a file begins with."""
    (size,) = struct.unpack("<I", start[4:8].ljust(4, b"\0"))
    if size > _MOST_DICTIONARY:
        raise Damaged(0, "a zstd dictionary that is too large")
    told = raw.next(size)
    try:
        if told.startswith(_ZSTD):
            told = zstd.ZstdDecompressor().decompress(told, _MOST_DICTIONARY)
        return zstd.ZstdDict(told)
    except (zstd.ZstdError, ValueError) as error:
        raise Damaged(0, f"a zstd dictionary that can't be read ({error})") from error
