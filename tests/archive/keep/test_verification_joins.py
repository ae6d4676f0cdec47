"""Verification joins what objects say of each other: reports and ledgers, tombstones and orders,
parts and their lines."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit
from nordcrawl.archive.format.order import set_url
from nordcrawl.archive.format.probe import probe_of, probe_of_day
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.keep.verify import Severity, Verification, verify
from nordcrawl.archive.log.checkpoint import checkpoint_keys
from nordcrawl.archive.log.follow import writers
from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import Outcome
from tests.support.archive_builders import (
    SOURCE,
    START,
    archive,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS, erase, run
from tests.support.memory_store import MemoryStore


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    store = MemoryStore()
    run(store, tmp_path / "spool", "run-1", 1, 2, 3, limits=CHECKPOINTS)
    return store


def damage(found: Verification) -> list[tuple[str, str]]:
    return [(f.key, f.what) for f in found.findings if f.severity is Severity.DAMAGE]


def tell(store: MemoryStore, run_id: str, **values: object) -> str:
    report = {"run_id": run_id, "source": SOURCE, "nordcrawl": "0.2.0", **values}
    key = keys.run_key(run_id)
    store.objects[key] = (encode_sealed(report), store.now)
    return key


def test_a_report_that_counts_more_than_the_ledger_has_is_damage(store: MemoryStore) -> None:
    tell(store, "run-1", outcomes={"new": 3}, pending_records=0)
    assert damage(verify(store)) == []
    key = tell(store, "run-1", outcomes={"new": 3, "fetch_failed": 2}, pending_records=0)
    ((found, what),) = damage(verify(store))
    assert (found, "tells of 5 outcomes, but the ledger has 3" in what) == (key, True)
    tell(store, "run-1", outcomes={"new": 5}, pending_records=2)
    assert damage(verify(store)) == [], "the rest may come, or is counted by nobody"


def test_a_report_is_compared_with_the_ledger_and_what_erasures_took_out(
    store: MemoryStore, tmp_path: Path
) -> None:
    run(store, tmp_path / "spool", "run-2", 4)
    erase(store, tmp_path, url_of(2))
    tell(store, "run-1", outcomes={"new": 3}, pending_records=0, erased_lines=0)
    tell(store, "run-2", outcomes={"new": 1, "updated": 1}, pending_records=0, erased_lines=1)
    assert damage(verify(store)) == []
    key = tell(store, "run-1", outcomes={"new": 4}, pending_records=0, erased_lines=0)
    what = "tells of 4 outcomes, but the ledger has 3 of its run"
    assert damage(verify(store)) == [(key, what)]
    tell(store, "run-1", outcomes={"new": 4}, pending_records=0)
    assert damage(verify(store)) == [], "by an earlier release, which does not say what went before"


def test_a_line_that_stands_for_many_counts_as_many(tmp_path: Path) -> None:
    store = MemoryStore()
    with open_writer(store, tmp_path / "spool") as writer:
        urls = [url_of(n) for n in range(7)]
        name = set_url(urls)
        entry = make_entry(outcome=Outcome.SKIPPED_FRESH, count=len(urls))
        writer.accept(replace(entry, url=name)).result(timeout=300)
        assert writer.state.url(name) is None, "it is the state of no address"
        assert writer.finish(deadline_s=300).ledger_lines == 1
    tell(store, "run-1", outcomes={"skipped_fresh": 7}, pending_records=0)
    assert damage(verify(store)) == []
    key = tell(store, "run-1", outcomes={"skipped_fresh": 8}, pending_records=0)
    what = "tells of 8 outcomes, but the ledger has 7 of its run"
    assert damage(verify(store)) == [(key, what)]


def test_a_tombstone_without_its_order_is_damage(store: MemoryStore, tmp_path: Path) -> None:
    order = erase(store, tmp_path, url_of(2)).order_id
    assert damage(verify(store)) == []
    for name in [key for key in store.objects if key.startswith("erasures/")]:
        del store.objects[name]
    found = damage(verify(store))
    assert any(key == keys.erasure_key(order, "order") for key, _ in found)


def test_a_revision_that_forked_is_noted(store: MemoryStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "other", make_record(2, text="En annen tekst", run_id="run-2"))
    found = verify(store)
    (note,) = [f for f in found.findings if f.severity is Severity.NOTE]
    assert f"{SOURCE}:2, revision 1: two writers have different texts" in note.what
    assert damage(found) == []


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"min_at": "2026-10-26T08:38:03Z"}, "not within min_at and max_at"),
        ({"max_at": "2026-10-26T08:38:01Z"}, "not within min_at and max_at"),
        ({"min_at": "yesterday"}, "not a commit that can be read"),
        ({"first_seq": 7}, "is not that of its key"),
    ],
)
def test_what_a_commit_says_of_a_part_is_compared_with_its_lines(
    store: MemoryStore, changed: dict[str, object], what: str
) -> None:
    (writer,) = writers(store)
    key = keys.commit_key(writer, 1)
    commit = Commit.decode(key, store.get(key))
    add = tuple(replace(part, **changed) for part in commit.add)  # type: ignore[arg-type]
    store.objects[key] = (replace(commit, add=add).encode(), store.now)
    assert any(what in text for _, text in damage(verify(store)))


@pytest.mark.parametrize("wrong", [{"run_id": []}, {"orders": 1}])
def test_a_report_of_which_nothing_can_be_told_is_damage(
    store: MemoryStore, wrong: dict[str, object]
) -> None:
    key = keys.run_key("run-9")
    report = {"run_id": "run-9", "source": SOURCE, "nordcrawl": "0.2.0", **wrong}
    store.objects[key] = (encode_sealed(report), store.now)
    assert [found for found, _ in damage(verify(store))] == [key]


def test_a_probe_is_known_to_the_byte(store: MemoryStore) -> None:
    for key, body in (probe_of_day(START), probe_of("00aa11bb22")):
        store.put(key, body, content_type="application/json")
    assert damage(verify(store)) == []
    key, body = probe_of_day(START)
    store.objects[key] = (body.replace(b"probe", b"prune"), store.now)
    assert damage(verify(store)) == [(key, "does not belong to the archive")]


def test_checkpoints_are_read_though_there_is_other_damage(store: MemoryStore) -> None:
    del store.objects[keys.schema_key("article-1")]
    (manifest,) = checkpoint_keys(store, SOURCE)
    assert len(damage(verify(store))) == 1
    key = f"{manifest.removesuffix('.json')}/000001.jsonl.gz"
    body = store.get(key)
    store.objects[key] = (body[:-9] + bytes([body[-9] ^ 1]) + body[-8:], store.now)
    assert key in dict(damage(verify(store)))


def test_all_is_still_whole(store: MemoryStore) -> None:
    assert verify(store).exit_code is ExitCode.WHOLE


# --- this machine ---------------------------------------------------------------------------


def test_a_spool_is_for_its_user_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        open_writer(MemoryStore(), tmp_path / "state" / "spool").close()
    finally:
        os.umask(before)
    for folder in (tmp_path / "state" / "spool", tmp_path / "state" / "spool" / "sealed"):
        assert folder.stat().st_mode & 0o077 == 0
    for file in (tmp_path / "state" / "spool").glob("spool.sqlite*"):
        assert file.stat().st_mode & 0o077 == 0
