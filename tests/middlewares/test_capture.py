"""What the middleware takes of an answer."""

from __future__ import annotations

from ipaddress import ip_address

from scrapy import Request
from scrapy.http import Response

from nordcrawl.middlewares.capture import EXCHANGE, WANTED, CaptureMiddleware


def exchange_of(request: Request, **more):
    response = Response(
        request.url,
        headers=[(b"X-Two", [b"1", b"2"]), (b"Content-Encoding", b"gzip")],
        body=b"packed",
        ip_address=ip_address("192.0.2.7"),
        protocol="HTTP/1.0",
        **more,
    )
    assert CaptureMiddleware().process_response(request, response) is response
    return request.meta.get(EXCHANGE)


def test_only_what_is_wanted_is_kept() -> None:
    assert exchange_of(Request("https://example.org/a")) is None
    found = exchange_of(Request("https://example.org/a", meta={WANTED: True}))
    assert (found.url, found.status, found.protocol) == ("https://example.org/a", 200, "HTTP/1.0")
    assert (found.body, found.ip_address, found.truncated) == (b"packed", "192.0.2.7", None)
    assert [v for n, v in found.headers if n == b"X-Two"] == [b"1", b"2"]


def test_a_proxys_address_is_not_the_servers() -> None:
    meta = {WANTED: True, "proxy": "http://127.0.0.1:3128"}
    assert exchange_of(Request("https://example.org/a", meta=meta)).ip_address is None


def test_an_answer_that_broke_off_says_so() -> None:
    request = Request("https://example.org/a", meta={WANTED: True})
    assert exchange_of(request, flags=["dataloss"]).truncated == "disconnect"
    assert exchange_of(request, flags=["download_stopped"]).truncated == "length"
