"""What others do meanwhile is no damage, and what people leave in folders is none either."""

from __future__ import annotations

import gzip
import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl import Archive
from nordcrawl.archive.format import keys
from nordcrawl.archive.format.lease import claim_key, of_source
from nordcrawl.archive.format.probe import probe_of
from nordcrawl.archive.keep.compact import _replace, compact
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.read.disjoint import disjoint
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ArchiveDamaged, ExitCode, ObjectMissing, SpoolError, StoreRefused
from tests.support.archive_builders import SOURCE, START, archive, make_record, url_of
from tests.support.archive_runs import CHECKPOINTS, erase, ids, run
from tests.support.interleaving import woven_time
from tests.support.memory_store import MemoryStore

DAYS = timedelta(days=2)


def keeper(store: MemoryStore) -> Maintainer:
    return Maintainer(store, lambda: store.now, pause=store.tick)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    store = MemoryStore()
    for number in range(1, 5):
        archive(store, tmp_path / "spool", make_record(number))
    return store


def overlap(store: MemoryStore, tmp_path: Path) -> None:
    """Two compactions side by side; one sees articles that came after the other began."""
    one, two = keeper(store), keeper(store)
    commit = one.commit

    def held_up(*values: Any) -> Any:
        archive(store, tmp_path / "late", make_record(5), make_record(6, run_id="run-1"))
        compact(two, grace=DAYS)
        return commit(*values)

    one.commit = held_up  # type: ignore[method-assign, assignment]
    compact(one, grace=DAYS)


def lines_in(store: MemoryStore, keys: list[str]) -> list[str]:
    return sorted(
        json.loads(line)["article_id"]
        for key in keys
        for line in gzip.decompress(store.get(key)).splitlines()
    )


def test_files_name_no_line_twice_though_two_parts_hold_it(
    store: MemoryStore, tmp_path: Path
) -> None:
    overlap(store, tmp_path)
    snapshot = take(store)
    articles = [part for part in snapshot.live if part.entry.key.startswith("articles")]
    assert sum(part.entry.records for part in articles) == 10, "else nothing is doubled"
    keys = [p.entry.key for p in disjoint(snapshot) if p.entry.key.startswith("articles")]
    assert lines_in(store, keys) == [f"{SOURCE}:{n}" for n in range(1, 7)]


def test_where_no_choice_is_right_the_files_are_refused_until_the_next_compaction(
    store: MemoryStore,
) -> None:
    one, two, three, _ = (p for p in take(store).live if p.entry.key.startswith("articles"))
    for parts in ([one, two], [two, three]):
        _replace(keeper(store), SOURCE, [parts], 1 << 20)
    with pytest.raises(StoreRefused, match="run nordcrawl compact"):
        disjoint(take(store))
    before = ids(store)
    assert before == [f"{SOURCE}:{n}" for n in range(1, 5)]
    compact(keeper(store), part_bytes=one.entry.bytes)
    live = take(store).live
    assert sum(p.entry.records for p in live if p.entry.key.startswith("articles")) == 4
    assert disjoint(take(store)) == list(live)
    assert ids(store) == before
    assert verify(store).damage == 0


def test_overlapping_parts_are_mended_though_they_do_not_fit_into_one(
    store: MemoryStore, tmp_path: Path
) -> None:
    overlap(store, tmp_path)
    size = max(part.entry.bytes for part in take(store).live)
    compact(keeper(store), part_bytes=size // 2)
    live = take(store).live
    assert sum(p.entry.records for p in live if p.entry.key.startswith("articles")) == 6
    assert len([p for p in live if p.entry.key.startswith("articles")]) > 1
    assert sorted(ids(store)) == [f"{SOURCE}:{n}" for n in range(1, 7)]
    assert verify(store).damage == 0


class Meanwhile(MemoryStore):
    """A whole compaction comes before the first gets of parts, several times."""

    times = 0
    added = 0

    def get(self, key: str) -> bytes:
        if self.times and key.startswith("articles-v1/"):
            self.times -= 1
            times, self.times = self.times, 0
            self.added += 1
            number = 10 + self.added
            archive(self, self.folder / f"more-{number}", make_record(number))
            compact(keeper(self))
            self.times = times
        return super().get(key)

    folder: Path


@pytest.fixture
def busy(tmp_path: Path) -> Meanwhile:
    store = Meanwhile()
    store.folder = tmp_path
    for number in range(1, 5):
        archive(store, tmp_path / "spool", make_record(number))
    return store


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_reader_follows_what_is_moved_again_and_again(busy: Meanwhile, times: int) -> None:
    busy.times = times
    read = [record["article_id"] for record in Reader(busy).records()]
    assert read == [f"{SOURCE}:{n}" for n in range(1, 5)]
    assert busy.times == 0


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_compaction_and_a_look_go_on_with_a_newer_log(busy: Meanwhile, times: int) -> None:
    busy.times = times
    compact(keeper(busy))
    assert busy.added >= 1
    seen, busy.times = busy.added, times
    assert verify(busy).damage == 0
    assert busy.added >= seen + 1
    busy.times = 0
    assert len(ids(busy)) == 4 + busy.added


def test_a_part_that_is_gone_and_that_nobody_removed_is_damage(store: MemoryStore) -> None:
    part = next(part for part in take(store).live if part.entry.key.startswith("articles"))
    del store.objects[part.entry.key]
    with pytest.raises(ArchiveDamaged, match=part.entry.key):
        ids(store)
    with pytest.raises(ArchiveDamaged, match=part.entry.key):
        compact(keeper(store))
    assert store.deleted == []
    assert verify(store).exit_code is ExitCode.DAMAGED


# --- a store's mistakes ---------------------------------------------------------------------


def kept(tmp_path: Path) -> MemoryStore:
    """An archive that has been erased in and compacted, with checkpoints."""
    store = MemoryStore()
    for number in (1, 2, 3):
        run(store, tmp_path / "spool", f"run-{number}", number, limits=CHECKPOINTS, captures=True)
    assert erase(store, tmp_path, url_of(2)).left == []
    compact(keeper(store))
    return store


def test_a_missing_that_is_a_mistake_is_no_finding(tmp_path: Path) -> None:
    """Whenever it is said, of whatever there is."""
    store = kept(tmp_path)
    get, calls, wrong = store.get, 0, 0

    def mistaken(key: str) -> bytes:
        nonlocal calls
        calls += key in store.objects
        if key in store.objects and calls == wrong:
            raise ObjectMissing(f"get {key}")
        return get(key)

    store.get = mistaken  # type: ignore[method-assign]
    with woven_time(store):
        while calls >= wrong:
            calls, wrong = 0, wrong + 1
            found = verify(store).findings
            assert [(f.key, f.what) for f in found if f.severity is not Severity.NOTE] == []
    assert wrong > 25


def test_an_erasure_is_done_though_its_receipt_is_missing_by_mistake(tmp_path: Path) -> None:
    store = kept(tmp_path)
    (receipt,) = (key for key in store.objects if key.endswith("/receipt.json"))
    store.missing[receipt] = 1
    with woven_time(store):
        assert read_erasures(store).open_orders == ()


@pytest.mark.parametrize("parts_only", [True, False])
def test_a_checkpoint_that_goes_while_it_is_looked_at_is_no_damage(
    tmp_path: Path, *, parts_only: bool
) -> None:
    store = kept(tmp_path)
    oldest = min(key for key in store.objects if keys.manifest_of(key) == key)
    part = next(key for key in store.objects if keys.manifest_of(key) == oldest != key)

    def progress(done: int, to_do: int) -> None:
        if done == to_do:  # facts and parts have been read, and checkpoints come next
            store.delete(part)
            if not parts_only:
                store.delete(oldest)

    with woven_time(store):
        found = verify(store, progress)
    assert found.damage == 0
    assert found.unfinished == parts_only


def test_a_full_disk_for_temporary_files_is_told(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("sqlite3.connect", full)
    for read in (verify, lambda store: list(Reader(store).latest())):
        with pytest.raises(SpoolError, match="disk is full"):
            read(store)


# --- folders --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["photos", "data.parquet", "README.md", "Makefile"])
def test_a_folder_of_something_else_becomes_no_archive(tmp_path: Path, name: str) -> None:
    root = tmp_path / "archive"
    root.mkdir()
    (root / name).write_text("mine")
    with pytest.raises(StoreRefused, match=f"{name} is there"):
        FolderStore(root).probe()
    assert [file.name for file in root.iterdir()] == [name]


OWN = (
    *keys.PART_FOLDERS, keys.commit_key("00aa11bb22", 1), keys.run_key("r"), keys.schema_key("s"),
    keys.erasure_key("o", "order"), keys.decision_key("r", "drop"), keys.checkpoint_key("a", "n"),
    keys.catalog_key("c"), claim_key(of_source("a"), START, 0), probe_of("00aa11bb22")[0],
)  # fmt: skip


@pytest.mark.parametrize(
    "name", [".DS_Store", ".Trash-1000", "lost+found", *(key.partition("/")[0] for key in OWN)]
)
def test_a_new_disk_and_an_archive_without_marker_do(tmp_path: Path, name: str) -> None:
    root = tmp_path / "archive"
    (root / name).mkdir(parents=True)
    FolderStore(root).probe()
    assert (root / "_nordcrawl.json").exists()


@pytest.mark.parametrize("target", ["elsewhere", "archive"])
def test_a_link_to_a_folder_is_not_followed(tmp_path: Path, target: str) -> None:
    root = tmp_path / "archive"
    store = FolderStore(root)
    run(store, tmp_path / "spool", "run-1", 1)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.json").write_text("{}")
    (root / "runs" / "more").symlink_to(tmp_path / target)
    assert [e.key for e in store.list("runs/")] == ["runs/run-1.json"]
    found = verify(store)
    assert [(f.severity, f.key) for f in found.findings] == [(Severity.DAMAGE, "runs/more")]


def test_an_archive_in_which_somebody_left_files_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    store = FolderStore(root)
    run(store, tmp_path / "spool", "run-1", 1)
    (root / "README").write_text("what this is")
    (root / "readme.txt").write_text("what this is")
    (root / ".DS_Store").write_bytes(b"\0")
    (root / "articles-v1" / ".DS_Store").write_bytes(b"\0")
    (root / "articles-v1" / "Thumbs.db").write_bytes(b"\0")
    run(store, tmp_path / "spool", "run-2", 2)
    found = verify(store)
    assert (found.exit_code, found.notes) == (ExitCode.WHOLE, 5)
    assert {f.severity for f in found.findings} == {Severity.NOTE}
    assert len(Archive(root).files()) == 4
    (root / "articles-v1" / "more.jsonl.gz").write_bytes(b"\0")
    assert verify(store).exit_code is ExitCode.DAMAGED
