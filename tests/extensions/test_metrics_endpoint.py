"""The metrics endpoint, asked while a real crawl runs."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable
from urllib.error import URLError

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nordcrawl.config.options import Options
from nordcrawl.errors import UsageError
from nordcrawl.model.ledger import Outcome
from nordcrawl.report.live import Standing
from nordcrawl.report.metrics import serve
from tests.config.test_options import Given
from tests.support.jobs import Job
from tests.support.news_site import Paper
from tests.support.s3_servers import block_of_ports
from tests.support.waiting import HANG_S


def asked(port: int) -> dict[tuple[str, ...], float]:
    """Return name and labels (in their names' order) of each sample, and its value; of nobody who
    answers, nothing."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=HANG_S) as answer:
            text = answer.read().decode()
    except (URLError, ConnectionError):
        return {}
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.slow
def test_it_is_answered_while_a_crawl_runs_and_not_after(
    paper: Paper, job: Callable[..., Job]
) -> None:
    for n in range(600):  # a minute, of which it takes seconds to see one counted
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.1)
    with block_of_ports(1) as port:
        crawl = job(NORDCRAWL_METRICS_PORT=str(port))
        process = crawl.start()
        seen: dict[tuple[str, ...], float] = {}

        def archives() -> bool:
            seen.update(asked(port))
            return seen.get(("nordcrawl_run_urls_total", "new", "paper"), 0) > 0

        crawl.wait(process, archives, "an article is counted")
        process.terminate()
        done = crawl.end(process)
        assert done.code == 6, done.text
        assert asked(port) == {}
    assert seen["nordcrawl_run_urls_discovered", "paper"] == 600
    assert seen["nordcrawl_run_pages_fetched_total", "paper"] > 0
    assert seen["nordcrawl_run_entries_answered", "paper"] > 0
    assert ("nordcrawl_run_phase", "fetching", "paper") in seen


@pytest.mark.slow
def test_a_port_that_is_taken_is_a_warning(paper: Paper, job: Callable[..., Job]) -> None:
    paper.publish("/news/1", "A story")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = job(NORDCRAWL_METRICS_PORT=str(port)).crawl()
    assert done.code == 0, done.text
    assert f"no metrics: port {port} of 127.0.0.1" in done.text


def test_what_is_served_is_what_is_so_and_on_this_machine_alone() -> None:
    now = Standing("coast", "fetching", 65, 3, 3, 40, 10, 30, 2, {Outcome.NEW: 8})
    with block_of_ports(1) as port:
        end = serve(port, lambda: now)
        try:
            seen = asked(port)
            with socket.socket() as other, pytest.raises(OSError, match="refused"):
                other.connect(("127.0.0.2", port))
        finally:
            end()
        assert asked(port) == {}
    assert seen["nordcrawl_run_urls_total", "new", "coast"] == 8
    assert seen["nordcrawl_run_pages_due", "coast"] == 30


def test_without_its_library_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"NORDCRAWL_METRICS_PORT needs .*nordcrawl\[metrics\]"):
        Options.from_settings(Given(NORDCRAWL_METRICS_PORT="9466"))
