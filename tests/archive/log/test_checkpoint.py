"""A checkpoint saves time, and is never needed."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.local import checkpoint_rows
from nordcrawl.archive.log.checkpoint import (
    CheckpointPolicy,
    checkpoint_keys,
    put_checkpoint,
    read_rows,
)
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.write import catch_up
from nordcrawl.archive.write.recovery import rebuild_state
from nordcrawl.errors import ExitCode
from tests.support.archive_builders import LIMITS, SOURCE, accept, make_record, open_writer
from tests.support.archive_runs import CHECKPOINTS, maintainer, now, run


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "archive")
    for number in range(1, 4):
        assert run(store, tmp_path / "spool", f"run-{number}", number, limits=CHECKPOINTS)
    run(store, tmp_path / "other", "run-4", 4)
    return store


def state_of(store: FolderStore, folder: Path) -> list[dict[str, object]]:
    with open_writer(store, folder, "run-9") as writer:
        return list(checkpoint_rows.dump(writer.state.database))


def test_an_empty_disk_begins_with_it(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded: list[int] = []
    fold = catch_up._fold

    def counted(spool: object, state: object, entries: list[object], also: object) -> None:
        folded.append(len(entries))
        fold(spool, state, entries, also)  # type: ignore[arg-type]

    monkeypatch.setattr(catch_up, "_fold", counted)
    assert state_of(store, tmp_path / "new disk") == state_of(store, tmp_path / "spool")
    assert sum(folded) == 2, "only what came after it, here and there"


def test_without_it_the_state_is_the_same(store: FolderStore, tmp_path: Path) -> None:
    before = state_of(store, tmp_path / "one")
    for key in checkpoint_keys(store, SOURCE):
        store.delete(key)
    assert state_of(store, tmp_path / "two") == before


@pytest.mark.parametrize("what", ["manifest", "part", "missing part"])
def test_a_damaged_one_is_passed_over(
    store: FolderStore, tmp_path: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = state_of(store, tmp_path / "one")
    newest = checkpoint_keys(store, SOURCE)[0]
    part = Checkpoint.decode(newest, store.get(newest)).parts[0].key
    file = tmp_path / "archive" / (newest if what == "manifest" else part)
    if what == "missing part":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-5] + b"xxxxx")
    with caplog.at_level(logging.WARNING):
        assert state_of(store, tmp_path / "two") == before
    assert f"checkpoint not used: {newest}" in caplog.text
    wanted = ExitCode.PENDING if what == "missing part" else ExitCode.DAMAGED
    assert verify(store).exit_code is wanted


def test_rebuild_takes_it_or_the_ledger(store: FolderStore, tmp_path: Path) -> None:
    first = state_of(store, tmp_path / "spool")
    for checkpoints in (True, False):
        counts = rebuild_state(
            store, tmp_path / "spool", SOURCE, clock=now, checkpoints=checkpoints
        )
        assert counts == {"urls": 4, "articles": 4, "texts": 4}
        assert state_of(store, tmp_path / "spool") == first


def test_it_is_written_when_it_saves_more_than_it_costs(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    limits = replace(LIMITS, checkpoints=CheckpointPolicy(lines=4))
    written = [
        run(store, tmp_path / "spool", f"run-{n}", 2 * n, 2 * n + 1, limits=limits)
        for n in range(1, 9)
    ]
    # After 4 lines; then once as many came as there are URLs, so ever more seldom.
    assert written == [False, True, False, True, False, False, False, True]
    assert verify(store).exit_code is ExitCode.WHOLE


def test_none_is_written_while_something_waits(store: FolderStore, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "spool", "run-5", limits=CHECKPOINTS) as writer:
        accept(writer, make_record(9, run_id="run-5"))
        assert not writer.checkpoint()
        writer.finish(deadline_s=300)
        assert writer.checkpoint()


def test_compaction_keeps_the_two_newest(store: FolderStore, tmp_path: Path) -> None:
    newest = checkpoint_keys(store, SOURCE)[:2]
    with maintainer(store, tmp_path) as kept:
        compact(kept)
    assert checkpoint_keys(store, SOURCE) == newest
    assert verify(store).exit_code is ExitCode.WHOLE
    assert len(list(Reader(store).records())) == 4


def test_many_rows_go_into_several_parts(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    rows = [{"table": "url", "url": f"https://example.org/{n}"} for n in range(100)]
    done = put_checkpoint(
        store, SOURCE, rows, {}, "00aa11bb22", now(), CheckpointPolicy(part_bytes=1000)
    )
    assert done is not None
    assert len(done.parts) > 3
    assert list(read_rows(store, done)) == rows
