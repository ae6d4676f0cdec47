"""A WARC record is the response that Scrapy would have had of the server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse

from nordcrawl.capture.read import Warc, record_at
from nordcrawl.capture.write import digest_of, group
from nordcrawl.middlewares.capture import EXCHANGE as EXCHANGED
from nordcrawl.middlewares.capture import WANTED, CaptureMiddleware
from nordcrawl.model.capture import Draft, Exchange, Payload
from nordcrawl.replay.answers import answered_at, response_of

URL, BODY = "https://example.org/a", b"\x1f\x8b not unpacked \xff"
AT = datetime(2026, 11, 27, 8, 30, 0, 123456, tzinfo=UTC)
EXCHANGE = Exchange(
    url=URL,
    request_headers=((b"User-Agent", b"nordcrawl"),),
    status=203,
    protocol="HTTP/1.1",
    headers=(
        (b"Content-Length", b"%d" % len(BODY)),
        (b"Content-Type", b"text/html; charset=iso-8859-1"),
        (b"Content-Encoding", b"gzip"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2; x: y"),
        (b"X-Latin", b"\xe6\xf8\xe5"),
        (b"X-Empty", b""),
    ),
    body=BODY,
)


def record(exchange: Exchange = EXCHANGE, **more: Any) -> Warc:
    draft = Draft(exchange, AT, "example", "run-1", URL, **more)
    return record_at(group(draft, "urn:uuid:0").body)


def test_status_headers_and_body_are_those_that_were_sent() -> None:
    kept = record()
    response = response_of(kept, kept.http[2], URL)
    assert (response.url, response.status, response.protocol) == (URL, 203, "HTTP/1.1")
    assert response.body == BODY
    pairs = [(n, v) for n, values in response.headers.items() for v in values]
    assert pairs == [*EXCHANGE.headers]
    assert response.flags == []
    assert answered_at(kept) == AT


def test_its_class_is_that_of_a_page() -> None:
    kept = record(replace(EXCHANGE, headers=((b"Content-Type", b"text/html; charset=utf-16"),)))
    response = response_of(kept, "<p>æ".encode("utf-16"), URL)
    assert isinstance(response, HtmlResponse)
    assert response.text == "<p>æ"


def test_what_is_kept_of_it_again_is_the_same() -> None:
    kept = record()
    request = Request(URL, meta={WANTED: True})
    CaptureMiddleware().process_response(request, response_of(kept, kept.http[2], URL))
    again: Exchange = request.meta[EXCHANGED]
    assert replace(again, request_headers=EXCHANGE.request_headers) == EXCHANGE


def test_a_revisit_has_its_own_headers_and_the_body_of_another() -> None:
    revisit = record(earlier=Payload(digest_of(BODY), URL, AT))
    assert revisit.type == "revisit"
    response = response_of(revisit, BODY, URL)
    assert (response.status, response.body, response.flags) == (203, BODY, [])
    assert response.headers.getlist("Set-Cookie") == [b"a=1", b"b=2; x: y"]


@pytest.mark.parametrize(
    ("truncated", "flag"), [("length", "download_stopped"), ("disconnect", "dataloss")]
)
def test_a_body_that_broke_off_is_told_as_scrapy_does(truncated: str, flag: str) -> None:
    kept = record(replace(EXCHANGE, truncated=truncated))
    assert response_of(kept, kept.http[2], URL).flags == [flag]


def test_what_is_no_answer_is_refused() -> None:
    kept = record()
    broken = replace(kept, block=b"HTTP/1.1 teapot\r\n\r\n")
    with pytest.raises(ValueError, match="invalid literal"):
        response_of(broken, b"", URL)
