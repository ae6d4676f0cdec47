"""How sitemaps, feeds and listings are asked, and what it means when they don't answer: crawls."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper
from tests.support.suite_parts import first_of

LINES = (
    "article_urls = ['^/news/']",
    'feeds = ["/feed.xml"]',
    'listings = ["/"]',
    "follow_listings = ['^/tag/']",
)
XML = {"Content-Type": "application/xml"}
HTML = {"Content-Type": "text/html"}


def feed(paper: Paper, *paths: str) -> Answer:
    items = "".join(
        f"<item><title>{path}</title><link>{paper.url}{path}</link>"
        f"<pubDate>Sun, 01 Nov 2026 08:30:00 GMT</pubDate></item>"
        for path in paths
    )
    body = f'<rss version="2.0"><channel><title>The Paper</title>{items}</channel></rss>'
    return Answer(200, XML, body.encode())


def listing(*paths: str) -> Answer:
    links = "".join(f'<a href="{path}">{path}</a>' for path in paths)
    return Answer(200, HTML, f"<html><body>{links}</body></html>".encode())


def index(paper: Paper, *maps: tuple[str, str]) -> Answer:
    entries = "".join(
        f"<sitemap><loc>{paper.url}{path}</loc><lastmod>{lastmod}</lastmod></sitemap>"
        for path, lastmod in maps
    )
    return Answer(200, XML, f"<sitemapindex>{entries}</sitemapindex>".encode())


def with_etag(answer: Answer, tag: str) -> Answer:
    return replace(answer, headers={**answer.headers, "ETag": f'"{tag}"'})


def entries(job: Job) -> dict[str, dict[str, Any]]:
    return {"/" + e["url"].split("/", 3)[3]: e for e in job.report()["entries"]}


@pytest.fixture
def site(paper: Paper) -> Paper:
    for name in "abcd":
        paper.publish(f"/news/{name}", f"Story {name}")
    paper.answers["/feed.xml"] = feed(paper, "/news/c", "/news/d")
    paper.answers["/"] = listing("/news/c", "/tag/sea")
    paper.answers["/tag/sea"] = listing("/news/a", "/news/b")
    return paper


@pytest.mark.slow
def test_what_did_not_change_is_not_sent_again_and_still_names_its_links(
    site: Paper, job: Callable[..., Job]
) -> None:
    crawl = job(*LINES)
    site.answers["/sitemap.xml"] = with_etag(site.sitemap(), "one")
    site.answers["/feed.xml"] = with_etag(site.answers["/feed.xml"], "two")
    assert crawl.crawl().code == 0
    site.requests.clear()
    done = crawl.crawl()
    assert done.code == 0, done.text
    told = entries(crawl)
    assert (told["/sitemap.xml"]["status"], told["/sitemap.xml"]["links"]) == (304, 4)
    assert (told["/feed.xml"]["status"], told["/feed.xml"]["links"]) == (304, 2)
    assert told["/tag/sea"]["spared"], "a followed listing is read once a day"
    assert "/tag/sea" not in site.requests
    assert crawl.report()["discovered"] == 4
    assert crawl.report()["outcomes"] == {"skipped_fresh": 4}


@pytest.mark.slow
def test_a_sitemap_that_the_index_calls_unchanged_is_not_asked(
    site: Paper, job: Callable[..., Job]
) -> None:
    crawl = job("article_urls = ['^/news/']")
    whole = site.sitemap()
    site.answers["/1.xml"] = whole
    site.answers["/sitemap.xml"] = index(site, ("/1.xml", "2026-11-01T08:30:00Z"))
    assert crawl.crawl().code == 0
    site.requests.clear()
    assert crawl.crawl().code == 0
    assert "/1.xml" not in site.requests
    assert crawl.report()["discovered"] == 4
    site.publish("/news/e", "Story e", lastmod="2026-11-05T00:00:00Z")
    site.answers["/1.xml"] = site.sitemap()
    site.answers["/sitemap.xml"] = index(site, ("/1.xml", "2026-11-05T00:00:00Z"))
    assert crawl.crawl().code == 0
    assert crawl.report()["outcomes"]["new"] == 1
    site.requests.clear()
    assert crawl.crawl("-a", "mode=full").code == 0
    assert "/1.xml" in site.requests, "a full run asks everything"


FAILURES = {
    "404": Answer(404, {}, b"no"),
    "500": Answer(500, {}, b"no"),
    "html": Answer(200, HTML, b"<!doctype html><html><body>Sorry</body></html>"),
    "nothing": Answer(200, XML, b""),
    "empty": Answer(200, XML, b"<urlset></urlset>"),
    "cut": Answer(200, XML, b"<urlset><url><loc>http://127.0.0.1/x</loc></url><url><lo"),
}


@pytest.mark.slow
@pytest.mark.parametrize("how", first_of(*FAILURES))
def test_a_sitemap_that_fails_fails_the_run_unless_it_is_covered(
    site: Paper, job: Callable[..., Job], how: str
) -> None:
    alone = job("article_urls = ['^/news/']", 'feeds = ["/feed.xml"]')
    site.answers["/sitemap.xml"] = FAILURES[how]
    first = alone.crawl("-s", "RETRY_TIMES=0")
    assert first.code == 10, first.text
    assert "/sitemap.xml" in first.text
    again = alone.crawl("-s", "RETRY_TIMES=0")
    assert again.code == 0, "the feed goes on from what is known: nothing new is missed"
    assert any("/sitemap.xml" in line for line in alone.report()["warnings"])


@pytest.mark.slow
def test_a_feed_that_shares_nothing_with_its_last_poll_is_a_gap(
    site: Paper, job: Callable[..., Job]
) -> None:
    crawl = job(*LINES)
    assert crawl.crawl().code == 0
    assert crawl.report()["gaps"] == []
    for name in "efgh":
        site.publish(f"/news/{name}", f"Story {name}")
    del site.lastmods["/news/e"]  # only the tag page has this one
    site.answers["/feed.xml"] = feed(site, "/news/g", "/news/h")
    site.answers["/tag/sea"] = listing("/news/e", "/news/a")
    done = crawl.crawl()
    assert done.code == 0
    (gap,) = crawl.report()["gaps"]
    assert (gap["kind"], gap["url"]) == ("feed", f"{site.url}/feed.xml")
    assert gap["since"] < gap["until"]
    assert "gap: feed" in done.text
    assert crawl.report()["outcomes"]["new"] == 4, "e came by the listing that was walked"


@pytest.mark.slow
def test_a_new_disk_sees_a_gap_by_the_archive(
    site: Paper, job: Callable[..., Job], tmp_path
) -> None:
    crawl = job(*LINES)
    assert crawl.crawl().code == 0
    crawl.settings["NORDCRAWL_STATE_DIR"] = str(tmp_path / "other")
    assert crawl.crawl().code == 0
    assert crawl.report()["gaps"] == []
    for name in "ef":
        site.publish(f"/news/{name}", f"Story {name}")
    site.answers["/feed.xml"] = feed(site, "/news/e", "/news/f")
    crawl.settings["NORDCRAWL_STATE_DIR"] = str(tmp_path / "third")
    assert crawl.crawl().code == 0
    assert len(crawl.report()["gaps"]) == 1


def test_each_link_keeps_what_the_source_said_and_which_one(
    site: Paper, job: Callable[..., Job]
) -> None:
    crawl = job(*LINES)
    assert crawl.crawl().code == 0
    lines = {
        line["url"].rpartition("/")[2]: line
        for file in crawl.archive.glob("ledger-v1/**/*.gz")
        for line in map(json.loads, gzip.decompress(file.read_bytes()).splitlines())
    }
    assert lines["c"]["title"] == "/news/c"
    assert lines["c"]["published"] == "2026-11-01T08:30:00Z"
    assert lines["c"]["lastmod"] == "2026-11-01T08:30:00Z"
    named = [found.rpartition("/")[2] for found in lines["c"]["found_by"]]
    assert sorted(named) == ["", "feed.xml", "sitemap.xml"]


@pytest.mark.slow
def test_flapping_widgets_make_no_revision(site: Paper, job: Callable[..., Job]) -> None:
    crawl = job("article_urls = ['^/news/']")
    for number in range(4):
        for name in "abcd":
            related = "".join(
                f'<li><a href="/news/{(number * 7 + n) % 50}">Story {number}{n}</a></li>'
                for n in range(4)
            )
            widgets = (
                f'<aside class="related"><h2>Related</h2><ul>{related}</ul></aside>'
                f'<div class="views">{1000 + number * 37} views</div>'
                f'<div class="ad-slot" id="ad-{number}"><iframe src="/ad?{number}"></iframe>'
                f"<p>Advertisement {number}</p></div>"
            )
            site.publish(f"/news/{name}", f"Story {name}", extra=widgets,
                         lastmod=f"2026-11-0{number + 1}T00:00:00Z")  # fmt: skip
        assert crawl.crawl().code == 0
    assert len(crawl.records()) == 4
    assert crawl.report()["outcomes"] == {"unchanged": 4}


def test_a_ledger_that_does_not_add_up_fails_the_run(
    site: Paper, job: Callable[..., Job], tmp_path
) -> None:
    """Broken on purpose: one page's outcome is dropped on its way."""
    (tmp_path / "broken_settings.py").write_text(
        "from nordcrawl.settings import *\n"
        "from nordcrawl.crawl.outcomes import Outcomes\n"
        "whole = Outcomes.settle\n"
        "def settle(self, url, outcome, reason, page=None):\n"
        "    if not url.endswith('/gone'):\n"
        "        whole(self, url, outcome, reason, page)\n"
        "Outcomes.settle = settle\n",
        encoding="utf-8",
    )
    site.lastmods["/news/gone"] = None
    crawl = job("article_urls = ['^/news/']", PYTHONPATH=str(tmp_path),
                SCRAPY_SETTINGS_MODULE="broken_settings")  # fmt: skip
    done = crawl.crawl()
    assert done.code == 12, done.text
    assert "/news/gone" in done.text
