"""Compaction changes where lines lie, and nothing else."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl.archive.format.commit import CommitKind
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.errors import ArchiveDamaged, ExitCode, StoreRefused
from tests.support.archive_builders import SOURCE, accept, archive, make_record, open_writer
from tests.support.archive_runs import ids, lines, maintainer, now, run


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "archive")


def test_few_parts_hold_the_same_lines_in_the_same_order(
    store: FolderStore, tmp_path: Path
) -> None:
    for number in range(1, 9):
        run(store, tmp_path / "spool", f"run-{number}", number, number + 100)
    before = lines(store)
    with maintainer(store, tmp_path) as kept:
        assert compact(kept, dry_run=True).parts_after == 2
        assert lines(store) == before
        done = compact(kept)
        assert (done.parts_before, done.parts_after, done.deleted) == (16, 2, 16)
        assert compact(kept).commits == 0, "once is enough"
    assert lines(store) == before
    assert len(list(store.list("articles-v1/"))) == len(list(store.list("ledger-v1/"))) == 1
    assert verify(store).exit_code is ExitCode.WHOLE
    run(store, tmp_path / "spool", "run-9", 9)
    run(store, tmp_path / "new disk", "run-10", 10)
    with open_writer(store, tmp_path / "newest disk") as writer:
        assert len(list(writer.state.urls())) == 18
    assert verify(store).exit_code is ExitCode.WHOLE


def test_cursors_stay_valid(store: FolderStore, tmp_path: Path) -> None:
    cursors = []
    for number in range(1, 7):
        cursors.append(Reader(store).snapshot().cursor if number > 1 else None)
        run(store, tmp_path / ("one" if number % 2 else "two"), f"run-{number}", number)
        if number in (3, 5):
            with maintainer(store, tmp_path) as kept:
                compact(kept)
    for seen, cursor in enumerate(cursors):
        read = [r["article_id"] for r in Reader(store).records(since=cursor)]
        assert read == [f"{SOURCE}:{n}" for n in range(seen + 1, 7)]


def test_a_reader_under_way_finds_the_lines_where_they_went(
    store: FolderStore, tmp_path: Path
) -> None:
    for number in range(1, 5):
        run(store, tmp_path / "spool", f"run-{number}", number)
    reading = Reader(store).records()
    first = next(reading)["article_id"]
    for _ in range(2):  # and again, as the place that was found may go, too
        with maintainer(store, tmp_path) as kept:
            compact(kept)
        run(store, tmp_path / "other", "run-9", 9)
    rest = [record["article_id"] for record in reading]
    assert [first, *rest] == [f"{SOURCE}:{n}" for n in range(1, 5)]


def test_a_grace_keeps_what_was_replaced(store: FolderStore, tmp_path: Path) -> None:
    for number in range(1, 4):
        run(store, tmp_path / "spool", f"run-{number}", number)
    with maintainer(store, tmp_path) as kept:
        assert compact(kept, grace=timedelta(hours=1)).kept == 6
        assert verify(store).superseded == 6
        assert verify(store).exit_code is ExitCode.WHOLE
        assert compact(kept).deleted == 6


def test_times_are_compared_as_times(store: FolderStore, tmp_path: Path) -> None:
    whole = datetime(2026, 10, 26, 9, 0, tzinfo=UTC)
    for number, at in enumerate((whole, whole + timedelta(seconds=0.5)), start=1):
        archive(store, tmp_path / "spool", make_record(number, at=at))
    with maintainer(store, tmp_path) as kept:
        compact(kept)
    (part, _) = Reader(store).snapshot().live
    assert (part.entry.min_at, part.entry.max_at) == (
        "2026-10-26T09:00:00Z",
        "2026-10-26T09:00:00.500000Z",
    )


def test_parts_up_to_a_size_only(store: FolderStore, tmp_path: Path) -> None:
    for number in range(1, 7):
        run(store, tmp_path / "spool", f"run-{number}", number)
    sizes = [e.size for e in store.list("articles-v1/")]
    with maintainer(store, tmp_path) as kept:
        compact(kept, part_bytes=3 * max(sizes))
    assert all(e.size <= 3 * max(sizes) for e in store.list("articles-v1/"))
    assert ids(store) == [f"{SOURCE}:{n}" for n in range(1, 7)]


def test_two_compactions_side_by_side_double_nothing(store: FolderStore, tmp_path: Path) -> None:
    for number in range(1, 4):
        run(store, tmp_path / "spool", f"run-{number}", number)
    before = lines(store)
    with (
        Maintainer.open(store, tmp_path / "m1", now) as one,
        Maintainer.open(store, tmp_path / "m2", now) as two,
    ):
        slow = _Interrupted(two, lambda: compact(one, grace=timedelta(days=1)))
        compact(slow, grace=timedelta(days=1))  # type: ignore[arg-type]
        assert lines(store) == before
        assert len(list(store.folders("commits/"))) == 3
        assert verify(store).exit_code is ExitCode.WHOLE
        assert compact(one).parts_after == 2
    assert lines(store) == before
    assert verify(store).exit_code is ExitCode.WHOLE


class _Interrupted:
    """A maintainer that is held up just before its commit."""

    def __init__(self, inner: Maintainer, meanwhile: object) -> None:
        self._inner = inner
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> object:
        if name == "commit":
            self._meanwhile()  # type: ignore[operator]
        return getattr(self._inner, name)


def test_a_damaged_part_is_never_compacted(store: FolderStore, tmp_path: Path) -> None:
    for number in range(1, 4):
        run(store, tmp_path / "spool", f"run-{number}", number)
    key = min(e.key for e in store.list("articles-v1/"))
    file = tmp_path / "archive" / key
    file.write_bytes(file.read_bytes()[:-9])
    with maintainer(store, tmp_path) as kept, pytest.raises(ArchiveDamaged, match=key):
        compact(kept)
    found = verify(store).findings
    assert [f.what.split(":")[0] for f in found if f.key == key] == [found[0].what.split(":")[0]]
    assert "told of, but not in the archive" in found[-1].what, "and what is lost by it"
    assert len(list(store.list("articles-v1/"))) == 3


def test_a_refused_delete_is_told_and_harms_nothing(store: FolderStore, tmp_path: Path) -> None:
    class Keeping(FolderStore):
        def delete(self, key: str) -> None:
            raise StoreRefused(f"delete {key}: not allowed")

    for number in range(1, 4):
        run(store, tmp_path / "spool", f"run-{number}", number)
    before = lines(store)
    with maintainer(Keeping(tmp_path / "archive"), tmp_path) as kept:
        done = compact(kept)
    assert done.refusal is not None
    assert (done.deleted, done.kept) == (0, 6)
    assert lines(store) == before
    assert verify(store).exit_code is ExitCode.WHOLE


def test_orphans_go_only_when_that_is_asked_for(store: FolderStore, tmp_path: Path) -> None:
    for number in range(1, 3):
        run(store, tmp_path / "spool", f"run-{number}", number)
    orphan = "articles-v1/source=example/date=2026-10-26/00aa11bb22-000000000001.jsonl.gz"
    store.put(orphan, b"x", content_type="application/gzip")
    with maintainer(store, tmp_path) as kept:
        compact(kept)
        assert store.exists(orphan), "its commit may be on the way"
        assert compact(kept, orphans=timedelta(hours=24)).kept == 1
        assert store.exists(orphan), "it is not so old"
        assert compact(kept, orphans=timedelta(0)).deleted == 1
    assert not store.exists(orphan)
    assert ids(store) == ["example:1", "example:2"]
    assert verify(store).exit_code is ExitCode.WHOLE


steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["one", "two"]), st.integers(1, 3)),
        st.sampled_from(["compact", "compact elsewhere", "read"]),
    ),
    max_size=14,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(steps)
def test_any_interleaving_gives_each_record_once(steps: list[tuple[str, int] | str]) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        store = FolderStore(root / "archive")
        store.probe()
        cursor, number = None, 0
        read: Counter[str] = Counter()
        for position, step in enumerate([*steps, "read"]):
            if step == "read":
                snapshot = Reader(store).snapshot(cursor)
                read.update(r["article_id"] for r in Reader(store).records_of(snapshot))
                cursor = snapshot.cursor
            elif isinstance(step, str):
                with Maintainer.open(store, root / step, now) as kept:
                    compact(kept, grace=timedelta(days=position % 2))
            else:
                spool, count = step
                run(store, root / spool, f"run-{position}", *range(number, number + count))
                number += count
        wanted = Counter(f"{SOURCE}:{n}" for n in range(number))
        assert read == wanted
        assert Counter(ids(store)) == wanted
        assert verify(store).exit_code is ExitCode.WHOLE
        kinds = {part.commit.kind for part in Reader(store).snapshot().live}
        assert kinds <= {CommitKind.APPEND, CommitKind.COMPACT}


def test_a_revision_that_two_writers_have_stays_one(store: FolderStore, tmp_path: Path) -> None:
    for spool in ("one", "two"):
        with open_writer(store, tmp_path / spool) as writer:
            accept(writer, make_record(1))
            writer.finish(deadline_s=300)
    assert ids(store) == ["example:1"]
    with maintainer(store, tmp_path) as kept:
        compact(kept)
    assert ids(store) == ["example:1"]
    assert verify(store).copies == 1
