"""Each rule of verification, with the fault that it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, CommitKind
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.local import checkpoint_rows
from nordcrawl.archive.log.checkpoint import put_checkpoint
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.archive.store.protocol import ObjectEntry, Put
from nordcrawl.errors import ExitCode, StoreUnavailable
from tests.support.archive_builders import (
    SOURCE,
    START,
    accept,
    finish_in_vain,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import erase, run
from tests.support.memory_store import MemoryStore


class Partial(MemoryStore):
    """A store whose listing lacks some keys."""

    hidden: tuple[str, ...] = ()
    down = False

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        return (e for e in super().list(prefix) if not e.key.startswith(self.hidden or ("-",)))

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        if self.down and key.startswith(("articles", "ledger", "commits")):
            raise StoreUnavailable("down")
        return super().put(key, body, content_type=content_type)


@pytest.fixture
def store(tmp_path: Path) -> Partial:
    store = Partial()
    run(store, tmp_path / "spool", "run-1", 1, 2, 3)
    return store


def found(store: Any, severity: Severity = Severity.DAMAGE) -> list[tuple[str, str]]:
    return [(f.key, f.what) for f in verify(store).findings if f.severity is severity]


def test_what_a_killed_put_left_is_told(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1)
    (tmp_path / "archive" / ".tmp" / "1-aa").write_text("half")
    assert found(store, Severity.NOTE) == [
        (".tmp/1-aa", "of a put that is under way or was killed")
    ]


def test_an_erased_line_in_the_copy_that_is_not_read_is_found(
    store: Partial, tmp_path: Path
) -> None:
    (part,) = [p for p in take(store).live if p.entry.kind is keys.PartKind.ARTICLE]
    body = store.get(part.entry.key)
    erase(store, tmp_path, url_of(2))
    assert found(store) == []
    writer = "00aa11bb22"
    key = f"{part.entry.key.rpartition('/')[0]}/{writer}-000000001000.jsonl.gz"
    segments = part.commit.segments(part.entry)
    entry = replace(part.entry, key=key, first_seq=1000, last_seq=1000, segments=segments)
    commit = replace(
        *(part.commit,), writer=writer, seq=1, prev_sha256=None, add=(entry,),
        kind=CommitKind.COMPACT, base={part.commit.writer: part.commit.seq},
    )  # fmt: skip
    store.objects[key] = (body, store.now)
    store.objects[commit.key] = (commit.encode(), store.now)
    assert len(list(Reader(store).records())) == 3, "the erased copy is the one that is read"
    assert (key, 2) in [
        (where, int(what.split()[1].rstrip(":")))
        for where, what in found(store, Severity.UNFINISHED)
        if "in spite of an erasure" in what
    ]


def test_a_replaced_part_with_erased_text_is_found_though_it_is_not_listed(
    store: Partial, tmp_path: Path
) -> None:
    before = dict(store.objects)
    erase(store, tmp_path, url_of(2))
    key = next(k for k in before if k.startswith("articles-v1/") and k not in store.objects)
    store.objects[key] = before[key]
    store.hidden = (key,)
    assert (key, "still there, though an erasure replaced it") in found(store)


def test_a_writer_that_is_not_listed_is_found_by_its_report(store: Partial) -> None:
    (writer,) = writers(store)
    store.hidden = (f"commits/{writer}/",)
    seen = verify(store)
    assert (seen.exit_code, seen.writers, seen.articles) == (ExitCode.WHOLE, 1, 3)
    del store.objects[keys.commit_key(writer, 1)]
    assert (keys.commit_key(writer, 1), "missing or changed: runs/run-1.json ended with it") in (
        found(store)
    )


@pytest.mark.parametrize(("last_seq", "seq"), [(2, 1), (99, 2)])
def test_numbers_of_lines_that_cannot_be_are_found(
    store: Partial, tmp_path: Path, last_seq: int, seq: int
) -> None:
    run(store, tmp_path / "spool", "run-2", 4)
    (writer,) = writers(store)
    key = keys.commit_key(writer, 1)
    commit = Commit.decode(key, store.get(key))
    first, *others = commit.add
    add = (replace(first, last_seq=last_seq), *others)
    store.objects[key] = (replace(commit, add=add).encode(), store.now)
    assert any(
        where == keys.commit_key(writer, seq) and "can't have lines" in what
        for where, what in found(store)
    )


def test_a_wrong_text_in_a_checkpoint_is_found_though_there_is_an_erasure(
    store: Partial, tmp_path: Path
) -> None:
    erase(store, tmp_path, url_of(2))
    rows = _rows(store, tmp_path)
    heads = take(store).heads
    put_checkpoint(store, SOURCE, rows, heads, "00aa11bb22", START)
    assert found(store) == []
    (text,) = [r for r in rows if r["table"] == "text" and r["article_id"] == f"{SOURCE}:3"]
    text["article_id"] = f"{SOURCE}:1"
    wrong = put_checkpoint(store, SOURCE, rows, heads, "00aa11bb23", START)
    assert wrong is not None
    assert [key for key, what in found(store) if "never had the text" in what] == [wrong.key]


def _rows(store: Partial, tmp_path: Path) -> list[dict[str, Any]]:
    with open_writer(store, tmp_path / "another", "run-9") as writer:
        return list(checkpoint_rows.dump(writer.state.database))


def test_an_order_that_is_lost_with_its_receipt_is_missed(store: Partial, tmp_path: Path) -> None:
    """Of an address at which no article was: it leaves neither commit nor tombstone."""
    first = erase(store, tmp_path, "https://example.org/never").order_id
    second = erase(store, tmp_path, "https://example.org/nor-this").order_id
    run(store, tmp_path / "spool", "run-2", 4)
    assert found(store) == []
    for lost in (first, second):  # the one before is named by the next order, the last by a report
        kept = dict(store.objects)
        for key in [key for key in kept if key.startswith(f"erasures/{lost}/")]:
            del store.objects[key]
        ((key, what),) = found(store)
        assert (key, "missing, but" in what) == (keys.erasure_key(lost, "order"), True)
        store.objects.clear()
        store.objects.update(kept)


def test_the_last_commit_of_a_run_that_was_shipped_later_is_missed(
    store: Partial, tmp_path: Path
) -> None:
    folder = tmp_path / "spool"
    with open_writer(store, folder, "run-2") as writer:
        store.down = True
        accept(writer, make_record(4, run_id="run-2"))
        finish_in_vain(writer)
        writer.keep_run({"run_id": "run-2", "source": SOURCE, "nordcrawl": "0.2.0"})
    store.down = False
    open_writer(store, folder, "run-3").close()
    assert found(store) == []
    (writer_id,) = writers(store)
    lost = keys.commit_key(writer_id, 2)
    del store.objects[lost]
    assert (lost, "missing or changed: runs/run-2.json ended with it") in found(store)


def test_a_run_that_is_lost_without_a_trace_of_its_own_is_missed_by_a_receipt(
    store: Partial, tmp_path: Path
) -> None:
    run(store, tmp_path / "another", "run-2", 4)
    (lost,) = set(writers(store)) - {_writer(store, "run-1")}
    receipt = erase(store, tmp_path, url_of(2))
    for key in [key for key in store.objects if lost in key or key == "runs/run-2.json"]:
        del store.objects[key]
    wanted = (
        keys.commit_key(lost, 1),
        f"missing: erasures/{receipt.order_id}/receipt.json has seen it",
    )
    assert wanted in found(store)


def _writer(store: Partial, run_id: str) -> str:
    return next(c.writer for log in take(store).logs.values() for c in log if c.run_id == run_id)
