"""Each edition is asked for its own language."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.settings import Settings

from nordcrawl import settings as ours
from nordcrawl.fetch.languages import accept_language
from nordcrawl.middlewares.languages import LanguageMiddleware
from nordcrawl.sources.source import Source

SOURCE = Source(
    name="s",
    title="S",
    hosts={"en.example.org": "en", "www.example.org": "nb"},
    alias_hosts=("example.org",),
    feeds=("/feed",),
)


@pytest.mark.parametrize(
    ("wanted", "header"),
    [
        (["en"], "en,*;q=0.1"),
        (["nb"], "nb,no;q=0.9,*;q=0.1"),
        (["da", "kl"], "da,kl;q=0.9,*;q=0.1"),
        (["en-CA"], "en-CA,en;q=0.9,*;q=0.1"),
        (["nb", "nn"], "nb,no;q=0.9,nn;q=0.8,*;q=0.1"),
    ],
)
def test_the_header_names_the_wanted_first(wanted, header):
    assert accept_language(wanted) == header


def test_no_weight_falls_below_that_of_any_other():
    parts = accept_language(f"x{chr(97 + n)}" for n in range(20)).split(",")
    assert parts[-1] == "*;q=0.1"
    assert all(float(part.partition(";q=")[2] or 1) >= 0.2 for part in parts[:-1])


def asked(url: str, **settings: Any) -> bytes | None:
    crawler: Any = SimpleNamespace(
        settings=Settings({"DEFAULT_REQUEST_HEADERS": ours.DEFAULT_REQUEST_HEADERS, **settings}),
        spider=SimpleNamespace(source=SOURCE),
    )
    request = Request(url, headers={"Accept-Language": "xx"})  # as a redirect brings it along
    LanguageMiddleware(crawler).process_request(request)
    value: bytes | None = request.headers.get("Accept-Language")
    return value


def test_an_edition_is_asked_for_its_own_language_also_behind_a_redirect():
    assert asked("https://en.example.org/a") == b"en,*;q=0.1"
    assert asked("https://www.example.org/a") == b"nb,no;q=0.9,*;q=0.1"
    assert asked("https://example.org/a") == b"en,nb;q=0.9,no;q=0.8,*;q=0.1"


def test_an_operators_own_header_goes_before():
    own = {"DEFAULT_REQUEST_HEADERS": {"accept-language": "kl"}}
    assert asked("https://en.example.org/a", **own) == b"xx"
