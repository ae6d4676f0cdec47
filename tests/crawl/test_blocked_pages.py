"""A known article whose address shows a wall: nothing is archived, and the run says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper

HTML = {"Content-Type": "text/html; charset=utf-8"}
CHALLENGE = (
    "<html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1>"
    "<div class='cf-turnstile'></div></body></html>"
)
LOST = (
    "<html><head><title>Page not found - The Paper</title></head><body><main>"
    "<h1>Page not found</h1><p>Try the search.</p></main></body></html>"
)


@pytest.fixture
def crawled(paper: Paper, job: Callable[..., Job]) -> Job:
    crawl = job()
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}")
    assert crawl.crawl().code == 0
    return crawl


@pytest.mark.slow
def test_a_challenge_makes_no_revision_and_is_tried_again(paper: Paper, crawled: Job) -> None:
    good = paper.answers["/news/a"]
    paper.answers["/news/a"] = Answer(200, HTML, CHALLENGE.encode())
    for _ in range(2):
        crawled.crawl("-a", "mode=full")
        assert crawled.report()["outcomes"] == {"unchanged": 1, "blocked": 1}
    assert len(crawled.records()) == 2
    paper.answers["/news/a"] = good
    assert crawled.crawl().code == 0
    assert crawled.report()["outcomes"] == {"unchanged": 1, "skipped_fresh": 1}


@pytest.mark.slow
def test_a_soft_404_seen_twice_is_a_removal(paper: Paper, crawled: Job) -> None:
    paper.answers["/news/a"] = Answer(200, HTML, LOST.encode())
    crawled.crawl("-a", "mode=full")
    assert crawled.report()["outcomes"] == {"unchanged": 1, "not_article": 1}
    assert len(crawled.records()) == 2
    crawled.crawl()
    assert crawled.report()["outcomes"]["removed"] == 1
    removed = crawled.records()[-1]
    assert (removed["change"], removed["title"], removed["fetch"]["status"]) == (
        "removed", "Story a", 200,
    )  # fmt: skip
    crawled.crawl("-a", "mode=full")
    assert len(crawled.records()) == 3
    assert crawled.nordcrawl("verify").code == 0


@pytest.mark.slow
def test_nine_walls_and_a_story_are_one_record(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job()
    paper.publish("/news/story", "Story")
    for n in range(9):
        page = (CHALLENGE if n % 2 else LOST).replace("The Paper", f"The Paper {n}")
        paper.answers[f"/news/wall{n}"] = Answer(200, HTML, page.encode())
        paper.lastmods[f"/news/wall{n}"] = None
    crawl.crawl()
    assert len(crawl.records()) == 1
    assert crawl.report()["outcomes"] == {"new": 1, "blocked": 4, "not_article": 5}


@pytest.mark.slow
def test_a_consent_wall_by_redirect_is_no_article_and_all_is_due_again(
    paper: Paper, job: Callable[..., Job]
) -> None:
    """Also where its words are nobody's and no rule of the source names it."""
    crawl = job("timezone = 'Europe/Oslo'")
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story {n}")
    good = dict(paper.answers)
    wall = "<html><head><title>Valg</title></head><body><h1>Velg hva vi husker</h1>"
    wall += "<p>Vi og de vi handler med vil gjerne huske hvor du har vært og hva du leste.</p>" * 6
    for n in range(5):
        gate = f"/valg?til=%2Fnews%2F{n}"
        paper.answers[f"/news/{n}"] = Answer(302, {"Location": gate})
        paper.answers[gate] = Answer(200, HTML, wall.encode())
    done = crawl.crawl()
    assert done.code == 8, done.text
    assert crawl.report()["outcomes"] == {"blocked": 5}
    paper.answers = good
    assert crawl.crawl().code == 0
    assert crawl.report()["outcomes"] == {"new": 5}


@pytest.mark.slow
def test_what_passes_for_a_page_once_is_due_again_in_the_next_run(
    paper: Paper, job: Callable[..., Job]
) -> None:
    crawl = job()
    for n in range(9):
        paper.publish(f"/news/{n}", f"Story {n}", lastmod="2026-10-20T10:00:00Z")
    good = dict(paper.answers)
    passing = [
        Answer(202, {"x-amzn-waf-action": "challenge"}),
        Answer(202, HTML),
        Answer(205, HTML),
        Answer(200, HTML),
        Answer(200, HTML, b"<html><head><title>Vi er straks tilbake</title></head></html>"),
        Answer(
            200, HTML, b"<html><head><title>Pause</title></head><body><p>Snart.</p></body></html>"
        ),
        Answer(304, {"ETag": '"a"'}),
    ]
    for n, answer in enumerate(passing):
        paper.answers[f"/news/{n}"] = answer
    paper.answers["/news/7"] = Answer(203, HTML, good["/news/7"].body)
    crawl.crawl()
    assert sorted(r["title"] for r in crawl.records()) == ["Story 7", "Story 8"]
    paper.answers = good
    assert crawl.crawl().code == 0
    assert crawl.report()["outcomes"] == {"new": 7, "skipped_fresh": 2}
