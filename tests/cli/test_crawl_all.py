"""Several sources in one call: one exit code, one report, and one end when told to stop."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.cli import crawl_all
from nordcrawl.errors import UsageError, gravest
from nordcrawl.fetch.robots_copies import Copies, Copy
from nordcrawl.model.times import utc_now
from nordcrawl.sources.load import read
from nordcrawl.sources.source import Source
from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper


@pytest.fixture
def two(paper: Paper, tmp_path: Path) -> Job:
    """Return a job of two sources, `one` with an article, `two` without."""
    paper.publish("/news/a", "A story")
    paper.source(tmp_path, "article_urls = ['^/news/']", name="one")
    paper.source(tmp_path, "article_urls = ['^/none/']", "robots_sitemaps = false", name="two")
    return LocalJob(tmp_path, "one", {"NORDCRAWL_SOURCES": str(tmp_path)})


def report_of(job: Job) -> dict[str, Any]:
    (file,) = (job.folder / "state" / crawl_all.FOLDER).iterdir()
    told: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return told


@pytest.mark.slow
def test_several_sources_have_one_exit_code_and_one_report(two: Job) -> None:
    done = two.nordcrawl("crawl", "one", "two", "--jobs", "2", "-s", "LOG_LEVEL=ERROR")
    assert done.code == 8, done.text
    first, second, last = done.out.splitlines()[-3:]
    assert first == "one  exit 0   whole    1 record"
    assert second.startswith("two  exit 8   nothing  nothing archived: ")
    told = report_of(two)
    assert last.startswith("report: ")
    assert (told["exit_code"], told["exit"]) == (8, "nothing")
    one, other = told["sources"]
    assert (one["source"], one["exit"], one["archived"]) == ("one", "whole", 1)
    assert json.loads(Path(one["report"]).read_text("utf-8"))["run_id"] == one["run_id"]
    assert (other["source"], other["exit_code"], other["archived"]) == ("two", 8, 0)
    assert len(two.records("--fields", "source")) == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["one", "tow"], "no source 'tow': did you mean two? there are "),
        (["tow", "one", "-a", "limit=1"], "no source 'tow'"),
        (["tow", "eno"], "no source 'tow'"),
        (["--all", "one"], "--all takes all sources, one too"),
        (["one", "--all"], "--all takes all sources, one too"),
    ],
)
def test_a_name_that_is_none_begins_no_crawl(
    two: Job, paper: Paper, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    """Handed on to a crawl it would be a second source, and each crawl would call several anew."""

    def begun(*_: object, **__: object) -> None:
        raise AssertionError("a crawl is begun")

    monkeypatch.setenv("NORDCRAWL_SOURCES", two.environment["NORDCRAWL_SOURCES"])
    monkeypatch.delitem(sys.modules, "nordcrawl.settings", raising=False)
    monkeypatch.delattr("nordcrawl.settings", raising=False)
    monkeypatch.setattr(subprocess, "Popen", begun)
    with pytest.raises(UsageError, match=re.escape(why)):
        crawl_all.crawl_all(arguments)
    assert paper.requests == []


@pytest.mark.parametrize(
    "tells", ["the command", pytest.param("all processes", marks=pytest.mark.slow)]
)
def test_told_to_stop_each_crawl_ends_in_order_and_no_other_is_begun(
    two: Job, paper: Paper, tells: str
) -> None:
    """A container tells its first process alone; service managers and terminals tell all."""
    paper.publish("/news/slow", "A slow story", lastmod="2026-10-01", delay_s=120)
    process = subprocess.Popen(
        [sys.executable, "-m", "nordcrawl", "crawl", "one", "two", "-s", "DOWNLOAD_TIMEOUT=300"],
        env=two.environment, cwd=two.folder, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        two.wait(process, lambda: "/news/slow" in paper.requests, "the slow page is asked for")
        if tells == "the command":
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGTERM)
    finally:
        done = two.end(process)
    assert done.code == 6, done.text
    assert "again: leaving" not in done.err
    one, other = report_of(two)["sources"]
    assert (one["exit"], one["archived"]) == ("interrupted", 1)
    assert (other["exit"], other["why"], other["report"]) == ("interrupted", "not begun", None)
    assert [record["title"] for record in two.records()] == ["A story"]


@pytest.mark.slow
@pytest.mark.parametrize("asks", ["the source", "robots.txt"])
def test_the_delay_of_a_host_is_kept_between_two_of_its_sources(
    paper: Paper, tmp_path: Path, asks: str
) -> None:
    delay_s = 4.0  # longer than a crawl takes to begin
    more = [f"delay_s = {delay_s}"] if asks == "the source" else []
    if asks == "robots.txt":
        said = f"User-agent: *\nCrawl-delay: {delay_s:g}\n".encode()
        paper.answers["/robots.txt"] = Answer(200, {"Content-Type": "text/plain"}, said)
    for name in ("one", "two"):
        paper.publish(f"/{name}/a", f"A story of {name}")
        keys = (f"article_urls = ['^/{name}/']", "robots_sitemaps = false")
        paper.source(tmp_path, *keys, *more, name=name)
    job = LocalJob(tmp_path, "one", {"NORDCRAWL_SOURCES": str(tmp_path)})
    done = job.nordcrawl("crawl", "one", "two")
    assert done.code == 0, done.text
    assert paper.requests.count("/sitemap.xml") == 2
    assert min(b - a for a, b in itertools.pairwise(paper.times)) >= delay_s


class Noted(crawl_all._Crawls):
    """Notes when each crawl is begun, and ends it at once; the one named `told` is told to stop.
    Each learns from the robots.txt of the host that it asks for so many seconds, if any."""

    def __init__(self, folder: Path, told: str = "", **crawl_delays_s: float) -> None:
        super().__init__([], folder, crawl_all._Time(None, 0), 60)
        self.times: list[float] = []
        self.stopped = told
        self.crawl_delays_s = crawl_delays_s

    def crawl(self, source: str) -> crawl_all.Ended:
        self.times.append(time.monotonic())
        if (asked_s := self.crawl_delays_s.get(source)) is not None:
            folder = self._state_dir / "archive" / source
            folder.mkdir(parents=True)
            said = f"User-agent: *\nCrawl-delay: {asked_s:g}\n".encode()
            Copies(folder / "robots.json").put("127.0.0.1:80", Copy(utc_now(), 200, said))
        if source == self.stopped:
            self.tell(signal.SIGTERM, None)
        return crawl_all.Ended(source, 0)


def in_turn(folder: Path, paper: Paper, *delays_s: float) -> list[Source]:
    """Sources of one host, named by their place, each with its delay."""
    return [
        read(paper.source(folder, f"delay_s = {delay_s}", name=f"n{number}"))[0]
        for number, delay_s in enumerate(delays_s)
    ]


def test_between_two_sources_of_a_host_is_the_greater_delay(paper: Paper, tmp_path: Path) -> None:
    crawls = Noted(tmp_path)
    ended = crawls.crawl_in_turn(in_turn(tmp_path, paper, 0.1, 0.5, 0.2))
    assert [one.source for one in ended] == ["n0", "n1", "n2"]
    assert min(b - a for a, b in itertools.pairwise(crawls.times)) >= 0.5


def test_between_two_sources_of_a_host_is_what_its_robots_txt_asks_for(
    paper: Paper, tmp_path: Path
) -> None:
    """From the first crawl on that learned of it; one that asks for too much is not crawled."""
    crawls = Noted(tmp_path, n0=0.6, n1=0.1, n2=3600)
    crawls.crawl_in_turn(in_turn(tmp_path, paper, 0, 0, 0, 0))
    waits = [b - a for a, b in itertools.pairwise(crawls.times)]
    assert min(waits) >= 0.6
    assert max(waits) < 60


def test_the_greatest_crawl_delay_that_is_obeyed_is_that_of_the_crawls() -> None:
    given = ("-s", "LOG_LEVEL=INFO", "-s", "NORDCRAWL_CRAWL_DELAY_MAX_S=5", "--limit", "3")
    assert crawl_all._setting(given, "NORDCRAWL_CRAWL_DELAY_MAX_S") == "5"
    assert crawl_all._setting(given[:2], "NORDCRAWL_CRAWL_DELAY_MAX_S") is None
    with pytest.raises(UsageError, match="NORDCRAWL_CRAWL_DELAY_MAX_S"):
        crawl_all.crawl_all(["--all", "-s", "NORDCRAWL_CRAWL_DELAY_MAX_S=much"])


def test_who_is_told_to_stop_waits_for_no_delay(paper: Paper, tmp_path: Path) -> None:
    crawls = Noted(tmp_path, told="n0")
    crawls.crawl_in_turn(in_turn(tmp_path, paper, 60, 60))
    assert crawls.times[1] - crawls.times[0] < 30


def test_the_gravest_code_is_told() -> None:
    assert gravest([0, 7, 14, 10, 0]) == 10
    assert gravest([0, -15]) == 1


@pytest.mark.slow
def test_a_shard_has_its_sources_alone(two: Job) -> None:
    """The two share a host, so whatever the number of shards one of them has both."""
    crawled = []
    for number in (1, 2, 3):
        done = two.nordcrawl("crawl", "one", "two", "--shard", f"{number}/3")
        if done.out == f"no source is in shard {number} of 3: the other shards have them all\n":
            assert done.code == 0
        else:
            crawled += [one["source"] for one in report_of(two)["sources"]]
    assert crawled == ["one", "two"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (("--shard", "0/3"), "--shard 0/3: K/N is allowed, with K from 1 to N, as 2/8"),
        (("--shard", "4/3"), "K from 1 to N"),
        (("--shard", "half"), "K/N is allowed"),
        (("--max-seconds", "0"), "--max-seconds 0: more than 0 is allowed"),
        (("--jobs", "0"), "--jobs 0: 1 or more is allowed"),
    ],
)
def test_a_wrong_option_is_told(wrong: tuple[str, str], why: str) -> None:
    with pytest.raises(UsageError, match=re.escape(why)):
        crawl_all.crawl_all([*wrong])


def test_each_crawl_has_the_time_that_is_left_of_all(tmp_path: Path) -> None:
    def budget(seconds: float | None, each_s: float) -> float | None:
        crawls = crawl_all._Crawls(["-L", "INFO"], tmp_path, crawl_all._Time(seconds, each_s), 60)
        command = crawls.command("one")
        assert command is not None
        assert command[2:7] == ["nordcrawl", "crawl", "one", "-L", "INFO"]
        told = re.fullmatch(r"NORDCRAWL_BUDGET_TIME_S=(\d+)", command[-1])
        return float(told[1]) if told else None

    assert budget(None, 600) is None, "its own budget is the setting's"
    assert budget(90_000, 600) == 600, "what is left of all is more than it may take itself"
    left = budget(90_000, 0)
    assert left is not None
    assert 80_000 < left <= 90_000


def test_when_the_time_of_all_is_over_no_other_crawl_is_begun(tmp_path: Path) -> None:
    crawls = crawl_all._Crawls([], tmp_path, crawl_all._Time(1e-9, 600), 60)
    ended = crawls.crawl("two")
    assert (ended.name, ended.report) == ("out_of_time", None)
    assert ended.why == "not begun: the time of all is over (--max-seconds)"
