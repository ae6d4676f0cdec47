"""A damaged page of the state costs the state, which is a cache, and nothing that waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from nordcrawl.archive.local.salvage import is_noted, salvage
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.store.protocol import Put
from nordcrawl.archive.write.writer import rebuild_state
from nordcrawl.errors import SpoolError, StoreUnavailable
from tests.support.archive_builders import (
    SOURCE,
    START,
    accept,
    finish_in_vain,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import ids, run
from tests.support.memory_store import MemoryStore


class Down(MemoryStore):
    down = False

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        if self.down and key.startswith(("articles", "ledger", "commits")):
            raise StoreUnavailable("down")
        return super().put(key, body, content_type=content_type)


@pytest.fixture
def store(tmp_path: Path) -> Down:
    """Three articles are in the archive, and two wait in the spool, one of them sealed."""
    store = Down()
    run(store, tmp_path / "spool", "run-1", 1, 2, 3)
    with open_writer(store, tmp_path / "spool", "run-2") as writer:
        store.down = True
        accept(writer, make_record(4, run_id="run-2"))
        finish_in_vain(writer)
        accept(writer, make_record(5, run_id="run-2"))
    store.down = False
    return store


def spoil(file: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((page,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        ((size,),) = db.execute("PRAGMA page_size")
    with file.open("r+b") as raw:
        raw.seek((page - 1) * size)
        raw.write(b"\xff" * size)


def use_all_of_it(store: Down, folder: Path) -> None:
    with open_writer(store, folder, "run-3") as writer:
        list(writer.state.urls())
        writer.state.aliases(f"{SOURCE}:2")
        accept(writer, make_record(9, run_id="run-3"))


@pytest.mark.parametrize("table", ["url", "article", "text", "url_article"])
def test_the_state_is_made_anew_and_what_waits_is_archived(
    store: Down, tmp_path: Path, table: str
) -> None:
    before = Spool.open(tmp_path / "spool", SOURCE)
    writer_id, obeyed = before.writer, before.obeyed()
    before.close()
    spoil(tmp_path / "spool" / "spool.sqlite", table)
    # One who finds it under way leaves it to the next one.
    with pytest.raises(SpoolError, match="the state is made anew"):
        use_all_of_it(store, tmp_path / "spool")
    assert is_noted(tmp_path / "spool" / "spool.sqlite")
    with open_writer(store, tmp_path / "spool", "run-5") as writer:
        assert len(list(writer.state.urls())) == 5
        assert all(writer.state.url(url_of(n)) for n in range(1, 6))
        assert writer.state.aliases(f"{SOURCE}:2") == [url_of(2)]
        accept(writer, make_record(6, run_id="run-5"))
        assert writer.finish(deadline_s=300).pending_records == 0
        assert not is_noted(tmp_path / "spool" / "spool.sqlite")
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 7)]
    after = Spool.open(tmp_path / "spool", SOURCE)
    assert (after.writer, after.obeyed()) == (writer_id, obeyed)
    after.close()


def test_a_rebuild_does_not_need_the_old_state(store: Down, tmp_path: Path) -> None:
    spoil(tmp_path / "spool" / "spool.sqlite", "url")
    counts = rebuild_state(store, tmp_path / "spool", SOURCE, clock=lambda: START)
    assert counts["urls"] == 5
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 6)]


@pytest.mark.parametrize("table", ["outbox", "part"])
def test_what_waits_is_never_dropped(store: Down, tmp_path: Path, table: str) -> None:
    file = tmp_path / "spool" / "spool.sqlite"
    spoil(file, table)
    before = file.read_bytes()
    for act in (
        lambda: open_writer(store, tmp_path / "spool", "run-3"),
        lambda: rebuild_state(store, tmp_path / "spool", SOURCE, clock=lambda: START),
    ):
        with pytest.raises(SpoolError, match="damaged"):
            act()
    assert len(file.read_bytes()) == len(before)
    assert not list(file.parent.glob("*.new"))


def test_numbers_of_lines_do_not_come_back(store: Down, tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", SOURCE)
    last = spool.new_seq()
    spool.close()
    salvage(tmp_path / "spool" / "spool.sqlite", SOURCE)
    spool = Spool.open(tmp_path / "spool", SOURCE)
    assert spool.new_seq() > last
    spool.close()


@pytest.mark.parametrize("step", ["replace", "unlink"])
def test_a_kill_leaves_the_old_or_the_new_file(
    store: Down, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    real: Callable[..., object] = getattr(Path, step)
    monkeypatch.setattr(Path, step, killed)
    with pytest.raises(KilledError):
        salvage(tmp_path / "spool" / "spool.sqlite", SOURCE)
    monkeypatch.setattr(Path, step, real)
    open_writer(store, tmp_path / "spool", "run-3").close()
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 6)]
