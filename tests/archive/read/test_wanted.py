"""What a reader does not want is not even fetched; what several writers have is read once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nordcrawl.archive.format.commit import PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import encode_line
from nordcrawl.archive.read import firsts
from nordcrawl.archive.read.reader import Reader, Wanted
from nordcrawl.archive.read.sieve import _of_article
from nordcrawl.reading.query import Query
from nordcrawl.reading.selection import Selection
from tests.support.archive_builders import SOURCE, START, archive, make_record
from tests.support.memory_store import MemoryStore

DAY = timedelta(days=1)
#: One second before midnight, at it, and after it: each but the first has a folder of its own.
NIGHT = datetime(2026, 10, 26, 23, 59, 59, tzinfo=UTC)


class Counting(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.gets: Counter[str] = Counter()

    def get(self, key: str) -> bytes:
        self.gets[key] += 1
        return super().get(key)

    @property
    def parts_read(self) -> int:
        return sum(count for key, count in self.gets.items() if key.startswith("articles-v1/"))


@pytest.fixture
def store(tmp_path: Path) -> Counting:
    store = Counting()
    for day in range(5):
        archive(
            store, tmp_path / "spool", make_record(day, at=START + day * DAY, run_id=f"r-{day}")
        )
    store.gets.clear()
    return store


def ids(store: MemoryStore, query: Query) -> list[int]:
    selection = Selection(store)
    found = selection.records(Reader(store).snapshot(), query)
    return sorted(int(record["article_id"].partition(":")[2]) for record in found)


def test_a_part_of_another_day_is_not_fetched(store: Counting) -> None:
    query = Query.of(fetched_from="2026-10-28", fetched_to="2026-10-28")
    assert ids(store, query) == [2]
    assert store.parts_read == 1


def test_a_part_that_ends_before_the_hour_is_not_fetched(store: Counting) -> None:
    at = START + 2 * DAY
    assert ids(store, Query.of(fetched_from=at)) == [2, 3, 4]
    assert store.parts_read == 3
    store.gets.clear()
    assert ids(store, Query.of(fetched_from=at + timedelta(minutes=1))) == [3, 4]
    assert store.parts_read == 2


def test_an_archive_as_it_was_needs_no_later_part(store: Counting) -> None:
    assert ids(store, Query.of(as_of=START + DAY)) == [0, 1]
    assert store.parts_read == 3, "a day is left for clocks that were set back"


def test_the_latest_revision_is_chosen_before_the_filter(tmp_path: Path) -> None:
    store = Counting()
    archive(store, tmp_path / "spool", make_record(1, at=START))
    archive(store, tmp_path / "spool", make_record(1, revision=2, at=START + DAY, run_id="run-2"))
    assert ids(store, Query.of(fetched_to=START)) == [1]
    assert ids(store, Query.of(fetched_to=START, latest=True)) == [], "its latest is younger"


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        (Wanted(fetched_to=NIGHT - timedelta(seconds=2)), False),
        (Wanted(fetched_to=NIGHT - timedelta(milliseconds=500)), True),
        (Wanted(fetched_to=NIGHT), True),
        (Wanted(fetched_from=NIGHT + timedelta(seconds=2)), False),
        (Wanted(fetched_from=NIGHT), True),
        (Wanted(as_of=NIGHT - DAY - timedelta(seconds=2)), False),
        (Wanted(as_of=NIGHT - DAY), True),
        (Wanted(frozenset([SOURCE])), True),
        (Wanted(frozenset(["another"])), False),
    ],
)
@pytest.mark.parametrize("told", [True, False])
def test_what_a_part_may_hold(wanted: Wanted, holds: bool, told: bool) -> None:
    at = "2026-10-26T23:59:59Z" if told else ""
    key = f"articles-v1/source={SOURCE}/date=2026-10-26/00aa11bb22-000000000001.jsonl.gz"
    entry = PartEntry(key, PartKind.ARTICLE, "", 1, 1, 1, 1, at, at)
    if told or wanted.sources:
        assert wanted.may_hold(SOURCE, entry) is holds
    elif holds:
        assert wanted.may_hold(SOURCE, entry), "then by the day of its key"


@pytest.mark.parametrize("recent", [1, 3, 50_000])
@pytest.mark.parametrize("writers", [2, 20])
def test_what_several_writers_have_is_read_once(
    tmp_path: Path, writers: int, recent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firsts, "_RECENT", recent)
    store = MemoryStore()
    for number in range(writers):
        own = make_record(100 + number, run_id=f"run-{number}")
        fork = make_record(2, text=f"Another text of writer {number}. ", run_id=f"run-{number}")
        same = make_record(1, at=START + timedelta(seconds=number), run_id=f"run-{number}")
        archive(store, tmp_path / f"spool-{number}", own, fork, same)
    reader = Reader(store)
    found = Counter(record["article_id"] for record in reader.records())
    assert found[f"{SOURCE}:1"] == 1
    assert found[f"{SOURCE}:2"] == writers, "nobody can say which of two texts was first"
    assert found.total() == 1 + 2 * writers
    assert len(list(reader.lines_of(reader.snapshot()))) == 1 + 2 * writers


@pytest.mark.parametrize("change", ["title", "section", "tags", "blocks", "authors"])
def test_another_content_is_another_record(change: str) -> None:
    values = make_record(1).to_json()
    other = values | {change: ["else"] if isinstance(values[change], list) else "else"}
    same = values | {"modified_at": "2026-10-26T00:00:00Z", "run_id": "run-2", "links": ["x"]}
    for reorder in (False, True):  # one that nordcrawl did not write
        lines = [dict(reversed(x.items())) if reorder else dict(x) for x in (values, same, other)]
        first, second, third = (_of_article(encode_line(x), x) for x in lines)
        assert (first == second, first == third) == (True, False)
