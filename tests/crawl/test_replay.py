"""A source's spider against the captures of the archive: nobody is asked, and what comes out is
what the archive has, unless table, rules or extractor are others."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.jobs import Done, Job
from tests.support.news_site import WORDS, article_html
from tests.support.recording_site import RecordingSite

HTML = b"Content-Type: text/html; charset=utf-8"
SOURCE = """[sources.paper]
title = "The Paper"
hosts = { "HOST" = "en" }
sitemaps = ["/sitemap.xml"]
article_urls = ['^/news/']
capture = true
"""


@pytest.fixture
def site() -> Iterator[RecordingSite]:
    with RecordingSite() as found:
        yield found


def job_of(site: RecordingSite, folder: Path, table: str = SOURCE) -> Job:
    (folder / "paper.toml").write_text(table.replace("HOST", site.host))
    return Job(folder, "paper", {"NORDCRAWL_SOURCES": str(folder / "paper.toml")})


def replay(job: Job, *arguments: str) -> tuple[Done, dict[str, Any]]:
    done = job.nordcrawl("crawl", "paper", "--replay", "captures", "--json", *arguments)
    assert done.out.startswith("{"), done.text
    return done, json.loads(done.out)


def page(title: str, extra: str = "") -> bytes:
    return article_html(title, f"{title}. {WORDS * 3}", extra=extra)


def test_first(site: RecordingSite, tmp_path: Path) -> None:
    site.publish("/news/1", page("A plain story"), HTML)
    site.publish("/news/2", gzip.compress(page("A packed story"), mtime=0), HTML, b"Content-Encoding: gzip", chunked=True)
    site.list_pages("/news/1", "/news/2")
    job = job_of(site, tmp_path)
    done = job.crawl()
    assert done.code == 0, done.text
    done, told = replay(job)
    print(done.text)
    done = job.nordcrawl("crawl", "paper", "--replay", "captures")
    print(done.text)
    assert 0
