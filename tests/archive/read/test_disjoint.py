"""Parts that overlap: those are chosen that hold each line once, where there is such a choice."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, CommitKind, PartEntry, Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, Snapshot
from nordcrawl.archive.read.disjoint import disjoint
from nordcrawl.errors import StoreRefused
from tests.support.archive_builders import SOURCE, START

WRITER = "00aa11bb22"


def key_of(number: int, writer: str = WRITER) -> str:
    return keys.part_key(PartKind.ARTICLE, SOURCE, "2026-10-26", writer, number)


def segment(number: int) -> Segment:
    return Segment(key_of(number), WRITER, number + 1, START, f"{number:064x}", 10, 1)


def snapshot_of(held: list[tuple[int, ...]]) -> Snapshot:
    """A snapshot of parts that were put together of these segments."""
    add = tuple(
        PartEntry(key_of(number, "cc33dd44ee"), PartKind.ARTICLE, "0" * 64, 10 * len(numbers),
                  len(numbers), number, number, "", "", tuple(map(segment, numbers)))
        for number, numbers in enumerate(held)
    )  # fmt: skip
    commit = Commit("cc33dd44ee", 1, None, SOURCE, "compact", START, add, kind=CommitKind.COMPACT)
    pieces: dict[int, LiveSegment] = {}
    for place in range(len(held)):
        for number, piece in zip(held[place], LivePart(commit, place).pieces(), strict=True):
            pieces.setdefault(number, piece)
    return Snapshot(tuple(pieces.values()), {commit.writer: [commit]}, {}, frozenset())


def numbers_of(parts: list[LivePart]) -> list[int]:
    return sorted(keys.number_of(s.origin) for part in parts for s in part.segments)


def test_thousands_of_parts_that_hang_together_are_told_apart() -> None:
    count = 3000
    snapshot = snapshot_of([(number, number + 1) for number in range(count - 1)])
    assert numbers_of(disjoint(snapshot)) == list(range(count))


def test_a_choice_that_shows_late_to_be_wrong_is_taken_back() -> None:
    snapshot = snapshot_of([(0, 1), (0,), (1, 2), (2, 3), (3, 4), (5, 4)])
    assert numbers_of(disjoint(snapshot)) == list(range(6))
    count = 3001  # an odd number of them is no pairs but with the single one, which is tried last
    pairs = [(number, number + 1) for number in range(count - 1)]
    assert numbers_of(disjoint(snapshot_of([*pairs, (0,)]))) == list(range(count))


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=1, unique=True).map(tuple), min_size=1,
             max_size=8)
)  # fmt: skip
def test_there_is_a_choice_where_trying_all_finds_one(held: list[tuple[int, ...]]) -> None:
    wanted = sorted({number for numbers in held for number in numbers})
    possible = any(
        sorted(n for numbers in some for n in numbers) == wanted
        for size in range(1, len(held) + 1)
        for some in combinations(held, size)
    )
    if possible:
        assert numbers_of(disjoint(snapshot_of(held))) == wanted
    else:
        with pytest.raises(StoreRefused, match="run nordcrawl compact"):
            disjoint(snapshot_of(held))
