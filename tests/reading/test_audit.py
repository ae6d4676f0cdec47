"""What the sitemaps name against what the archive holds: pure, and as an operator runs it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from nordcrawl.reading.audit import NEVER, compare
from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper


def line(url, outcome="new", article_id=None, at="2026-11-01T00:00:00Z", **state):
    article = None
    if state:
        article = {"article_id": article_id, "revision": 1, "url": url, "gone": False, **state}
    return {
        "url": url, "outcome": outcome, "reason": "why", "at": at, "article_id": article_id,
        "article": article,
    }  # fmt: skip


def test_each_address_falls_into_its_month_and_kind():
    ledger = [
        line("a", article_id="s:1", published_at="2026-10-05T00:00:00Z"),
        line("old", article_id="s:2", published_at="2026-09-05T00:00:00Z"),
        line("new-of-old", "duplicate", article_id="s:2"),
        line("extra", article_id="s:3", published_at=None),
        line("gone", article_id="s:4", published_at="2026-10-07T00:00:00Z"),
        line("gone", article_id="s:4", revision=2, gone=True, published_at="2026-10-07T00:00:00Z"),
        line("wall", "blocked", at="2026-11-02T00:00:00Z"),
        line("wall", "fetch_failed", at="2026-11-01T00:00:00Z"),
    ]
    named = {"a": "2026-11-01", "new-of-old": None, "wall": "2026-10-09", "never": None}
    months = compare(named, ledger)
    assert list(months) == ["2026-10", "2026-09", "undated"]
    october = months["2026-10"]
    assert (october.named, october.archived) == (2, 1)
    assert october.missing == {"wall": "blocked: why"}
    assert october.gone == ["gone"]
    assert months["2026-09"].archived == 1
    assert months["undated"].missing == {"never": NEVER}
    assert months["undated"].extra == ["extra"]


@pytest.mark.slow
def test_an_operator_finds_what_is_missing_and_fetches_it(
    paper: Paper, job: Callable[..., Job]
) -> None:
    crawl = job()
    for name in "abc":
        paper.publish(f"/news/{name}", f"Story {name}")
    assert crawl.crawl().code == 0
    done = crawl.nordcrawl("audit", "paper", "--archive", f"{crawl.archive}x")
    assert (done.code, "no folder" in done.err) == (4, True), done.text
    away = crawl.archive.rename(f"{crawl.archive}y")
    done = crawl.nordcrawl("audit", "paper", "--archive", str(away))
    away.rename(crawl.archive)
    assert done.code == 0, done.text
    assert done.out.split("\n")[1].split() == ["2026-11", "3", "3", "0", "0", "0"]
    del paper.lastmods["/news/a"]
    paper.publish("/news/d", "Story d")
    paper.answers["/more.xml"] = Answer(
        200, {}, f"<urlset><url><loc>{paper.url}/news/e</loc></url></urlset>".encode()
    )
    paper.answers["/robots.txt"] = Answer(200, {}, b"Sitemap: /more.xml\n")
    paper.requests.clear()
    done = crawl.nordcrawl("audit", "paper", "--json", "--missing", "missing.txt")
    assert done.code == 1, done.text
    assert sorted(paper.requests) == ["/more.xml", "/robots.txt", "/sitemap.xml"]
    months = json.loads(done.out)["months"]
    assert months["2026-11"]["extra"] == [f"{paper.url}/news/a"]
    assert [m["url"] for m in months["2026-11"]["missing"]] == [f"{paper.url}/news/d"]
    assert [m["url"] for m in months["undated"]["missing"]] == [f"{paper.url}/news/e"]
    crawl.crawl("-a", "urls=missing.txt")
    assert len(crawl.records()) == 4
    assert "HTTP 404" in crawl.nordcrawl("audit", "paper").out


def test_an_entry_that_is_no_address_is_a_warning(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    paper.publish("/news/a", "Story a")
    assert crawl.crawl().code == 0
    paper.answers["/more.xml"] = Answer(
        200, {}, b"<urlset><url><loc>http://[broken/</loc></url></urlset>"
    )
    paper.answers["/robots.txt"] = Answer(200, {}, b"Sitemap: /more.xml\n")
    done = crawl.nordcrawl("audit", "paper")
    assert "entry skipped: http://[broken/" in done.out
    assert done.code == 0, done.text


@pytest.mark.slow
def test_a_sitemap_that_does_not_answer_is_named(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    paper.publish("/news/a", "Story a")
    assert crawl.crawl().code == 0
    paper.answers["/sitemap.xml"] = Answer(500, {}, b"")
    done = crawl.nordcrawl("audit", "paper")
    assert done.code == 10
    assert "/sitemap.xml: HTTP 500" in done.out
    assert crawl.nordcrawl("audit", "papper").code == 2
