"""Stores and disks that fail: nothing acknowledged is lost, nothing is overwritten."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.local import spool as spool_module
from nordcrawl.archive.local.sealed import SealedPart
from nordcrawl.archive.local.sealed_files import read_sealed, sync_sealed, write_sealed
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Put
from nordcrawl.archive.write.limits import Limits, ShipReport
from nordcrawl.archive.write.recovery import ship_left_over
from nordcrawl.archive.write.writer import Writer
from nordcrawl.errors import (
    LockHeld,
    ObjectConflict,
    SpoolError,
    StoreRefused,
    StoreUnavailable,
)
from nordcrawl.system.lock import Lock
from tests.support.archive_builders import (
    LIMITS,
    SOURCE,
    FileStore,
    accept,
    archive,
    check_archive,
    finish_in_vain,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.waiting import HANG_S

if TYPE_CHECKING:
    from collections.abc import Iterator


class Faulty(FileStore):
    """A store that can be down, lose its answer, hang, or find every key taken."""

    error: Exception | None = None
    lose_answers = 0
    conflicts = 0
    hang: threading.Event | None = None
    hang_at = "-v1/"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.hanging = threading.Event()
        self.puts: list[str] = []

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        self.puts.append(key)
        if self.hang is not None and self.hang_at in key:
            self.hanging.set()
            self.hang.wait(HANG_S)
        if self.error is not None:
            raise self.error
        if self.conflicts and ("-v1/" in key or "commits/" in key):
            self.conflicts -= 1
            raise ObjectConflict(f"put {key}")
        result = super().put(key, body, content_type=content_type)
        if self.lose_answers and result is Put.CREATED:
            self.lose_answers -= 1
            raise StoreUnavailable(f"put {key}: no answer")
        return result


@pytest.fixture
def store(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "archive")


def accept_until_refused(writer: Writer, acknowledged: list[int] | None = None) -> None:
    for number in range(20_000):
        accept(writer, make_record(number))
        if acknowledged is not None:
            acknowledged.append(number)


def ship(store: FileStore, folder: Path) -> ShipReport:
    return ship_left_over(store, folder, SOURCE, clock=lambda: datetime.now(UTC))


def test_a_store_down_all_the_run_keeps_all_for_the_next(
    store: Faulty, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder) as writer:
        store.error = StoreUnavailable("down")
        accept(writer, *(make_record(n) for n in range(1, 51)))
        report = writer.finish(deadline_s=1.0)
        assert isinstance(report.failure, StoreUnavailable)
        assert report.pending_records == 100
    assert isinstance(ship(store, folder).failure, StoreUnavailable)
    caplog.clear()
    with pytest.raises(StoreUnavailable):
        open_writer(store, folder, "run-2")
    assert "100 lines that earlier runs left wait in the spool" in caplog.text
    caplog.clear()
    with pytest.raises(StoreUnavailable) as nothing:
        open_writer(store, tmp_path / "empty", "run-2")
    assert "wait" not in caplog.text + str(nothing.value)
    store.error = None
    with open_writer(store, folder, "run-2") as writer:
        assert writer.pending_records == 0
        assert writer.shipped.records == 0, "what earlier runs left is not this run's"
    assert sum(check_archive(store).values()) == 50
    assert {e.run_id for e in Reader(store).ledger()} == {"run-1"}
    assert {p.commit.run_id for p in Reader(store).snapshot().pieces} == {"run-1"}


def test_ship_left_over_needs_no_crawl(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder) as writer:
        accept(writer, *(make_record(n) for n in range(1, 4)))
    report = ship(store, folder)
    assert (report.pending_records, report.records, report.commits) == (0, 3, 1)
    assert ship(store, tmp_path / "nothing").commits == 0
    assert not (tmp_path / "nothing").exists()
    assert sum(check_archive(store).values()) == 3


def test_a_refusal_is_not_waited_out(store: Faulty, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        store.error = StoreRefused("403")
        began = time.monotonic()
        report = writer.finish(deadline_s=300)
        assert time.monotonic() - began < 100
        assert isinstance(report.failure, StoreRefused)
        assert isinstance(writer.ship_failure, StoreRefused)


def test_a_store_that_comes_back_within_the_deadline_gets_all(
    store: Faulty, tmp_path: Path
) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        store.error = StoreUnavailable("down")
        threading.Timer(0.7, lambda: setattr(store, "error", None)).start()
        report = writer.finish(deadline_s=300)
    assert (report.failure, report.pending_records) == (None, 0)


def test_a_hanging_store_holds_up_neither_accept_nor_finish(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    limits = Limits(part_bytes=5_000, group_s=0.0, free_bytes=0)
    writer = open_writer(store, folder, limits=limits)
    store.hang = threading.Event()
    began = time.monotonic()
    accept(writer, *(make_record(n) for n in range(1, 30)))
    report = writer.finish(deadline_s=0.5)
    writer.close()
    assert time.monotonic() - began < HANG_S / 3
    assert isinstance(report.failure, StoreUnavailable)
    other = FileStore(store.root)
    open_writer(other, folder).close()
    store.hang.set()
    writer._shipping._thread.join(60)
    assert sum(check_archive(other).values()) == 29


@pytest.mark.parametrize("hangs", [False, True], ids=["down", "hanging"])
@pytest.mark.parametrize("meanwhile", [False, True], ids=["told before", "told meanwhile"])
def test_who_is_in_a_hurry_waits_for_no_store_that_takes_nothing(
    store: Faulty, tmp_path: Path, hangs: bool, meanwhile: bool
) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        store.error = StoreUnavailable("down")
        store.hang = threading.Event() if hangs else None
        accept(writer, make_record(1))

        def hurry() -> None:
            writer.hurry(deadline_s=60, stall_s=0.5)

        if meanwhile:
            threading.Timer(0.3, hurry).start()
        else:
            hurry()
        began = time.monotonic()
        report = writer.finish(deadline_s=60)
        assert time.monotonic() - began < 30
        assert isinstance(report.failure, StoreUnavailable)
        assert report.pending_records == 2
        if store.hang is not None:
            store.hang.set()


@pytest.mark.parametrize("hang_at", ["articles-v1/", "ledger-v1/", "commits/"])
@pytest.mark.parametrize("shipped", [False, True], ids=["", "the next has shipped"])
def test_a_closed_writer_leaves_the_spool_to_the_next_whatever_its_store_does(
    store: Faulty, tmp_path: Path, hang_at: str, shipped: bool
) -> None:
    folder = tmp_path / "spool"
    first = open_writer(store, folder)
    store.hang, store.hang_at = threading.Event(), hang_at
    accept(first, make_record(1))
    finish = threading.Thread(target=first.finish, kwargs={"deadline_s": 60})
    finish.start()
    assert store.hanging.wait(60)
    first.close()
    finish.join(60)
    other = FileStore(store.root)
    with open_writer(other, folder, "run-2") as second:
        accept(second, make_record(2, run_id="run-2"))
        if shipped:
            assert second.finish(deadline_s=60).failure is None
        before = sorted(path.name for path in folder.rglob("*"))
        waiting = second._spool.query("SELECT * FROM outbox")
        committed = second._spool.committed()
        put_by_then = len(store.puts)
        store.hang.set()
        first._shipping._thread.join(60)
        assert not first._shipping._thread.is_alive()
        assert store.puts[put_by_then:] == [], "not even a commit of what it had put"
        assert sorted(path.name for path in folder.rglob("*")) == before
        assert second._spool.query("SELECT * FROM outbox") == waiting
        assert second._spool.committed() == committed
        assert second.finish(deadline_s=30).failure is None
    lines = check_archive(other)
    assert (len(lines), set(lines.values())) == (2, {1})
    assert len(writers(other)) == 1


def test_a_closed_spool_is_closed_to_every_thread(tmp_path: Path) -> None:
    """Whoever still works for its writer, as behind a store that hung, gets no further."""
    folder = tmp_path / "spool"
    spool = spool_module.Spool.open(folder, SOURCE)
    day, sha256 = "2026-11-02", "0" * 64
    part = SealedPart(1, 1, 1, PartKind.LEDGER, day, "run-1", sha256, 9, 1, day, day)
    write_sealed(spool, part, b"as it was")
    spool.close()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    uses: dict[str, Callable[[], object]] = {
        "write": lambda: write_sealed(spool, part, b"anew"),
        "read": lambda: read_sealed(spool, part),
        "sync": lambda: sync_sealed(spool),
        "add": lambda: spool.add([SpooledLine(PartKind.LEDGER, day, 0, "run-1", b"{}")]),
        "seal": lambda: spool.record_sealed([part], []),
        "freeze": lambda: spool.freeze(1, 1, b"{}"),
        "commit": lambda: spool.mark_committed(1, 1, sha256),
        "put": lambda: spool.mark_put(part),
        "new writer": spool.change_writer,
        "adopt": lambda: spool.adopt([], [spool.sealed / part.file_name]),
        "manifest": lambda: spool.drop_manifest("run-1"),
    }
    for name, use in uses.items():
        with pytest.raises(SpoolError, match="closed"):
            use()
        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert after == before, name


def test_a_lock_goes_back_though_a_process_being_started_has_a_copy_of_it(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    copy = os.dup(lock._descriptor)  # as between fork and exec
    lock.release()
    Lock(tmp_path / "lock").release()
    os.close(copy)


def test_a_forked_child_that_ends_leaves_the_lock_to_its_parent(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    child = os.fork()
    if child == 0:
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with pytest.raises(LockHeld):
        Lock(tmp_path / "lock")
    lock.release()


def test_a_lost_answer_stores_nothing_twice(store: Faulty, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, *(make_record(n) for n in range(1, 11)))
        store.lose_answers = 3  # both parts and the commit
        report = writer.finish(deadline_s=300)
    assert (report.failure, report.commits, report.parts) == (None, 1, 2)
    assert set(check_archive(store).values()) == {1}


@pytest.mark.parametrize("conflicts", [1, 2, 3])
def test_a_taken_key_makes_a_new_writer(
    store: Faulty, tmp_path: Path, conflicts: int, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "spool"
    archive(store, folder, make_record(1))
    (before,) = writers(store)
    with open_writer(store, folder, "run-2") as writer:
        accept(writer, *(make_record(n, run_id="run-2") for n in range(2, 12)))
        store.conflicts = conflicts
        assert writer.finish(deadline_s=300).failure is None
        accept(writer, make_record(12, run_id="run-2"))
        assert writer.finish(deadline_s=300).failure is None
    assert "Nothing was overwritten" in caplog.text
    assert len(writers(store)) == 2
    assert before in writers(store)
    assert len(check_archive(store)) == 12
    archive(store, folder, make_record(13, run_id="run-3"), source=SOURCE)
    assert len(writers(store)) == 2, "and stays that writer"


def test_a_store_that_finds_all_keys_taken_is_given_up(store: Faulty, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        store.conflicts = 100
        report = writer.finish(deadline_s=300)
        assert isinstance(report.failure, ObjectConflict)
        assert report.pending_records == 2


@pytest.mark.parametrize("shipped_before_the_copy", [True, False])
def test_a_copied_spool_overwrites_and_loses_nothing(
    store: Faulty, tmp_path: Path, shipped_before_the_copy: bool
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    if shipped_before_the_copy:
        archive(store, one, make_record(1))
    with open_writer(store, one) as writer:
        accept(writer, make_record(2))  # waits in both spools
    shutil.copytree(one, two)
    for folder, numbers in ((one, (3, 4)), (two, (5, 6)), (one, (7,)), (two, (8,))):
        archive(store, folder, *(make_record(n) for n in numbers))
    lines = check_archive(store, orphans=True)
    assert set(lines.values()) == {1}, "what the other one committed is not put again"
    found = Counter(r["article_id"] for r in Reader(store).records())
    expected = range(1 if shipped_before_the_copy else 2, 9)
    assert found == Counter(f"{SOURCE}:{n}" for n in expected)
    with open_writer(store, one) as first, open_writer(store, two) as second:
        assert list(first.state.urls()) == list(second.state.urls())
        assert len(list(first.state.urls())) == len(expected)


def test_a_spool_restored_from_a_backup_goes_on(
    store: Faulty, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, backup = tmp_path / "spool", tmp_path / "backup"
    archive(store, folder, make_record(1))
    shutil.copytree(folder, backup)
    archive(store, folder, make_record(2))
    shutil.rmtree(folder)
    backup.rename(folder)
    with open_writer(store, folder) as writer:
        assert "restored from a backup" in caplog.text, "known before the first page"
        assert writer.state.article(f"{SOURCE}:2"), "it learns what its later life had archived"
        accept(writer, make_record(3))
        assert writer.finish(deadline_s=300).failure is None
    assert len(check_archive(store)) == 3


def test_the_lock_names_its_holder(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    script = (
        "import fcntl, os, sys, time\n"
        "f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n"
        "f.write(f'{os.getpid()}\\n'); f.flush(); print('held', flush=True); time.sleep(6000)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(folder / "lock")], stdout=subprocess.PIPE
    ) as holder:
        try:
            assert holder.stdout is not None
            holder.stdout.readline()
            with pytest.raises(LockHeld, match=f"process {holder.pid}"):
                open_writer(store, folder)
        finally:
            holder.kill()
    open_writer(store, folder).close()


def test_a_forked_worker_does_not_inherit_the_lock(store: Faulty, tmp_path: Path) -> None:
    writer = open_writer(store, tmp_path / "spool")
    reading, writing = os.pipe()
    running, ready = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.write(ready, b"x")
        os.read(reading, 1)  # outlives the parent's writer
        os._exit(0)
    try:
        os.close(reading)
        os.read(running, 1)
        writer.close()
        open_writer(store, tmp_path / "spool").close()
    finally:
        for descriptor in (writing, running, ready):
            os.close(descriptor)
        os.waitpid(child, 0)


def test_close_may_be_called_again_and_accept_then_fails(store: Faulty, tmp_path: Path) -> None:
    writer = open_writer(store, tmp_path / "spool")
    future = writer.accept(make_entry(make_record(1)), make_record(1))
    writer.close()
    writer.close()
    assert future.result(timeout=0) is None, "what was accepted before is made durable"
    with pytest.raises(SpoolError, match="closed"):
        writer.accept(make_entry(number=2)).result(timeout=300)
    archive(store, tmp_path / "spool")
    assert sum(check_archive(store).values()) == 1


def test_many_threads_accept_at_once(store: Faulty, tmp_path: Path) -> None:
    limits = Limits(part_bytes=30_000, group_s=0.005, free_bytes=0)
    with open_writer(store, tmp_path / "spool", limits=limits) as writer:

        def run(first: int) -> None:
            accept(writer, *(make_record(n) for n in range(first, first + 50)))

        threads = [threading.Thread(target=run, args=(n * 50,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.finish(deadline_s=300).failure is None
    lines = check_archive(store)
    assert (len(lines), set(lines.values())) == (400, {1})


# --- the disk ---------------------------------------------------------------------------------


def test_too_little_room_is_known_before_the_first_page(store: Faulty, tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="disk full"):
        open_writer(store, tmp_path / "spool", limits=Limits(free_bytes=1 << 60))


def test_a_disk_that_fills_up_stops_accepting_and_keeps_what_was(
    store: Faulty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder, limits=Limits(group_s=0.0, free_bytes=1 << 20)) as writer:
        accept(writer, make_record(1))
        monkeypatch.setattr(spool_module.Spool, "free_bytes", lambda _: 1000)
        with pytest.raises(SpoolError, match=str(folder)):
            accept(writer, make_record(2))
        monkeypatch.undo()
        assert isinstance(writer.failure, SpoolError)
        with pytest.raises(SpoolError):
            accept(writer, make_record(3))
        assert writer.state.url(url_of(2)) is None
        assert writer.state.url(url_of(1)) is not None
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.pending_records, report.records) == (None, 0, 1)
    assert sum(check_archive(store).values()) == 1


def test_a_backlog_beyond_its_limit_is_refused(store: Faulty, tmp_path: Path) -> None:
    limits = Limits(
        group_s=0.0, free_bytes=0, spool_bytes=10_000, margin_bytes=1 << 12, part_bytes=3_000
    )
    with open_writer(store, tmp_path / "spool", limits=limits) as writer:
        store.error = StoreUnavailable("down")
        with pytest.raises(SpoolError, match="archive did not take"):
            accept_until_refused(writer)
    store.error = None
    with open_writer(store, tmp_path / "spool", "run-2", limits=limits) as writer:
        assert writer.backlog_bytes == 0, "it can be shipped all the same"
        accept(writer, make_record(200, run_id="run-2"))


def test_what_is_not_durable_yet_counts_as_backlog(store: Faulty, tmp_path: Path) -> None:
    limits = Limits(group_s=2.0, free_bytes=0, spool_bytes=10_000)
    with open_writer(store, tmp_path / "spool", limits=limits) as writer:
        accept(writer, make_record(0))  # the first batch doesn't wait for company
        assert not writer.is_full
        burst = 0
        while not writer.is_full and burst < 100:
            burst += 1
            record = make_record(burst)
            writer.accept(make_entry(record), record)
        assert burst < 100
        assert writer.finish(deadline_s=300).records == burst + 1


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size`: write fails with EFBIG as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_torn_transaction_is_no_transaction(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder) as writer:
        wal = (folder / "spool.sqlite-wal").stat().st_size
        acknowledged: list[int] = []
        with file_size_limit(wal + 100_000), pytest.raises(SpoolError, match=str(folder)):
            accept_until_refused(writer, acknowledged)
        assert acknowledged
    with open_writer(store, folder, "run-2") as writer:
        known = len(list(writer.state.urls()))
    assert known == len(acknowledged) == sum(check_archive(store).values())


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs mount")
def test_a_really_full_disk(store: Faulty, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mount is not allowed here")
    try:
        acknowledged: list[int] = []
        with open_writer(store, disk / "spool", limits=LIMITS) as writer:
            with pytest.raises(SpoolError):
                accept_until_refused(writer, acknowledged)
            assert len(acknowledged) > 100
            report = writer.finish(deadline_s=300)
        if report.failure is not None:  # no room even to seal: a larger disk, or a move, helps
            assert isinstance(report.failure, SpoolError)
            shutil.copytree(disk / "spool", tmp_path / "moved")
            archive(store, tmp_path / "moved")
        lines = check_archive(store)
        assert (len(lines), set(lines.values())) == (len(acknowledged), {1})
    finally:
        subprocess.run(["umount", "-l", disk], check=False)


def test_an_unwritable_place_is_named(store: Faulty, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="file/spool"):
        open_writer(store, tmp_path / "file" / "spool")


def test_a_damaged_spool_is_named(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / "spool.sqlite").write_bytes(b"no database, but long enough to be one" * 100)
    with pytest.raises(SpoolError, match=r"spool\.sqlite"):
        open_writer(store, folder)


def test_a_damaged_sealed_part_is_not_put(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder) as writer:
        accept(writer, make_record(1))
        store.error = StoreUnavailable("down")
        finish_in_vain(writer)
    store.error = None
    (sealed,) = (folder / "sealed").glob("article-*")
    sealed.write_bytes(b"\0" * sealed.stat().st_size)
    with pytest.raises(SpoolError, match=sealed.name):
        open_writer(store, folder)
    assert not list(store.list("articles-v1/"))


def test_a_spool_of_another_source_or_version_is_refused(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    open_writer(store, folder).close()
    with pytest.raises(SpoolError, match="of source"):
        open_writer(store, folder, source="another")
    db = sqlite3.connect(folder / "spool.sqlite")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(SpoolError, match="later nordcrawl"):
        open_writer(store, folder)


def test_a_manifest_that_could_not_be_put_is_put_later(store: Faulty, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder) as writer:
        store.error = StoreUnavailable("down")
        with pytest.raises(StoreUnavailable):
            writer.put_run({"whole": False})
    store.error = None
    open_writer(store, folder, "run-2").close()
    (run,) = Reader(store).runs()
    assert run["whole"] is False
    with open_writer(store, folder) as writer:  # the same run id once more
        writer.put_run({"whole": True})
    assert [r["whole"] for r in Reader(store).runs() if "whole" in r] == [True, False]
