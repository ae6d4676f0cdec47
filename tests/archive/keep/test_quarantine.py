"""What is in quarantine is released or dropped whole, once, and whatever kills the command."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import nordcrawl
from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind, Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, pack, unpack
from nordcrawl.archive.format.order import Order, url_digest
from nordcrawl.archive.format.quarantine import Choice, held_line
from nordcrawl.archive.keep import testimony
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.delete import UnprovenError
from nordcrawl.archive.keep.proofs import Taken
from nordcrawl.archive.keep.quarantine import decided
from nordcrawl.archive.keep.quarantine import held as listed
from nordcrawl.archive.keep.settle import Done, settle
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import LivePart, take
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import StoreUnavailable, UsageError
from nordcrawl.model.ledger import Outcome
from tests.archive.keep.test_kills import killed_at
from tests.support.archive_builders import (
    SOURCE,
    accept,
    archive,
    make_entry,
    make_record,
    url_of,
)
from tests.support.archive_runs import erase, holding, maintainer
from tests.support.held_batches import (
    START_LATER,
    archived,
    bad,
    check,
    duplicate,
    finished,
    held,
    ledger,
    opened,
)


def hold(root: Path, run_id: str = "run-2", *, first: bool = True) -> FolderStore:
    """An archive with article 1, of which a revision is held, with article 3 and an address that
    leads to it."""
    store, at = FolderStore(root / "archive"), START_LATER
    if first:
        archive(store, root / "spool", make_record(1))
    with opened(store, root / "spool", run_id) as writer:
        accept(
            writer, bad(1, revision=2, run_id=run_id, at=at, change="updated"),
            bad(3, run_id=run_id, at=at),
        )  # fmt: skip
        writer.accept(duplicate(4, bad(3, run_id=run_id), run_id)).result(timeout=300)
        finished(writer)
    return store


def decide(root: Path, choice: Choice, run_id: str = "run-2") -> Done:
    with maintainer(FolderStore(root / "archive"), root) as kept:
        return settle(kept, run_id, choice, "kari", "a test")


def outcomes(store: FolderStore, root: Path, *numbers: int) -> list[Outcome]:
    """Return how URLs ended last, as a crawler on an empty disk knows it."""
    with opened(store, root / "empty", "run-9") as writer:
        found = [writer.state.url(url_of(number)) for number in numbers]
    return [one.outcome for one in found if one is not None]


def test_a_release_makes_records_archived_content_once(tmp_path: Path) -> None:
    store = hold(tmp_path)
    reader = Reader(store)
    cursor = reader.snapshot().cursor
    (one,) = listed(store)
    assert (one.batch.run_id, one.batch.records, one.why) == ("run-2", 2, ("one text on all",))
    files = nordcrawl.Archive(str(tmp_path / "archive")).files()
    assert {file.kind for file in files} == {"article", "ledger"}
    done = decide(tmp_path, Choice.RELEASE)
    assert (done.released, done.overtaken, done.deleted, done.left) == (2, 0, 1, [])
    assert archived(store) == [f"{SOURCE}:1 1", f"{SOURCE}:1 2", f"{SOURCE}:3 1"]
    came = [r["article_id"] for r in reader.records_of(reader.snapshot(cursor))]
    assert came == [f"{SOURCE}:1", f"{SOURCE}:3"], "they are new to who read before"
    assert held(store) == [] == list(store.list("quarantine-v1/"))
    check(store)
    again = decide(tmp_path, Choice.RELEASE)
    assert (again.released, again.deleted, again.decision) == (0, 0, done.decision)
    with pytest.raises(UsageError, match="release was decided by kari"):
        decide(tmp_path, Choice.DROP)
    assert len(archived(store)) == 3
    assert outcomes(store, tmp_path, 1, 3, 4) == [
        Outcome.UPDATED, Outcome.NEW, Outcome.EXTRACTION_FAILED,
    ]  # fmt: skip
    assert set(ledger(store, "run-2").values()) == {"quarantined"}, "what a run told stays so"


def test_a_release_that_fails_leaves_no_part_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = hold(tmp_path)
    before = {entry.key for entry in store.list("") if keys.is_part_key(entry.key)}
    put = FolderStore.put

    def lands(self: FolderStore, key: str, body: bytes, *, content_type: str) -> Any:
        put(self, key, body, content_type=content_type)
        if key.startswith("ledger"):
            raise StoreUnavailable("no answer")

    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "put", lands)
        with pytest.raises(StoreUnavailable):
            decide(tmp_path, Choice.RELEASE)
    assert {entry.key for entry in store.list("") if keys.is_part_key(entry.key)} == before


def test_a_drop_deletes_and_makes_due_again(tmp_path: Path) -> None:
    store = hold(tmp_path)
    done = decide(tmp_path, Choice.DROP)
    assert (done.dropped, done.deleted, done.left) == (2, 1, [])
    assert archived(store) == [f"{SOURCE}:1 1"]
    assert holding(tmp_path / "archive", "informasjonskapsler") == []
    note = decided(store, "run-2", Choice.DROP)
    assert note is not None
    assert (note.by, note.reason, note.records) == ("kari", "a test", 2)
    assert outcomes(store, tmp_path, 1, 3, 4) == [Outcome.EXTRACTION_FAILED] * 3
    check(store)
    assert decide(tmp_path, Choice.DROP).dropped == 0
    with pytest.raises(UsageError, match="drop was decided by kari"):
        decide(tmp_path, Choice.RELEASE)
    with pytest.raises(UsageError, match="nothing in quarantine"):
        decide(tmp_path, Choice.RELEASE, "run-7")


def test_what_a_later_crawl_archived_is_not_broken_by_a_release(tmp_path: Path) -> None:
    """Article 1 went on since, so what is held of it stays; article 3 came with the same content,
    so it is there."""
    store = hold(tmp_path)
    later = START_LATER + timedelta(days=2)
    one = make_record(1, revision=2, run_id="run-3", at=later, change="updated")
    archive(store, tmp_path / "spool", one, bad(3, run_id="run-3", at=later))
    before = archived(store)
    done = decide(tmp_path, Choice.RELEASE)
    assert (done.released, done.there, done.overtaken) == (0, 1, 1)
    assert archived(store) == before
    assert held(store) == [url_of(1)]
    check(store)
    assert decide(tmp_path, Choice.RELEASE).overtaken == 1
    assert decide(tmp_path, Choice.DROP).dropped == 1
    assert held(store) == []
    check(store)
    assert outcomes(store, tmp_path, 1, 3) == [Outcome.UPDATED, Outcome.NEW], "as they ended last"


def test_two_held_runs_are_released_one_after_the_other(tmp_path: Path) -> None:
    """The second run knew nothing of the first's, so both have the same numbers."""
    store = hold(tmp_path)
    again = START_LATER + timedelta(days=1)
    with opened(store, tmp_path / "spool", "run-3") as writer:
        changed = bad(1, revision=2, run_id="run-3", at=again, change="updated")
        article = replace(changed.reading.article, title="En ny tittel")
        reading = type(changed.reading).of(article, changed.reading.body_sha256)
        accept(writer, replace(changed, reading=reading), bad(3, run_id="run-3", at=again))
        finished(writer)
    assert decide(tmp_path, Choice.RELEASE).released == 2
    done = decide(tmp_path, Choice.RELEASE, "run-3")
    assert (done.released, done.there) == (1, 1)
    assert archived(store) == [
        f"{SOURCE}:1 1", f"{SOURCE}:1 2", f"{SOURCE}:1 3", f"{SOURCE}:3 1",
    ]  # fmt: skip
    last = next(r for r in Reader(store).latest() if r["article_id"] == f"{SOURCE}:1")
    assert (last["title"], last["revision"]) == ("En ny tittel", 3)
    assert last["previous_text_sha256"] == bad(1).reading.text_sha256
    check(store)


def test_an_erasure_reaches_what_is_held(tmp_path: Path) -> None:
    store = hold(tmp_path)
    assert erase(store, tmp_path, url_of(3)).left == []
    with opened(store, tmp_path / "spool", "run-4"):
        pass
    assert holding(tmp_path / "archive", "Tittel 3", url_of(3)) == []
    assert held(store) == [url_of(1)]
    check(store)
    assert decide(tmp_path, Choice.RELEASE).released == 1
    check(store)


def test_compaction_leaves_quarantine_alone(tmp_path: Path) -> None:
    store = hold(tmp_path)
    hold(tmp_path, "run-3", first=False)
    before = sorted(entry.key for entry in store.list("quarantine-v1/"))
    assert len(before) == 2
    with maintainer(store, tmp_path) as kept:
        compact(kept, orphans=timedelta(0))
    assert sorted(entry.key for entry in store.list("quarantine-v1/")) == before
    assert {one.batch.run_id for one in listed(store)} == {"run-2", "run-3"}
    check(store)


def test_verify_tells_what_is_wrong_in_quarantine(tmp_path: Path) -> None:
    store = hold(tmp_path)
    assert verify(store).quarantine_lines == 2
    (entry,) = list(store.list("quarantine-v1/"))
    body = store.get(entry.key)
    file = tmp_path / "archive" / entry.key
    file.write_bytes(pack(list(unpack(body))[:1]))
    assert entry.key in [f.key for f in verify(store).findings if f.severity is Severity.DAMAGE]
    file.unlink()
    told = [f.what for f in verify(store).findings if f.severity is Severity.DAMAGE]
    assert any("missing, with 2 lines" in what for what in told)
    assert any("its record is not there" in what for what in told)
    file.write_bytes(body)
    check(store)
    decide(tmp_path, Choice.DROP)
    store.delete(keys.decision_key("run-2", "drop"))
    told = [f.what for f in verify(store).findings if f.severity is Severity.DAMAGE]
    assert "carries out a decision that is missing" in told


def test_nothing_goes_without_proof(tmp_path: Path) -> None:
    """A part of quarantine that is needed, and one of which the release has lost a record."""
    store = hold(tmp_path)
    (entry,) = list(store.list("quarantine-v1/"))
    with maintainer(store, tmp_path) as kept, pytest.raises(UnprovenError):
        kept.deleter().delete(entry.key, Taken())
    body = store.get(entry.key)
    decide(tmp_path, Choice.RELEASE)
    store.put(entry.key, body, content_type=keys.PART_TYPE)
    with maintainer(store, tmp_path) as kept:
        kept.deleter().delete(entry.key, Taken())
    store.put(entry.key, body, content_type=keys.PART_TYPE)
    for part in list(store.list("articles-v1/")):
        if b"informasjonskapsler" in b"".join(unpack(store.get(part.key))):
            store.delete(part.key)
    with maintainer(store, tmp_path) as kept, pytest.raises(Exception, match="missing"):
        kept.deleter().delete(entry.key, Taken())


def test_a_released_line_is_proven_by_its_record_too(tmp_path: Path) -> None:
    store = hold(tmp_path)
    (entry,) = list(store.list("quarantine-v1/"))
    lines = list(unpack(store.get(entry.key)))
    decide(tmp_path, Choice.RELEASE)
    holders: defaultdict[str, list[tuple[Segment, LivePart]]] = defaultdict(list)
    for part in take(store).live:
        if part.commit.kind is CommitKind.RELEASE:
            holders[part.entry.key] += [(segment, part) for segment in part.segments]
    all_of_it = testimony.Testimony(store, holders, holders)
    told = testimony.Testimony(
        store, holders, [key for key in holders if key.startswith("ledger-v1/")]
    )
    for line in lines:
        assert all_of_it.tells(line, decode_json(line))
        assert not told.tells(line, decode_json(line))


def test_an_order_covers_what_is_held_by_an_address_of_it() -> None:
    record = make_record(7)
    line = held_line(record.to_json(), make_entry(record).to_json(), ["x"])
    landed = {**line["record"], "url": url_of(9)}
    other = {**line, "article_id": "example:other", "record": landed}
    for url, covered in ((url_of(7), True), (url_of(9), True), (url_of(8), False)):
        digests = frozenset([url_digest(url)])
        order = Order("o", START_LATER, "", frozenset(), digests, frozenset())
        assert Erasures.of([order]).covers(PartKind.QUARANTINE, other) is covered


every = pytest.mark.parametrize(
    "nth", [pytest.param(1, marks=pytest.mark.slow, id="every"), pytest.param(23, id="some")]
)


@pytest.mark.parametrize("choice", list(Choice))
@every
def test_killed_at_any_write_it_is_done_by_the_next(
    tmp_path: Path, nth: int, choice: Choice
) -> None:
    for step in itertools.count(1, nth):
        root = tmp_path / str(step)
        store = hold(root)
        killed = killed_at(step, lambda: decide(root, choice))  # noqa: B023
        check(store)
        before = (archived(store), held(store))
        released = [f"{SOURCE}:1 1", f"{SOURCE}:1 2", f"{SOURCE}:3 1"]
        after: tuple[list[str], list[str]] = (
            released if choice is Choice.RELEASE else released[:1],
            [],
        )
        assert before in ((released[:1], [url_of(1), url_of(3)]), after), "half of it"
        assert decide(root, choice).left == []
        assert (archived(store), held(store)) == after
        with maintainer(store, root) as kept:
            compact(kept, orphans=timedelta(0))
        assert list(store.list("quarantine-v1/")) == []
        found = [f for f in verify(store).findings if f.severity is not Severity.NOTE]
        assert [f for f in found if "no report" not in f.what] == []
        if not killed:
            break
    assert step > 20
