"""What an archive of very many writers asks of whoever looks at it."""

from __future__ import annotations

import gc
import hashlib
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.archive.format import commit as module
from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.read.sieve import Sieve
from nordcrawl.archive.read.wanted import Wanted
from nordcrawl.model.times import rfc3339, utc_date
from tests.support.memory_store import MemoryStore

WRITERS = 1000
START = datetime(2026, 10, 26, 8, 38, tzinfo=UTC)
A_WRITER = (100 << 20) // 87_600
"""Bytes: a writer an hour for ten years, within 100 MiB."""


def commit(number: int) -> Commit:
    def digest(what: str) -> str:
        return hashlib.sha256(f"{what} {number}".encode()).hexdigest()

    def part(kind: PartKind, first: int) -> PartEntry:
        key = keys.part_key(kind, "example", utc_date(at), writer, first)
        low, high = (rfc3339(at + timedelta(seconds=n, microseconds=7)) or "" for n in (first, 9))
        return PartEntry(key, kind, digest(kind), 3000 + number, 11, first, first + 10, low, high)

    writer, at = digest("writer")[:10], START + timedelta(hours=number)
    parts = part(PartKind.ARTICLE, 1), part(PartKind.LEDGER, 2)
    return Commit(writer, 1, None, "example", f"run-{number}", at, parts, closed=True)


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.slow
def test_a_writer_costs_whoever_takes_a_snapshot_a_kilobyte(traced: None) -> None:
    store = MemoryStore()
    for number in range(WRITERS):
        one = commit(number)
        store.put(one.key, one.encode(), content_type=keys.JSON_TYPE)
    take(store)  # what is made once is there by now
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    snapshot = take(store)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    assert len(snapshot.pieces) == 2 * WRITERS
    assert held / WRITERS < A_WRITER


def test_what_is_packed_is_what_was_written() -> None:
    one = commit(7)
    read = Commit.decode(one.key, one.encode())
    assert tuple(read.add) == one.add
    assert [read.add[n] for n in range(-2, 2)] == [*one.add, *one.add]
    assert (len(read.add), tuple(read.add[:1]), read.encode()) == (2, one.add[:1], one.encode())


def test_the_entries_of_a_commit_are_unpacked_once_to_list_and_once_to_read() -> None:
    """Of an archive of many writers that is what a log costs whoever reads it."""
    store = MemoryStore()
    for number in range(100):
        one = commit(number)
        store.put(one.key, one.encode(), content_type=keys.JSON_TYPE)
    module._unpacked.cache_clear()
    snapshot = take(store)
    listed = module._unpacked.cache_info().misses
    sieve = Sieve(snapshot, Erasures.of([]))
    for piece in snapshot.pieces:
        assert sieve.of(piece) is not None
        assert Wanted().may_hold(piece.commit.source, piece.part.entry)
    assert listed == 100
    assert module._unpacked.cache_info().misses <= 200
