"""Trying before trusting: one page, a sandbox, a table for a site that has none, all sources."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import html

from nordcrawl.discover.front import read_front
from nordcrawl.sources.guessed import shapes
from nordcrawl.sources.load import read
from nordcrawl.sources.suggestion import Site, table
from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.news_site import WORDS, Answer, Paper

HEAD = """<!DOCTYPE html><html lang="en-GB"><head><title>Front – The Coast Paper</title>
<meta property="og:site_name" content="The Coast Paper"><meta name="generator" content="Hugo 0.1">
<link rel="alternate" type="application/rss+xml" href="/feed.xml">
<link rel="alternate" hreflang="nb" href="http://nb.example/"></head><body>"""


@pytest.fixture
def site(paper: Paper) -> Paper:
    """A site of eight articles, a feed, a front page, and pages that are no articles."""
    items = ""
    for n in range(8):
        path = f"/news/2026/11/{n}-the-quay-of-the-town"
        paper.publish(path, f"Quay number {n} of the town", f"Quay number {n}. {WORDS * 3}")
        items += f"<item><link>{paper.url}{path}</link><title>Quay {n}</title></item>"
    for n in range(4):
        paper.answers[f"/tag/word{n}"] = Answer(200, {"Content-Type": "text/html"}, b"<p>Tag</p>")
        paper.lastmods[f"/tag/word{n}"] = None
    feed = f"<rss version='2.0'><channel><title>t</title>{items}</channel></rss>"
    paper.answers["/feed.xml"] = Answer(200, {"Content-Type": "application/rss+xml"}, feed.encode())
    paper.answers["/"] = Answer(200, {"Content-Type": "text/html"}, HEAD.encode())
    robots = f"User-agent: *\nDisallow: /private\nCrawl-delay: 0\nSitemap: {paper.url}/sitemap.xml"
    paper.answers["/robots.txt"] = Answer(200, {"Content-Type": "text/plain"}, robots.encode())
    return paper


@pytest.mark.slow
def test_a_suggested_table_passes_the_check(site: Paper, tmp_path: Path) -> None:
    job = LocalJob(tmp_path, "coast")
    done = job.nordcrawl("sources", "suggest", site.url, "--name", "coast")
    assert done.code == 0, done.text
    given = tomllib.loads(done.out)["sources"]["coast"]
    assert given["title"] == "The Coast Paper"
    assert given["hosts"] == {site.host: "en"}
    assert given["feeds"] == ["/feed.xml"]
    assert given["sitemaps"] == ["/sitemap.xml"]
    assert given["article_urls"][0] == r"^/news/\d{4}/\d{1,2}/[^/?#]*-[^/?#]+/?$"
    assert "generator: Hugo 0.1" in done.out
    assert "nb http://nb.example/" in done.out
    file = tmp_path / "coast.toml"
    file.write_text(done.out, encoding="utf-8")
    (source,) = read(file)
    assert not source.is_article(f"{site.url}/tag/word1")
    asked = len(site.requests)
    job.settings["NORDCRAWL_SOURCES"] = str(file)
    done = job.nordcrawl("sources", "check", "coast")
    assert done.code == 0, done.text
    assert "/feed.xml: 8 articles, 0 others" in done.out
    assert done.out.count("  article  2026-11-01") >= 3
    assert len(site.requests) - asked < 15
    assert not (tmp_path / "archive").exists()


@pytest.mark.slow
def test_a_check_says_what_does_not_answer(site: Paper, job: Callable[..., Job]) -> None:
    site.answers["/feed.xml"] = Answer(500)
    crawl = job("article_urls = ['^/news/']", "feeds = ['/feed.xml']")
    done = crawl.nordcrawl("sources", "check", "paper")
    assert done.code == 10, done.text
    assert f"feed     {site.url}/feed.xml: HTTP 500" in done.out


def test_one_page_is_tried(site: Paper, tmp_path: Path) -> None:
    job = LocalJob(tmp_path, "x")
    url = f"{site.url}/news/2026/11/3-the-quay-of-the-town"
    done = job.nordcrawl("try", url)
    assert done.code == 0, done.text
    assert "fetched as 127-0-0-1" in done.out
    assert "title         Quay number 3 of the town" in done.out
    assert "published_at  2026-11-01T07:30:00Z" in done.out
    assert ". nav" in done.out or "Home" in done.out  # what is not archived is shown as such
    assert "the record's text" not in done.out  # not in a pipe
    assert "/robots.txt" in site.requests
    done = job.nordcrawl("try", f"{site.url}/private/1")
    assert (done.code, done.out) == (11, "")
    assert "robots.txt" in done.err
    assert "/private/1" not in site.requests
    assert not (tmp_path / "archive").exists()


def at_a_terminal(job: Job, url: str, **environment: str) -> str:
    """Try a page with standard output on a terminal, and return what it was sent."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "nordcrawl", "try", url],
        env=job.environment | {"NO_COLOR": "", "TERM": "xterm"} | environment,
        cwd=job.folder, stdout=side,
    )  # fmt: skip
    os.close(side)
    sent = b""
    with os.fdopen(main, "rb", buffering=0) as file:
        try:
            while piece := file.read(65536):
                sent += piece
        except OSError:  # how Linux says that a terminal's other side is closed
            pass
    assert process.wait() == 0
    return sent.decode()


@pytest.mark.slow
def test_a_wide_terminal_shows_record_and_page_side_by_side(site: Paper, tmp_path: Path) -> None:
    job = LocalJob(tmp_path, "x")
    url = f"{site.url}/news/2026/11/3-the-quay-of-the-town"
    wide = at_a_terminal(job, url, COLUMNS="160")
    assert wide.startswith("fetched as 127-0-0-1")
    assert "the record's text" in wide
    assert wide.count("Quay number 3. ") == 2
    narrow = at_a_terminal(job, url, COLUMNS="100")
    assert "the record's text" not in narrow
    assert "\x1b" not in narrow


@pytest.mark.slow
def test_a_page_is_shown_in_other_forms(site: Paper, tmp_path: Path) -> None:
    job = LocalJob(tmp_path, "x")
    url = f"{site.url}/news/2026/11/3-the-quay-of-the-town"
    told = json.loads(job.nordcrawl("try", url, "--format", "json").out)
    assert told["title"] == "Quay number 3 of the town"
    assert told["provenance"]["title"]
    assert job.nordcrawl("try", url, "--format", "html", "--output", "a.html").code == 0
    page = html.document_fromstring((tmp_path / "a.html").read_bytes())
    assert page.xpath("string(//h1)") == "Quay number 3 of the town"
    assert job.nordcrawl("try", f"{site.url}/tag/word1").code == 8
    assert job.nordcrawl("try", f"{site.url}/none").code == 10
    assert job.nordcrawl("try", "https://real.example/1").code == 2  # no contact


def test_a_sandbox_leaves_the_archive_alone(site: Paper, job: Callable[..., Job]) -> None:
    crawl = job("article_urls = ['^/news/']")
    done = crawl.nordcrawl("crawl", "paper", "--sandbox", "-a", "limit=2")
    assert done.code == 0, done.text
    assert "2 articles" in done.out
    assert "sandbox: all of it lies in " in done.out
    assert not crawl.archive.exists()
    folder = Path(done.out.rpartition("lies in ")[2].partition(",")[0])
    assert (folder / "archive" / "_nordcrawl.json").exists()


SHAPES = [
    (
        [f"/a/{n}/some-words-of-it-{n}" for n in range(100, 104)],
        [r"^/a/(?P<id>\d+)/[^/?#]*-[^/?#]+/?$"],
    ),
    ([f"/sak/en-lang-tittel-1.{n}" for n in range(12345, 12349)], None),
    (["/about", "/contact", "/x"], []),
    ([], []),
    (
        [f"/2026/11/{n:02}/word-word-word/" for n in range(1, 9)],
        [r"^/\d{4}/\d{1,2}/\d{1,2}/[^/?#]*-[^/?#]+/?$"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("paths", "learnt"), SHAPES)
def test_shapes_are_true_of_what_they_are_learnt_from(
    paths: list[str], learnt: list[str] | None
) -> None:
    import re

    found = shapes(f"https://a.example{path}" for path in paths)
    if learnt is not None:
        assert found == learnt
    for path in paths if found else ():
        assert any(re.search(one, path) for one in found), path
    assert not any(re.search(one, "/") or re.search(one, "/about") for one in found)


def test_a_hostile_site_can_write_no_key(tmp_path: Path) -> None:
    """What a site says stands in strings and comments, and stays there."""
    bad = 'x"\n[sources.evil]\ntitle = "y\u2028\x1b'
    site = Site(
        host="a.example", aliases=(), scheme="https", name=bad, language=bad, languages_seen=(),
        families=(), generator=bad, sitemaps=((f"/{bad}", 1),), feeds=(), crawl_delay_s=None,
        links=tuple(f"https://a.example/{bad}/{n}'''" for n in range(5)), read=(), rejected=(),
        zones_stated=0, editions=((bad, bad),),
    )  # fmt: skip
    text = table("coast", site)
    assert tomllib.loads(text)["sources"].keys() == {"coast"}
    assert not set(text) & set("\u2028\x1b")


def test_a_front_page_may_be_anything() -> None:
    assert read_front(b"", "https://a.example/").name is None
    assert read_front(b"\x00\xff<", "https://a.example/").feeds == ()
    front = read_front(HEAD.encode(), "https://a.example/")
    assert (front.name, front.language) == ("The Coast Paper", "en-GB")
    assert front.feeds == ("https://a.example/feed.xml",)
