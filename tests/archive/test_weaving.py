"""Whatever the order of single calls of the store: each acknowledged line once, nothing erased
after its receipt, no false damage, cursors exact."""

from __future__ import annotations

import gzip
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import encode_line
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase import finish, finish_again, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.local import outbox_file, state_file
from nordcrawl.archive.local.database import connect
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY
from nordcrawl.archive.write.catch_up import catch_up
from nordcrawl.archive.write.recovery import ship_waiting
from nordcrawl.archive.write.shipper import Shipper
from nordcrawl.errors import StoreRefused, StoreUnavailable
from nordcrawl.model.record import Record
from nordcrawl.model.times import micros, utc_date
from tests.support.archive_builders import LIMITS, SOURCE, make_entry, make_record
from tests.support.interleaving import KilledError, Weave, woven_time
from tests.support.memory_store import MemoryStore

KILLS = 0.003
CLOSES = 0.7
"""How likely the last commit of a run closes its log."""
LONG = 200
"""Calls for which a follower waits for a catalog."""
VICTIM = 1
"""The number of the article that is erased, which both crawlers archive."""


class World:
    """What the actors did, to be compared with what can be read."""

    def __init__(self, store: MemoryStore, folder: Path, seed: int) -> None:
        self.store = store
        self.folder = folder
        self.random = random.Random(seed)
        self.acknowledged: set[str] = set()
        self.to_crawl: set[str] = set()
        """Who has not done all of its rounds."""
        self.crawling: set[str] = set()
        """Who may be between a look at the orders and a commit."""
        self.followed: Counter[str] = Counter()
        self.cursor: Cursor | None = None
        self.receipt = False
        """Whether the erasure has its receipt."""

    # --- crawlers -----------------------------------------------------------------------------

    def crawler(self, name: str, rounds: int) -> Callable[[Any], None]:
        def act(store: Any) -> None:
            store.kill = KILLS
            for number in range(rounds):
                with suppress(KilledError):
                    self._crawl(store, name, number)
            self.to_crawl.discard(name)

        self.to_crawl.add(name)
        return act

    def _crawl(self, store: Any, name: str, number: int) -> None:
        run_id = f"run-{name}-{number}"
        spool = Spool.open(self.folder / name, SOURCE)
        self.crawling.add(name)
        try:
            state = State(spool)
            obedience = Obedience(store, spool, state)
            shipper = Shipper(store, spool, LIMITS, lambda: self.store.now, obedience)
            shipper.closing = self.random.random() < CLOSES
            try:
                ship_waiting(store, spool, state, shipper)
                catch_up(store, spool, state)
                for count in range(2):
                    first = count == 0
                    article = VICTIM if first else 100 + 10 * int(name) + number
                    revision = 1 + int(name) + 2 * number if first else 1
                    text = f"Teksten av {name}, {number}, {count}. "
                    record = make_record(article, revision=revision, text=text, run_id=run_id,
                                         at=self.store.now)  # fmt: skip
                    self._accept(spool, state, obedience, record)
                    shipper.seal_all()
                    if count:
                        shipper.ship()
            except StoreUnavailable:
                pass  # the next round ships it
        finally:
            self.crawling.discard(name)
            spool.close()

    def _accept(self, spool: Spool, state: State, obedience: Obedience, record: Record) -> None:
        if obedience.erasures.covers_page(SOURCE, record.article_id, (record.page.url,)):
            return
        entry = make_entry(record)
        change = state.absorb(entry)
        lines = [
            SpooledLine(kind, utc_date(at), micros(at), record.run_id, encode_line(values))
            for kind, at, values in (
                (PartKind.ARTICLE, record.page.fetched_at, record.to_json()),
                (PartKind.LEDGER, entry.at, entry.to_json()),
            )
        ]
        state.commit([change], spool.add(lines))
        state.settle([change])
        self.acknowledged.add(record.article.blocks[1].text)

    # --- keepers ------------------------------------------------------------------------------

    def keeper(self, store: Any) -> Maintainer:
        return Maintainer(store, lambda: self.store.now, pause=self.store.tick)

    def compactor(self, store: Any) -> None:
        store.kill = KILLS
        for _ in range(2):
            # It is refused while an erasure is under way.
            with suppress(KilledError, StoreUnavailable, StoreRefused):
                compact(self.keeper(store))

    def eraser(self, store: Any) -> None:
        # Each of the crawlers may be killed before its first commit.
        while self.to_crawl and not any(key.startswith("commits/") for key in self.store.objects):
            store.exists("nothing yet")
        store.kill = KILLS
        order = None
        for _ in range(50):
            with suppress(KilledError, StoreUnavailable):
                if order is None:
                    plan = plan_erasure(store, [], [f"{SOURCE}:{VICTIM}"])
                    if not plan.articles:
                        return
                    order = plan.order("", self.store.now)
                put_order(store, order)
                if not finish(self.keeper(store), order).left:
                    self.receipt = True
                    return
                # What is about to be committed is, or is given up, within the hour.
                while self.crawling:
                    store.exists("nothing yet")
                self.store.tick(3600)

    # --- readers ------------------------------------------------------------------------------

    def verifier(self, store: Any) -> None:
        found = verify(store)
        assert not found.damage, [(f.key, f.what) for f in found.findings]

    def reader(self, store: Any) -> None:
        for _ in range(2):
            self._read_all(store)

    def _read_all(self, store: Any) -> Counter[str]:
        done = self.receipt
        read = Counter(text_of(r) for r in Reader(store).records() if r["change"] != "erased")
        assert not read - Counter(dict.fromkeys(self.acknowledged, 1)), "twice, or from nowhere"
        assert not (done and any(map(is_erased, read))), "read after the receipt"
        return read

    def follower(self, store: Any) -> None:
        for number in range(4):
            if number > 1:  # the cursor of the last but one may name a layer
                self._await_catalog(store)
            self.follow(store)

    def _await_catalog(self, store: Any) -> None:
        for _ in range(LONG):
            if any(key.startswith("catalog/") for key in self.store.objects):
                return
            store.exists("nothing yet")

    def follow(self, store: Any) -> None:
        reader = Reader(store)
        snapshot = reader.snapshot(self.cursor)
        self.followed.update(
            text_of(r) for r in reader.records_of(snapshot) if r["change"] != "erased"
        )
        self.cursor = Cursor.parse(str(snapshot.cursor))

    # --- the end ------------------------------------------------------------------------------

    def check(self) -> None:
        """Let everybody come to an end, and look at everything."""
        store = self.store
        store.settle()
        for name in ("0", "1"):
            self._crawl(store, name, 9)
        store.tick(86400)
        for order in read_erasures(store).open_orders:
            assert finish(self.keeper(store), order).left == []
            self.receipt = True
        for done in finish_again(self.keeper(store)):
            assert not done.left, done.left
        for _ in range(2):
            compacted = compact(self.keeper(store), orphans=timedelta(hours=24))
            assert not compacted.unproven
        read = self._read_all(store)
        wanted = {text for text in self.acknowledged if not (self.receipt and is_erased(text))}
        assert read.keys() == wanted, "each acknowledged line"
        self.follow(store)
        assert wanted <= self.followed.keys(), "each by the cursor, too"
        assert set(self.followed.values()) == {1}, "and once"
        found = verify(store)
        # No runs have reports here.
        assert [f for f in found.findings if not f.key.startswith("runs/")] == []
        if self.receipt:
            held = [key for key, (body, _) in store.objects.items() if holds_erased(body)]
            assert held == []


def text_of(record: dict[str, Any]) -> str:
    return str(record["blocks"][1]["text"])


def is_erased(text: str) -> bool:
    return text.endswith(", 0. ")


def holds_erased(body: bytes) -> bool:
    raw = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return b", 0. " in raw or b'Tittel 1"' in raw


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    """These runs are about the store; the disk's promises have tests of their own."""

    def careless(path: Path, **more: Any) -> sqlite3.Connection:
        db = connect(path, **more)
        db.execute("PRAGMA synchronous=OFF")
        return db

    for module in (outbox_file, state_file):
        monkeypatch.setattr(module, "connect", careless)


@contextmanager
def a_folder() -> Iterator[Path]:
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


STORES: dict[str, Callable[[int], MemoryStore]] = {
    "good": lambda seed: MemoryStore(),
    "no conditional puts": lambda seed: MemoryStore(conditional=False),
    "listing lags": lambda seed: MemoryStore(lag=timedelta(seconds=30)),
    "puts land late": lambda seed: MemoryStore(late=0.03, seed=seed),
    "says missing": lambda seed: MemoryStore(spurious=0.02, seed=seed),
    "all of it": lambda seed: MemoryStore(
        conditional=False, lag=timedelta(seconds=30), spurious=0.01, late=0.01, seed=seed
    ),
}


def weave(seed: int, kind: str) -> None:
    store = STORES[kind](seed)
    with a_folder() as folder, woven_time(store):
        store.objects[MARKER_KEY] = (MARKER_BODY, store.now)
        world = World(store, folder, seed)
        Weave(store, seed).run(
            {
                "crawler 0": world.crawler("0", 2),
                "crawler 1": world.crawler("1", 2),
                "compactor 1": world.compactor,
                "compactor 2": world.compactor,
                "eraser": world.eraser,
                "verifier": world.verifier,
                "reader": world.reader,
                "follower": world.follower,
            }
        )
        world.check()


RUNS = [(seed, (*STORES, "good")[seed % 7]) for seed in range(2100)]


@pytest.mark.parametrize(("seed", "kind"), RUNS[:40])
def test_any_order_of_calls(seed: int, kind: str) -> None:
    weave(seed, kind)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 2100, 100))
def test_any_order_of_calls_at_length(start: int) -> None:
    for seed, kind in RUNS[start : start + 100]:
        try:
            weave(seed, kind)
        except BaseException as error:
            error.add_note(f"seed {seed}, {kind}")
            raise
