"""A real cluster of Ray on loopback, with tokens: a head and two nodes, as processes."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.jobs import Done, Job
from tests.support.news_site import Paper
from tests.support.ray_nodes import Nodes
from tests.support.waiting import HANG_S

pytest.importorskip("ray", reason="Ray is not installed: pip install 'nordcrawl[ray]'")
pytestmark = pytest.mark.slow

DELAY_S = 0.3


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Nodes]:
    cluster = Nodes(tmp_path)
    try:
        cluster.begin(2, cpus=2)
        yield cluster
    finally:
        cluster.close()


def papers(stack: ExitStack, folder: Path, hosts: int, articles: int) -> dict[str, Paper]:
    """Hosts of loopback, an address each, with a source each."""
    folder.mkdir()
    found = {}
    for number in range(1, hosts + 1):
        paper = found[f"paper-{number}"] = stack.enter_context(Paper(f"127.0.1.{number}"))
        for page in range(articles):
            paper.publish(f"/news/{page}", f"Story {page} of paper {number}")
        paper.source(
            folder, "article_urls = ['^/news/']", f"delay_s = {DELAY_S}", name=f"paper-{number}"
        )
    return found


def start(cluster: Nodes, folder: Path, *options: str) -> tuple[Job, subprocess.Popen[str]]:
    job = Job(folder, "", {"NORDCRAWL_SOURCES": str(folder / "sources"), "NORDCRAWL_WORKERS": "1"})
    process = subprocess.Popen(
        [sys.executable, "-m", "nordcrawl", "fleet", "--address", cluster.address, *options],
        env=job.environment | cluster.variables,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    return job, process


def end(process: subprocess.Popen[str]) -> Done:
    try:
        out, err = process.communicate(timeout=3 * HANG_S)
    finally:
        process.kill()
    return Done(process.returncode, out, err)


def at_work(cluster: Nodes, *sources: str) -> set[int]:
    """Return the numbers of the nodes that have begun to crawl one of these sources."""
    return {
        number
        for number, state in enumerate(cluster.states)
        for source in sources
        if [*state.glob(f"*/{source}")]
    }


def asked(sites: dict[str, Paper]) -> int:
    return sum(path.startswith("/news/") for one in sites.values() for path in one.requests)


def gaps(sites: dict[str, Paper]) -> list[float]:
    """Seconds between two requests to one host."""
    return [b - a for one in sites.values() for a, b in itertools.pairwise(one.times)]


def test_a_node_is_killed_in_the_middle(cluster: Nodes, tmp_path: Path) -> None:
    with ExitStack() as stack:
        sites = papers(stack, tmp_path / "sources", hosts=40, articles=15)
        job, process = start(cluster, tmp_path, "--shards", "8", "--json", *sites)
        try:
            job.wait(process, lambda: asked(sites) >= 200, "a third of the articles is asked for")
        finally:
            if process.poll() is None:
                cluster.kill(cluster.nodes[2])
            done = end(process)
        assert done.code == 0, done.text
        told = json.loads(done.out)
        assert [one["shard"] for one in told["shards"]] == [*range(1, 9)]
        assert sorted(one["source"] for part in told["shards"] for one in part["sources"]) == (
            sorted(sites)
        )
        times = Counter(record["article_id"] for record in job.records("--fields", "article_id"))
        smallest = min(gaps(sites))
        print(f"{len(times)} articles, each {set(times.values())}; {asked(sites)} requests for "
              f"pages; smallest gap {smallest:.3f} s; at once "
              f"{max(one.most_open for one in sites.values())}")  # fmt: skip
        assert (len(times), set(times.values())) == (600, {1})
        assert asked(sites) >= 600, "what was fetched and not archived is fetched again"
        assert max(one.most_open for one in sites.values()) == 1
        assert smallest >= DELAY_S


def test_a_node_is_cut_off_and_works_on(cluster: Nodes, tmp_path: Path) -> None:
    """The cluster begins its shard elsewhere while it still crawls: no host is asked by both."""
    with ExitStack() as stack:
        sites = papers(stack, tmp_path / "sources", hosts=2, articles=40)
        job, process = start(cluster, tmp_path, "--shards", "1", *sites)
        with ExitStack() as cut:
            cut.callback(process.kill)
            job.wait(process, lambda: asked(sites) >= 5, "the shard is at work")
            (first,) = at_work(cluster, *sites)
            cut.enter_context(cluster.cut_off(cluster.nodes[first]))
            begun = asked(sites)
            done = end(process)
        print(done.text)
        assert done.code == 0, done.text
        times = Counter(record["article_id"] for record in job.records("--fields", "article_id"))
        assert (len(times), set(times.values())) == (80, {1})
        assert begun < 40, "it was cut off in the middle"
        assert at_work(cluster, *sites) == {1, 2}, "it was begun elsewhere"
        assert max(one.most_open for one in sites.values()) == 1
        assert min(gaps(sites)) >= DELAY_S


def test_told_to_stop_the_shards_end_in_order_and_the_next_fleet_goes_on(
    cluster: Nodes, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        sites = papers(stack, tmp_path / "sources", hosts=4, articles=20)
        job, process = start(cluster, tmp_path, "--shards", "4", "--json", *sites)
        try:
            job.wait(process, lambda: asked(sites) >= 8, "the shards are at work")
            process.send_signal(signal.SIGINT)
        finally:
            done = end(process)
        assert done.code == 6, done.text
        told = json.loads(done.out)
        assert {one["exit"] for one in told["shards"]} == {"interrupted"}
        before = len(job.records("--fields", "article_id"))
        assert 0 < before < 80
        _, process = start(cluster, tmp_path, "--shards", "2", *sites)  # parted otherwise
        done = end(process)
        assert done.code == 0, done.text
        times = Counter(record["article_id"] for record in job.records("--fields", "article_id"))
        assert (len(times), set(times.values())) == (80, {1})
        assert max(one.most_open for one in sites.values()) == 1
        assert min(gaps(sites)) >= DELAY_S
        asked_before = asked(sites)
        _, process = start(cluster, tmp_path, "--max-seconds", "3", "-a", "mode=full", *sites)
        done = end(process)
        assert done.code == 15, done.text
        assert asked(sites) - asked_before < 80, "80 pages with the delay of their hosts take 6 s"
