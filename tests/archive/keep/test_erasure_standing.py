"""What an order covers does not come back, whichever way it was on when the order came."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.lines import encode_line
from nordcrawl.archive.format.order import Order
from nordcrawl.archive.format.receipt import Receipt
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase import finish, finish_again, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.archive.log.erasures import Orders, read_erasures
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import ObjectEntry
from nordcrawl.archive.write.recovery import rebuild_state, ship_left_over
from nordcrawl.archive.write.shipper import Shipper
from nordcrawl.errors import ExitCode, StoreRefused, StoreUnavailable
from nordcrawl.model.record import Record
from nordcrawl.model.times import micros, utc_date
from tests.support.archive_builders import (
    LIMITS,
    SOURCE,
    START,
    accept,
    archive,
    finish_in_vain,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS, ids, run
from tests.support.memory_store import MemoryStore

SECRET = "Det som skal bort"


def secret(number: int, **more: Any) -> Record:
    return make_record(number, text=f"{SECRET if number == 2 else 'Vanlig'} {number}", **more)


class Store(MemoryStore):
    """Does something before a call, and can leave out of its listing."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[str, str], None] = lambda call, key: None
        self.unlisted: set[str] = set()

    def put(self, key: str, body: bytes, *, content_type: str) -> Any:
        self.before("put", key)
        return super().put(key, body, content_type=content_type)

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        yield from (entry for entry in super().list(prefix) if entry.key not in self.unlisted)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store()
    for number in (1, 2, 3):
        archive(store, tmp_path / "spool", secret(number))
    return store


def keeper(store: MemoryStore) -> Maintainer:
    return Maintainer(store, lambda: store.now, pause=store.tick)


def order_for(store: MemoryStore) -> Order:
    return plan_erasure(store, [url_of(2)], []).order("", store.now)


def erase(store: MemoryStore) -> Order:
    order = order_for(store)
    put_order(store, order)
    assert finish(keeper(store), order).left == []
    return order


def holding(store: MemoryStore) -> list[str]:
    found = []
    for key, (body, _) in store.objects.items():
        raw = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        if SECRET.encode() in raw or b'"Tittel 2"' in raw:
            found.append(key)
    return found


def readable(store: MemoryStore) -> bool:
    reader = Reader(store)
    return any(SECRET.encode() in line for line in reader.lines_of(reader.snapshot())) or any(
        record["title"] == "Tittel 2" for record in reader.records()
    )


def down(call: str, key: str) -> None:
    if call == "put" and key.startswith("commits/"):
        raise StoreUnavailable("down")


def test_a_frozen_commit_that_never_arrived_is_given_up(store: Store, tmp_path: Path) -> None:
    with open_writer(store, tmp_path / "other", "run-4") as writer:
        store.before = down
        accept(writer, secret(2, run_id="run-4", revision=2), secret(4, run_id="run-4"))
        finish_in_vain(writer)
    store.before = lambda call, key: None
    order = order_for(store)
    put_order(store, order)
    store.tick(3601)  # until then its parts may be about to be committed
    assert finish(keeper(store), order).left == []
    report = ship_left_over(store, tmp_path / "other", SOURCE, clock=lambda: store.now)
    assert (report.failure, report.records) == (None, 1)
    assert not readable(store)
    assert holding(store) == []
    assert sorted(set(ids(store))) == [f"{SOURCE}:{n}" for n in (1, 2, 3, 4)]


def test_an_order_that_comes_while_parts_are_put_is_obeyed(store: Store, tmp_path: Path) -> None:
    order = order_for(store)

    def ordered(call: str, key: str) -> None:
        if key.startswith("articles-v1/"):
            store.before = lambda call, key: None
            put_order(store, order)

    with open_writer(store, tmp_path / "other", "run-4") as writer:
        store.before = ordered
        accept(writer, secret(2, run_id="run-4", revision=2), secret(4, run_id="run-4"))
        report = writer.finish(deadline_s=300)
    assert (report.failure, report.pending_records, report.erased_records) == (None, 0, 1)
    commits = [body for key, (body, _) in store.objects.items() if key.startswith("commits/")]
    assert sum(b'"run-4"' in body for body in commits) == 1
    (store_order,) = read_erasures(store).orders
    assert store_order == order
    assert f"{SOURCE}:4" in ids(store)
    assert not readable(store)


def test_what_is_accepted_while_orders_are_obeyed_is_left_out(store: Store, tmp_path: Path) -> None:
    erase(store)
    spool = Spool.open(tmp_path / "other", SOURCE)
    state = State(spool)
    obedience = Obedience(store, spool, state)
    obedience.check()
    for number in (2, 5):  # as by the thread that makes durable what was accepted a moment ago
        record = secret(number, run_id="run-4", revision=3)
        change = state.absorb(entry := make_entry(record))
        lines = [
            SpooledLine(kind, utc_date(at), micros(at), "run-4", encode_line(values))
            for kind, at, values in (
                (keys.PartKind.ARTICLE, record.page.fetched_at, record.to_json()),
                (keys.PartKind.LEDGER, entry.at, entry.to_json()),
            )
        ]
        state.commit([change], spool.add(lines))
        state.settle([change])
    shipper = Shipper(store, spool, LIMITS, lambda: store.now, obedience)
    shipper.seal_all()
    shipper.ship()
    assert (obedience.purged.total(), spool.backlog.lines) == (2, 0)
    assert state.article(f"{SOURCE}:2") is None
    assert state.url(url_of(2)) is None
    assert state.article(f"{SOURCE}:5") is not None
    spool.close()
    assert holding(store) == []


def test_a_compaction_that_is_refused_leaves_nothing(store: Store) -> None:
    order = order_for(store)

    def ordered(call: str, key: str) -> None:
        if key.startswith("articles-v1/"):
            store.before = lambda call, key: None
            put_order(store, order)

    before = {key for key in store.objects if keys.is_part_key(key)}
    store.before = ordered
    with pytest.raises(StoreRefused, match="ordered meanwhile"):
        compact(keeper(store))
    assert {key for key in store.objects if keys.is_part_key(key)} == before
    assert finish(keeper(store), order).left == []
    assert holding(store) == []


def test_two_erasures_side_by_side_leave_nothing_of_either(store: Store) -> None:
    first = order_for(store)
    second = plan_erasure(store, [url_of(1)], []).order("", store.now)
    put_order(store, first)
    compact_first = keeper(store)
    commit = compact_first.commit

    def held_up(*values: Any) -> Any:
        compact_first.commit = commit  # type: ignore[method-assign]
        put_order(store, second)
        assert finish(keeper(store), second).left == []
        return commit(*values)

    compact_first.commit = held_up  # type: ignore[method-assign, assignment]
    assert finish(compact_first, first).left == []
    assert holding(store) == []
    assert not any(b'"Tittel 1"' in line for line in Reader(store).lines_of(snapshot(store)))
    assert finish_again(keeper(store)) == []
    assert verify(store).damage == 0
    third = plan_erasure(store, [url_of(3)], []).order("", store.now)
    put_order(store, third)
    assert finish(keeper(store), third).left == []
    assert verify(store).damage == 0, "for ever"


def snapshot(store: MemoryStore) -> Any:
    return Reader(store).snapshot()


def test_what_is_not_listed_is_deleted_by_its_name(store: Store) -> None:
    compact(keeper(store), grace=timedelta(days=1))
    old = holding(store)
    assert len(old) == 2 + 2
    store.unlisted = set(old)
    erase(store)
    store.unlisted = set()
    assert holding(store) == []


def test_an_order_that_is_not_listed_is_not_begun(store: Store) -> None:
    order = order_for(store)
    store.unlisted = {order.key}
    put_order(store, order)
    (left,) = finish(keeper(store), order).left
    assert "does not list the order" in left
    assert len(holding(store)) == 2
    store.unlisted = set()
    assert finish(keeper(store), order).left == []
    assert holding(store) == []


def late_commit(store: Store, folder: Path) -> tuple[str, bytes]:
    """A crawler's commit is on its way when all others think that it failed."""
    on_its_way: dict[str, bytes] = {}

    def lost(call: str, key: str) -> None:
        if key.startswith("commits/"):
            raise StoreUnavailable("no answer")

    with open_writer(store, folder, "run-4") as writer:
        store.before = lost
        accept(writer, secret(2, run_id="run-4", revision=2), secret(4, run_id="run-4"))
        finish_in_vain(writer)
    store.before = lambda call, key: None
    spool = Spool.open(folder, SOURCE)
    _, cseq, body = spool.frozen() or (0, 0, b"")
    on_its_way[keys.commit_key(spool.writer, cseq)] = body
    spool.close()
    ((key, body),) = on_its_way.items()
    return key, body


def test_a_commit_that_lands_late_is_not_read_and_taken_out(store: Store, tmp_path: Path) -> None:
    key, body = late_commit(store, tmp_path / "other")
    order = order_for(store)
    put_order(store, order)
    assert finish(keeper(store), order).left, "parts that may be about to be committed"
    # Here somebody else's clock says that this was long ago.
    store.put(order.receipt_key, receipt_of(store, order), content_type=keys.JSON_TYPE)
    store.put(key, body, content_type=keys.JSON_TYPE)
    assert holding(store)
    assert not readable(store)
    found = verify(store)
    assert {f.severity for f in found.findings} == {Severity.UNFINISHED}
    assert any("came in spite of an erasure" in f.what for f in found.findings)
    (again,) = finish_again(keeper(store))
    assert (again.left, again.tombstones) == ([], 0)
    assert holding(store) == []
    assert f"erasures/{order.order_id}/receipt-000002.json" in store.objects
    assert finish_again(keeper(store)) == []
    assert verify(store).damage == 0
    # The crawler comes back, and finds its commit where it is.
    open_writer(store, tmp_path / "other", "run-5").close()
    assert holding(store) == []
    assert sorted(set(ids(store))) == [f"{SOURCE}:{n}" for n in (1, 2, 3, 4)]


def receipt_of(store: Store, order: Order) -> bytes:
    seen = Reader(store).snapshot().cursor.seen
    return Receipt(order.order_id, 1, store.now, seen).encode()


def test_a_compaction_takes_out_what_came_since(store: Store, tmp_path: Path) -> None:
    key, body = late_commit(store, tmp_path / "other")
    order = order_for(store)
    put_order(store, order)
    finish(keeper(store), order)
    store.put(order.receipt_key, receipt_of(store, order), content_type=keys.JSON_TYPE)
    store.put(key, body, content_type=keys.JSON_TYPE)
    assert compact(keeper(store)).erased == 2
    assert holding(store) == []
    assert not readable(store)


def test_a_state_that_is_made_anew_knows_nothing_of_it(store: Store, tmp_path: Path) -> None:
    key, body = late_commit(store, tmp_path / "other")
    order = order_for(store)
    put_order(store, order)
    finish(keeper(store), order)
    store.put(order.receipt_key, receipt_of(store, order), content_type=keys.JSON_TYPE)
    open_writer(store, tmp_path / "spool", "run-5").close()  # which obeys the order
    store.put(key, body, content_type=keys.JSON_TYPE)
    run(store, tmp_path / "spool", "run-6", 6, limits=CHECKPOINTS)
    rebuild_state(store, tmp_path / "spool", SOURCE, clock=lambda: store.now, checkpoints=False)
    spool = Spool.open(tmp_path / "spool", SOURCE)
    assert State(spool).article(f"{SOURCE}:2") is None
    assert State(spool).article(f"{SOURCE}:4") is not None
    spool.close()
    assert [k for k in holding(store) if k.startswith("checkpoints/")] == []


def test_a_staged_file_of_a_killed_put_goes(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1, 2)
    staged = tmp_path / "archive" / ".tmp" / "4711-00aa"
    staged.write_text(SECRET)
    found = verify(store)
    assert [(f.severity, f.key) for f in found.findings] == [(Severity.NOTE, ".tmp/4711-00aa")]
    assert found.exit_code is ExitCode.WHOLE
    order = plan_erasure(store, [url_of(2)], []).order("", START)
    put_order(store, order)
    with Maintainer.open(store, tmp_path / "m", lambda: START) as kept:
        assert finish(kept, order).left == []
    assert not staged.exists()


def test_a_put_whose_staged_file_is_swept_away_is_done(tmp_path: Path) -> None:
    class Swept(FolderStore):
        times = 3

        def _place(self, staged: Path, path: Path) -> bool:
            if self.times:
                self.times -= 1
                self.sweep()
            return super()._place(staged, path)

    store = Swept(tmp_path / "archive")
    store.put("runs/a.json", b"{}", content_type="application/json")
    assert (store.get("runs/a.json"), store.times) == (b"{}", 0)


def test_orders_are_read_once(store: Store) -> None:
    erase(store)
    asked: list[str] = []
    get = store.get
    store.get = lambda key: asked.append(key) or get(key)  # type: ignore[method-assign, func-returns-value]
    orders = Orders(store)
    for _ in range(5):
        assert len(orders.read().orders) == 1
    assert len(asked) == 2, "the order and its receipt"


def test_an_article_that_is_in_no_order_stops_the_erasure(store: Store, tmp_path: Path) -> None:
    order = order_for(store)
    other = make_record(7)
    moved = Record(
        **{
            **{name: getattr(other, name) for name in other.__dataclass_fields__},
            "page": secret(2).page,
        }
    )
    archive(store, tmp_path / "other", moved)
    put_order(store, order)
    before = {key for key in store.objects if keys.is_part_key(key)}
    (left,) = finish(keeper(store), order).left
    assert f"{SOURCE}:7 of {SOURCE}" in left
    assert {key for key in store.objects if keys.is_part_key(key)} == before
    both = plan_erasure(store, [], [f"{SOURCE}:7"]).order("", store.now)
    put_order(store, both)
    assert finish(keeper(store), both).left == []
    assert finish(keeper(store), order).left == []
    assert holding(store) == []
