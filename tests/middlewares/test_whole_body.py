"""A body that did not come whole is asked for again, and taken by nobody."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from scrapy import Request, Spider
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from nordcrawl.fetch.coding import READABLE, zstd  # type: ignore[attr-defined]
from nordcrawl.middlewares.whole_body import BodyUnreadable, WholeBodyMiddleware
from tests.support.news_site import WORDS, article_html

URL = "https://a.example/news/1"
PAGE = article_html("A story", f"A story. {WORDS * 90}")
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@pytest.fixture
def whole() -> WholeBodyMiddleware:
    crawler = get_crawler(Spider, {"RETRY_TIMES": 1})
    crawler.spider = Spider.from_crawler(crawler, name="example")
    return WholeBodyMiddleware.from_crawler(crawler)


def answer(body: bytes, coding: str, status: int = 200) -> Response:
    headers = {"Content-Encoding": coding, "Content-Type": "text/html; charset=utf-8"}
    return Response(URL, status, headers, body)


def test_all_that_is_asked_for_is_tried(whole: WholeBodyMiddleware) -> None:
    request = Request(URL)
    whole.process_request(request)
    assert request.headers["Accept-Encoding"] == ", ".join(PACKED).encode()
    assert set(PACKED) == set(READABLE)


@pytest.mark.parametrize("coding", PACKED)
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_cut_body_is_asked_for_again_and_never_taken(
    whole: WholeBodyMiddleware, coding: str, kept: float
) -> None:
    packed = PACKED[coding](PAGE)
    cut = packed[: int(kept * len(packed))]
    again = whole.process_response(Request(URL), answer(cut, coding))
    assert isinstance(again, Request)
    assert again.meta["retry_times"] == 1
    with pytest.raises(BodyUnreadable, match="the body is cut short"):
        whole.process_response(again, answer(cut, coding))


@pytest.mark.parametrize("coding", PACKED)
def test_a_whole_body_is_taken_as_what_it_is(whole: WholeBodyMiddleware, coding: str) -> None:
    taken = whole.process_response(Request(URL), answer(PACKED[coding](PAGE), coding))
    assert isinstance(taken, HtmlResponse)
    assert taken.body == PAGE
    assert "Content-Encoding" not in taken.headers


@pytest.mark.parametrize("status", [204, 304, 404, 503])
def test_where_the_status_says_it_all_no_body_is_missed(
    whole: WholeBodyMiddleware, status: int
) -> None:
    taken = whole.process_response(Request(URL), answer(b"", "gzip", status))
    assert isinstance(taken, Response)
    assert (taken.status, taken.body) == (status, b"")


def test_what_unpacks_to_too_much_is_refused_at_once(whole: WholeBodyMiddleware) -> None:
    request = Request(URL, meta={"download_maxsize": 1000})
    with pytest.raises(BodyUnreadable, match="larger than 1000 bytes"):
        whole.process_response(request, answer(gzip.compress(PAGE), "gzip"))


def test_of_what_is_wanted_in_part_the_head_is_taken(whole: WholeBodyMiddleware) -> None:
    request = Request(URL, meta={WholeBodyMiddleware.HEAD_BYTES: 1000})
    for response in (answer(gzip.compress(PAGE), "gzip"), Response(URL, 200, {}, PAGE)):
        taken = whole.process_response(request, response)
        assert isinstance(taken, Response)
        assert taken.body == PAGE[:1000]


def test_what_is_cut_because_enough_had_come_is_taken(whole: WholeBodyMiddleware) -> None:
    request = Request(URL, meta={WholeBodyMiddleware.HEAD_BYTES: len(PAGE)})
    cut = gzip.compress(PAGE, compresslevel=0)[: len(PAGE) // 2]
    stopped = answer(cut, "gzip").replace(flags=["download_stopped"])
    taken = whole.process_response(request, stopped)
    assert isinstance(taken, Response)
    assert 0 < len(taken.body) < len(PAGE)
    assert PAGE.startswith(taken.body)
