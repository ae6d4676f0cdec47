"""Validators and what a 304 is worth: by real crawls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.jobs import Job
from tests.support.news_site import WORDS, Answer, Paper, article_html

HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.slow
def test_a_304_to_no_condition_is_no_answer(paper: Paper, job: Callable[..., Job]) -> None:
    paper.publish("/news/a", "Story a")
    paper.publish("/news/b", "Story b")
    story = paper.answers["/news/b"]
    paper.answers["/news/b"] = Answer(304, {"ETag": '"abc"'})
    paper.answers["/feed"] = Answer(304, {"ETag": '"abc"'})
    crawl = job("article_urls = ['^/news/']", "feeds = ['/feed']")
    crawl.crawl()
    report = crawl.report()
    assert report["outcomes"] == {"new": 1, "fetch_failed": 1}
    (example,) = report["examples"]["fetch_failed"]
    assert "without condition" in example["reason"]
    (problem,) = [e["problem"] for e in report["entries"] if e["kind"] == "feed"]
    assert "without condition" in problem
    paper.answers["/news/b"] = story
    crawl.crawl()
    assert crawl.report()["outcomes"] == {"new": 1, "skipped_fresh": 1}


@pytest.mark.slow
def test_validators_are_of_one_address_only(paper: Paper, job: Callable[..., Job]) -> None:
    """The tags of two addresses may be the same; RFC 9110 section 8.8.3."""
    one, two = (
        Answer(200, {**HTML, "ETag": '"1"'}, article_html(title, f"{title}. {text * 3}"))
        for title, text in (("The first", WORDS), ("Another one", WORDS.upper()))
    )
    paper.publish("/news/1", "x")
    paper.publish("/news/3", "x")
    paper.answers |= {
        "/news/1": one,
        "/news/2": two,
        "/news/3": Answer(301, {"Location": "/news/4"}),
        "/news/4": Answer(200, {**HTML, "ETag": '"4"'}, article_html("Fourth", f"Fourth. {WORDS}")),
    }
    crawl = job()
    assert crawl.crawl().code == 0
    # The first now leads to another story; the third has one of its own.
    paper.answers["/news/1"] = Answer(301, {"Location": "/news/2"})
    paper.answers["/news/3"] = Answer(
        200, {**HTML, "ETag": '"4"'}, article_html("Third", f"Third. {WORDS.lower()}")
    )
    assert crawl.crawl("-a", "mode=full").code == 0
    assert {r["title"] for r in crawl.records()} == {"The first", "Another one", "Fourth", "Third"}
