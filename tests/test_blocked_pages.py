"""A known article whose address shows a wall: nothing is archived, and the run says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobs import Job
from paper import Answer, Paper

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
