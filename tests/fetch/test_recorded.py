"""A page out of a WARC record is the page that came."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest

from nordcrawl.capture.read import Warc
from nordcrawl.fetch.recorded import page_of

AT = datetime(2026, 11, 2, 6, tzinfo=UTC)
URL = "https://example.org/news/7"
HTML = b"<html><body>The tide gauge at the old pier.</body></html>"


def record(head: bytes, body: bytes, **headers: str) -> Warc:
    told = {"warc-type": "response", "warc-target-uri": URL}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Warc(0, 0, told, head.replace(b"\n", b"\r\n") + b"\r\n\r\n" + body)


def test_status_headers_and_body_without_its_coding() -> None:
    lines = "Content-Type: text/html\nX-Two: a\nX-Two: b\nContent-Encoding: gzip"
    head = f"HTTP/1.1 203 Whatever\n{lines}".encode()
    page = page_of(record(head, gzip.compress(HTML)), AT, requested_url=f"{URL}?old", most=1000)
    assert (page.status, page.body, page.url, page.fetched_at) == (203, HTML, URL, AT)
    assert page.headers == (("content-type", "text/html"), ("x-two", "a"), ("x-two", "b"))
    assert (page.requested_url, page.redirects) == (f"{URL}?old", (f"{URL}?old",))


def test_what_was_asked_for_itself_was_not_redirected() -> None:
    for head in (b"HTTP/1.0 200 OK", b"HTTP/1.1 200", b"HTTP/2 200 "):
        page = page_of(record(head, HTML), AT, most=1000)
        assert (page.status, page.requested_url, page.redirects) == (200, URL, ())


@pytest.mark.parametrize(
    ("head", "body", "why"),
    [
        (b"GET / HTTP/1.1", HTML, "no response of HTTP: 'GET / HTTP/1.1'"),
        (b"HTTP/1.1 OK", HTML, "no response of HTTP"),
        (b"HTTP/1.1 200 OK\nContent-Encoding: gzip", gzip.compress(HTML)[:-9], "cut short"),
        (b"HTTP/1.1 200 OK\nContent-Encoding: gzip", gzip.compress(b"x" * 1001), "too large"),
        (b"HTTP/1.1 200 OK\nContent-Encoding: x-secret", b"\0\1\2", "in an unknown coding"),
    ],
)
def test_what_can_not_be_read_is_told(head: bytes, body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        page_of(record(head, body), AT, most=1000)


def test_a_body_that_is_said_to_be_cut_is_what_there_is() -> None:
    packed = gzip.compress(b"".join(b"%d of many words; " % n for n in range(200)))
    cut = record(b"HTTP/1.1 200 OK\nContent-Encoding: gzip", packed[:200], warc_truncated="length")
    assert page_of(cut, AT, most=10_000).body.startswith(b"0 of many words; ")
