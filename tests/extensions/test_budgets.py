"""Budgets of a run: each ends it cleanly, with an exit code of its own, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nordcrawl.config.options import Budgets
from nordcrawl.crawl.budgets import Spent
from nordcrawl.crawl.stopping import Stopping
from nordcrawl.errors import ExitCode
from tests.support.jobs import Done, Job
from tests.support.news_site import Paper


@pytest.fixture
def big(paper: Paper) -> Paper:
    for n in range(150):
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.1)
    return paper


# How far a crawl comes within seconds is the machine's: to a story or not even to the sitemap.


def ended_cleanly(crawl: Job, done: Done, name: str) -> None:
    report = crawl.report()
    assert (report["exit"], report["complete"], report["pending_records"]) == (name, False, 0)
    assert name in done.out
    assert "Traceback" not in done.text
    assert not report["unsettled"]
    assert sum(report["outcomes"].values()) == report["discovered"]
    if report["discovered"]:
        assert report["outcomes"]["over_budget"] > 0
    assert len(crawl.records()) == report["outcomes"].get("new", 0)


def test_a_budget_of_time_ends_the_run_cleanly(big: Paper, job: Callable[..., Job]) -> None:
    crawl = job(NORDCRAWL_BUDGET_TIME_S="3")
    done = crawl.crawl()
    assert done.code == 15, done.text
    ended_cleanly(crawl, done, "out_of_time")


@pytest.mark.slow
def test_a_budget_of_bytes_ends_the_run_cleanly(big: Paper, job: Callable[..., Job]) -> None:
    crawl = job(NORDCRAWL_BUDGET_MIB="0.03")
    done = crawl.crawl()
    assert done.code == 16, done.text
    ended_cleanly(crawl, done, "out_of_bytes")


@pytest.mark.slow
def test_a_budget_of_memory_ends_the_run_cleanly(big: Paper, job: Callable[..., Job]) -> None:
    crawl = job(NORDCRAWL_BUDGET_MEMORY_MIB="64")
    done = crawl.crawl("-s", "MEMUSAGE_CHECK_INTERVAL_SECONDS=3")
    assert done.code == 17, done.text
    report = crawl.report()
    assert (report["exit"], report["complete"]) == ("out_of_memory", False)
    assert len(crawl.records()) == report["outcomes"].get("new", 0)


@pytest.mark.slow
def test_a_budget_of_progress_ends_the_run_cleanly(big: Paper, job: Callable[..., Job]) -> None:
    for answer in big.answers.values():
        answer.delay_s = 600 if answer.body else 0
    crawl = job(NORDCRAWL_STALL_S="8")
    done = crawl.crawl("-s", "DOWNLOAD_TIMEOUT=600")
    assert done.code == 18, done.text
    ended_cleanly(crawl, done, "stalled")


@pytest.mark.slow
def test_a_budget_of_pages_is_a_limit(big: Paper, job: Callable[..., Job]) -> None:
    crawl = job(NORDCRAWL_BUDGET_PAGES="3")
    assert crawl.crawl("-a", "limit=5").code == 7
    assert crawl.report()["outcomes"] == {"new": 3, "over_budget": 147}
    assert crawl.crawl("-a", "limit=2").code == 7
    assert len(crawl.records()) == 5


def test_each_budget_is_spent_by_its_own() -> None:
    now = [0.0]

    def spent(budgets: Budgets, seconds: float, fetched: int, progress: object = 1):
        now[0] = 0.0
        watch = Spent(budgets, clock=lambda: now[0])
        assert watch.look(0, 1) is None
        now[0] = seconds
        return watch.look(fetched, progress)

    assert spent(Budgets(), 1e9, 1 << 60, 2) is None
    assert spent(Budgets(), 1e9, 0) is ExitCode.STALLED
    assert spent(Budgets(stall_s=0), 1e9, 0) is None
    assert spent(Budgets(time_s=10), 9.9, 0) is None
    assert spent(Budgets(time_s=10), 10, 0) is ExitCode.OUT_OF_TIME
    assert spent(Budgets(bytes=10), 1, 9) is None
    assert spent(Budgets(bytes=10), 1, 10) is ExitCode.OUT_OF_BYTES


def test_a_signal_after_a_spent_budget_is_a_first_one() -> None:
    now = [10.0]
    stopping = Stopping(clock=lambda: now[0])
    assert not stopping.request(because="out_of_time")
    now[0] = 12.0
    assert stopping.requested
    assert stopping.request(), "a person's first word"
    assert not stopping.request()
    assert (stopping.because, stopping.left(5)) == ("out_of_time", 3.0)
