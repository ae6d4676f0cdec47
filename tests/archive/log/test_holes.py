"""A commit that is lost in the middle of a log is named by everyone who reads, and never passed
over."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nordcrawl import Archive
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.keys import commit_key
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import Plan, plan_erasure
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import ObjectEntry
from nordcrawl.cli.main import main
from nordcrawl.errors import ArchiveDamaged, ExitCode, ObjectMissing
from tests.support.archive_builders import (
    START,
    FileStore,
    archive,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import maintainer, run


class Lagging(FileStore):
    """Counts what it is asked, and can be behind: with its listing, or with single objects."""

    unlisted: frozenset[str] = frozenset()

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.asked: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        """How often a key is still said to be missing."""

    def get(self, key: str) -> bytes:
        if key.startswith("commits/"):
            self.asked["get"] += 1
        if self.late[key] > 0:
            self.late[key] -= 1
            raise ObjectMissing(f"get {key}")
        return super().get(key)

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        self.asked[f"list {prefix}"] += 1
        yield from (entry for entry in super().list(prefix) if entry.key not in self.unlisted)


@pytest.fixture
def store(tmp_path: Path) -> Lagging:
    """Six commits of one writer, an article each."""
    store = Lagging(tmp_path / "archive")
    for number in range(1, 7):
        archive(store, tmp_path / "spool", make_record(number))
    return store


def lose(store: FileStore, *seqs: int) -> list[str]:
    (writer,) = writers(store)
    keys = [commit_key(writer, seq) for seq in seqs]
    for key in keys:
        (store.root / key).unlink()
    return keys


def ids(reader: Reader) -> list[str]:
    return [record["article_id"] for record in reader.records()]


READINGS: dict[str, Callable[[FileStore], object]] = {
    "records": lambda store: list(Reader(store).records()),
    "latest": lambda store: list(Reader(store).latest()),
    "ledger": lambda store: list(Reader(store).ledger()),
    "api": lambda store: list(Archive(store.root).articles()),
    "api ledger": lambda store: list(Archive(store.root).ledger()),
    "changes": lambda store: list(Archive(store.root).changes()),
    "files": lambda store: Archive(store.root).files(),
}


@pytest.mark.parametrize("how", READINGS)
@pytest.mark.parametrize("lost", [[1], [3], [5], [2, 3, 4], [1, 5]], ids=str)
def test_every_reading_names_a_hole(store: Lagging, how: str, lost: list[int]) -> None:
    first, *_ = lose(store, *lost)
    with pytest.raises(ArchiveDamaged, match=f"{first}: missing in the log") as damage:
        READINGS[how](store)
    assert damage.value.exit_code is ExitCode.DAMAGED


@pytest.mark.parametrize("seen", [1, 2, 3])
def test_a_cursor_names_a_hole_ahead_of_it(store: Lagging, seen: int) -> None:
    (writer,) = writers(store)
    cursor = Cursor({writer: seen})
    (key,) = lose(store, 4)
    with pytest.raises(ArchiveDamaged, match=key):
        Reader(store).snapshot(cursor)
    with pytest.raises(ArchiveDamaged, match=key):
        Archive(store.root).changes(str(cursor))


def test_a_crawler_does_not_catch_up_over_a_hole(store: Lagging, tmp_path: Path) -> None:
    (key,) = lose(store, 4)
    with pytest.raises(ArchiveDamaged, match=key):
        open_writer(store, tmp_path / "other", "run-2")


SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda body: b"",
    "cut short": lambda body: body[: len(body) // 2],
    "another byte": lambda body: body.replace(b"run-1", b"run-7", 1),
    "another predecessor": lambda body: _with_predecessor(body, "0" * 64),
}


def _with_predecessor(body: bytes, sha256: str) -> bytes:
    values = json.loads(body)
    del values["sha256"]
    return encode_sealed({**values, "prev_sha256": sha256})


@pytest.mark.parametrize("how", SPOILED)
def test_a_commit_that_is_none_is_named_and_can_be_read_past(store: Lagging, how: str) -> None:
    (writer,) = writers(store)
    path = store.root / commit_key(writer, 3)
    path.write_bytes(SPOILED[how](path.read_bytes()))
    with pytest.raises(ArchiveDamaged, match=commit_key(writer, 3)):
        ids(Reader(store))
    told: list[ArchiveDamaged] = []
    found = ids(Reader(store, damaged=told.append))
    assert len(told) == (2 if how == "another predecessor" else 1), "its successor is of another"
    assert set(found) >= {f"example:{n}" for n in (1, 2, 4, 5, 6)}


def test_holes_can_be_read_past(store: Lagging) -> None:
    keys = lose(store, 2, 3, 5)
    told: list[ArchiveDamaged] = []
    assert ids(Reader(store, damaged=told.append)) == ["example:1", "example:4", "example:6"]
    assert [str(error).partition(":")[0] for error in told] == keys


def test_a_listing_that_lags_hides_nothing_and_is_no_hole(store: Lagging) -> None:
    (writer,) = writers(store)
    store.unlisted = frozenset(commit_key(writer, seq) for seq in (3, 5, 6))
    assert len(ids(Reader(store))) == 6
    store.unlisted = frozenset(commit_key(writer, seq) for seq in range(1, 7))
    assert Reader(store).snapshot(Cursor({writer: 1})).cursor.seen == {writer: 6}
    lose(store, 5)  # the sixth comes along, as several are asked for at once
    with pytest.raises(ArchiveDamaged, match=commit_key(writer, 5)):
        Reader(store).snapshot(Cursor({writer: 1}))


def test_an_object_that_is_late_is_no_hole(store: Lagging) -> None:
    (writer,) = writers(store)
    store.late.update({commit_key(writer, 1): 1, commit_key(writer, 4): 2})
    assert len(ids(Reader(store))) == 6


def test_a_commit_put_while_the_log_is_read_is_no_hole(tmp_path: Path) -> None:
    class Racing(Lagging):
        """Puts two commits while it says that the first of them is not there yet."""

        def get(self, key: str) -> bytes:
            try:
                return super().get(key)
            except ObjectMissing:
                if key.startswith("commits/") and key.endswith("2.json"):
                    for number in (2, 3):
                        archive(FileStore(self.root), tmp_path / "spool", make_record(number))
                raise

    store = Racing(tmp_path / "archive")
    archive(store, tmp_path / "spool", make_record(1))
    assert len(ids(Reader(store))) in (1, 3)


def test_a_look_at_the_logs_costs_a_listing_and_one_get_more_than_there_are_commits(
    store: Lagging, tmp_path: Path
) -> None:
    for number in range(10, 14):
        archive(store, tmp_path / f"spool{number}", make_record(number))
    store.asked.clear()
    cursor = Reader(store).snapshot().cursor
    assert store.asked == {"list catalog/": 1, "list commits/": 1, "get": 6 + 4 + 5}
    store.asked.clear()
    Reader(store).snapshot(cursor)
    assert store.asked == {"list catalog/": 1, "list commits/": 1, "get": 5}


def test_what_is_closed_with_a_hole_behind_its_own_head_goes_on(
    store: Lagging, tmp_path: Path
) -> None:
    lose(store, 2)  # this spool knows what came before
    with closing(open_writer(store, tmp_path / "spool", "run-2")) as writer:
        assert writer.state.counts()["urls"] == 6


# --- what deletes ------------------------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> FolderStore:
    """Six commits of one writer, each run with its report, all of it a month old."""
    store = FolderStore(tmp_path / "archive")
    for number in range(1, 7):
        run(store, tmp_path / "spool", f"run-{number}", number)
    month_ago = time.time() - 30 * 86400
    for path in (tmp_path / "archive").rglob("*.*"):
        os.utime(path, (month_ago, month_ago))
    return store


def all_of(store: FolderStore) -> set[str]:
    return {entry.key for entry in store.list("")}


@pytest.mark.parametrize("lost", [1, 3, 6], ids=["first", "middle", "last"])
def test_nothing_is_compacted_or_erased_while_a_commit_is_missing(
    old: FolderStore, tmp_path: Path, lost: int
) -> None:
    (writer,) = writers(old)
    key = commit_key(writer, lost)
    (tmp_path / "archive" / key).unlink()
    before = all_of(old)
    with maintainer(old, tmp_path) as kept:
        for dry_run in (True, False):
            with pytest.raises(ArchiveDamaged, match=key):
                compact(kept, dry_run=dry_run)
        with pytest.raises(ArchiveDamaged, match=key):
            plan_erasure(old, [url_of(2)], [])
        assert all_of(old) == before
        order = Plan(urls={url_of(2)}).order("", START)  # it stood before the commit was lost
        put_order(old, order)
        with pytest.raises(ArchiveDamaged, match=key):
            finish(kept, order)
    assert all_of(old) == before | {order.key}


def test_nothing_is_compacted_while_the_last_commit_is_another(
    old: FolderStore, tmp_path: Path
) -> None:
    (writer,) = writers(old)
    path = tmp_path / "archive" / commit_key(writer, 6)
    values = json.loads(path.read_bytes())
    del values["sha256"]
    path.write_bytes(encode_sealed({**values, "run_id": "another"}))
    before = all_of(old)
    with maintainer(old, tmp_path) as kept, pytest.raises(ArchiveDamaged, match="another commit"):
        compact(kept)
    assert all_of(old) == before


def test_a_lost_commit_of_an_earlier_maintenance_is_told(old: FolderStore, tmp_path: Path) -> None:
    with maintainer(old, tmp_path) as kept:
        compact(kept)
        own = str(kept.head["writer"])
    run(old, tmp_path / "spool", "run-7", 7)
    with maintainer(old, tmp_path) as kept:
        compact(kept)
    (tmp_path / "archive" / commit_key(own, 1)).unlink()
    before = all_of(old)
    with maintainer(old, tmp_path) as kept:
        assert kept.head["writer"] != own
        with pytest.raises(ArchiveDamaged, match=commit_key(own, 1)):
            compact(kept)
    assert all_of(old) == before


def test_one_spurious_404_deletes_nothing_that_counts(old: FolderStore, tmp_path: Path) -> None:
    late = Counter(commit_key(writers(old)[0], seq) for seq in (1, 3, 6))

    class Spurious(FolderStore):
        def get(self, key: str) -> bytes:
            if late[key] > 0:
                late[key] -= 1
                raise ObjectMissing(f"get {key}")
            return super().get(key)

    with maintainer(old, tmp_path) as kept:
        kept.store = Spurious(tmp_path / "archive")
        compact(kept)
    assert len(list(Reader(old).records())) == 6
    assert verify(old).exit_code is ExitCode.WHOLE


def test_the_commands_say_what_is_missing(
    old: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr("nordcrawl.settings.NORDCRAWL_ARCHIVE", str(tmp_path / "archive"))
    key = commit_key(writers(old)[0], 3)
    (tmp_path / "archive" / key).unlink()
    before = all_of(old)
    for command in (["compact"], ["erase", "--url", url_of(2), "--execute"]):
        assert main(command) == 13
        assert key in capsys.readouterr().err
    assert all_of(old) == before
