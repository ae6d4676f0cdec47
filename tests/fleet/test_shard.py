"""A shard on this machine: real subprocesses, a real site, a folder as archive; no Ray."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format.lease import SLOT, of_host, slot_of
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write import give_id
from nordcrawl.archive.write.lease import Lease, this_process
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.errors import ExitCode, LockHeld, StoreUnavailable, UsageError
from nordcrawl.fleet import worker
from nordcrawl.fleet.holding import SKEW, STOP, Holding
from nordcrawl.fleet.order import OWN, Order, handed_over, orders
from nordcrawl.fleet.shard import Shard
from tests.support.news_site import Paper
from tests.support.processes import descendants, is_there
from tests.support.waiting import until


def never(told: Any) -> None:
    pytest.fail(f"killed: {told}")


START = datetime(2026, 11, 26, 4, 11, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "archive")
    store.probe()
    return store


@pytest.fixture
def order(
    paper: Paper, store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Order:
    """The only shard of one source, that lies in a file of the driver's alone."""
    paper.publish("/news/a", "A story")
    (tmp_path / "tables").mkdir()
    file = paper.source(tmp_path / "tables", "article_urls = ['^/news/']", "delay_s = 0.05")
    monkeypatch.setenv("NORDCRAWL_SOURCES", str(file))
    monkeypatch.setenv("NORDCRAWL_ARCHIVE", str(tmp_path / "archive"))
    options = options_from_environment(
        NORDCRAWL_SOURCES=str(file), NORDCRAWL_ARCHIVE=str(tmp_path / "archive")
    )
    monkeypatch.delenv("NORDCRAWL_SOURCES")
    monkeypatch.setenv("NORDCRAWL_STATE_DIR", str(tmp_path / "state"))
    (one,) = orders(options, ["paper"], 1, give_id(store))
    return one


def run(order: Order) -> dict[str, Any]:
    return worker.run_order(order.to_json())


def test_a_shard_is_crawled_and_its_hosts_let_go(order: Order, store: FolderStore) -> None:
    told = run(order)
    assert (told["exit_code"], told["tries"], told["why"]) == (0, 1, None), told
    (source,) = told["sources"]
    assert (source["source"], source["archived"]) == ("paper", 1)
    assert Path(source["report"]).is_file()
    claims = [one.key for one in store.list("leases/host=127.0.0.1/")]
    assert len([key for key in claims if key.endswith("-end.json")]) == len(claims) / 2 > 0


@pytest.mark.slow
def test_when_the_worker_dies_the_shard_stops_in_order(
    order: Order, paper: Paper, store: FolderStore, tmp_path: Path
) -> None:
    """Even where its children are killed with it, as Ray does: the shard's is a grandchild."""
    paper.publish("/news/slow", "A slow story", lastmod="2026-10-01", delay_s=120)
    script = "import json, sys; from nordcrawl.fleet.worker import run_order as run; "
    script += "run(json.loads(sys.argv[1]))"

    process = subprocess.Popen([sys.executable, "-c", script, json.dumps(order.to_json())])
    try:
        until(lambda: "/news/slow" in paper.requests, "the slow page is asked for")
        below = descendants(process.pid)
        os.kill(below[0], signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    until(lambda: not any(is_there(pid) for pid in below), "all of it is gone")
    assert [one.key for one in store.list("articles-v1/")], "what was fetched is archived"
    hosts = Holding(store, ["127.0.0.1"], "1/1", lambda: datetime.now(UTC))
    assert hosts.take(threading.Event(), 0.0), "and the host is let go"
    hosts.release()


def test_told_to_stop_the_shard_ends_in_order(order: Order, paper: Paper) -> None:
    """Told twice, as somebody does who waits."""
    paper.publish("/news/slow", "A slow story", lastmod="2026-10-01", delay_s=120)

    def tell() -> None:
        until(lambda: "/news/slow" in paper.requests, "the slow page is asked for")
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.1)

    telling = threading.Thread(target=tell)
    telling.start()
    told = run(order)
    telling.join()
    assert told["exit"] == "interrupted", told
    (source,) = told["sources"]
    assert (source["exit"], source["archived"]) == ("interrupted", 1)


@pytest.mark.slow
def test_a_killed_shard_leaves_nobody_behind_and_is_told(order: Order, paper: Paper) -> None:
    paper.publish("/news/slow", "A slow story", lastmod="2026-10-01", delay_s=120)
    found: list[int] = []

    def kill() -> None:
        until(lambda: "/news/slow" in paper.requests, "the slow page is asked for")
        for shim in descendants(os.getpid()):
            if b"fleet_shard" in Path(f"/proc/{shim}/cmdline").read_bytes():
                found[:] = descendants(shim)
                os.kill(found[0], signal.SIGKILL)
                return

    killing = threading.Thread(target=kill)
    killing.start()
    told = run(order)
    killing.join()
    assert (told["exit"], told["sources"]) == ("failed", [])
    until(lambda: not any(is_there(pid) for pid in found), "the crawl is gone, too")


def test_another_archive_and_another_release_are_refused(order: Order) -> None:
    told = run(replace(order, archive_id="0" * 32))
    assert told["exit_code"] == 2
    assert "all machines need one and the same" in told["why"]
    told = worker.run_order(order.to_json() | {"release": "0.0"})
    assert told["exit_code"] == 2
    assert "install the same release" in told["why"]


@pytest.mark.slow
def test_hosts_that_another_holds_are_waited_for_and_then_told(
    order: Order, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = other(store)
    told = run(replace(order, tries=1, patience_s=0))
    assert told["exit_code"] == ExitCode.LOCKED
    assert "works on this host" in told["why"]
    threading.Timer(1.0, held.release).start()
    assert run(order)["exit_code"] == 0


def other(store: FolderStore) -> Lease:
    """The lease of a machine that is another one: its processes can't be seen."""
    holder = replace(this_process("0a" * 5, "shard-2-of-7"), machine="elsewhere")
    lease = Lease(store, of_host("127.0.0.1"), holder, lambda: datetime.now(UTC))
    lease.take()
    return lease


# --- who is cut off ---------------------------------------------------------------------------


@contextmanager
def held(store: FolderStore, clock: Clock) -> Iterator[Holding]:
    holding = Holding(store, ["a.example", "b.example"], "1/2", clock)
    assert holding.take(threading.Event(), 0.0)
    try:
        yield holding
    finally:
        holding.release()


def test_who_can_not_renew_has_to_be_gone_before_another_can_hold(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each second of the slot, with clocks apart by as much as is allowed: either the first
    goes on, or the second can have the host, and between them lies the time to stop."""
    clock = Clock()
    with held(store, clock) as first:
        put = store.put

        def away(key: str, body: bytes, *, content_type: str) -> object:
            raise StoreUnavailable("away")

        monkeypatch.setattr(store, "put", away)
        clock.now = slot_of(START) + SLOT - STOP - SKEW - timedelta(seconds=1)
        assert first.why_stop() is None
        clock.now += timedelta(seconds=1)
        why = first.why_stop()
        assert why is not None
        assert why[0] is ExitCode.PENDING
        gone = clock.now + timedelta(seconds=first.left_s())
        assert gone - clock.now == STOP
        monkeypatch.setattr(store, "put", put)
        clock.now = gone
        second = Holding(store, ["a.example"], "3/9", lambda: clock.now + SKEW)
        monkeypatch.setattr("nordcrawl.archive.write.lease._machine", lambda: "elsewhere")
        assert second.take(threading.Event(), 0.0), "then, by the fastest clock, it is free"
        second.release()


@pytest.mark.parametrize("ahead", [timedelta(0), SKEW])
def test_another_number_of_shards_is_kept_from_a_host(
    store: FolderStore, ahead: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    with held(store, clock):
        second = Holding(store, ["b.example", "c.example"], "1/7", lambda: clock.now + ahead)
        with pytest.raises(LockHeld, match="shard-1-of-2"):
            second.take(threading.Event(), 0.0)
        third = Holding(store, ["c.example"], "2/7", clock)
        assert third.take(threading.Event(), 0.0), "who was refused holds nothing"
        third.release()


@pytest.mark.slow
def test_a_crawl_that_can_not_hold_its_hosts_is_stopped(
    order: Order, paper: Paper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is there, but time runs away: as for a machine that was suspended."""
    paper.publish("/news/slow", "A slow story", lastmod="2026-10-01", delay_s=120)
    monkeypatch.setenv("NORDCRAWL_SOURCES", str(tmp_path / "tables"))
    options = options_from_environment(
        NORDCRAWL_SOURCES=str(tmp_path / "tables"), NORDCRAWL_ARCHIVE=str(tmp_path / "archive"),
        NORDCRAWL_STATE_DIR=str(tmp_path / "state"),
    )  # fmt: skip

    def why_stop(holding: Holding) -> tuple[ExitCode, str] | None:
        return (ExitCode.PENDING, "not renewed") if "/news/slow" in paper.requests else None

    monkeypatch.setattr(Holding, "why_stop", why_stop)
    shard = Shard(replace(order, tries=1), options, stop=threading.Event(), kill=never)
    told = shard.run()
    assert (told["exit_code"], told["why"]) == (5, "not renewed")
    assert [one["exit"] for one in told["sources"]] == ["interrupted"]


# --- orders -----------------------------------------------------------------------------------


def test_no_key_and_nothing_of_a_machine_is_handed_over(order: Order) -> None:
    options = options_from_environment(NORDCRAWL_ARCHIVE="/tmp/a")
    given = handed_over(
        {
            **dict.fromkeys(OWN, "own"),
            "AWS_SECRET_ACCESS_KEY": "secret",
            "PATH": "/bin",
            "NORDCRAWL_CONTACT": "you@example.org",
        },
        options,
    )
    assert given == {"NORDCRAWL_CONTACT": "you@example.org", "NORDCRAWL_ARCHIVE": "file:///tmp/a"}
    assert Order.from_json(order.to_json()) == order


def test_an_unknown_source_is_told(order: Order) -> None:
    with pytest.raises(UsageError, match="no source 'nobody'"):
        orders(options_from_environment(), ["nobody"], 2, "0" * 32)


def test_a_source_is_crawled_again_where_its_code_asks_for_it(order: Order) -> None:
    shard = Shard(order, options_from_environment(), stop=threading.Event(), kill=never)
    ends = {"a": 0, "b": 5, "c": 9, "d": -9, "e": 10}
    shard._ended = {name: {"source": name, "exit_code": code} for name, code in ends.items()}
    assert shard._again([*ends, "f"]) == ["b", "c", "d", "f"]
    assert shard.command(["b", "c"])[3:] == ["crawl", "b", "c", "--jobs", "1"]
    assert shard.command(["paper"])[3:] == ["crawl", "paper", "--shard", "1/1", "--jobs", "1"]
