"""Nothing of an archive is deleted without a proof, whoever says that it is not needed."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import nordcrawl
from nordcrawl.archive.format import keys
from nordcrawl.archive.format.checkpoint import Checkpoint, CheckpointPart
from nordcrawl.archive.format.commit import Commit, CommitKind, PartEntry
from nordcrawl.archive.format.lease import SLOT, Holder, claim_key, of_source, slot_of
from nordcrawl.archive.format.lines import encode_line, pack
from nordcrawl.archive.format.quarantine import held_line
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.delete import Deleter, LaterError, UnprovenError, delete_own
from nordcrawl.archive.keep.erase import finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.proofs import Beside, Cache, Outlived, Proof, Taken, Uncommitted
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.log.checkpoint import checkpoint_keys
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ArchiveDamaged, StoreUnavailable
from tests.support.archive_builders import (
    SOURCE,
    START,
    accept,
    archive,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import CHECKPOINTS, erase, ids, run
from tests.support.interleaving import woven_time
from tests.support.memory_store import MemoryStore

WEEKS = timedelta(days=60)


def no_pause(seconds: float) -> None:
    """For a store whose time passes with each call."""


def keeper(store: Any, clock: Callable[[], datetime] | None = None) -> Maintainer:
    return Maintainer(store, clock or (lambda: store.now), pause=no_pause)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """Six commits of one writer, an article each."""
    store = MemoryStore()
    for number in range(1, 7):
        archive(store, tmp_path / "spool", make_record(number))
    return store


def lease_of(age: timedelta, source: str = SOURCE, *, end: bool = False) -> str:
    """The key of a lease of so long ago."""
    return claim_key(of_source(source), slot_of(START - age), 0, end=end)


LATE = lease_of(timedelta(0))


def put_lease(store: MemoryStore, key: str, body: bytes | None = None) -> None:
    holder = Holder("0a" * 5, "run-1", "host", "machine", 7)
    store.put(key, holder.encode() if body is None else body, content_type=keys.JSON_TYPE)


def leases(store: MemoryStore) -> list[str]:
    return sorted(key for key in store.objects if key.startswith("leases/"))


def parts(store: MemoryStore) -> set[str]:
    return {key for key in store.objects if keys.is_part_key(key)}


def test_one_module_deletes() -> None:
    package = Path(nordcrawl.__file__).parent
    callers = set()
    for file in package.rglob("*.py"):
        if ".delete" not in (text := file.read_text()):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and node.attr == "delete":
                callers.add(file.relative_to(package).as_posix())
    assert "archive/keep/delete.py" in callers, "else this test finds nothing"
    # Those of the keeper ask the one that deletes.
    assert callers <= {
        "archive/keep/delete.py", "archive/keep/compact.py", "archive/keep/erase.py",
        "archive/keep/maintainer.py", "archive/keep/settle.py",
    }  # fmt: skip
    for name in ("compact", "erase", "maintainer", "settle"):
        tree = ast.parse((package / "archive" / "keep" / f"{name}.py").read_text())
        owners = {
            ast.unparse(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "delete"
        }
        assert owners <= {"deleter"}, name


# --- a commit that can't be seen ------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2, 50])
@pytest.mark.parametrize("seq", [1, 3, 6])
def test_an_answer_of_missing_deletes_nothing(store: MemoryStore, seq: int, times: int) -> None:
    (writer,) = writers(store)
    before = ids(store)
    store.missing[keys.commit_key(writer, seq)] = times
    try:
        compact(keeper(store))
    except ArchiveDamaged:
        assert store.deleted == []
    store.missing.clear()
    assert ids(store) == before


def test_the_parts_of_a_lost_last_commit_stay(store: MemoryStore) -> None:
    """No report tells of it, so nobody can know that it was there."""
    (writer,) = writers(store)
    key = keys.commit_key(writer, 6)
    lost = store.objects.pop(key)
    before = parts(store)
    later = keeper(store, lambda: store.now + WEEKS)
    assert compact(later).unproven == []
    store.objects[key] = lost
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 7)]
    assert len(before & parts(store)) == 2


def test_what_a_lost_compaction_holds_stays(store: MemoryStore, tmp_path: Path) -> None:
    archive(store, tmp_path / "other", make_record(1, source="other"), source="other")
    kept = keeper(store)
    compact(kept, sources=[SOURCE])
    (writer,) = kept.known
    key = keys.commit_key(writer, 1)
    lost = store.objects.pop(key)
    compact(keeper(store, lambda: store.now + WEEKS), sources=["other"])
    store.objects[key] = lost
    assert ids(store) == [*(f"{SOURCE}:{n}" for n in range(1, 7)), "other:1"]


def test_orphans_are_as_old_as_the_store_says(store: MemoryStore) -> None:
    key = keys.part_key(keys.PartKind.ARTICLE, SOURCE, "2026-10-26", "00aa11bb22", 1)
    store.put(key, pack([b"{}\n"]), content_type=keys.PART_TYPE)
    ahead = keeper(store, lambda: store.now + WEEKS)
    compact(ahead)
    compact(ahead, orphans=timedelta(days=1))
    assert key in store.objects
    store.tick(2 * 86400)
    compact(ahead)
    assert key in store.objects, "nobody asked for it"
    compact(ahead, orphans=timedelta(days=1))
    assert key not in store.objects
    assert not [k for k in store.objects if k.startswith("probe/")]


def test_an_orphan_whose_writer_comes_back_at_this_moment_stays(store: MemoryStore) -> None:
    body = pack([make_line(9)])
    entry = entry_of("00aa11bb22", 1, body)
    store.put(entry.key, body, content_type=keys.PART_TYPE)
    store.tick(2 * 86400)
    deleter = Deleter(store, no_pause)
    commit = commit_of("00aa11bb22", add=[entry])
    delete = store.delete

    def comes_back(key: str) -> None:
        store.put(commit.key, commit.encode(), content_type=keys.JSON_TYPE)
        delete(key)

    store.delete = comes_back  # type: ignore[method-assign]
    with pytest.raises(UnprovenError, match="in use since"):
        deleter.delete(entry.key, Uncommitted(timedelta(days=1)))
    assert store.get(entry.key) == body
    assert f"{SOURCE}:9" in ids(store)


# --- between part and commit ----------------------------------------------------------------


class Loses(MemoryStore):
    """Parts that were put are deleted by somebody before their commit."""

    armed = False

    def put(self, key: str, body: bytes, *, content_type: str) -> Any:
        if self.armed and key.startswith("commits/"):
            self.armed = False
            for part in [k for k in parts(self) if key.split("/")[1] in k]:
                del self.objects[part]
        return super().put(key, body, content_type=content_type)


def test_what_was_deleted_before_its_commit_is_put_again(tmp_path: Path) -> None:
    store = Loses()
    store.armed = True
    archive(store, tmp_path / "spool", make_record(1), make_record(2))
    assert not store.armed
    assert ids(store) == [f"{SOURCE}:1", f"{SOURCE}:2"]


def test_what_was_deleted_while_the_crawler_was_away_is_put_again(tmp_path: Path) -> None:
    class Refuses(Loses):
        refuses = True

        def put(self, key: str, body: bytes, *, content_type: str) -> Any:
            if self.refuses and key.startswith("commits/"):
                raise StoreUnavailable("down")
            return super().put(key, body, content_type=content_type)

    store = Refuses()
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        assert writer.finish(deadline_s=0.1).pending_records == 2
    assert len(parts(store)) == 2
    store.refuses = False
    store.armed = True
    open_writer(store, tmp_path / "spool", "run-2").close()
    assert ids(store) == [f"{SOURCE}:1"]


def test_what_was_replaced_before_it_was_confirmed_is_not_put_again(tmp_path: Path) -> None:
    """A compaction may come between commit and confirmation."""

    class Quick(MemoryStore):
        armed = True

        def exists(self, key: str) -> bool:
            if self.armed and keys.is_part_key(key):
                self.armed = False
                compact(keeper(self))
                assert key not in self.objects
            return super().exists(key)

    store = Quick()
    with open_writer(store, tmp_path / "spool") as writer:
        accept(writer, make_record(1))
        store.armed = False
        writer.finish(deadline_s=300)
        store.armed = True
        accept(writer, make_record(2))
        writer.finish(deadline_s=300)
    assert not store.armed
    assert ids(store) == [f"{SOURCE}:1", f"{SOURCE}:2"]
    assert len(parts(store)) == 2


# --- forgery --------------------------------------------------------------------------------


def make_line(number: int) -> bytes:
    return json.dumps(make_record(number).to_json(), ensure_ascii=False).encode() + b"\n"


def entry_of(writer: str, number: int, body: bytes, **more: Any) -> PartEntry:
    at = "2026-10-26T08:38:00Z"
    key = keys.part_key(keys.PartKind.ARTICLE, SOURCE, "2026-10-26", writer, number)
    digest = hashlib.sha256(body).hexdigest()
    return PartEntry(
        key, keys.PartKind.ARTICLE, digest, len(body), 1, number, number, at, at, **more
    )


def commit_of(writer: str, **more: Any) -> Commit:
    values: dict[str, Any] = {
        "seq": 1, "prev_sha256": None, "source": SOURCE, "run_id": "x", "committed_at": START,
        "add": (), "remove": (), **more,
    }  # fmt: skip
    return Commit(writer=writer, **values)


@pytest.mark.parametrize("kind", [CommitKind.COMPACT, CommitKind.ERASE])
@pytest.mark.parametrize(
    "how", ["nothing instead", "other bytes instead", "a copy that is not there"]
)
def test_a_forged_commit_deletes_nothing(store: MemoryStore, kind: CommitKind, how: str) -> None:
    victims = tuple(sorted(parts(store)))
    before = {key: store.objects[key] for key in victims}
    snapshot = Deleter(store, no_pause).snapshot
    add: list[PartEntry] = []
    if how != "nothing instead":
        for part in snapshot.live:
            _, source, _ = keys.parse_part_key(part.entry.key) or ("", "", "")
            body = b"x" * part.entry.bytes
            key = keys.part_key(part.entry.kind, source, "2026-10-26", "00aa11bb22", len(add) + 1)
            digest = part.entry.sha256 if how.startswith("a copy") else hashlib.sha256(body)
            entry = PartEntry(
                key, part.entry.kind, digest if isinstance(digest, str) else digest.hexdigest(),
                part.entry.bytes, 1, 1, 1, "", "", part.commit.segments(part.entry),
            )  # fmt: skip
            add.append(entry)
            if how.startswith("other"):
                store.put(key, body, content_type=keys.PART_TYPE)
    forged = commit_of("00aa11bb22", add=tuple(add), remove=victims, kind=kind)
    store.put(forged.key, forged.encode(), content_type=keys.JSON_TYPE)
    try:
        done = compact(keeper(store, lambda: store.now + WEEKS))
    except ArchiveDamaged:
        pass
    else:
        assert done.unproven
    assert {key: store.objects.get(key) for key in victims} == before


@pytest.mark.parametrize("changed", [{"seq": 0}, {"seq": 1}, {"writer": "00aa11bb33"}])
@pytest.mark.parametrize("kind", [CommitKind.COMPACT, CommitKind.ERASE])
def test_a_copy_that_readers_do_not_take_for_one_proves_nothing(
    store: MemoryStore, kind: CommitKind, changed: dict[str, Any]
) -> None:
    """The same bytes, said to be of a commit that everybody has seen, or that nobody has."""
    key = sorted(key for key in parts(store) if key.startswith("articles"))[2]
    (part,) = (p for p in Deleter(store, no_pause).snapshot.live if p.entry.key == key)
    body = store.get(key)
    copy = tuple(replace(one, **changed) for one in part.segments)
    entry = entry_of("00aa11bb22", 1, body, segments=copy)
    (writer,) = writers(store)
    base = {writer: 6}
    forged = commit_of("00aa11bb22", add=(entry,), remove=(key,), kind=kind, base=base)
    store.put(entry.key, body, content_type=keys.PART_TYPE)
    store.put(forged.key, forged.encode(), content_type=keys.JSON_TYPE)
    assert verify(store).damage
    try:
        done = compact(keeper(store, lambda: store.now + WEEKS))
    except ArchiveDamaged:
        assert changed != {"seq": 1}
    else:
        assert any(key in why for why in done.unproven)
    assert store.get(key) == body


@pytest.mark.parametrize("times", [1, 50])
@pytest.mark.parametrize("kind", [CommitKind.ERASE, CommitKind.DROP])
def test_what_a_proof_must_look_into_stays_where_it_is_not_shown(
    store: MemoryStore, kind: CommitKind, times: int
) -> None:
    """Removed by a forged commit, and said to be missing by mistake at that very moment."""
    what, line = keys.PartKind.ARTICLE, make_line(9)
    if kind is CommitKind.DROP:
        record = make_record(9)
        held = held_line(record.to_json(), make_entry(record).to_json(), ["a wall"])
        what, line = keys.PartKind.QUARANTINE, encode_line(held)
    body = pack([line])
    key = keys.part_key(what, SOURCE, "2026-10-26", "00aa11bb22", 1)
    entry = replace(entry_of("00aa11bb22", 1, body), key=key, kind=what)
    adds = commit_of("00aa11bb22", add=[entry])
    forged = commit_of("00aa11bb33", remove=(key,), kind=kind)
    store.put(key, body, content_type=keys.PART_TYPE)
    for commit in (adds, forged):
        store.put(commit.key, commit.encode(), content_type=keys.JSON_TYPE)
    with woven_time(store):
        deleter = Deleter(store, no_pause)
        store.missing[key] = times
        with pytest.raises((UnprovenError, LaterError)):
            deleter.delete(key, Taken())
    assert key in store.objects


@pytest.mark.parametrize("times", [1, 50])
def test_the_index_of_a_part_stays_though_that_is_not_shown(
    store: MemoryStore, tmp_path: Path, times: int
) -> None:
    run(store, tmp_path / "other", "run-9", 9, captures=True)
    (part,) = (key for key in parts(store) if key.startswith("captures"))
    beside = keys.index_key(part) or ""
    with woven_time(store):
        deleter = Deleter(store, no_pause)
        store.missing[part] = times
        with pytest.raises(UnprovenError):
            deleter.delete(beside, Beside())
    assert beside in store.objects


def test_an_append_that_removes_is_none(store: MemoryStore) -> None:
    forged = commit_of("00aa11bb22", remove=tuple(parts(store)))
    with pytest.raises(ArchiveDamaged, match="an append, but it removes"):
        Commit.decode(forged.key, forged.encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"remove": ("runs/run-1.json",), "kind": CommitKind.COMPACT},
        {"base": {"../../x": 1}, "kind": CommitKind.COMPACT},
        {"add": (entry_of("ffffffffff", 1, b"x"),)},
        {"source": "other", "add": (entry_of("00aa11bb22", 1, b"x"),)},
        {"add": (replace(entry_of("00aa11bb22", 1, b"x"), min_at="0001-01-01T00:00:00Z"),)},
        {"add": (replace(entry_of("00aa11bb22", 1, b"x"), max_at="soon"),)},
        {"add": (replace(entry_of("00aa11bb22", 1, b"x"), bytes=-1),)},
    ],
)
def test_a_commit_that_names_what_is_not_its_own_is_none(changed: dict[str, Any]) -> None:
    forged = commit_of("00aa11bb22", **changed)
    with pytest.raises(ArchiveDamaged, match="not a commit that can be read"):
        Commit.decode(forged.key, forged.encode())


def test_a_forged_manifest_deletes_nothing(store: MemoryStore, tmp_path: Path) -> None:
    name = "20261026t000000000000z-00aa11bb22"
    victims = [key for key in store.objects if key.startswith(("articles", "ledger", "commits"))]
    before = {key: store.objects[key] for key in victims}
    listed = tuple(CheckpointPart(key, "0" * 64, 1, 1) for key in victims)
    forged = Checkpoint(SOURCE, name, START, {}, listed)
    store.put(forged.key, forged.encode(), content_type=keys.JSON_TYPE)
    with pytest.raises(ArchiveDamaged, match="none of its own parts"):
        Checkpoint.decode(forged.key, forged.encode())
    order = plan_erasure(store, [url_of(2)], []).order("", store.now)
    put_order(store, order)
    assert finish(keeper(store), order).left == []
    compact(keeper(store))
    gone = set(before) - store.objects.keys()
    assert all(keys.is_part_key(key) for key in gone)
    assert sorted(ids(store)) == [f"{SOURCE}:{n}" for n in range(1, 7)]
    assert forged.key not in store.objects, "what can't be read is no cache"


@pytest.mark.parametrize("proof", [Taken(), Uncommitted(timedelta(0)), Cache(), Outlived(LATE)])
def test_no_proof_fits_what_is_live(store: MemoryStore, proof: Proof) -> None:
    put_lease(store, LATE)
    deleter = Deleter(store, no_pause)
    for key in [key for key in store.objects if key.startswith(("articles", "commits", "_nord"))]:
        with pytest.raises(UnprovenError):
            deleter.delete(key, proof)
        with pytest.raises(UnprovenError):
            delete_own(store, key, b"x")
    assert store.deleted == []


# --- ids, caches, reports -------------------------------------------------------------------


def test_a_copied_maintenance_folder_costs_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    for number in range(1, 4):
        run(store, tmp_path / "spool", f"run-{number}", number)

    def now() -> datetime:
        return datetime.now(UTC)

    with Maintainer.open(store, tmp_path / "m1", now):
        pass
    shutil.copytree(tmp_path / "m1", tmp_path / "m2")
    with (
        Maintainer.open(store, tmp_path / "m1", now) as one,
        Maintainer.open(store, tmp_path / "m2", now) as two,
    ):
        assert one.writer != two.writer
        commit = one.commit

        def held_up(*values: Any) -> Commit:
            compact(two)
            return commit(*values)

        one.commit = held_up  # type: ignore[method-assign, assignment]
        compact(one)
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 4)]


@pytest.mark.parametrize("place", ["manifest", "part"])
def test_a_damaged_checkpoint_keeps_nobody(tmp_path: Path, place: str) -> None:
    store = MemoryStore()
    for number in range(1, 5):
        assert run(store, tmp_path / "spool", f"run-{number}", number, limits=CHECKPOINTS)
    manifest = checkpoint_keys(store, SOURCE)[0]
    checkpoint = Checkpoint.decode(manifest, store.get(manifest))
    key = manifest if place == "manifest" else checkpoint.parts[0].key
    body = store.get(key)
    store.objects[key] = (body[:20] + bytes([body[20] ^ 1]) + body[21:], store.now)
    compact(keeper(store))
    assert key not in store.objects
    assert len(checkpoint_keys(store, SOURCE)) == 2, "two that are whole"
    done = erase(store, tmp_path, url_of(2))
    assert done.left == []


def test_two_whole_checkpoints_stay(tmp_path: Path) -> None:
    store = MemoryStore()
    for number in range(1, 6):
        assert run(store, tmp_path / "spool", f"run-{number}", number, limits=CHECKPOINTS)
    newest = checkpoint_keys(store, SOURCE)[:2]
    compact(keeper(store))
    assert checkpoint_keys(store, SOURCE) == newest
    # Two forged ones with names of the future do not put them aside.
    for number in (1, 2):
        name = f"20990101t00000000000{number}z-00aa11bb22"
        forged = Checkpoint(SOURCE, name, START, {}, ())
        store.put(forged.key, forged.encode(), content_type=keys.JSON_TYPE)
    compact(keeper(store))
    assert set(newest) <= set(checkpoint_keys(store, SOURCE))


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (b"not JSON", 0),
        (b'{"url": "https://example.org/2", ', 1),
        (b"[]", 0),
        (b'{"x": ' + b"[" * 900 + b'"https://example.org/2"' + b"]" * 900 + b"}", 1),
    ],
)
def test_a_report_that_is_none_is_told_and_keeps_nobody(
    store: MemoryStore, tmp_path: Path, body: bytes, left: int
) -> None:
    store.put("runs/broken.json", body, content_type=keys.JSON_TYPE)
    assert len(erase(store, tmp_path, url_of(2)).left) == left
    assert store.get("runs/broken.json") == body
    assert ids(store) == [f"{SOURCE}:{n}" for n in (1, 3, 4, 5, 6, 2)]


def test_a_removed_part_waits_until_its_removal_is_listed(tmp_path: Path) -> None:
    """Whoever misses it must be able to find the log that explains it."""
    store = MemoryStore()
    for number in range(1, 4):
        archive(store, tmp_path / "spool", make_record(number))
    store.tick(3600)
    store.lag = timedelta(seconds=3600)
    waited: list[float] = []
    done = compact(Maintainer(store, lambda: store.now, pause=waited.append))
    assert (done.deleted, done.kept, store.deleted) == (0, 6, [])
    assert sum(waited[:9]) > 50
    store.tick(3600)
    assert compact(keeper(store)).deleted == 6
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 4)]


def test_the_age_is_told_while_it_is_too_young(store: MemoryStore) -> None:
    key = keys.part_key(keys.PartKind.LEDGER, SOURCE, "2026-10-26", "00aa11bb22", 1)
    store.put(key, b"x", content_type=keys.PART_TYPE)
    with pytest.raises(LaterError, match="by the store's clock"):
        Deleter(store, no_pause).delete(key, Uncommitted(timedelta(hours=1)))


# --- leases ---------------------------------------------------------------------------------

DAY = timedelta(days=1)


def test_compaction_deletes_the_leases_of_past_days(store: MemoryStore) -> None:
    old = [lease_of(DAY), lease_of(DAY, end=True), lease_of(DAY * 40)]
    kept = sorted([lease_of(DAY - SLOT), LATE, lease_of(DAY * 3, "silent-since")])
    for key in (*old, *kept):
        put_lease(store, key)
    assert compact(keeper(store, lambda: START + DAY * 50), dry_run=True).deleted == 0
    assert leases(store) == sorted([*old, *kept])
    compact(keeper(store, lambda: START))
    assert leases(store) == kept


def test_a_lease_of_a_time_to_come_takes_no_other_along(store: MemoryStore) -> None:
    there = sorted([lease_of(SLOT), LATE, lease_of(-DAY * 400)])
    for key in there:
        put_lease(store, key)
    compact(keeper(store, lambda: START))
    assert leases(store) == there


@pytest.mark.parametrize("by", [LATE, lease_of(DAY)])
def test_what_only_is_named_like_a_lease_neither_goes_nor_proves(
    store: MemoryStore, by: str
) -> None:
    """A lease that is none, as the old one or as the one of a day later."""
    put_lease(store, LATE, b"{}" if by == LATE else None)
    put_lease(store, lease_of(DAY), b"{}" if by != LATE else None)
    done = compact(keeper(store, lambda: START))
    assert [f"{by} is no lease" in why for why in done.unproven] == [True]
    assert leases(store) == sorted([lease_of(DAY), LATE])


@pytest.mark.parametrize(
    "by", [lease_of(SLOT), lease_of(timedelta(0), "another"), "leases/x", lease_of(DAY * 3)]
)
def test_a_lease_is_outlived_by_one_of_its_source_and_a_day_later(
    store: MemoryStore, by: str
) -> None:
    key = lease_of(DAY)
    for one in (key, by):
        put_lease(store, one)
    with pytest.raises(UnprovenError):
        Deleter(store, no_pause).delete(key, Outlived(by))


def test_a_lease_that_is_not_shown_is_left_for_the_next_time(store: MemoryStore) -> None:
    put_lease(store, lease_of(DAY))
    with pytest.raises(LaterError):
        Deleter(store, no_pause).delete(lease_of(DAY), Outlived(LATE))
    assert leases(store) == [lease_of(DAY)]
