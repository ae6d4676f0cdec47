"""Files of others are read a record at a time, and where they are damaged is told."""

from __future__ import annotations

import gzip
import io
import struct
import sys
from collections.abc import Callable

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from nordcrawl.capture.read import record_at
from nordcrawl.capture.stream import Damaged, Found, PassedOver, records_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MOST = 1 << 20


def written(count: int = 4, *, packed: bool = False) -> bytes:
    """So many records, as warcio writes them."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=packed)
    for number in range(count):
        body = b"".join(b"<p>%d of %d</p>" % (one, number) for one in range(2000))
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        writer.write_record(
            writer.create_warc_record(
                f"http://127.0.0.1/{number}", "response", payload=io.BytesIO(body),
                http_headers=head,
            )
        )  # fmt: skip
    return out.getvalue()


def read(data: bytes, most: int = MOST) -> tuple[list[str], Damaged | None]:
    """The last parts of the addresses that were read, and what ended it."""
    found = []
    try:
        for one in records_of(io.BytesIO(data), most):
            if isinstance(one, Found):
                assert len(one.warc.block) == int(one.warc.headers["content-length"])
                found.append(one.warc.url[-1])
            else:
                found.append("large" if one.is_large else "odd")
    except Damaged as error:
        return found, error
    return found, None


def dictionary_of(plain: bytes) -> bytes:
    """A file as ArchiveTeam writes them: its dictionary first, in a frame to be skipped."""
    told = zstd.train_dict([plain[at : at + 400] for at in range(0, 40_000, 400)], 2048)
    packed = zstd.compress(told.dict_content)
    first = b"\x5d\x2a\x4d\x18" + struct.pack("<I", len(packed)) + packed
    return first + zstd.compress(plain, zstd_dict=told)


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(lambda plain: plain, id="plain"),
        pytest.param(gzip.compress, id="one gzip stream"),
        pytest.param(lambda plain: gzip.compress(plain[:900]) + gzip.compress(plain[900:]),
                     id="members that end anywhere"),
        pytest.param(zstd.compress, id="zstd"),
        pytest.param(dictionary_of, id="zstd with a dictionary"),
        pytest.param(lambda plain: plain.replace(b"\r\n\r\nWARC/", b"\r\n\r\n\r\nWARC/"),
                     id="lines too many"),
        pytest.param(lambda plain: plain.removesuffix(b"\r\n\r\n"), id="no end of the last"),
    ],
)  # fmt: skip
def test_all_records_come_however_they_are_compressed(packed: Callable[[bytes], bytes]) -> None:
    assert read(packed(written())) == (["0", "1", "2", "3"], None)


def test_each_record_tells_where_its_member_begins() -> None:
    data = written(packed=True)
    for one in records_of(io.BytesIO(data + b"\0" * 512), MOST):
        assert isinstance(one, Found)
        assert record_at(data, one.warc.offset).block == one.warc.block
    plain = written()
    for one in records_of(io.BytesIO(plain), MOST):
        assert isinstance(one, Found)
        assert plain[one.warc.offset :].startswith(one.raw)


def test_a_record_that_is_too_large_is_passed_over() -> None:
    plain = written(2)
    small = plain.replace(b"WARC/1.0", b"WARC/1.1")  # as long
    for data in (small, gzip.compress(small)):
        assert read(data, most=1000) == (["large", "large"], None)
    assert all(isinstance(one, PassedOver) for one in records_of(io.BytesIO(plain), 1000))


def test_what_is_whole_before_a_damage_is_read() -> None:
    packed, plain = written(packed=True), written()
    starts = [o.warc.offset for o in records_of(io.BytesIO(packed), MOST) if isinstance(o, Found)]
    places = [o.warc.offset for o in records_of(io.BytesIO(plain), MOST) if isinstance(o, Found)]

    def at(found: tuple[list[str], Damaged | None]) -> tuple[str, int, bool]:
        assert found[1] is not None
        return "".join(found[0]), found[1].offset, found[1].is_cut

    assert at(read(packed[:-20])) == ("012", starts[3], True)
    assert at(read(packed[: starts[2] + 1])) == ("01", starts[2], True)
    assert at(read(plain[:-100])) == ("012", places[3], True)
    assert at(read(plain[: places[2] + 30])) == ("01", places[2], True)
    assert at(read(gzip.compress(plain)[:-4])) == ("0123", 0, True)
    assert at(read(zstd.compress(plain)[:-4]))[1:] == (0, True)
    wrong = bytearray(packed)
    wrong[starts[2] - 6] ^= 1  # the checksum of the second
    assert at(read(bytes(wrong))) == ("0", starts[1], False)
    assert at(read(packed + b"<html>")) == ("0123", len(packed), False)
    head = plain[: places[1]] + b"X" + plain[places[1] + 1 :]
    assert at(read(head)) == ("0", places[1], False)
    length = b"Content-Length: " + plain[places[2] :].split(b"Content-Length: ", 1)[1][:5]
    short = plain[: places[2]] + plain[places[2] :].replace(length, b"Content-Length: 00100", 1)
    assert at(read(short)) == ("01", places[2], False)
    assert at(read(b"<html>no WARC file</html>")) == ("", 0, False)
