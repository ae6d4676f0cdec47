"""Logs end, and a catalog says which ones, so that nobody asks for more of them; without it all is
the same, but slower."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.format.catalog import Catalog
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.keys import catalog_key
from nordcrawl.archive.format.receipt import Receipt, parse_receipt_key
from nordcrawl.archive.keep.compact import Compacted, compact
from nordcrawl.archive.keep.delete import UnprovenError
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.proofs import Continued
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.log import catalog as catalog_module
from nordcrawl.archive.log.catalog import newest_catalog
from nordcrawl.archive.log.checkpoint import checkpoint_keys
from nordcrawl.archive.log.follow import chain, writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ExitCode, UsageError
from tests.support.archive_builders import SOURCE, accept, make_record, open_writer, url_of
from tests.support.archive_runs import CHECKPOINTS, erase
from tests.support.archive_runs import run as whole_run
from tests.support.memory_store import MemoryStore

RUNS = 20


class Counting(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def get(self, key: str) -> bytes:
        self.calls[f"get {key.partition('/')[0]}"] += 1
        return super().get(key)


@pytest.fixture(autouse=True)
def two_are_worth_a_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "WORTH", 2)


def run(store: Store, spool: Path, number: int, *, last: bool = True) -> str:
    """A whole run; returns the id of its writer."""
    with open_writer(store, spool, f"run-{number}") as writer:
        accept(writer, make_record(number, run_id=f"run-{number}"))
        report = writer.finish(deadline_s=300, last=last)
        assert (report.failure, report.pending_records) == (None, 0)
        return writer._spool.writer


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    """Many runs, each on a machine of its own."""
    store = Counting()
    for number in range(RUNS):
        run(store, tmp_path / f"machine-{number}", number)
    return store


def keep(store: MemoryStore) -> Compacted:
    return compact(Maintainer(store, lambda: store.now, pause=store.tick))


def read(store: Store, cursor: str | None) -> tuple[list[int], str]:
    reader = Reader(store)
    snapshot = reader.snapshot(Cursor.parse(cursor) if cursor else None)
    found = [int(r["article_id"].partition(":")[2]) for r in reader.records_of(snapshot)]
    return sorted(found), str(snapshot.cursor)


# --- logs ---------------------------------------------------------------------------------------


def test_a_kept_spool_closes_one_log_and_goes_on_in_another(tmp_path: Path) -> None:
    store, spool = MemoryStore(), tmp_path / "spool"
    first, second, third = (run(store, spool, number) for number in range(3))
    assert (first != second, second) == (True, third)
    assert [commit.closed for commit in chain(store, first)] == [True]
    assert [commit.closed for commit in chain(store, second)] == [False, False]
    assert read(store, None)[0] == [0, 1, 2]
    assert verify(store).damage == 0


def test_what_comes_behind_the_end_goes_out_as_another_writer(tmp_path: Path) -> None:
    store = MemoryStore()
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        assert writer.finish(deadline_s=300, last=True).failure is None
        accept(writer, make_record(2))
        assert writer.finish(deadline_s=300, last=True).failure is None
    assert [[c.closed for c in chain(store, name)] for name in writers(store)] == [[True]] * 2
    assert read(store, None)[0] == [1, 2]


def test_a_kill_behind_the_last_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, spool = MemoryStore(), tmp_path / "spool"

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Spool, "mark_committed", killed)
        with open_writer(store, spool) as writer:
            accept(writer, make_record(1))
            writer._shipper.closing = True
            writer._shipper.seal_all()
            with pytest.raises(KeyboardInterrupt):
                writer._shipper.ship()
    run(store, spool, 2, last=False)
    assert sorted([c.closed for c in chain(store, w)] for w in writers(store)) == [[False], [True]]
    assert read(store, None)[0] == [1, 2]
    assert verify(store).damage == 0


# --- the catalog --------------------------------------------------------------------------------


def test_ended_logs_leave_the_cursor_and_are_asked_for_no_more(
    store: Counting, tmp_path: Path
) -> None:
    found, long = read(store, None)
    assert found == list(range(RUNS))
    assert keep(store).ended == RUNS + 1, "and that compaction's own"
    found, short = read(store, long)
    assert found == []
    assert (len(long) > 7 * RUNS, len(short) < 50) == (True, True)
    store.calls.clear()
    assert read(store, short) == ([], short)
    assert store.calls == {"get catalog": 1}

    run(store, tmp_path / "another", 77)
    for cursor in (long, short):
        assert read(store, cursor)[0] == [77]
    keep(store)
    for cursor in (long, short):
        assert read(store, cursor)[0] == [77], "before and after a compaction"
    assert verify(store).damage == 0


def test_a_run_on_a_new_machine_asks_for_no_ended_log(store: Counting, tmp_path: Path) -> None:
    keep(store)
    run(store, tmp_path / "kept", 50)
    store.calls.clear()
    run(store, tmp_path / "kept", 51)
    assert store.calls["get commits"] < 8


def test_without_its_catalogs_an_archive_is_the_same(store: Counting) -> None:
    keep(store)
    _, cursor = read(store, None)
    for key in [key for key in store.objects if key.startswith("catalog/")]:
        del store.objects[key]
    found, other = read(store, None)
    assert found == list(range(RUNS))
    assert read(store, other)[0] == []
    with pytest.raises(UsageError, match="of another archive"):
        read(store, cursor)


def test_a_damaged_catalog_is_passed_over_and_found(store: Counting, tmp_path: Path) -> None:
    keep(store)
    run(store, tmp_path / "another", 77)
    (key,) = [key for key in store.objects if key.startswith("catalog/")]
    body, at = store.objects[key]
    store.objects[key] = (body.replace(b'"version":1', b'"version":7'), at)
    assert read(store, None)[0] == [*range(RUNS), 77]
    found = verify(store)
    assert [f.key for f in found.findings if f.severity == "damage"] == [key]


def test_catalogs_put_side_by_side(store: Counting, tmp_path: Path) -> None:
    """Neither knows of the other, and a cursor may name a layer of either."""
    logs = Reader(store).snapshot().logs
    halves = [dict(list(logs.items())[:13]), dict(list(logs.items())[7:])]
    for number, half in enumerate(halves):
        now = store.now + timedelta(seconds=number)
        catalog_module.put_catalog(store, catalog_module.Tail.of(Catalog(), half), now)
    older, newer = (
        Catalog.decode(key, store.get(key)) for key in sorted(store.objects) if "catalog/" in key
    )
    names = sorted(logs)
    cursors = [Cursor({}, layer.name) for layer in (older, newer)]
    for cursor, catalog in zip(cursors, (older, newer), strict=True):
        missed = len(names) - len(catalog.closed)
        found, after = read(store, str(cursor))
        assert len(found) == missed, "each writer that is not of the layer"
        assert read(store, after)[0] == []
    keep(store)
    run(store, tmp_path / "another", 77)
    keep(store)
    for cursor, catalog in zip(cursors, (older, newer), strict=True):
        assert len(read(store, str(cursor))[0]) == len(names) - len(catalog.closed) + 1
    assert newest_catalog(store).closed.keys() >= logs.keys()
    assert older.key in store.objects, "nothing goes on from it"


def test_a_catalog_that_lies_is_damage(store: Counting, tmp_path: Path) -> None:
    alive = run(store, tmp_path / "alive", 60, last=False)
    before = newest_catalog(store)
    name = "0" * 18
    lie = before.with_layer(name, {alive: 1}, store.now)
    store.put(lie.key, lie.encode(), content_type="application/json")
    assert "does not say so" in str(verify(store).findings)
    run(store, tmp_path / "alive", 61, last=False)
    assert verify(store).exit_code is ExitCode.DAMAGED
    assert "is there" in str([f.what for f in verify(store).findings])


def test_a_catalog_tells_of_a_lost_commit(store: Counting) -> None:
    keep(store)
    lost = sorted(key for key in store.objects if key.startswith("commits/"))[0]
    writer = lost.split("/")[1]
    assert writer in newest_catalog(store).closed
    del store.objects[lost]
    assert (lost, True) in [(f.key, "missing" in f.what) for f in verify(store).findings]


def test_a_lost_compaction_is_looked_for_once_for_all_its_parts(store: Counting) -> None:
    """Its commit is lost, so all that it replaced seems to be live, and is not there."""
    keep(store)
    commits = [key for key in store.objects if key.startswith("commits/")]
    (lost,) = [key for key in commits if json.loads(store.objects[key][0])["kind"] == "compact"]
    del store.objects[lost]
    store.calls.clear()
    found = verify(store).findings
    assert sum("missing, with" in f.what for f in found) > RUNS
    assert store.calls["get commits"] < 10 * len(commits)


def test_a_catalog_goes_only_where_another_goes_on_from_it(store: Counting, tmp_path: Path) -> None:
    for number in range(100, 108, 2):
        for one in (number, number + 1):
            run(store, tmp_path / f"m-{one}", one)
        keep(store)
    left = sorted(key for key in store.objects if key.startswith("catalog/"))
    assert len(left) == 2
    deleter = Maintainer(store, lambda: store.now, pause=store.tick).deleter()
    for key, by in ((left[1], left[0]), (left[0], left[0]), (left[0], catalog_key("f" * 18))):
        with pytest.raises(UnprovenError):
            deleter.delete(key, Continued(by))
    deleter.delete(left[0], Continued(left[1]))
    assert read(store, None)[0] == [*range(RUNS), *range(100, 108)]


def test_a_cursor_as_text() -> None:
    cursor = Cursor({"00aa11bb22": 300, "ffeeddccbb": 1}, "00" * 9)
    assert Cursor.parse(str(cursor)) == cursor
    assert str(cursor).startswith("c2.")
    for text in ("c2.", "c2.AAAA", str(cursor)[:-1], str(cursor).replace("c2.", "c1.", 1)[:20]):
        with pytest.raises(UsageError):
            Cursor.parse(text)


def test_a_receipt_tells_of_ended_logs_too(store: Counting, tmp_path: Path) -> None:
    keep(store)
    erase(store, tmp_path, url_of(3))
    logs = {writer: len(list(chain(store, writer))) for writer in writers(store)}
    (key,) = [key for key in store.objects if parse_receipt_key(key)]
    receipt = Receipt.decode(key, store.get(key))
    assert receipt.seen == logs
    found = [r["change"] for r in Reader(store).records()]
    assert Counter(found) == {"new": RUNS - 1, "erased": 1}
    assert verify(store).damage == 0


def test_crawlers_put_a_catalog_where_nobody_compacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_module, "LONG", 3)
    store = Counting()
    for number in range(5):
        run(store, tmp_path / f"machine-{number}", number)
    catalog = newest_catalog(store)
    found, text = read(store, None)
    cursor = Cursor.parse(text)
    assert (found, len(catalog.closed)) == ([*range(5)], 3)
    assert (cursor.layer, len(cursor.seen)) == (catalog.name, 2)
    assert verify(store).damage == 0


def test_a_catalog_comes_behind_one_of_a_clock_that_was_ahead(tmp_path: Path) -> None:
    store = MemoryStore()
    ahead = Catalog().with_layer("ff" * 3 + "00" + "0" * 10, {}, store.now)
    store.put(ahead.key, ahead.encode(), content_type="application/json")
    for number in range(3):
        run(store, tmp_path / f"machine-{number}", number)
    keep(store)
    catalog = newest_catalog(store)
    assert catalog.name > ahead.name
    assert len(catalog.closed) >= 3


def test_a_checkpoint_leaves_ended_logs_to_the_catalog(tmp_path: Path) -> None:
    store = Counting()
    for number in range(4):
        run(store, tmp_path / f"machine-{number}", number)
    keep(store)
    catalog = newest_catalog(store)
    assert whole_run(store, tmp_path / "spool", "run-9", 9, limits=CHECKPOINTS)
    (key,) = checkpoint_keys(store, SOURCE)
    checkpoint = Checkpoint.decode(key, store.get(key))
    assert checkpoint.layer == catalog.name
    assert checkpoint.heads.keys().isdisjoint(catalog.closed)
    assert verify(store).damage == 0
    store.calls.clear()
    with open_writer(store, tmp_path / "empty", "run-10") as writer:
        counts = writer.state.counts()
    assert (counts["articles"], store.calls["get commits"] < 4) == (5, True)
    for lost in [name for name in store.objects if name.startswith("catalog/")]:
        del store.objects[lost]
    with open_writer(store, tmp_path / "other", "run-11") as writer:
        assert writer.state.counts() == counts, "it is a cache: what it stood for is read"
    assert verify(store).damage == 1
    keep(store)
    assert verify(store).damage == 0
