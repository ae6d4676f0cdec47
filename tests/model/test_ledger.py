"""The ledger: state is the fold of its lines, in any order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.model.ledger import (
    BY_CAPTURES,
    BY_WARC,
    ArticleState,
    LedgerEntry,
    Outcome,
    fold,
)

T0 = datetime(2026, 11, 23, tzinfo=UTC)


def entry(minute: int, outcome: Outcome, *, read: bool, article_id: str | None) -> LedgerEntry:
    at = T0 + timedelta(minutes=minute)
    return LedgerEntry(
        run_id="r",
        source="s",
        url="https://example.org/a",
        outcome=outcome,
        at=at,
        fetched_at=at - timedelta(seconds=1) if read else None,
        etag=f"e{minute}" if read else None,
        lastmod=f"2026-11-{minute % 28 + 1:02}",
        article_id=article_id,
    )


entries = st.lists(
    st.builds(
        entry,
        st.integers(0, 500),
        st.sampled_from(Outcome),
        read=st.booleans(),
        article_id=st.sampled_from([None, "s:1", "s:2"]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda e: e.at,
)


@given(entries, st.randoms())
def test_state_is_the_same_in_whatever_order_lines_come(lines, dice):
    shuffled = list(lines)
    dice.shuffle(shuffled)
    assert reduce(fold, lines, None) == reduce(fold, shuffled, None)


@given(entries)
def test_a_line_folded_twice_is_folded_once(lines):
    assert reduce(fold, [*lines, *lines], None) == reduce(fold, lines, None)


@given(entries, st.data())
def test_a_page_read_again_changes_nothing_in_whatever_order_it_comes(lines, data):
    """Not how its URL ended last, nor what is known of it: it was not asked for."""
    read = [e for e in lines if e.fetched_at and e.outcome in (Outcome.NEW, Outcome.UNCHANGED)]
    ends = st.sampled_from([Outcome.UPDATED, Outcome.UNCHANGED, Outcome.NOT_ARTICLE])
    again = [
        replace(one, at=T0 + timedelta(days=9, minutes=n), outcome=data.draw(ends),
                found_by=(BY_CAPTURES,))
        for n, one in enumerate(read)
    ]  # fmt: skip
    mixed = data.draw(st.permutations([*lines, *again]))
    assert reduce(fold, mixed, None) == reduce(fold, lines, None)


@given(entries, st.data())
def test_an_imported_page_counts_for_when_it_was_fetched_in_any_order(lines, data):
    """However late it is taken in: not for how the URL ended last, nor as a miss."""
    fetched = T0 - timedelta(days=400)
    ends = st.sampled_from([Outcome.NEW, Outcome.UNCHANGED, Outcome.NOT_ARTICLE])
    old = replace(
        entry(0, data.draw(ends), read=True, article_id="s:1"), etag=None, fetched_at=fetched,
        at=T0 + timedelta(days=9), found_by=(f"{BY_WARC}crawl.warc.gz",), status=404,
    )  # fmt: skip
    alone = fold(None, old)
    assert (alone.at, alone.misses) == (fetched, ())
    mixed = reduce(fold, data.draw(st.permutations([*lines, old])), None)
    without = reduce(fold, lines, None)
    assert mixed is not None
    assert without is not None
    assert (mixed.outcome, mixed.at) == (without.outcome, without.at)
    assert (mixed.gone_at, mixed.missed_at) == (without.gone_at, without.missed_at)
    if without.fetched_at is not None:
        assert (mixed.fetched_at, mixed.etag) == (without.fetched_at, without.etag)


def test_a_failed_fetch_keeps_what_was_read():
    read = entry(1, Outcome.NEW, read=True, article_id="s:1")
    state = fold(fold(None, read), entry(2, Outcome.FETCH_FAILED, read=True, article_id=None))
    assert (state.outcome, state.etag, state.article_id) == (Outcome.FETCH_FAILED, "e1", "s:1")


def test_a_line_reads_back_as_it_was_written():
    article = ArticleState("s:1", 2, "https://example.org/a", "t", "c", "x/1/0", "Isen", T0, None)
    line = LedgerEntry(
        "r", "s", "https://example.org/a", Outcome.UPDATED, T0, "changed", ("sitemap",),
        "2026-11-23", "2026-11-22", "The ice", 200, "https://example.org/a", T0, '"e"', "Mon", "b",
        "s:1", 2, False, article,
    )  # fmt: skip
    assert LedgerEntry.from_json(line.to_json()) == line
