"""A real cluster of Ray on loopback, with tokens: a head and two nodes, as processes."""

from __future__ import annotations

import itertools
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.jobs import Done, Job
from tests.support.news_site import Paper
from tests.support.processes import descendants
from tests.support.waiting import HANG_S, until

pytest.importorskip("ray", reason="Ray is not installed: pip install 'nordcrawl[ray]'")
pytestmark = pytest.mark.slow

DELAY_S = 0.3
#: An address of each node: whoever joins takes one of its own address for its machine's.
ADDRESSES = {"head": "127.0.0.2", "one": "127.0.0.3", "two": "127.0.0.4"}
#: Few of everything, so that three nodes fit on a small machine.
SMALL = (
    "--object-store-memory", "100000000", "--min-worker-port", "0", "--max-worker-port", "0",
    "--dashboard-agent-listen-port", "0", "--block",
)  # fmt: skip


class Cluster:
    """Each node has a state folder of its own, as machines have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # sockets' names are short
        token = self.place / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        self.variables = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
            # A node that does not answer is given up after seconds, not after half a minute.
            "RAY_health_check_initial_delay_ms": "0",
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_timeout_ms": "1000",
            "RAY_health_check_failure_threshold": "5",
            # So does the caller, by the connection to its task: after 7 minutes otherwise.
            "RAY_grpc_client_keepalive_time_ms": "2000",
            "RAY_grpc_client_keepalive_timeout_ms": "4000",
        }
        self.address = ""
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        head = ("--head", "--port", "0", "--temp-dir", str(self.place / "t"))
        self.start("head", *head, "--num-cpus", "0", "--include-dashboard", "false")
        told = re.search(r"127\.0\.0\.2:\d+", (self.folder / "head.log").read_text())
        assert told, "the head says where it is"
        self.address = told[0]
        for name in ("one", "two"):
            self.start(name, "--address", self.address, "--num-cpus", "2")

    def start(self, name: str, *options: str) -> None:
        """Start a node; it gives itself 30 s, which a busy machine may not have."""
        for _ in range(4):
            if self._is_started(name, *options):
                return
            self.kill(self.processes.pop())
        pytest.fail((self.folder / f"{name}.log").read_text())

    def _is_started(self, name: str, *options: str) -> bool:
        environment = Job(self.folder, "", {"NORDCRAWL_STATE_DIR": str(self.folder / name)})
        log = self.folder / f"{name}.log"
        with log.open("wb") as out:
            node = subprocess.Popen(
                [
                    Path(sys.executable).with_name("ray"),
                    "start",
                    "--node-ip-address",
                    ADDRESSES[name],
                    *options,
                    *SMALL,
                ],
                env=environment.environment | self.variables,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.processes.append(node)
        until(
            lambda: b"Ray runtime started" in log.read_bytes() or node.poll() is not None,
            f"{name} is there",
        )
        return node.poll() is None

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """Kill all of a node at once, as a power cut does."""
        below = descendants(node.pid) if node.poll() is None else []
        for pid in (node.pid, *below):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        node.wait()

    @contextmanager
    def cut_off(self, name: str) -> Iterator[None]:
        """Stop all of a node that speaks with the others; what it has begun works on. Whoever is
        cut off by a network is in no other state."""
        node = self.processes[[*ADDRESSES].index(name)]
        below = descendants(node.pid)
        shards = {
            pid for pid in below if b"fleet_shard" in Path(f"/proc/{pid}/cmdline").read_bytes()
        }
        works_on = shards.union(*(descendants(pid) for pid in shards))
        stopped = [pid for pid in below if pid not in works_on]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        yield
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def at_work(self, source: str) -> set[str]:
        """Return the nodes that have begun to crawl a source."""
        return {name for name in ("one", "two") if [*(self.folder / name).glob(f"*/{source}")]}

    def close(self) -> None:
        for node in self.processes:
            if node.poll() is None:
                self.kill(node)
        shutil.rmtree(self.place, ignore_errors=True)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path)
    try:
        cluster.begin()
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


def start(cluster: Cluster, folder: Path, *options: str) -> tuple[Job, subprocess.Popen[str]]:
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


def asked(sites: dict[str, Paper]) -> int:
    return sum(path.startswith("/news/") for one in sites.values() for path in one.requests)


def gaps(sites: dict[str, Paper]) -> list[float]:
    """Seconds between two requests to one host."""
    return [b - a for one in sites.values() for a, b in itertools.pairwise(one.times)]


def test_a_node_is_killed_in_the_middle(cluster: Cluster, tmp_path: Path) -> None:
    with ExitStack() as stack:
        sites = papers(stack, tmp_path / "sources", hosts=40, articles=15)
        job, process = start(cluster, tmp_path, "--shards", "8", "--json", *sites)
        try:
            job.wait(process, lambda: asked(sites) >= 200, "a third of the articles is asked for")
        finally:
            if process.poll() is None:
                cluster.kill(cluster.processes[2])
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


def test_a_node_is_cut_off_and_works_on(cluster: Cluster, tmp_path: Path) -> None:
    """The cluster begins its shard elsewhere while it still crawls: no host is asked by both."""
    with ExitStack() as stack:
        sites = papers(stack, tmp_path / "sources", hosts=2, articles=40)
        job, process = start(cluster, tmp_path, "--shards", "1", *sites)
        with ExitStack() as cut:
            cut.callback(process.kill)
            job.wait(process, lambda: asked(sites) >= 5, "the shard is at work")
            (first,) = cluster.at_work("paper-1") or cluster.at_work("paper-2")
            cut.enter_context(cluster.cut_off(first))
            begun = asked(sites)
            done = end(process)
        print(done.text)
        assert done.code == 0, done.text
        times = Counter(record["article_id"] for record in job.records("--fields", "article_id"))
        assert (len(times), set(times.values())) == (80, {1})
        assert begun < 40, "it was cut off in the middle"
        both = {name for source in sites for name in cluster.at_work(source)}
        assert both == {"one", "two"}, "it was begun elsewhere"
        assert max(one.most_open for one in sites.values()) == 1
        assert min(gaps(sites)) >= DELAY_S


def test_told_to_stop_the_shards_end_in_order_and_the_next_fleet_goes_on(
    cluster: Cluster, tmp_path: Path
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
