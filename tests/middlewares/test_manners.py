"""A good guest: pauses that hosts ask for, delays, one connection, a name."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from nordcrawl.fetch.pauses import GROWING, MOST, Pauses, retry_after
from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper
from tests.support.suite_parts import first_of
from tests.support.waiting import HANG_S

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 30 ", 30.0),
        ("Mon, 23 Nov 2026 12:00:45 GMT", 45.0),
        ("Monday, 23-Nov-26 12:00:45 GMT", 45.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999999999999999", 10.0**9),
        ("-5", None), ("1.5", None), ("soon", None), ("", None), (None, None), ("\u0663", None),
    ],
)  # fmt: skip
def test_both_forms_of_retry_after(value, seconds):
    assert retry_after(value, None, NOW) == seconds


def test_a_date_is_taken_against_the_servers_own_clock():
    ours = NOW + timedelta(hours=5)
    until, date = (format_datetime(NOW + timedelta(seconds=s), usegmt=True) for s in (40, 10))
    assert retry_after(until, date, ours) == 30.0


def test_a_pause_ends_and_does_not_grow_by_answers_under_way():
    pauses = Pauses(300)
    pauses.take("a", 429, None, NOW)
    pauses.take("a", 429, None, NOW + timedelta(seconds=1))
    assert pauses.left("a", NOW) == GROWING[0]
    assert pauses.left("b", NOW) == 0
    assert pauses.left("a", NOW + timedelta(seconds=11)) == 0
    pauses.take("a", 429, None, NOW + timedelta(seconds=11))
    assert pauses.left("a", NOW + timedelta(seconds=11)) == GROWING[1]


def test_who_asks_for_too_much_is_given_up():
    pauses = Pauses(300)
    pauses.take("a", 503, 3600.0, NOW)
    assert "come back in 3600 s" in pauses.given_up["a"].reason
    for number in range(MOST):
        pauses.take("b", 429, 1.0, NOW + timedelta(seconds=2 * number))
    assert "b" not in pauses.given_up
    pauses.take("b", 429, 1.0, NOW + timedelta(seconds=2 * MOST))
    assert "b" in pauses.given_up


def two_hosts(paper: Paper, folder: Path, pages: int = 3) -> Path:
    """A source of two hosts, each with its sitemap and pages under /news/<host>."""
    hosts = {name: f"{name}.localhost:{paper.port}" for name in ("busy", "fine")}
    for name, host in hosts.items():
        entries = ""
        for n in range(pages):
            paper.publish(f"/news/{name}{n}", f"Story {name} {n}")
            entries += f"<url><loc>http://{host}/news/{name}{n}</loc></url>"
        paper.answers[f"/{name}.xml"] = Answer(200, {}, f"<urlset>{entries}</urlset>".encode())
    path = folder / "two.toml"
    path.write_text(
        "[sources.two]\ntitle = 'Two'\n"
        f"hosts = {{ '{hosts['busy']}' = 'en', '{hosts['fine']}' = 'en' }}\n"
        f"sitemaps = ['http://{hosts['busy']}/busy.xml', 'http://{hosts['fine']}/fine.xml']\n"
        "article_urls = ['^/news/']\n"
        "delay_s = 0.2\n"
    )
    return path


class Tired(Paper):
    """Answers its first request for a page with a wish to be left alone."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__()
        self.first = Answer(status, headers, b"busy")
        self.refused = threading.Event()

    @property
    def asked(self) -> bool:
        return self.refused.is_set()

    def answer(self, path: str) -> Answer:
        if path.startswith("/news/busy") and not self.asked:
            self.refused.set()
            return self.first
        if path.startswith("/news/fine"):  # so the second one of these can't come before
            self.refused.wait(HANG_S)
        return super().answer(path)


@pytest.mark.slow
@pytest.mark.parametrize("status", first_of(429, 503))
def test_a_paused_host_is_not_asked_and_the_other_one_is(tmp_path: Path, status: int) -> None:
    with Tired(status, {"Retry-After": "3"}) as paper:
        file = two_hosts(paper, tmp_path)
        crawl = Job(tmp_path, "two", {"NORDCRAWL_SOURCES": str(file)})
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert crawl.report()["outcomes"] == {"new": 6}
        asked = list(zip(paper.requests, paper.times, strict=True))
    busy = [at for path, at in asked if path.startswith("/news/busy")]
    fine = [at for path, at in asked if path.startswith("/news/fine")]
    assert busy[1] - busy[0] >= 3
    assert len(busy) == 4
    assert fine[1] < busy[1], "it went on during the pause"


@pytest.mark.slow
@pytest.mark.parametrize(("status", "outcome"), first_of((429, "blocked"), (503, "fetch_failed")))
def test_a_host_that_wants_an_hour_is_left_for_another_run(
    tmp_path: Path, status: int, outcome: str
) -> None:
    with Tired(status, {"Retry-After": "3600"}) as paper:
        crawl = Job(tmp_path, "two", {"NORDCRAWL_SOURCES": str(two_hosts(paper, tmp_path))})
        crawl.crawl()
        assert sum(path.startswith("/news/busy") for path in paper.requests) == 1
        report = crawl.report()
        assert report["outcomes"] == {"new": 3, outcome: 3}
        assert "come back in 3600 s" in report["examples"][outcome][0]["reason"]


def test_a_signal_ends_a_pause_at_once(tmp_path: Path) -> None:
    with Tired(429, {"Retry-After": "250"}) as paper:
        crawl = Job(tmp_path, "two", {"NORDCRAWL_SOURCES": str(two_hosts(paper, tmp_path))})
        process = crawl.start()
        crawl.wait(
            process,
            lambda: (
                paper.asked and sum(path.startswith("/news/fine") for path in paper.requests) == 3
            ),
            "the pause, and all pages of the other host",
        )
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        done = crawl.end(process)
        assert time.monotonic() - began < 20
        assert done.code == 6, done.text
        assert crawl.report()["outcomes"] == {"new": 3, "over_budget": 3}


@pytest.mark.slow
def test_a_crawl_delay_is_obeyed_up_to_a_cap(paper: Paper, job: Callable[..., Job]) -> None:
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}")
    paper.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nCrawl-delay: 1\n")
    crawl = job()
    assert crawl.crawl().code == 0
    assert min(gaps(paper)) >= 1.0
    paper.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nCrawl-delay: 600\n")
    paper.requests.clear()
    done = crawl.crawl("-a", "mode=full")
    assert done.code != 0
    assert set(paper.requests) == {"/robots.txt"}
    assert "600 s between two requests" in done.text


def gaps(paper: Paper, path: str = "/news/") -> list[float]:
    """Seconds between two requests to a host, as it saw them."""
    times = [at for one, at in zip(paper.requests, paper.times, strict=True) if path in one]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_the_delay_is_the_least_there_is_whatever_a_request_takes(
    paper: Paper, job: Callable[..., Job]
) -> None:
    """A host that answers late had the request late, for all we know: it counts from then."""
    late = 0.2
    for name in "abcd":
        paper.publish(f"/news/{name}", f"Story {name}", delay_s=late)
    assert job("article_urls = ['^/news/']", "delay_s = 0.3").crawl().code == 0
    assert len(gaps(paper)) == 3
    assert min(gaps(paper)) >= 0.3 + late


def test_a_request_that_failed_counts_until_it_failed(
    paper: Paper, job: Callable[..., Job]
) -> None:
    for name in "abc":
        paper.publish(f"/news/{name}", f"Story {name}", delay_s=1.2)
    crawl = job("article_urls = ['^/news/']", "delay_s = 0.3")
    done = crawl.crawl("-s", "DOWNLOAD_TIMEOUT=0.6", "-s", "RETRY_TIMES=0")
    assert done.code != 0
    assert len(gaps(paper)) == 2
    assert min(gaps(paper)) >= 0.3 + 0.5, "the time-out began when the request was begun, not sent"


def test_who_hung_up_is_not_asked_again_at_once(tmp_path: Path) -> None:
    """On a connection that is kept, a library would: it takes the host for one that was tired."""

    class HangingUp(Paper):
        def answer(self, path: str) -> Answer:
            if path == "/news/b" and self.requests.count(path) == 1:
                raise ConnectionAbortedError
            return super().answer(path)

    with HangingUp() as paper:
        paper._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        for name in "abc":
            paper.publish(f"/news/{name}", f"Story {name}")
        file = paper.source(tmp_path, "article_urls = ['^/news/']", "delay_s = 0.4")
        done = Job(tmp_path, "paper", {"NORDCRAWL_SOURCES": str(file)}).crawl()
        assert done.code == 0, done.text
        assert paper.requests.count("/news/b") == 2
        assert min(gaps(paper)) >= 0.4


def test_who_is_led_to_a_host_waits_for_its_turn_there(tmp_path: Path) -> None:
    """Pages that lead from one host to another, or to the same with a www., and those it has."""
    with Paper() as paper:
        old, new, www = (f"{one}.localhost:{paper.port}" for one in ("old", "new", "www.new"))
        entries = ""
        for n in range(3):
            for host, path in ((old, f"/old/{n}"), (www, f"/www/{n}"), (new, f"/news/{n}")):
                entries += f"<url><loc>http://{host}{path}</loc></url>"
            for kind in ("old", "www"):
                paper.publish(f"/news/{kind}{n}", f"Story {kind} {n}", delay_s=0.2)
                there = {"Location": f"http://{new}/news/{kind}{n}"}
                paper.answers[f"/{kind}/{n}"] = Answer(301, there)
            paper.publish(f"/news/{n}", f"Story {n}", delay_s=0.2)
        paper.answers["/sitemap.xml"] = Answer(200, {}, f"<urlset>{entries}</urlset>".encode())
        file = tmp_path / "moved.toml"
        file.write_text(
            "[sources.moved]\ntitle = 'Moved'\n"
            f"hosts = {{ '{new}' = 'en' }}\nalias_hosts = ['{old}', '{www}']\n"
            "sitemaps = ['/sitemap.xml']\narticle_urls = ['^/news/', '^/old/', '^/www/']\n"
            "delay_s = 0.2\n"
        )
        crawl = Job(tmp_path, "moved", {"NORDCRAWL_SOURCES": str(file)})
        done = crawl.crawl()
        assert done.code == 0, done.text
        asked = [
            (at, one, headers["host"])
            for one, at, headers in zip(paper.requests, paper.times, paper.headers, strict=True)
        ]
    for machine in (old, new):
        times = [at for at, _, host in asked if host.removeprefix("www.") == machine]
        assert min(b - a for a, b in itertools.pairwise(times)) >= 0.2
    assert sum(path.startswith("/news/") for _, path, _ in asked) == 9


def test_one_connection_and_a_name_with_a_contact(paper: Paper, job: Callable[..., Job]) -> None:
    for name in "abcdef":
        paper.publish(f"/news/{name}", f"Story {name}", delay_s=0.1)
    crawl = job(NORDCRAWL_CONTACT="mailto:desk@example.org")
    assert crawl.crawl().code == 0
    assert paper.most_open == 1
    agents = {headers["user-agent"] for headers in paper.headers}
    assert len(agents) == 1
    assert "nordcrawl/" in agents.pop()
    assert "desk@example.org" in paper.headers[0]["user-agent"]


@pytest.mark.slow
def test_a_proxy_is_asked_for_everything_where_the_operator_sets_one(tmp_path: Path) -> None:
    """By a name that leads nowhere: only the proxy could answer."""

    class Proxy(Paper):
        def answer(self, path: str) -> Answer:
            return super().answer(path.removeprefix("http://news.example"))

    with Proxy() as proxy:
        proxy.publish("/news/a", "Story a")
        proxy.url, proxy.host = "http://news.example", "news.example"
        source = proxy.source(tmp_path, "article_urls = ['^/news/']", "scheme = 'http'")
        crawl = Job(
            tmp_path,
            "paper",
            {
                "NORDCRAWL_SOURCES": str(source),
                "NORDCRAWL_CONTACT": "desk@example.org",
                "NORDCRAWL_PROXY": f"http://127.0.0.1:{proxy.port}",
                "http_proxy": "http://127.0.0.1:9",
            },
        )
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert {path.partition("news.example")[2] for path in proxy.requests} == {
            "/robots.txt", "/.well-known/tdmrep.json", "/sitemap.xml", "/news/a",
        }  # fmt: skip
    assert [record["url"] for record in crawl.records()] == ["http://news.example/news/a"]


@pytest.mark.slow
def test_a_log_has_one_line_a_page_and_never_a_body(paper: Paper, job: Callable[..., Job]) -> None:
    for n in range(20):
        paper.publish(f"/news/{n}", f"Story {n}", f"Word{n}xyzzy says a thing. " * 30)
    paper.answers["/news/missing"] = Answer(404)
    paper.lastmods["/news/missing"] = None
    crawl = job()
    done = crawl.crawl()
    assert done.code == 0, done.text
    lines = done.err.splitlines()
    for n in range(20):
        assert sum(f"/news/{n} " in f"{line} " for line in lines) == 1
    assert len(lines) < 21 + 25
    assert all(len(line) < 4000 for line in lines)
    assert "xyzzy" not in done.text
    loud = crawl.crawl("-a", "mode=full", "-s", "NORDCRAWL_LOG_LEVEL=DEBUG")
    assert "xyzzy" not in loud.text
