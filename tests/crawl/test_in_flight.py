"""What a kill can cost is bounded: pages asked for and not durable yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.support.news_site import Answer

SLOW = """
import time, nordcrawl.extract.pipeline as build
find = build.find
def slow(root, page, profile):
    time.sleep(0.2)
    return find(root, page, profile)
build.find = slow
"""
MOST = 4


@pytest.fixture
def on_their_way(paper, tmp_path, monkeypatch):
    """Return how many pages were asked for and not on the crawler's disk, at each request."""
    counts = []
    answer = paper.answer

    def durable():
        (spool,) = tmp_path.glob("state/*/*/state.sqlite")
        with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True, timeout=60)) as db:
            return db.execute("SELECT count(*) FROM url").fetchone()[0]

    def counting(path):
        if path.startswith("/news/"):
            asked = {p for p in paper.requests if p.startswith("/news/")}
            counts.append(len(asked) - durable())
        return answer(path)

    monkeypatch.setattr(paper, "answer", counting)
    return counts


@pytest.mark.slow
def test_no_more_pages_are_on_their_way_than_may_be(paper, job, tmp_path, on_their_way):
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    for n in range(20):
        paper.publish(f"/news/{n}", f"Story number {n}")
    for n in range(5):
        paper.answers[f"/news/gone{n}"] = Answer(410)
        paper.lastmods[f"/news/gone{n}"] = None
    paper.answers["/news/moved"] = Answer(302, {"Location": "/news/0"})
    paper.lastmods["/news/moved"] = None
    crawl = job(NORDCRAWL_WORKERS="1", PYTHONPATH=str(tmp_path))
    done = crawl.crawl("-s", f"CONCURRENT_REQUESTS={MOST}", timeout_s=300)
    assert done.code == 0, done.text
    assert crawl.report()["outcomes"] == {"new": 20, "duplicate": 1, "fetch_failed": 5}
    assert max(on_their_way) == MOST, on_their_way


def test_pages_are_asked_for_newest_first(paper, job):
    for n in range(20):
        paper.publish(f"/news/{n}", f"Story number {n}", lastmod=f"2026-10-{n + 1:02}")
    done = job().crawl()
    assert done.code == 0, done.text
    asked = [p for p in paper.requests if p.startswith("/news/")]
    assert asked == [f"/news/{n}" for n in reversed(range(20))]
