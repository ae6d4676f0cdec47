"""Payloads of others' records: chunks that were left in are undone, and what is cut is seen."""

from __future__ import annotations

import gzip

import pytest

from nordcrawl.fetch.transfer import lacks_bytes, undone

CHUNKED = [("transfer-encoding", "chunked")]
MOST = 1 << 20


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (b"5\r\nHello\r\n7;name=x\r\n, world\r\n0\r\n\r\n", b"Hello, world"),
        (b"05  \r\nHello\r\n0\r\nTrailer: x\r\n\r\n", b"Hello"),
        (b"0\r\n\r\n", b""),
        (b"<html>undone by the writer</html>", b"<html>undone by the writer</html>"),
        (b"12\nA text that begins like a chunk", b"12\nA text that begins like a chunk"),
        (b"", b""),
    ],
)
def test_chunks_are_undone_where_there_are_any(payload: bytes, body: bytes) -> None:
    assert undone(CHUNKED, payload) == body
    assert undone([], payload) == payload


@pytest.mark.parametrize(
    "payload",
    [
        b"5\r\nHello\r\n",
        b"5\r\nHello",
        b"5\r\nHel",
        b"5\r\nHello\r\n5\r\nHello, world\r\n0\r\n\r\n",
    ],
)
def test_a_missing_chunk_is_no_body(payload: bytes) -> None:
    with pytest.raises(ValueError, match="the body is"):
        undone(CHUNKED, payload)


def test_a_body_that_is_not_all_of_it_is_seen() -> None:
    def lacks(body: bytes, *headers: tuple[str, str], truncated: bool = False) -> bool:
        return lacks_bytes(headers, body, truncated=truncated, most=MOST)

    assert lacks(b"Hel", ("content-length", "5"))
    assert not lacks(b"Hello", ("content-length", "5"))
    assert not lacks(b"Hello", ("content-length", "3")), "a coding that the writer undid"
    assert not lacks(b"Hello", ("content-length", "five"))
    assert not lacks(b"Hello")
    assert lacks(b"Hello", truncated=True)
    assert not lacks(b"Hello", ("content-length", "5"), truncated=True)
    packed = gzip.compress(b"Hello" * 50)
    assert not lacks(packed, ("content-encoding", "gzip"), truncated=True)
    assert lacks(packed[:-9], ("content-encoding", "gzip"), truncated=True)
