"""The lease: no two machines crawl one source at once; a killed holder's lease goes by."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.format.keys import JSON_TYPE
from nordcrawl.archive.format.lease import SLOT, Holder, claim_key, of_source, slot_of
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.lease import Lease, this_process
from nordcrawl.errors import ExitCode, LockHeld, StoreUnavailable
from tests.support.waiting import until

START = datetime(2026, 11, 26, 4, 11, tzinfo=UTC)
Take = Callable[..., Lease]


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "archive")
    store.probe()
    return store


@pytest.fixture
def lease(store: FolderStore, clock: Clock) -> Callable[..., Lease]:
    """Return a maker of leases, each of a machine of its own."""

    def make(name: str, *, source: str = "paper", ahead: timedelta = timedelta(0)) -> Lease:
        holder = Holder(f"{name * 10}"[:10], f"run-{name}", f"host-{name}", f"machine-{name}", 7)
        return Lease(store, of_source(source), holder, lambda: clock.now + ahead)

    return make


def test_two_machines_do_not_hold_one_source(lease: Take) -> None:
    first, second = lease("a"), lease("b")
    first.take()
    with pytest.raises(LockHeld, match=r"run-a \(process 7 on host-a\).* 04:20 UTC"):
        second.take()
    lease("b", source="other").take()
    first.release()
    third = lease("c")
    third.take()
    with pytest.raises(LockHeld, match="run-c"):
        lease("d").take()


def test_a_killed_holders_lease_goes_by(lease: Take, clock: Clock) -> None:
    lease("a").take()
    clock.now += timedelta(minutes=8)
    with pytest.raises(LockHeld):
        lease("b").take()
    clock.now = START + SLOT
    lease("b").take()


def test_a_holder_that_lives_keeps_it(lease: Take, clock: Clock) -> None:
    first = lease("a")
    first.take()
    for _ in range(40):
        clock.now += timedelta(minutes=2)
        first.renew()
        with pytest.raises(LockHeld, match="run-a"):
            lease("b").take()
    first.release()
    lease("b").take()


@pytest.mark.parametrize("minutes", [-4, -2, 2, 4])
@pytest.mark.parametrize("at", range(0, 10, 3))
def test_clocks_may_be_minutes_apart(lease: Take, clock: Clock, minutes: int, at: int) -> None:
    clock.now = slot_of(START) + timedelta(minutes=at)
    first = lease("a")
    first.take()
    for _ in range(12):
        clock.now += timedelta(minutes=1)
        first.renew()
        with pytest.raises(LockHeld):
            lease("b", ahead=timedelta(minutes=minutes)).take()


def test_who_is_refused_leaves_no_claim_behind(lease: Take, clock: Clock) -> None:
    clock.now = slot_of(START)
    late = lease("a", ahead=SLOT)
    late.take()
    clock.now += timedelta(minutes=6)
    with pytest.raises(LockHeld):
        lease("b").take()  # has this slot, and not the next
    late.release()
    lease("c").take()


def test_the_same_spool_and_a_dead_process_of_this_machine_hold_nobody_up(
    store: FolderStore, clock: Clock
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = this_process("0000000001", "run-1")
    Lease(store, of_source("paper"), replace(here, pid=gone.pid), clock).take()
    other = Lease(store, of_source("paper"), this_process("0000000002", "run-2"), clock)
    other.take()  # that process has died
    with pytest.raises(LockHeld, match="run-2"):
        Lease(store, of_source("paper"), this_process("0000000003", "run-3"), clock).take()
    # The lock of a spool proves that an earlier run of it has ended.
    Lease(store, of_source("paper"), this_process("0000000002", "run-4"), clock).take()


def test_a_lost_lease_is_told(lease: Take, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lease("a")
    told: list[LockHeld] = []
    first.on_lost = told.append
    monkeypatch.setattr(first, "_pause", lambda: timedelta(milliseconds=5))
    first.take()
    clock.now += timedelta(hours=1)  # suspended
    try:
        lease("b").take()
        until(lambda: told, "the first holder is told")
        assert "run-b" in str(told[0])
    except LockHeld:
        assert not told  # it woke up first


def test_a_store_that_fails_later_costs_no_lease(
    lease: Take, store: FolderStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lease("a")
    failed: list[str] = []
    first.on_lost = lambda error: pytest.fail(str(error))
    monkeypatch.setattr(first, "_pause", lambda: timedelta(milliseconds=5))
    first.take()
    put = store.put

    def fails(key: str, body: bytes, *, content_type: str) -> object:
        failed.append(key)
        raise StoreUnavailable("away")

    monkeypatch.setattr(store, "put", fails)
    clock.now += SLOT
    until(lambda: len(failed) > 2, "it tries again")
    monkeypatch.setattr(store, "put", put)
    until(
        lambda: store.exists(claim_key(of_source("paper"), slot_of(clock.now), 0)),
        "it has the slot",
    )
    first.release()


def test_what_is_no_claim_holds_nobody_up_and_does_not_belong(
    lease: Take, store: FolderStore, clock: Clock
) -> None:
    lease("a", source="other").take()
    assert verify(store).exit_code is ExitCode.WHOLE
    store.put(claim_key(of_source("paper"), slot_of(clock.now), 0), b"{}", content_type=JSON_TYPE)
    lease("a").take()
    assert verify(store).exit_code is ExitCode.DAMAGED
