"""A signal to stop is obeyed within 20 s, whatever the crawl is at, and costs nothing fetched."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import takewhile
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.utils.test import get_crawler

from nordcrawl.archive.write import Writer
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.stopping import GONE_S, GRACE_S, SHIP_S, Stopping, stop_requested
from nordcrawl.crawl.under_way import UnderWay
from nordcrawl.model.page import Page
from nordcrawl.sources.source import Source
from nordcrawl.spiders.news import NewsSpider
from tests.support.news_site import Answer

MOST_S = 20

#: Makes the extraction of some pages last as long as the worker lives.
COSTLY = """
import time, nordcrawl.extract.pipeline as build
find = build.find
def slow(root, page, profile):
    if b"Costly" in page.body:
        time.sleep(600)
    return find(root, page, profile)
build.find = slow
"""


@contextmanager
def started(job, *arguments):
    process = job.start(*arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition, process, what):
    deadline = time.monotonic() + 240
    while not condition():
        assert process.poll() is None, f"ended before {what}: {process.communicate()}"
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def stopped(process, most_s=MOST_S, *, again=False):
    """Send SIGTERM, or one after the other, and return what the process printed; it must be gone in
    time."""
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    while again and process.poll() is None and time.monotonic() < began + most_s:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    try:
        out, err = process.communicate(timeout=most_s + 60)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    took = time.monotonic() - began
    assert took < most_s, out + err
    return out + err


def test_the_stages_share_one_time():
    now = [50.0]
    stopping = Stopping(clock=lambda: now[0])
    assert not stopping.requested
    assert stopping.left(5) > 10**9
    assert stopping.request()
    now[0] += 3
    assert not stopping.request(), "the first request counts"
    assert stopping.requested
    assert stopping.left(5) == 2
    assert stopping.left(2) == 0
    assert SHIP_S < GONE_S < MOST_S


def test_a_store_that_is_down_is_waited_for_less_than_five_seconds(tmp_path, monkeypatch):
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    source = Source(name="pier", title="The Pier", hosts={"127.0.0.1": "en"})
    told = []
    monkeypatch.setattr(Writer, "hurry", lambda _, **seconds: told.append(seconds))
    run = Run.open(options, source, Arguments())
    run.stop()
    run.close()
    (seconds,) = told
    assert GRACE_S + seconds["stall_s"] < 5
    assert SHIP_S - 1 < seconds["deadline_s"] <= SHIP_S


@pytest.mark.slow
def test_costly_pages_and_slow_answers_hold_no_stop_up(paper, job, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(COSTLY)
    days = iter(range(30, 0, -1))
    for n in range(2):
        paper.publish(f"/news/{n}", f"Story number {n}", lastmod=f"2026-10-{next(days):02}")
    for n in range(5):
        paper.publish(f"/news/c{n}", f"Costly {n}", lastmod=f"2026-10-{next(days):02}")
    for n in range(5):
        paper.publish(f"/news/s{n}", f"Slow {n}", lastmod=f"2026-10-{next(days):02}", delay_s=120)
    crawl = job(NORDCRAWL_PAGE_TIMEOUT_S="600", NORDCRAWL_WORKERS="2", PYTHONPATH=str(tmp_path))
    with started(crawl, "-s", "DOWNLOAD_TIMEOUT=300") as process:
        until(lambda: "/news/s0" in paper.requests, process, "the slow page is asked for")
        said = stopped(process)
    assert process.returncode == 6, said
    assert "Traceback" not in said
    report = crawl.report()
    assert report["complete"] is False
    assert report["outcomes"] == {"new": 2, "over_budget": 10}
    assert {e["reason"] for e in report["examples"]["over_budget"]} == {"the run was stopped"}
    assert "/news/s1" not in paper.requests, "nothing is asked after the signal"
    assert len(crawl.records()) == 2

    (tmp_path / "sitecustomize.py").unlink()
    for answer in paper.answers.values():
        answer.delay_s = 0
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert len(crawl.records()) == 12


@pytest.mark.slow
def test_a_large_index_holds_no_stop_up(paper, job):
    paper.publish("/news/a", "A story")
    one = paper.sitemap()
    links = "".join(f"<sitemap><loc>{paper.url}/maps/{n}</loc></sitemap>" for n in range(50_000))
    index = f"<sitemapindex>{links}</sitemapindex>".encode()
    paper.answers["/sitemap.xml"] = Answer(200, {"Content-Type": "application/xml"}, index)
    crawl = job(NORDCRAWL_PAGE_TIMEOUT_S="120")
    with started(crawl) as process:
        until(lambda: "/sitemap.xml" in paper.requests, process, "the index is asked for")
        said = stopped(process)
    assert process.returncode == 6, said
    assert crawl.report()["complete"] is False

    paper.answers["/sitemap.xml"] = one
    done = crawl.crawl()
    assert done.code == 0, done.text


async def test_what_a_worker_reads_of_an_entry_is_given_up():
    class Workers:
        async def call(self, *_):
            await asyncio.sleep(600)

    crawler = get_crawler()
    source = SimpleNamespace(timezone="UTC")
    run: Any = SimpleNamespace(
        workers=Workers(), info=SimpleNamespace(source=source), under_way=UnderWay()
    )
    entries = NewsSpider.from_crawler(crawler, run=run).entries
    page = Page("https://a.example/s", b"<urlset/>", datetime(2026, 11, 2, tzinfo=UTC))
    reading = asyncio.ensure_future(entries._read("sitemap", page))
    while not entries._reading:
        await asyncio.sleep(0)
    crawler.signals.send_catch_log(stop_requested)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reading, 60)


WATCHED = """
import time
from nordcrawl.crawl.leaving import Watch
watch = Watch()
watch.start()
watch.end_within(0.1, 6)
watch.end_within(600)
print("told", flush=True)
time.sleep(600)
"""


def test_the_process_is_ended_at_its_time_whatever_it_is_at():
    done = subprocess.run(
        [sys.executable, "-c", WATCHED], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (6, "told\n", "")


#: Holds the event loop up, so that nothing of the run's own can end it.
STUCK = """
import time, nordcrawl.crawl.told as told
completed = told.completed
def stuck(*arguments):
    print("stuck", flush=True)
    time.sleep(600)
told.completed = stuck
"""


@pytest.mark.slow
def test_what_holds_the_event_loop_up_holds_no_stop_up(paper, job, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(STUCK)
    paper.publish("/news/a", "A story")
    crawl = job(PYTHONPATH=str(tmp_path))
    with started(crawl) as process:
        assert process.stdout.readline() == "stuck\n"
        said = stopped(process)
    assert process.returncode == 6, said
    (tmp_path / "sitecustomize.py").unlink()
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert len(crawl.records()) == 1


def test_a_signal_before_the_first_request_leaves_at_once(paper, job):
    paper.publish("/news/a", "A story")
    crawl = job()
    with started(crawl) as process:
        until(lambda: any(crawl.folder.glob("state/*/*/lock")), process, "the lock is taken")
        said = stopped(process)
    assert process.returncode == 6, said
    assert "Traceback" not in said
    done = crawl.crawl()
    assert done.code == 0, done.text


def test_one_order_that_comes_as_several_signals_is_one(paper, job):
    """GNU timeout signals its command, and then the group that this is in, too."""
    paper.publish("/news/a", "A story", lastmod="2026-10-02")
    paper.publish("/news/s", "Slow", lastmod="2026-10-01", delay_s=120)
    crawl = job()
    with started(crawl, "-s", "DOWNLOAD_TIMEOUT=300") as process:
        until(lambda: "/news/s" in paper.requests, process, "the slow page is asked for")
        began = time.monotonic()
        while time.monotonic() < began + 0.1:  # those that are pending together are one
            process.send_signal(signal.SIGTERM)
        said = stopped(process)
    assert process.returncode == 6, said
    assert "again: leaving" not in said
    assert crawl.report()["outcomes"] == {"new": 1, "over_budget": 1}


def test_a_second_signal_leaves_at_once_and_nothing_acknowledged_is_lost(paper, job):
    paper.publish("/news/a", "A story", lastmod="2026-10-02")
    paper.publish("/news/s", "Slow", lastmod="2026-10-01", delay_s=120)
    crawl = job(NORDCRAWL_PART_AGE_S="3600")
    with started(crawl, "-s", "DOWNLOAD_TIMEOUT=300") as process:
        read = list(
            takewhile(lambda line: "nordcrawl.crawl.outcomes: new " not in line, process.stderr)
        )
        until(lambda: "/news/s" in paper.requests, process, "the slow page is asked for")
        said = "".join(read) + stopped(process, 10, again=True)
    assert process.returncode == 6, said
    assert "again: leaving" in said
    assert crawl.nordcrawl("ship").code == 0
    assert [r["title"] for r in crawl.records()] == ["A story"]
