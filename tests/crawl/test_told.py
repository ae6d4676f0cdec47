"""What sitemaps and feeds say stands in for what a page leaves out, and says who said it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from nordcrawl.crawl.told import Told, completed, link_told, sayings
from nordcrawl.discover import Link
from nordcrawl.discover.link import linked
from nordcrawl.model.article import TOLD, Article, Block, BlockKind, Evidence, Extractor
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome
from nordcrawl.model.reading import Reading
from nordcrawl.model.record import provenance_json

OSLO = ZoneInfo("Europe/Oslo")
URL = "https://fjord.example/news/7"
FEED, MAP = "https://fjord.example/feed", "https://fjord.example/news.xml"
FETCHED = datetime(2026, 3, 20, tzinfo=UTC)
EXTRACTOR = Extractor("generic", "5", "0.2.0")
TEXT = (
    "The pier was taken by the sea, and the school keeps its boats at home until it is mended. " * 4
)


def reading(title="The pier is gone", origin="h1", published_at=None) -> Reading:
    provenance = {"title": Evidence(origin)}
    if published_at is not None:
        provenance["published_at"] = Evidence("meta", "second", "stated")
    article = Article(
        title, (Block(BlockKind.P, TEXT),), EXTRACTOR, published_at=published_at,
        provenance=provenance,
    )  # fmt: skip
    return Reading.of(article, "b" * 64)


def told(link: Link, before: ArticleState | None = None) -> Told:
    return Told(link, lambda by: "feed" if by == FEED else "sitemap", OSLO, before)


def state(**more) -> ArticleState:
    return ArticleState("fjord:7", 1, URL, "1" * 64, "2" * 64, "generic/5/0.2.0", **more)


@pytest.mark.parametrize(
    ("text", "at", "precision", "zone"),
    [
        ("Tue, 17 Mar 2026 07:05:09 -0300", datetime(2026, 3, 17, 10, 5, 9, tzinfo=UTC), "second",
         "stated"),
        ("2026-03-17T07:05", datetime(2026, 3, 17, 6, 5, tzinfo=UTC), "minute", "assumed"),
        ("2026-03-17", datetime(2026, 3, 16, 23, 0, tzinfo=UTC), "day", "assumed"),
    ],
)  # fmt: skip
def test_a_time_that_the_page_lacks_is_the_feeds(text, at, precision, zone):
    read = reading()
    done = completed(read, told(linked(URL, FEED, OSLO, published=text)), FETCHED)
    assert done.article.published_at == at
    assert provenance_json(done.article)["published_at"] == {
        "origin": "feed", "precision": precision, "zone": zone, "by": FEED, "told": text,
    }  # fmt: skip
    assert (done.content_sha256, done.fields) == (read.content_sha256, read.fields)


def test_what_the_page_tells_goes_before():
    read = reading(published_at=FETCHED)
    link = linked(URL, FEED, OSLO, published="2026-03-17", title="Other")
    assert completed(read, told(link), FETCHED) is read


def test_a_time_of_the_future_is_none():
    link = linked(URL, FEED, OSLO, published="2026-03-27T10:00:00Z")
    assert completed(reading(), told(link), FETCHED).article.published_at is None
    later = FETCHED + timedelta(days=8)
    assert completed(reading(), told(link), later).article.published_at is not None


def test_a_title_that_the_page_lacks_names_who_tells_it():
    link = linked(URL, MAP, OSLO, title="The  pier")
    asked = told(link)
    assert asked.title == "The pier"
    done = completed(reading(asked.title, TOLD), asked, FETCHED)
    assert provenance_json(done.article)["title"] == {"origin": "sitemap", "by": MAP}


def test_what_a_feed_has_forgotten_is_known_by_the_archive():
    """Else a page without a date would have one as long as it stands in the feed."""
    then = datetime(2026, 3, 1, tzinfo=UTC)
    asked = told(Link(URL), state(title="The pier", published_at=then))
    assert asked.title == "The pier"
    done = completed(reading(asked.title, TOLD), asked, FETCHED)
    assert (done.article.title, done.article.published_at) == ("The pier", then)
    assert provenance_json(done.article) == {
        "title": {"origin": "archive"}, "published_at": {"origin": "archive"},
    }  # fmt: skip


def test_sayings_of_several_keep_their_words_and_their_speakers():
    first = linked(URL, MAP, OSLO, lastmod="2026-03-17T07:05:00", published="2026-03-17")
    second = linked(
        URL, FEED, OSLO, lastmod="2026-03-18", published="Tue, 17 Mar 2026 07:05:00 +0100",
        title="The pier",
    )  # fmt: skip
    link = first.merge(second)
    assert (link.lastmod, link.published) == ("2026-03-18", "2026-03-17T06:05:00Z")
    assert link.merge(second) == link
    assert link.merge(first) == link
    assert sayings(link, OSLO) == {
        "lastmod": {"text": "2026-03-18", "precision": "day", "zone": "assumed", "by": FEED},
        "published": {
            "text": "Tue, 17 Mar 2026 07:05:00 +0100", "precision": "second", "zone": "stated",
            "by": FEED,
        },
        "title": {"by": FEED},
    }  # fmt: skip
    assert sayings(Link(URL), OSLO) is None


def test_what_a_ledger_line_says_was_told_is_told_again():
    link = linked(
        "https://example.org/a", "https://example.org/feed", ZoneInfo("Europe/Oslo"),
        lastmod="1 Nov 2026 08:00", published="31 Oct 2026", title="The ice",
    )  # fmt: skip
    at = datetime(2026, 11, 2, tzinfo=UTC)
    entry = LedgerEntry(
        "r", "s", link.url, Outcome.NEW, at, lastmod=link.lastmod, published=link.published,
        title=link.title, told=sayings(link, ZoneInfo("Europe/Oslo")),
    )  # fmt: skip
    again = link_told(LedgerEntry.from_json(entry.to_json()))
    assert again == link
    assert (again.words, again.by) == (link.words, link.by)
    assert link_told(LedgerEntry("r", "s", link.url, Outcome.NEW, at)) == Link(link.url)
