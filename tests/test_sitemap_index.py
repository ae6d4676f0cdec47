"""An index of more sitemaps than a run reads: the newest are read, the rest is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from jobs import Job
from nordcrawl.crawl.run import Run
from nordcrawl.discover import Link
from nordcrawl.report.run_report import EntryReport
from nordcrawl.sources.source import Source
from nordcrawl.spiders import news
from nordcrawl.spiders.news import MAX_SITEMAPS, NewsSpider
from paper import Answer, Paper

HOST = "a.example"
BASE = f"https://{HOST}/index.xml"


@pytest.fixture
def spider() -> NewsSpider:
    spider = NewsSpider(name="s")
    spider.source = Source(name="s", title="S", hosts={HOST: "en"}, sitemaps=("/index.xml",))
    run: Any = SimpleNamespace(
        entries={BASE: EntryReport("sitemap", BASE, 200)},
        notes=[],
        sitemaps_unread=0,
        stopping=SimpleNamespace(requested=False),
    )
    run.leave_sitemaps = lambda *a: Run.leave_sitemaps(run, *a)
    spider.run = run
    return spider


async def read(spider: NewsSpider, links: list[Link], depth: int = 2) -> list[Link]:
    return [link async for link in spider._sitemaps(links, depth, BASE)]


def days(count: int) -> list[Link]:
    """Children of an index, oldest first, the bare address being canonical."""
    first = date(1900, 1, 1)
    return [
        Link(f"https://{HOST}/{n}.xml", lastmod=str(first + timedelta(days=n)))
        for n in range(count)
    ]


async def test_the_newest_are_read_and_the_rest_is_one_line(spider: NewsSpider) -> None:
    links = days(50_000)
    began = time.process_time()
    found = await read(spider, links)
    spent = time.process_time() - began
    assert found == links[: -MAX_SITEMAPS - 1 : -1]
    run: Any = spider.run
    assert run.sitemaps_unread == run.entries[BASE].unread == 50_000 - MAX_SITEMAPS
    assert len(run.notes) == len(run.entries) == 1
    assert spent < 1


async def test_bad_and_foreign_ones_are_named_up_to_a_number(spider: NewsSpider) -> None:
    links = [Link(f"https://other.example/{n}") for n in range(9_000)] + days(3)
    began = time.process_time()
    assert len(await read(spider, links)) == 3
    assert time.process_time() - began < 5
    run: Any = spider.run
    assert len(run.notes) == news.BAD_SHOWN + 1
    assert str(9_000 - news.BAD_SHOWN) in run.notes[-1]
    assert run.sitemaps_unread == 0


async def test_what_is_read_already_takes_no_place_and_is_not_left_out(
    spider: NewsSpider,
) -> None:
    links = days(MAX_SITEMAPS)
    run: Any = spider.run
    for link in await read(spider, links):
        run.entries[link.url] = EntryReport("sitemap", link.url)
    assert await read(spider, [*links, *links]) == []
    assert run.sitemaps_unread == 0
    assert await read(spider, [Link(f"https://{HOST}/more.xml")]) == []
    assert run.sitemaps_unread == 1


def test_a_run_that_left_sitemaps_unread_is_not_whole(
    paper: Paper, job: Callable[..., Job]
) -> None:
    paper.publish("/news/a", "Story a")
    paper.answers["/map.xml"] = paper.sitemap()

    def index(*paths: str) -> Answer:
        maps = "".join(f"<sitemap><loc>{path}</loc></sitemap>" for path in paths)
        return Answer(200, {}, f"<sitemapindex>{maps}</sitemapindex>".encode())

    paper.answers["/sitemap.xml"] = index("/1.xml", "/map.xml")
    paper.answers["/1.xml"] = index("/2.xml")
    paper.answers["/2.xml"] = index(*(f"/deep/{n}.xml" for n in range(3000)))
    crawl = job()
    done = crawl.crawl("-s", "DOWNLOAD_DELAY=0")
    assert done.code == 7, done.text
    report = crawl.report()
    assert report["outcomes"] == {"new": 1}
    assert "3000 sitemaps" in report["why"]
    assert len(report["entries"]) == 4
    assert sum("3000 sitemaps" in line for line in report["warnings"]) == 1
    assert not any(path.startswith("/deep") for path in paper.requests)
