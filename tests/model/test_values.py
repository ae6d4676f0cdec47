"""The two values that cross the stages with a page: its addresses, and what was read of it."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nordcrawl.model import reading as readings
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.page import Page, Visit
from nordcrawl.model.reading import Reading, field_digests
from nordcrawl.model.signature import signature
from nordcrawl.sources import source as sources
from nordcrawl.sources.source import Source

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HOST = "https://fjord.example"
SOURCE = Source(
    name="fjord",
    title="Fjord",
    hosts={"fjord.example": "en"},
    article_urls=(r"^/news/(?P<id>\d+)",),
)
TEXT = "Three boats came in before the storm, and the fourth was seen from the lighthouse. " * 5
ARTICLE = Article(
    "Three boats",
    (Block(BlockKind.P, TEXT),),
    Extractor("generic", "5", "0.2.0"),
    tags=("b", "a"),
    rights={"robots_meta": "noai"},
)


def page(url: str, *redirects: str, body: bytes = b"<p>boats</p>") -> Page:
    return Page(url, body, NOW, redirects[0] if redirects else url, redirects)


def test_a_page_that_answers_where_it_was_asked_is_spelled_by_nobody_again(monkeypatch):
    url = f"{HOST}/news/7?b=2&a=1"
    monkeypatch.setattr(sources, "canonicalize", None)
    found = SOURCE.locate(page(url), url)
    assert found == Visit(page(url), url, url, (), "7")


def test_the_way_to_a_page_is_told_in_canonical_form_each_address_once():
    asked = f"{HOST}/news/7"
    ways = (asked, f"{HOST}/go?utm_source=x", "HTTPS://FJORD.example:443/go", f"{HOST}/news/9#a")
    found = SOURCE.locate(page(f"{HOST}/news/9?fbclid=1", *ways), asked)
    assert (found.asked, found.url, found.cms_id) == (asked, f"{HOST}/news/9", "9")
    assert found.passed == (asked, f"{HOST}/go")


def test_a_hop_that_is_no_address_costs_that_hop_only():
    found = SOURCE.locate(page(f"{HOST}/b", f"{HOST}/a", "http://[", "mailto:x"), f"{HOST}/a")
    assert (found.url, found.passed, found.cms_id) == (f"{HOST}/b", (f"{HOST}/a",), None)
    with pytest.raises(ValueError, match="http"):
        SOURCE.locate(page("ftp://fjord.example/a"), f"{HOST}/a")


def test_a_source_whose_queries_say_nothing_drops_them():
    bare = SOURCE.model_copy(update={"strip_query": True})
    url = f"{HOST}/news/7?page=2"
    assert bare.locate(page(url), url).url == f"{HOST}/news/7"


def test_a_reading_has_the_digests_of_its_article():
    found = Reading.of(ARTICLE, "b" * 64)
    assert found.text_sha256 == ARTICLE.text_sha256
    assert found.content_sha256 == ARTICLE.content_sha256
    assert found.fields == field_digests(ARTICLE)
    assert found.signature == signature(ARTICLE.text) is not None
    assert pickle.loads(pickle.dumps(found)) == found
    short = replace(ARTICLE, blocks=(Block(BlockKind.P, "Boats."),))
    assert Reading.of(short, "b" * 64).signature is None


def test_rights_change_their_own_digest_and_no_other(monkeypatch):
    found = Reading.of(ARTICLE, "b" * 64)
    monkeypatch.setattr(readings, "signature", None)
    told = {"robots_meta": "noai", "signals": "noai (header)", "checked_at": "2026-11-01"}
    with_rights = found.with_rights(told)
    assert with_rights.article == replace(ARTICLE, rights=told)
    assert with_rights.fields == field_digests(with_rights.article)
    assert {k for k in found.fields if found.fields[k] != with_rights.fields[k]} == {"rights"}
    later = found.with_rights(told | {"checked_at": "2026-11-09"})
    assert later.fields == with_rights.fields
    assert "rights" not in found.with_rights({}).fields
    assert found.with_rights(ARTICLE.rights).fields == found.fields


def test_a_body_is_hashed_once_and_the_digest_goes_along(monkeypatch):
    made, sha256 = [], hashlib.sha256

    def counted(body: bytes):
        made.append(body)
        return sha256(body)

    one = page(f"{HOST}/news/7")
    wanted = hashlib.sha256(one.body).hexdigest()
    monkeypatch.setattr("nordcrawl.model.page.hashlib.sha256", counted)
    assert one.body_sha256 == wanted
    for same in (one, pickle.loads(pickle.dumps(one))):
        assert same.body_sha256 == wanted
    assert len(made) == 1
    other = replace(one, body=b"other")
    assert other.body_sha256 != wanted, "another body has a digest of its own"
