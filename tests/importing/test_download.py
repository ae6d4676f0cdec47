"""WARC files of the web: whole, whatever breaks on the way, or told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nordcrawl import Archive
from nordcrawl.errors import SpoolError
from nordcrawl.importing.download import NotFetched, Web
from tests.importing.test_command import job_of
from tests.importing.warc_files import HOST, Warc, day
from tests.reextract.kept_pages import html

WEB = Web("nordcrawl-test", waits_s=(0.0, 0.0), silence_s=5.0)
BODY = bytes(range(256)) * 4000


@dataclass
class Shelf:
    """Serves one file at any path, with parts of it on demand."""

    body: bytes = BODY
    breaks_at: list[int] = field(default_factory=list)
    """After so many bytes the next answers end, one each."""
    statuses: list[int] = field(default_factory=list)
    """What the next answers are instead."""
    etag: str = '"one"'
    knows_ranges: bool = True
    tells_length: bool = True
    on_break: Callable[[], None] = lambda: None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range of each request."""

    def __post_init__(self) -> None:
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                shelf.asked.append((self.path, self.headers["Range"]))
                shelf.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        if self.statuses:
            to.send_response(status := self.statuses.pop(0))
            if status == 302:
                to.send_header("Location", "/elsewhere/b.warc.gz")
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        told, start = to.headers["Range"], 0
        if told and self.knows_ranges and to.headers["If-Range"] == self.etag:
            start = int(told.removeprefix("bytes=").removesuffix("-"))
        to.send_response(206 if start else 200)
        if start:
            last = len(self.body) - 1
            to.send_header("Content-Range", f"bytes {start}-{last}/{len(self.body)}")
        if self.tells_length:
            to.send_header("Content-Length", str(len(self.body) - start))
        else:
            to.send_header("Transfer-Encoding", "chunked")
        to.send_header("ETag", self.etag)
        to.end_headers()
        left = self.body[start:]
        is_broken = bool(self.breaks_at)
        if is_broken:
            left = left[: self.breaks_at.pop(0)]
        if self.tells_length:
            to.wfile.write(left)
        else:
            to.wfile.write(
                b"%x\r\n%b\r\n" % (len(left), left) + (b"" if is_broken else b"0\r\n\r\n")
            )
        if is_broken:
            to.close_connection = True
            self.on_break()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    shelf = Shelf()
    yield shelf
    shelf.server.shutdown()
    shelf.server.server_close()


def got(shelf: Shelf, path: str = "/a.warc.gz") -> bytes:
    with WEB.download(shelf.url + path) as file:
        return file.read()


def test_a_download_goes_on_where_it_broke(shelf: Shelf) -> None:
    shelf.breaks_at = [300_000, 1, 200_000]
    assert got(shelf) == BODY
    assert [told for _, told in shelf.asked] == [
        None, "bytes=300000-", "bytes=300001-", "bytes=500001-"
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["knows no ranges", "tells no length", "has another file now"])
def test_what_can_not_go_on_begins_anew(shelf: Shelf, how: str) -> None:
    shelf.breaks_at = [300_000]
    if how == "knows no ranges":
        shelf.knows_ranges = False
    elif how == "tells no length":
        shelf.tells_length, shelf.knows_ranges = False, False
    else:

        def replaced() -> None:
            shelf.body, shelf.etag = BODY[::-1], '"two"'

        shelf.on_break = replaced
    assert got(shelf) == shelf.body
    assert len(shelf.asked) == 2


def test_a_server_that_is_tired_is_asked_again_and_a_redirect_followed(shelf: Shelf) -> None:
    shelf.statuses = [503, 429, 302]
    assert got(shelf) == BODY
    assert [path for path, _ in shelf.asked] == [*["/a.warc.gz"] * 3, "/elsewhere/b.warc.gz"]


def test_what_does_not_come_is_told(shelf: Shelf) -> None:
    shelf.statuses = [404]
    with pytest.raises(NotFetched, match=r"/a\.warc\.gz: HTTP 404$"):
        got(shelf)
    shelf.statuses = [500] * 3
    with pytest.raises(NotFetched, match="HTTP 500, in 3 tries; 0 bytes came"):
        got(shelf)
    shelf.breaks_at = [10, 0, 0, 0]
    with pytest.raises(NotFetched, match=r"ended after 10 of 1024000 bytes, in 3 tries; 10 bytes"):
        got(shelf)
    with pytest.raises(NotFetched, match="connection refused, in 3 tries"):
        WEB.download("http://127.0.0.1:1/a.warc")


def test_a_full_disk_is_told(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/dev/full")
    with pytest.raises(SpoolError, match="TMPDIR names another one"):
        got(shelf)
    assert not shelf.asked


def test_an_address_is_imported_as_the_file_is(shelf: Shelf, tmp_path: Path) -> None:
    file = Warc()
    for number in (1, 2):
        file.response(f"/news/{number}", html(f"Story number {number}"), day(number))
    shelf.body, shelf.breaks_at = file.body, [len(file.body) // 2]
    job = job_of(tmp_path)
    done = job.nordcrawl("import", "warc", "pier", f"{shelf.url}/crawl/a%20b.warc.gz?key=secret")
    assert done.code == 0, done.text
    assert "2   taken: 2 new" in done.out
    assert sorted(r["url"] for r in job.records()) == [f"{HOST}/news/1", f"{HOST}/news/2"]
    lines = [*Archive(job.archive).ledger()]
    assert all(line["found_by"] == ["warc:a b.warc.gz"] for line in lines)

    here = tmp_path / "a.warc.gz"
    here.write_bytes(file.body)
    shelf.body = b"<html>no such file</html>"
    for address, code, said in (
        (f"{shelf.url}/page?key=secret", 2, "/page: no WARC or WACZ file"),
        (f"{shelf.url}/none?key=secret", 10, "/none: HTTP 404"),
    ):
        shelf.statuses = [404] if code == 10 else []
        done = job.nordcrawl("import", "warc", "pier", str(here), address)
        assert (done.code, done.out) == (code, ""), done.text
        assert said in done.err
        assert "secret" not in done.err
