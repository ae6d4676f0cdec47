"""An index of more sitemaps than a run reads: the newest are read, the rest is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from nordcrawl.crawl.discovered import BAD_SHOWN, MAX_SITEMAPS, Discovered
from nordcrawl.discover import Link
from nordcrawl.report.run_report import EntryReport
from nordcrawl.sources.source import Source
from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper

HOST = "a.example"
BASE = f"https://{HOST}/index.xml"


@pytest.fixture
def discovered() -> Discovered:
    source = Source(name="s", title="S", hosts={HOST: "en"}, sitemaps=("/index.xml",))
    info: Any = SimpleNamespace(source=source, notes=[], stopping=SimpleNamespace(requested=False))
    nobody: Any = None  # is asked by what is tried here
    found = Discovered(info, nobody, nobody, nobody, nobody)
    found.entries[BASE] = EntryReport("sitemap", BASE, 200)
    return found


async def read(discovered: Discovered, links: list[Link], depth: int = 2) -> list[Link]:
    return [link async for link in discovered.sitemaps(links, depth, BASE)]


def days(count: int) -> list[Link]:
    """Children of an index, oldest first, the bare address being canonical."""
    first = date(1900, 1, 1)
    return [
        Link(f"https://{HOST}/{n}.xml", lastmod=str(first + timedelta(days=n)))
        for n in range(count)
    ]


async def test_the_newest_are_read_and_the_rest_is_one_line(discovered: Discovered) -> None:
    links = days(50_000)
    began = time.process_time()
    found = await read(discovered, links)
    spent = time.process_time() - began
    assert found == links[: -MAX_SITEMAPS - 1 : -1]
    assert discovered.sitemaps_unread == discovered.entries[BASE].unread == 50_000 - MAX_SITEMAPS
    assert len(discovered._info.notes) == len(discovered.entries) == 1
    assert spent < 1


async def test_bad_and_foreign_ones_are_named_up_to_a_number(discovered: Discovered) -> None:
    links = [Link(f"https://other.example/{n}") for n in range(9_000)] + days(3)
    began = time.process_time()
    assert len(await read(discovered, links)) == 3
    assert time.process_time() - began < 5
    assert len(discovered._info.notes) == BAD_SHOWN + 1
    assert str(9_000 - BAD_SHOWN) in discovered._info.notes[-1]
    assert discovered.sitemaps_unread == 0


async def test_what_is_read_already_takes_no_place_and_is_not_left_out(
    discovered: Discovered,
) -> None:
    links = days(MAX_SITEMAPS)
    for link in await read(discovered, links):
        discovered.entries[link.url] = EntryReport("sitemap", link.url)
    assert await read(discovered, [*links, *links]) == []
    assert discovered.sitemaps_unread == 0
    assert await read(discovered, [Link(f"https://{HOST}/more.xml")]) == []
    assert discovered.sitemaps_unread == 1


async def test_a_stop_ends_the_reading_of_an_index(discovered: Discovered) -> None:
    found = []
    async for link in discovered.sitemaps(days(50_000), 2, BASE):
        found.append(link)
        discovered._info.stopping.requested = len(found) == 3  # type: ignore[misc]
    assert len(found) == 3


@pytest.mark.slow
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
