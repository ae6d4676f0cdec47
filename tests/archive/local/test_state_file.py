"""The state is a cache in a file of its own: whatever is wrong with it costs only the state."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state_file import is_noted
from nordcrawl.archive.store.protocol import Put
from nordcrawl.archive.write.recovery import rebuild_state
from nordcrawl.archive.write.writer import Writer
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
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def store(folder: Path) -> Down:
    """Three articles are in the archive, and two wait in the spool, one of them sealed."""
    store = Down()
    run(store, folder, "run-1", 1, 2, 3)
    with open_writer(store, folder, "run-2") as writer:
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


def check(writer: Writer, *numbers: int) -> None:
    """The state knows these articles, and no others."""
    assert [state.url for state in writer.state.urls()] == sorted(map(url_of, numbers))
    assert all(writer.state.article(f"{SOURCE}:{n}") for n in numbers)
    assert writer.state.aliases(f"{SOURCE}:{numbers[0]}") == [url_of(numbers[0])]


@pytest.mark.parametrize("table", ["url", "article", "text", "url_article"])
def test_a_damaged_state_is_made_anew_and_what_waits_is_archived(
    store: Down, folder: Path, table: str
) -> None:
    before = Spool.open(folder, SOURCE)
    writer_id, obeyed = before.writer, before.obeyed()
    before.close()
    spoil(folder / "state.sqlite", table)
    # One who finds it under way leaves it to the next one.
    with pytest.raises(SpoolError, match="the next run drops it"):
        use_all_of_it(store, folder)
    assert is_noted(folder)
    with open_writer(store, folder, "run-5") as writer:
        check(writer, 1, 2, 3, 4, 5)
        assert writer.notes == ["the local state was dropped (a page of it was damaged) and made "
                                "anew from the archive"]  # fmt: skip
        accept(writer, make_record(6, run_id="run-5"))
        assert writer.finish(deadline_s=300).pending_records == 0
    assert not is_noted(folder)
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 7)]
    after = Spool.open(folder, SOURCE)
    assert (after.writer, after.obeyed()) == (writer_id, obeyed)
    after.close()


@pytest.mark.parametrize("body", [None, b"", b"no database, but long enough to be one" * 100])
def test_a_state_that_is_lost_or_no_database_is_made_anew(
    store: Down, folder: Path, body: bytes | None
) -> None:
    for file in folder.glob("state.sqlite*"):
        file.unlink()
    if body is not None:
        (folder / "state.sqlite").write_bytes(body)
    with open_writer(store, folder, "run-3") as writer:
        check(writer, 1, 2, 3, 4, 5)


def test_a_state_that_is_behind_learns_from_the_archive(store: Down, folder: Path) -> None:
    """As after a power cut: it is not synced at each transaction."""
    with open_writer(store, folder, "run-3") as writer:
        accept(writer, make_record(6, run_id="run-3"))
        assert writer.finish(deadline_s=300).pending_records == 0
        old = folder.parent / "old.sqlite"
        with closing(sqlite3.connect(folder / "state.sqlite")) as db:
            db.execute("VACUUM INTO ?", (str(old),))
        for number in (7, 8):  # one of them is committed
            accept(writer, make_record(number, run_id="run-3"))
            store.down = number == 8
            if number == 8:
                finish_in_vain(writer)
            else:
                writer.finish(deadline_s=300)
    store.down = False
    for file in folder.glob("state.sqlite*"):
        file.unlink()
    shutil.move(old, folder / "state.sqlite")
    with open_writer(store, folder, "run-4") as writer:
        check(writer, *range(1, 9))
        assert writer.notes == [], "it was used on"
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 9)]


@pytest.mark.parametrize("how", ["lost", "older"])
def test_a_state_that_knows_more_than_the_spool_had_is_dropped(
    store: Down, folder: Path, how: str
) -> None:
    """What it tells of the lost lines would keep their articles from being archived again."""
    open_writer(store, folder, "run-3").close()
    backup = folder.parent / "backup.sqlite"
    with closing(sqlite3.connect(folder / "spool.sqlite")) as db:
        db.execute("VACUUM INTO ?", (str(backup),))
    store.down = True
    with open_writer(store, folder, "run-4") as writer:
        accept(writer, make_record(6, run_id="run-4"))
    store.down = False
    for file in folder.glob("spool.sqlite*"):
        file.unlink()
    if how == "older":
        shutil.move(backup, folder / "spool.sqlite")
    with open_writer(store, folder, "run-5") as writer:
        check(writer, 1, 2, 3, 4, 5)
        assert len(writer.notes) == 1


def test_a_rebuild_does_not_need_the_old_state(store: Down, folder: Path) -> None:
    spoil(folder / "state.sqlite", "url")
    counts = rebuild_state(store, folder, SOURCE, clock=lambda: START)
    assert counts["urls"] == 5
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 6)]


@pytest.mark.parametrize("table", ["outbox", "part"])
def test_what_waits_is_never_dropped(store: Down, folder: Path, table: str) -> None:
    file = folder / "spool.sqlite"
    spoil(file, table)
    before = file.read_bytes()
    for act in (
        lambda: open_writer(store, folder, "run-3"),
        lambda: rebuild_state(store, folder, SOURCE, clock=lambda: START),
    ):
        with pytest.raises(SpoolError, match="damaged"):
            act()
    assert len(file.read_bytes()) == len(before)
