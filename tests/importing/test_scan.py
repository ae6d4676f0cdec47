"""What of a file is taken for a page of the source, and why the rest is left out."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nordcrawl.capture.stream import records_of
from nordcrawl.errors import SpoolError, UsageError
from nordcrawl.importing.download import Web
from nordcrawl.importing.files import check
from nordcrawl.importing.findings import Left
from nordcrawl.importing.gathered import Gathered
from nordcrawl.model.ledger import Outcome
from tests.importing.warc_files import HOST, HTML, Library, Warc, day
from tests.reextract.kept_pages import html


@pytest.fixture
def library(tmp_path: Path) -> Library:
    table = {"deny_urls": ("^/news/secret",), "follow_listings": ("^/tag/",)}
    return Library(tmp_path, table=table)


def left_of(library: Library, file: Warc | bytes) -> dict[Left, int]:
    with Gathered() as gathered:
        findings = library.scanned(gathered, library.file(file))
        assert len(gathered) == 0
        assert not findings.damaged
        return dict(findings.left)


def raw(url: str, block: bytes, **headers: str) -> bytes:
    """A record by hand."""
    told = {"WARC-Type": "response", "WARC-Date": "2024-05-06T07:08:09Z"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    head = f"WARC/1.0\r\nWARC-Target-URI: {url}\r\n{lines}Content-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A block of HTTP by hand."""
    lines = "".join(f"{one}\r\n" for one in ("Content-Type: text/html", *headers))
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def test_other_addresses_are_left_out(library: Library) -> None:
    file = Warc()
    for path in ("http://elsewhere.example/news/1", "/about", "/", "/tag/sea", "/news/secret"):
        file.response(path, html("A story"))
    file.response("dns:127.0.0.1", b"127.0.0.1")
    file.response("http://127.0.0.1:99999/news/1", html("A story"))
    assert left_of(library, file) == {
        Left.FOREIGN: 1, Left.NO_ARTICLE: 2, Left.LISTING: 1, Left.DENIED: 1, Left.NOT_HTTP: 1,
        Left.BAD_ADDRESS: 1,
    }  # fmt: skip


def test_other_answers_are_left_out(library: Library) -> None:
    file = Warc()
    for status in ("404 Not Found", "500 Oops", "206 Partial Content"):
        file.response("/news/1", html("A story"), status=status)
    file.response("/news/2", b"\x89PNG", headers=[("Content-Type", "image/png")])
    file.response("/news/3", html("A story"), library.now() + timedelta(hours=1))
    file.response("/news/4", html("A story"), WARC_Date="2024-05-06")
    file.response("/news/5", html("A story"), WARC_Segment_Number="1")
    wrong = raw(f"{HOST}/news/6", answer(html("A story")), WARC_Block_Digest="sha1:AAAA")
    file.out.write(gzip.compress(wrong))
    file.response("/news/7", html("A story"), WARC_Truncated="length")
    file.response("/news/8", html("A story"), headers=(*HTML, ("Content-Length", "99999")))
    file.response("/news/9", b"x" * (18 << 20))
    of = file.response("/news/10", html("A story"))
    file.request("/news/10", of, method="POST")
    assert left_of(library, file) == {
        Left.STATUS: 3, Left.TYPE: 1, Left.FUTURE: 1, Left.NO_DATE: 1, Left.TRUNCATED: 3,
        Left.BAD_DIGEST: 1, Left.TOO_LARGE: 1, Left.METHOD: 1,
    }  # fmt: skip


def test_a_page_is_read_whatever_its_writer_left_in(library: Library) -> None:
    """Chunks and codings, as wget and Heritrix leave them, and headers of what was undone."""
    body = html("A story", "<p>Of today.</p>")
    packed = gzip.compress(body)
    half = len(packed) // 2
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (packed[:half], packed[half:], b""))
    coded = "Content-Encoding: gzip", "Transfer-Encoding: chunked"
    latin = body.replace("–".encode(), b"-").replace(
        b"Of today.", "Blåbær på øya.".encode("cp1252")
    )
    blocks = [
        answer(chunks, *coded),
        answer(packed, *coded),
        answer(body, "Content-Encoding: br", "Transfer-Encoding: chunked"),
        answer(body, f"Content-Length: {len(body)}"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=windows-1252\r\n\r\n" + latin,
    ]
    library.table = {}
    file = b"".join(
        raw(f"<{HOST}/news/{number}>", block, **({"WARC_Truncated": "time"} if not number else {}))
        for number, block in enumerate(blocks)
    )
    findings, _ = library.take(gzip.compress(file))
    assert not findings.left, findings.left
    assert findings.taken == 5
    texts = {record["url"][-1]: record["text"] for record in library.records()}
    assert "Of today." in texts["0"]
    assert "Blåbær på øya." in texts["4"]
    cut, _ = library.take(raw(f"{HOST}/news/8", answer(chunks[:-9], *coded)))
    assert cut.left == {Left.TRUNCATED: 1}


def test_a_wacz_has_warc_files_in_it(library: Library) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        for number in (1, 2):
            file = Warc()
            file.response(f"/news/{number}", html(f"Story {number}", f"<p>{number}</p>" * 9))
            packed.writestr(f"archive/rec-{number}.warc.gz", file.body)
        packed.writestr("pages/pages.jsonl", "{}")
        packed.writestr("datapackage.json", "{}")
    library.table = {}
    findings, _ = library.take(library.file(out.getvalue(), "site.wacz"))
    assert findings.outcomes == {Outcome.NEW: 2}
    assert (findings.files, findings.records) == (1, 2)
    broken, _ = library.take(library.file(out.getvalue()[:-30], "cut.wacz"))
    assert broken.damaged
    assert broken.damaged[0].startswith("cut.wacz: at byte 0: no whole WACZ file")


@pytest.mark.parametrize(("offset", "value", "why"), [(8, 1, "encrypted"), (10, 99, "compression")])
def test_a_wacz_that_can_not_be_unpacked_is_damage_and_named(
    library: Library, offset: int, value: int, why: str
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("archive/rec.warc.gz", Warc().body)
    body = bytearray(out.getvalue())
    # Flags or method in the entry of the central directory, and in the header before the file;
    # source: APPNOTE 6.3.10, 4.3.7 and 4.3.12.
    struct.pack_into("<H", body, body.index(b"PK\x01\x02") + offset, value)
    struct.pack_into("<H", body, body.index(b"PK\x03\x04") + offset - 2, value)
    findings, _ = library.take(library.file(bytes(body), "locked.wacz"))
    (told,) = findings.damaged
    assert told.startswith("locked.wacz: at byte 0: archive/rec.warc.gz: ")
    assert why in told


def test_a_damaged_file_gives_what_is_whole_before(library: Library) -> None:
    file, other = Warc(), Warc()
    for number in range(3):
        file.response(f"/news/{number}", html(f"Story {number}", f"<p>{number}</p>" * 9))
    other.response("/news/7", html("A story of the file after it"))
    place = [one.warc.offset for one in records_of(io.BytesIO(file.body), 1 << 20)][-1]  # type: ignore[union-attr]
    library.table = {}
    findings, report = library.take(file.body[:-30], other)
    assert findings.outcomes == {Outcome.NEW: 3}
    assert findings.damaged == [
        f"crawl-1.warc.gz: at byte {place}: the file ends within a gzip member"
    ]
    code, why = report.verdict()
    assert code.name == "DAMAGED"
    assert f"at byte {place}" in why
    assert report.to_json()["exit_code"] == 13


def test_a_day_of_a_revision_is_that_of_its_record(library: Library) -> None:
    """Time zones and fractions of seconds as other writers have them."""
    library.table = {}
    block = answer(html("A story"))
    times = {"1": "2024-05-06T07:08:09.123456Z", "2": "2024-05-06T09:08:09+02:00"}
    file = b"".join(raw(f"{HOST}/news/{n}", block, WARC_Date=at) for n, at in times.items())
    library.take(file)
    lines = {record["url"][-1]: record["fetch"]["fetched_at"] for record in library.records()}
    assert lines == {"2": "2024-05-06T07:08:09Z"}, "the later one has the same text"


def test_what_is_no_file_of_warc_records_is_refused_before_any_is_read(tmp_path: Path) -> None:
    good, page, empty = tmp_path / "a.warc", tmp_path / "b.html", tmp_path / "c.warc"
    good.write_bytes(Warc(packed=False).body + b"WARC/1.0\r\n")
    page.write_bytes(b"<html>")
    empty.write_bytes(b"")
    web = Web("nordcrawl")
    assert [one.name for one in check([str(good)], web)] == ["a.warc"]
    for name, said in (
        (str(page), "no WARC or WACZ file"),
        (str(empty), "the file is empty"),
        (str(tmp_path), "Is a directory"),
        (str(tmp_path / "none"), "No such file"),
        ("s3://bucket/a.warc.gz", "a file, or an address of http or https, is allowed"),
        ("https://me:secret@example.org/a.warc.gz", "^https://example.org/a.warc.gz: an address"),
        ("https://[::1/a.warc", "Invalid IPv6 URL"),
    ):
        with pytest.raises(UsageError, match=said):
            check([str(good), name], web)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(SpoolError, match="TMPDIR names another one"):
        Gathered()


def test_a_revisit_by_digest_alone_finds_its_payload(library: Library) -> None:
    library.table = {}
    file = Warc()
    of = file.response("/news/1", html("A story"), day(1))
    digest = of.rec_headers.get_header("WARC-Payload-Digest")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    for number, other in ((1, digest), (2, "sha1:AAAA")):
        told = {"WARC_Type": "revisit", "WARC_Payload_Digest": other}
        file.out.write(gzip.compress(raw(f"{HOST}/news/{number}", head, **told)))
    with Gathered() as gathered:
        findings = library.scanned(gathered, library.file(file))
        assert findings.left == {Left.REVISIT: 1}
        assert [(t.url[-1], t.fetched_at) for t in gathered] == [
            ("1", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)), ("1", day(1)),
        ]  # fmt: skip
