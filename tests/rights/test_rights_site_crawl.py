"""Crawls of sites that reserve for all of their pages: tdmrep.json and Content-Signal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper
from tests.support.suite_parts import first_of

TDMREP = "/.well-known/tdmrep.json"


@pytest.fixture
def site(paper: Paper) -> Paper:
    for path in ("/news/1", "/news/free/2"):
        paper.publish(path, f"Of {path}", f"This is the one text at {path}. " * 12)
    return paper


def kept(crawl: Job) -> dict[str, dict[str, str]]:
    done = crawl.crawl()
    assert done.code == 0, done.text
    return {"/" + r["url"].split("/", 3)[3]: r["rights"] for r in crawl.records()}


@pytest.mark.slow
def test_tdmrep_json_keeps_its_paths_out(site: Paper, job: Callable[..., Job]) -> None:
    site.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nDisallow: /.well-known/\n")
    site.answers[TDMREP] = Answer(
        body=b'[{"location": "/news/free/", "tdm-reservation": 0},'
        b'{"location": "/", "tdm-reservation": 1}]'
    )
    crawl = job()
    found = kept(crawl)
    assert set(found) == {"/news/free/2"}
    assert found["/news/free/2"]["signals"] == "tdm-reservation=0 (tdmrep.json)"
    assert crawl.report()["outcomes"] == {"new": 1, "rights_denied": 1}
    assert site.requests.count(TDMREP) == 1
    assert site.requests.index(TDMREP) < min(map(site.requests.index, ("/news/1", "/news/free/2")))


@pytest.mark.slow
def test_a_page_may_lift_what_its_site_reserves(site: Paper, job: Callable[..., Job]) -> None:
    site.answers[TDMREP] = Answer(body=b'[{"location": "/", "tdm-reservation": 1}]')
    site.answers["/news/1"].headers["TDM-Reservation"] = "0"
    assert set(kept(job())) == {"/news/1"}


@pytest.mark.slow
def test_an_unreadable_tdmrep_json_is_never_silence(site: Paper, job: Callable[..., Job]) -> None:
    site.answers[TDMREP] = Answer(body=b"oops")
    crawl = job()
    done = crawl.crawl()
    assert crawl.report()["outcomes"] == {"rights_denied": 2}
    assert "tdmrep.json unreadable" in done.text


@pytest.mark.slow
def test_a_site_without_the_files_is_crawled_as_ever(site: Paper, job: Callable[..., Job]) -> None:
    site.answers[TDMREP] = Answer(503)
    found = kept(job())
    assert set(found) == {"/news/1", "/news/free/2"}
    assert all("signals" not in rights for rights in found.values())


@pytest.mark.parametrize(
    ("line", "outcomes"),
    first_of(
        ("search=no, ai-train=no", {"rights_denied": 2}),
        ("search=yes, ai-train=no", {"new": 2}),
    ),
)
def test_content_signal_of_robots_txt(
    site: Paper, job: Callable[..., Job], line: str, outcomes: dict[str, int]
) -> None:
    body = f"User-agent: *\nContent-Signal: {line}\n"
    site.answers["/robots.txt"] = Answer(200, {}, body.encode())
    crawl = job()
    crawl.crawl()
    assert crawl.report()["outcomes"] == outcomes
    for record in crawl.records():
        said = "search=yes (robots.txt); ai-train=no (robots.txt)"
        assert record["rights"]["content_signal"] == said
        assert record["rights"]["checked_at"].endswith("Z")


@pytest.mark.slow
def test_record_keeps_all_and_says_what_was_reserved(site: Paper, job: Callable[..., Job]) -> None:
    site.answers[TDMREP] = Answer(body=b'[{"location": "*", "tdm-reservation": 1}]')
    found = kept(job("article_urls = ['^/news/']", 'rights = "record"'))
    assert {r["reserved_by"] for r in found.values()} == {"tdm-reservation=1 (tdmrep.json)"}
    assert len(found) == 2
