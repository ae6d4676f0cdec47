"""A batch that is held goes to quarantine whole, and nothing that it tells of is known as archived:
whatever the disk, the store or a kill does."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import Put
from nordcrawl.errors import StoreUnavailable
from nordcrawl.model.ledger import Outcome
from tests.archive.keep.test_kills import killed_at
from tests.support.archive_builders import (
    LIMITS,
    SOURCE,
    accept,
    archive,
    finish_in_vain,
    make_entry,
    make_record,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS
from tests.support.held_batches import (
    START_LATER,
    Suspicious,
    archived,
    bad,
    check,
    duplicate,
    finished,
    held,
    ledger,
    opened,
)


def test_a_held_batch_is_no_archived_content(tmp_path: Path) -> None:
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "spool"
    with opened(store, folder, "run-1") as writer:
        accept(writer, make_record(1), make_record(2))
        finished(writer)
        assert writer.held.records == 0
    with opened(store, folder, "run-2", limits=CHECKPOINTS) as writer:
        first = bad(1, revision=2, run_id="run-2", at=START_LATER)
        accept(writer, first, bad(3, run_id="run-2"))
        for entry in (
            duplicate(4, bad(3, run_id="run-2"), "run-2"),
            duplicate(5, make_record(2), "run-2"),
            make_entry(number=6, run_id="run-2", at=START_LATER),
        ):
            writer.accept(entry).result(timeout=300)
        finished(writer)
        assert writer.shipped.records == 0
        assert writer.shipped.ledger_lines == 5
        told = writer.held
        assert (told.records, told.why) == (2, ["one text on all"])
        assert {one.url for one in told.urls} == {url_of(1), url_of(3), url_of(4)}
        assert not writer.checkpoint(), "the state knows what is held"
    assert archived(store) == [f"{SOURCE}:1 1", f"{SOURCE}:2 1"]
    assert held(store) == [url_of(1), url_of(3)]
    assert ledger(store, "run-2") == {
        url_of(1): "quarantined",
        url_of(3): "quarantined",
        url_of(4): "quarantined",
        url_of(5): "duplicate",
        url_of(6): "fetch_failed",
    }
    check(store)
    for state_folder in (folder, tmp_path / "empty"):
        with opened(store, state_folder, f"run-{state_folder.name}") as writer:
            state = writer.state
            one, three, four = (state.url(url_of(n)) for n in (1, 3, 4))
            assert one is not None
            assert three is not None
            assert four is not None
            assert {u.outcome for u in (one, three, four)} == {Outcome.QUARANTINED}
            assert (three.article_id, four.article_id) == (None, None)
            assert one.article_id == f"{SOURCE}:1"
            assert one.etag == '"1-1"', "what is archived is what the validators stand for"
            kept = state.article(f"{SOURCE}:1")
            assert kept is not None
            assert kept.revision == 1
            assert state.article(f"{SOURCE}:3") is None
            assert state.text_owner(bad(3).reading.text_sha256) is None


def test_the_rest_of_a_run_is_held_too(tmp_path: Path) -> None:
    """It was judged by what is held: its revisions come after those, its duplicates are theirs."""
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "spool"
    with opened(store, folder, "run-1") as writer:
        accept(writer, make_record(1))
        finished(writer)
        accept(writer, bad(2))
        finished(writer)
        again = make_record(2, revision=2)  # the same article, at another address of it
        entry = replace(make_entry(again), url=url_of(9))
        writer.accept(entry, again).result(timeout=300)
        accept(writer, make_record(3))
        writer.accept(duplicate(4, make_record(1), "run-1")).result(timeout=300)
        writer.accept(duplicate(5, bad(2), "run-1")).result(timeout=300)
        finished(writer)
        assert writer.held.records == 3
        assert writer.held.why == ["one text on all"]
    assert archived(store) == [f"{SOURCE}:1 1"]
    assert held(store) == [url_of(2), url_of(3), url_of(9)]
    assert ledger(store, "run-1")[url_of(4)] == "duplicate"
    assert ledger(store, "run-1")[url_of(5)] == "quarantined"
    with opened(store, folder, "run-2") as writer:
        accept(writer, make_record(7, run_id="run-2"))
        finished(writer)
    assert archived(store) == [f"{SOURCE}:1 1", f"{SOURCE}:7 1"], "another run begins anew"


def test_what_a_killed_run_left_is_judged_by_the_next(tmp_path: Path) -> None:
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "spool"
    with opened(store, folder, "run-1") as writer:
        accept(writer, make_record(1), bad(2))
    with opened(store, folder, "run-2") as writer:
        assert writer.shipped.records == 0
        assert writer.held.records == 0, "it is not this run's"
        (note,) = writer.notes
        assert "2 records that run run-1 left are in quarantine: one text on all" in note
        assert writer.state.article(f"{SOURCE}:2") is None
    assert (archived(store), held(store)) == ([], [url_of(1), url_of(2)])
    check(store)


def test_a_history_that_cannot_be_read_lets_nothing_pass(tmp_path: Path) -> None:
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "spool"
    judge = Suspicious(StoreUnavailable("get runs/: down"))
    with opened(store, folder, "run-1", judge=judge) as writer:
        accept(writer, bad(1))
        assert finish_in_vain(writer).pending_records == 2
    assert judge.seen
    with opened(store, folder, "run-2") as writer:
        assert writer.pending_records == 0
    assert (archived(store), held(store)) == ([], [url_of(1)])


def test_what_is_held_survives_the_database_of_its_spool(tmp_path: Path) -> None:
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "spool"
    with opened(store, folder, "run-0") as writer:
        finished(writer)
    down = Down(tmp_path / "archive")
    with opened(down, folder, "run-1") as writer:
        accept(writer, bad(1), bad(2))
        down.is_down = True
        finish_in_vain(writer)
    assert sorted(file.name[:10] for file in (folder / "sealed").iterdir()) == [
        "ledger-000", "quarantine",
    ]  # fmt: skip
    for file in folder.glob("spool.sqlite*"):
        file.unlink()
    with opened(store, folder, "run-2") as writer:
        assert writer.pending_records == 0
    assert (archived(store), held(store)) == ([], [url_of(1), url_of(2)])
    assert set(ledger(store, "run-1").values()) == {"quarantined"}
    check(store)


class Down(FolderStore):
    """A folder that takes nothing once it is down."""

    is_down = False

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        if self.is_down:
            raise StoreUnavailable("down")
        return super().put(key, body, content_type=content_type)


def test_without_a_judge_all_is_archived(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    archive(store, tmp_path / "spool", bad(1), bad(2))
    assert len(archived(store)) == 2


def crawl(root: Path) -> None:
    limits = replace(LIMITS, part_bytes=4000)
    with opened(FolderStore(root / "archive"), root / "spool", "run-2", limits=limits) as writer:
        for number in range(1, 7):
            at = START_LATER + timedelta(hours=8 * number)
            make = bad if number == 3 else make_record
            record = make(number, run_id="run-2", at=at, revision=2 if number == 1 else 1)
            writer.accept(make_entry(record), record).result(timeout=300)
        finished(writer)


every = pytest.mark.parametrize(
    "nth", [pytest.param(1, marks=pytest.mark.slow, id="every"), pytest.param(60, id="some")]
)


@every
def test_killed_at_any_write_a_batch_is_held_or_waits(tmp_path: Path, nth: int) -> None:
    for step in itertools.count(1, nth):
        root = tmp_path / str(step)
        store = FolderStore(root / "archive")
        archive(store, root / "spool", make_record(1))
        killed = killed_at(step, lambda: crawl(root))  # noqa: B023
        with opened(store, root / "spool", "run-3") as writer:
            assert writer.pending_records == 0
            assert writer.state.article(f"{SOURCE}:3") is None
        told = ledger(store, "run-2")
        records = {r["url"] for r in Reader(store).records() if r["run_id"] == "run-2"}
        quarantined = set(held(store))
        assert not records & quarantined, "twice"
        assert records | quarantined == told.keys(), "lost"
        assert {url for url, how in told.items() if how == "quarantined"} == quarantined
        assert (url_of(3) in quarantined) == (url_of(3) in told)
        check(store)
        if not killed:
            assert len(told) == 6
            break
    assert step > 20
