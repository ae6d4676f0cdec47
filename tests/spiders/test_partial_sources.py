"""A source that is read in part is never whole, and an edition is asked for its own language."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper

XML = {"Content-Type": "application/xml"}


@pytest.mark.slow
def test_what_is_whole_of_a_cut_feed_is_read_and_the_rest_is_told(
    paper: Paper, job: Callable[..., Job]
) -> None:
    """Half an address is asked for nowhere. No other entry names what the feed has lost."""
    items = "".join(
        f"<item><title>Story {n}</title><link>{paper.url}/news/{n}</link></item>" for n in (1, 2, 3)
    )
    whole = f'<rss version="2.0"><channel><title>The Paper</title>{items}</channel></rss>'
    cut = whole[: whole.index("/news/3") + len("/news")]
    for n in (1, 2):
        paper.publish(f"/news/{n}", f"Story {n}")
    paper.answers["/feed.xml"] = Answer(200, XML, cut.encode())
    paper.lastmods.clear()
    paper.answers["/sitemap.xml"] = Answer(200, XML, b"<urlset/>")
    crawl = job("article_urls = ['^/news/']", 'feeds = ["/feed.xml"]')
    done = crawl.crawl("-s", "DOWNLOAD_DELAY=0")
    assert {r["title"] for r in crawl.records()} == {"Story 1", "Story 2"}
    assert {path for path in paper.requests if path.startswith("/news")} == {"/news/1", "/news/2"}
    assert done.code != 0, done.text
    assert "cut short" in done.text
    assert crawl.report()["complete"] is False


@pytest.mark.slow
def test_a_sitemap_and_a_feed_that_fail_beside_one_that_answers_are_not_whole(
    paper: Paper, job: Callable[..., Job]
) -> None:
    """The index answers, the sitemap of today and the only feed do not."""
    paper.publish("/news/1", "Story 1")
    old = paper.sitemap()
    maps = "".join(
        f"<sitemap><loc>{paper.url}/{name}.xml</loc></sitemap>" for name in ("s-old", "s-today")
    )
    paper.answers |= {
        "/sitemap.xml": Answer(200, XML, f"<sitemapindex>{maps}</sitemapindex>".encode()),
        "/s-old.xml": old,
        "/s-today.xml": Answer(503),
        "/feed.xml": Answer(500),
    }
    crawl = job("article_urls = ['^/news/']", 'feeds = ["/feed.xml"]')
    done = crawl.crawl("-s", "DOWNLOAD_DELAY=0", "-s", "RETRY_TIMES=0")
    assert [r["title"] for r in crawl.records()] == ["Story 1"]
    assert done.code == 10, done.text
    assert "every source answered" not in done.text
    assert "/s-today.xml" in done.text
    assert "/feed.xml" in done.text
    assert crawl.report()["complete"] is False


@pytest.mark.slow
def test_a_site_that_negotiates_gives_the_language_of_the_edition(
    paper: Paper, job: Callable[..., Job]
) -> None:
    paper.publish("/news/1", "Story 1")
    crawl = job()
    assert crawl.crawl().code == 0
    asked = zip(paper.requests, paper.headers, strict=True)
    told = {headers.get("accept-language", "") for path, headers in asked if path != "/robots.txt"}
    assert {one.split(",")[0] for one in told} == {"en"}, told
