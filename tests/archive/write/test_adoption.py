"""A sealed part is deleted only when its lines are proven to be elsewhere."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nordcrawl.archive.format.commit import CommitKind
from nordcrawl.archive.format.lines import pack, unpack
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.follow import chain, writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.limits import Limits
from nordcrawl.archive.write.recovery import ship_left_over
from nordcrawl.cli.environment import options_from_environment
from nordcrawl.cli.main import main
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.errors import SpoolError, StoreUnavailable
from tests.support.archive_builders import (
    LIMITS,
    SOURCE,
    accept,
    archive,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import erase, ids, run

#: An article and its ledger line fill a batch, so each makes two parts.
SMALL = Limits(part_bytes=1, group_s=0.0, free_bytes=0)
FIRST, PENDING = range(1, 4), range(4, 10)


class Down(FolderStore):
    """A store that takes no parts while it is down."""

    down = False

    def put(self, key: str, body: bytes, *, content_type: str):
        if self.down and "-v1/" in key:
            raise StoreUnavailable("down")
        return super().put(key, body, content_type=content_type)


@pytest.fixture
def store(tmp_path: Path) -> Down:
    return Down(tmp_path / "archive")


@pytest.fixture
def folder(store: Down, tmp_path: Path) -> Path:
    """A spool with three articles in the archive and six in sealed parts."""
    folder = tmp_path / "state" / SOURCE
    run(store, folder, "run-1", *FIRST)
    with open_writer(store, folder, "run-2", limits=SMALL) as writer:
        store.down = True
        accept(writer, *(make_record(n, run_id="run-2") for n in PENDING))
        while writer._spool.backlog.sealed_lines < 12:
            writer.finish(deadline_s=0.1)
        # As the disk looks to who reads it behind the process's back.
        shutil.copytree(folder, tmp_path / "live", ignore=shutil.ignore_patterns("*-shm", "lock"))
    store.down = False
    assert len(list((folder / "sealed").iterdir())) == 12
    return folder


def lose(folder: Path) -> None:
    for file in folder.glob("spool.sqlite*"):
        file.unlink()


def empty(folder: Path) -> None:
    lose(folder)
    (folder / "spool.sqlite").write_bytes(b"")


def lose_the_log(folder: Path) -> None:
    shutil.rmtree(folder)
    live = folder.parents[1] / "live"
    assert (live / "spool.sqlite-wal").stat().st_size
    shutil.copytree(live, folder, ignore=shutil.ignore_patterns("*-wal"))


def bring_back_a_new_one(folder: Path) -> None:
    lose(folder)
    new = folder.parent / "new"
    open_writer(Down(folder.parents[1] / "another archive"), new).close()
    shutil.copy(new / "spool.sqlite", folder)


LOSSES: list[Callable[[Path], None]] = [lose, empty, lose_the_log, bring_back_a_new_one]


def names(numbers: range) -> list[str]:
    return sorted(f"{SOURCE}:{n}" for n in numbers)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_what_is_sealed_survives_its_database(store: Down, folder: Path, loss: Callable) -> None:  # type: ignore[type-arg]
    loss(folder)
    store.down = True
    with pytest.raises(StoreUnavailable):
        open_writer(store, folder, "run-3")
    with closing(sqlite3.connect(folder / "spool.sqlite")) as db:
        kept = [line for (line,) in db.execute("SELECT line FROM outbox")]
    for file in (folder / "sealed").iterdir():
        kept += unpack(file.read_bytes())
    assert len(set(kept)) == 12, "the store is away, so nothing goes"
    store.down = False
    with open_writer(store, folder, "run-3", limits=SMALL) as writer:
        assert writer.pending_records == 0
        assert {state.url for state in writer.state.urls()} == {url_of(n) for n in range(1, 10)}
        accept(writer, make_record(10, run_id="run-3"))
        assert writer.finish(deadline_s=30).failure is None
    assert sorted(ids(store)) == names(range(1, 11))
    assert list((folder / "sealed").iterdir()) == []
    assert verify(store).damage == 0, verify(store).findings
    told: set[str] = set()
    for writer_id in writers(store):
        for commit in chain(store, writer_id):
            assert commit.kind is CommitKind.APPEND
            lines = [
                json.loads(line) for part in commit.add for line in unpack(store.get(part.key))
            ]
            told |= {line["article_id"] for line in lines if "blocks" in line}
            assert {x["article_id"] for x in lines} <= told, "no line comes before its article"


@pytest.mark.parametrize("loss", [lose, empty, lose_the_log], ids=lambda loss: loss.__name__)
def test_what_was_committed_already_is_not_doubled(
    store: Down, folder: Path, loss: Callable[[Path], None], tmp_path: Path
) -> None:
    """As after a kill between a commit and the deletion of its files."""
    shutil.copytree(folder / "sealed", tmp_path / "kept")
    open_writer(store, folder, "run-3").close()
    assert sorted(ids(store)) == names(range(1, 10))
    before = list(store.list("articles-v1/"))
    loss(folder)
    shutil.copytree(tmp_path / "kept", folder / "sealed", dirs_exist_ok=True)
    open_writer(store, folder, "run-4").close()
    assert list(store.list("articles-v1/")) == before
    assert list((folder / "sealed").iterdir()) == []


def test_a_file_that_a_kill_left_goes_without_a_look_through_the_archive(
    store: Down, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder / "sealed", tmp_path / "kept")
    archive(store, folder, limits=LIMITS)
    newest = sorted((tmp_path / "kept").iterdir(), key=lambda path: path.name[-21:])[-2:]
    for file in newest:
        shutil.copy(file, folder / "sealed")
    monkeypatch.setattr("nordcrawl.archive.write.adoption.take", None)
    open_writer(store, folder, "run-3").close()
    assert list((folder / "sealed").iterdir()) == []
    assert sorted(ids(store)) == names(range(1, 10))


def test_what_was_erased_does_not_come_back(store: Down, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "sealed", tmp_path / "kept")
    open_writer(store, folder, "run-3").close()
    erase(store, tmp_path, url_of(5))
    lose(folder)
    for file in (tmp_path / "kept").iterdir():  # sealed by a copy, so of another digest
        lines = list(unpack(file.read_bytes()))
        changed = [x.replace(b'"run-2"', b'"run-9"') for x in lines]
        (folder / "sealed" / file.name).write_bytes(pack(changed))
    open_writer(store, folder, "run-4").close()
    assert f"{SOURCE}:5" not in [r["article_id"] for r in Reader(store).latest()]
    assert verify(store).damage == 0


@pytest.mark.parametrize("beginning", [None, b""], ids=["missing", "empty"])
def test_a_write_ahead_log_without_its_database_is_refused(
    store: Down, folder: Path, tmp_path: Path, beginning: bytes | None
) -> None:
    lose(folder)
    shutil.copy(tmp_path / "live" / "spool.sqlite-wal", folder)
    if beginning is not None:
        (folder / "spool.sqlite").write_bytes(beginning)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with pytest.raises(SpoolError, match=f"{folder}.*move spool.sqlite") as refusal:
        open_writer(store, folder, "run-3")
    assert str(folder) in str(refusal.value)
    assert {f: f.read_bytes() for f in folder.rglob("*") if f.is_file() and f in before} == before


@pytest.mark.parametrize("where", ["header", "schema", "part", "all"])
def test_a_damaged_database_is_refused_and_what_it_says_helps(
    store: Down, folder: Path, where: str
) -> None:
    path = folder / "spool.sqlite"
    with closing(sqlite3.connect(path)) as db:
        ((root,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'part'").fetchall()
    body = bytearray(path.read_bytes())
    start = {"header": 0, "schema": 100, "part": (root - 1) * 8192, "all": 0}[where]
    size = len(body) if where == "all" else 100
    body[start : start + size] = b"\x55" * size
    path.write_bytes(body)
    sealed = sorted((folder / "sealed").iterdir())
    with pytest.raises(SpoolError, match=rf"{path}: damaged .*Keep a copy of {folder}"):
        open_writer(store, folder, "run-3")
    assert sorted((folder / "sealed").iterdir()) == sealed
    lose(folder)  # as the error says
    open_writer(store, folder, "run-3").close()
    assert sorted(ids(store)) == names(range(1, 10))


def test_a_stray_that_can_not_be_read_is_kept_and_named(store: Down, folder: Path) -> None:
    lose(folder)
    file = min((folder / "sealed").iterdir())
    file.write_bytes(file.read_bytes()[:-9])
    for _ in range(2):
        with pytest.raises(SpoolError, match=r"sealed/article-.*stray: damaged .*keep a copy"):
            open_writer(store, folder, "run-3")
    assert len(list((folder / "sealed").iterdir())) == 12
    assert sorted(ids(store)) == names(FIRST)


def test_ship_and_doctor_see_a_spool_without_its_database(
    store: Down, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    lose(folder)
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_STATE_DIR", str(tmp_path / "machine"))
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_ARCHIVE", str(tmp_path / "archive"))
    (place,) = (folder / SOURCE for folder in archive_folders(options_from_environment(), store))
    shutil.copytree(folder, place)
    assert main(["doctor", "--json"]) == 0
    seen = {x["name"]: x["seen"] for x in json.loads(capsys.readouterr().out)["findings"]}
    assert "missing or empty, but parts are in" in seen[f"spool {SOURCE}"], seen
    assert main(["ship"]) == 0
    assert f"{SOURCE}: " in capsys.readouterr().out
    assert sorted(ids(store)) == names(range(1, 10))
    done = ship_left_over(store, place, SOURCE, clock=lambda: datetime.now(UTC))
    assert (done.commits, done.pending_records) == (0, 0)
