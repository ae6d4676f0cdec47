"""Content codings: a whole body is taken, a cut one is never taken for whole."""

from __future__ import annotations

import gzip
import random
import time
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest

from nordcrawl.fetch.coding import READABLE, decode, zstd  # type: ignore[attr-defined]
from tests.support.news_site import WORDS, article_html

PAGE = article_html("A story", f"A story of the sea. {WORDS * 90}")
#: Hard to compress, so that its codings are longer than what is read at a time.
LONG = b"<html>" + random.Random(1).randbytes(300_000).hex().encode() + b"</html>"
MOST = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


def frames(data: bytes) -> bytes:
    half = len(data) // 2
    skipped = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    return zstd.compress(data[:half]) + skipped + zstd.compress(data[half:])


FORMS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip members": ("gzip", members),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", partial(brotli.compress, quality=4)),
    "zstd": ("zstd", zstd.compress),
    "zstd frames": ("zstd", frames),
}


def test_every_coding_that_is_asked_for_is_tried() -> None:
    assert {coding for coding, _ in FORMS.values()} == set(READABLE)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("page", [PAGE, LONG, b"<p>x", b""], ids=["page", "long", "short", "none"])
@pytest.mark.parametrize("tail", [b"", b"\0\0\0\0", b"<!-- added by a proxy -->"])
def test_a_whole_body_is_taken_whatever_follows_it(form: str, page: bytes, tail: bytes) -> None:
    coding, pack = FORMS[form]
    decoded = decode(pack(page) + tail, [coding], MOST)
    assert (decoded.body, decoded.fault) == (page, None)


@pytest.mark.parametrize("form", FORMS)
def test_a_cut_body_is_never_whole(form: str) -> None:
    coding, pack = FORMS[form]
    body = pack(PAGE)
    for end in (0, 1, 2, 5, 20, len(body) // 3, len(body) // 2, len(body) - 9, len(body) - 1):
        assert decode(body[:end], [coding], MOST).fault, end
    assert decode(pack(LONG)[:-20], [coding], MOST).fault


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_costs_neither_time_nor_memory(form: str) -> None:
    coding, pack = FORMS[form]
    body = pack(bytes(64 << 20))
    tracemalloc.start()
    began = time.process_time()
    decoded = decode(body, [coding], MOST)
    spent = time.process_time() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert decoded.fault == "too large"
    assert len(decoded.body) == MOST
    assert peak < 4 * MOST
    assert spent < 2


def test_codings_are_undone_in_reverse() -> None:
    assert decode(brotli.compress(gzip.compress(PAGE)), ["gzip", "br"], MOST).body == PAGE
    cut = brotli.compress(gzip.compress(PAGE)[:-30])
    assert decode(cut, ["gzip", "br"], MOST).fault == "cut short"
    assert decode(gzip.compress(PAGE), ["gzip", "gzip"], MOST).body == PAGE
    assert decode(PAGE, ["gzip"] * 50, MOST).fault


@pytest.mark.parametrize("coding", [*READABLE, "utf-8", "none"])
@pytest.mark.parametrize(
    "body",
    [PAGE, "<p>Blåbær på ferja</p>".encode("latin-1"), b"User-agent: *\nDisallow: /\n",
     b'{"version": "1"}', b"\xef\xbb\xbf<?xml version='1.0'?><urlset/>", WORDS.encode() * 90],
)  # fmt: skip
def test_a_header_that_lies_costs_no_page(coding: str, body: bytes) -> None:
    decoded = decode(body, [coding], MOST)
    assert (decoded.body, decoded.fault) == (body, None)


@pytest.mark.parametrize("coding", [*READABLE, "compress"])
def test_what_is_neither_text_nor_in_its_coding_is_at_fault(coding: str) -> None:
    noise = random.Random(2).randbytes(3000)
    assert decode(noise, [coding], MOST).fault
    if coding != "gzip":
        assert decode(gzip.compress(PAGE), [coding], MOST).fault
