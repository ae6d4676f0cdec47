"""A cursor hands out each record once, whoever writes meanwhile."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nordcrawl.archive.format.cursor import Cursor
from nordcrawl.archive.log.follow import writers
from nordcrawl.archive.read.reader import Reader
from nordcrawl.errors import UsageError
from tests.support.archive_builders import FileStore, archive, make_record

seen_by = st.dictionaries(
    st.text("0123456789abcdef", min_size=10, max_size=10), st.integers(0, 10**12), max_size=5
)


@given(seen_by)
def test_a_cursor_is_read_back_from_its_text(seen: dict[str, int]) -> None:
    text = str(Cursor(seen))
    assert Cursor.parse(text) == Cursor(seen)
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@given(seen_by, st.data())
def test_a_changed_cursor_is_refused(seen: dict[str, int], data: st.DataObject) -> None:
    text = str(Cursor(seen))
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from("Aa0-~")) + text[at + 1 :]
    with suppress(UsageError):
        assert Cursor.parse(changed) == Cursor(seen)  # the same, or bits that padding ignores


@pytest.mark.parametrize("text", ["", "c1.", "c1", "c2.AAAAAAAA", "yesterday", "c1.æøå", "c1.AAA"])
def test_nonsense_is_refused_by_name(text: str) -> None:
    with pytest.raises(UsageError, match="not a cursor"):
        Cursor.parse(text)


steps = st.lists(
    st.one_of(st.tuples(st.sampled_from(["one", "two"]), st.integers(1, 3)), st.just("read")),
    max_size=12,
)


@settings(max_examples=12, deadline=None)
@given(steps)
def test_each_record_comes_once_over_any_interleaving(steps: list[tuple[str, int] | str]) -> None:
    with TemporaryDirectory() as root:
        store = FileStore(Path(root) / "archive")
        store.probe()
        cursor, number = None, 0
        read: Counter[str] = Counter()
        for step in [*steps, "read", "read"]:
            if isinstance(step, tuple):
                folder, count = step
                numbers = range(number + 1, number + count + 1)
                number += count
                archive(store, Path(root) / folder, *(make_record(n) for n in numbers))
                continue
            reader = Reader(store)
            snapshot = reader.snapshot(cursor)
            new = [r["article_id"] for r in reader.records_of(snapshot)]
            assert new == [r["article_id"] for r in reader.records(since=cursor)]
            read.update(new)
            cursor = Cursor.parse(str(snapshot.cursor))
        assert read == Counter(f"example:{n}" for n in range(1, number + 1))


def test_records_of_one_writer_come_in_its_order(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "archive")
    for number in range(1, 8):
        archive(store, tmp_path / ("one" if number % 3 else "two"), make_record(number))
    assert [r["article_id"] for r in Reader(store).records()] == [
        f"example:{n}" for n in range(1, 8)
    ]


def test_a_cursor_of_another_archive_is_refused(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "archive")
    archive(store, tmp_path / "spool", make_record(1))
    with pytest.raises(UsageError, match="another archive"):
        Reader(store).snapshot(Cursor({"00aa11bb22": 1}))


def test_an_uncommitted_part_is_not_seen(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "archive")
    archive(store, tmp_path / "spool", make_record(1))
    (writer,) = writers(store)
    (store.root / f"commits/{writer}/000000000001.json").unlink()
    assert list(Reader(store).records()) == []
    assert list(Reader(store).latest()) == []
