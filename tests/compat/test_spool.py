"""A spool as nordcrawl before 0.3 left it, with the state in the same file: what waits is archived.

``spool-1/``: an archive with articles 1 and 2; in the spool 3 is sealed, and 4 is not.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write.recovery import ship_left_over
from nordcrawl.errors import ExitCode
from tests.archive.local.test_state_file import check, spoil
from tests.support.archive_builders import SOURCE, START, open_writer
from tests.support.archive_runs import ids

SAMPLE = Path(__file__).parent / "spool-1"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    shutil.copytree(SAMPLE, tmp_path, dirs_exist_ok=True)
    with closing(sqlite3.connect(tmp_path / "spool" / "spool.sqlite")) as db:
        db.executescript((tmp_path / "spool" / "spool.sql").read_text("utf-8"))
    return FolderStore(tmp_path / "archive")


def test_what_waits_is_archived_and_the_state_is_made_anew(
    store: FolderStore, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "spool" / "spool.sqlite")) as db:
        ((before,),) = db.execute("SELECT writer FROM own").fetchall()
    with open_writer(store, tmp_path / "spool", "run-3") as writer:
        check(writer, 1, 2, 3, 4)
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 2, 3, 4)]
    spool = Spool.open(tmp_path / "spool", SOURCE)
    assert spool.writer == before
    assert spool.query("SELECT name FROM sqlite_master WHERE name IN ('url', 'article')") == []
    spool.close()


def test_so_by_ship(store: FolderStore, tmp_path: Path) -> None:
    report = ship_left_over(store, tmp_path / "spool", SOURCE, clock=lambda: START)
    assert (report.failure, report.pending_records, report.parts) == (None, 0, 4)
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 2, 3, 4)]
    assert verify(store).damage == 0


@pytest.mark.parametrize("table", ["url", "article"])
def test_so_where_the_old_state_is_damaged(store: FolderStore, tmp_path: Path, table: str) -> None:
    spoil(tmp_path / "spool" / "spool.sqlite", table)
    with open_writer(store, tmp_path / "spool", "run-3") as writer:
        check(writer, 1, 2, 3, 4)


def test_numbers_of_lines_do_not_come_back(store: FolderStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "spool" / "spool.sqlite")) as db:
        ((last,),) = db.execute("SELECT seq FROM sqlite_sequence").fetchall()
    spool = Spool.open(tmp_path / "spool", SOURCE)
    assert spool.new_seq() > last
    spool.close()


@pytest.mark.parametrize("step", ["replace", "unlink"])
def test_a_kill_leaves_the_old_or_the_new_file(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class KilledError(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise KilledError

    real: Callable[..., object] = getattr(Path, step)
    monkeypatch.setattr(Path, step, killed)
    with pytest.raises(KilledError):
        Spool.open(tmp_path / "spool", SOURCE)
    monkeypatch.setattr(Path, step, real)
    open_writer(store, tmp_path / "spool", "run-3").close()
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 2, 3, 4)]
    assert verify(store).exit_code in (ExitCode.WHOLE, ExitCode.PENDING)
