"""Whether to ask an entry again, and what two of its answers tell: pure, with a clock."""

from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.fetch.polling import TRUSTED_FOR, Polled, decide, is_gap, vanished

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ask(kind="sitemap", before=None, told=None, followed=False, whole=False):
    return decide(kind, before, told=told, followed=followed, whole=whole, now=NOW)


def polled(ago=HOUR, **values):
    return Polled(NOW - ago, **values)


def test_the_first_time_it_is_asked_without_conditions():
    assert ask().headers == {}
    assert ask().spared is None


def test_validators_go_along_for_a_day():
    known = {"etag": '"e"', "last_modified": "Mon, 23 Nov 2026 10:00:00 GMT"}
    wanted = {"If-None-Match": '"e"', "If-Modified-Since": "Mon, 23 Nov 2026 10:00:00 GMT"}
    assert ask(before=polled(**known)).headers == wanted
    assert ask(before=polled(TRUSTED_FOR, **known)).headers == {}
    assert ask(before=polled(**known), whole=True).headers == {}


@pytest.mark.parametrize(
    ("told", "before", "spared"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z", True),
        ("2026-11-23T11:00:00Z", "2026-11-20T10:00:00Z", False),
        ("2026-11-23", "2026-11-23", False),  # of a bare date more may come on that day
        (None, None, False),
    ],
)
def test_a_sitemap_that_the_index_calls_unchanged_is_spared(told, before, spared):
    answer = ask(before=polled(told=before), told=told, followed=True)
    assert (answer.spared is not None) is spared


def test_a_sitemap_of_the_source_itself_is_never_spared():
    told = "2026-11-20T10:00:00Z"
    assert ask(before=polled(told=told), told=told).spared is None


def test_a_followed_listing_is_read_once_a_day_the_front_page_each_time():
    assert ask("listing", polled(), followed=True).spared
    assert ask("listing", polled(TRUSTED_FOR), followed=True).spared is None
    assert ask("listing", polled(), followed=True, whole=True).spared is None
    assert ask("listing", polled()).spared is None


@pytest.mark.parametrize(
    ("before", "now", "known", "gap"),
    [
        ({"a", "b"}, {"b", "c"}, set(), False),
        ({"a", "b"}, {"c", "d"}, set(), True),
        (set(), {"c"}, set(), False),
        ({"a"}, set(), set(), False),
        (None, {"c"}, {"c"}, False),
        (None, {"c"}, set(), True),
    ],
)
def test_two_polls_without_a_common_entry_are_a_gap(before, now, known, gap):
    assert is_gap(before, now, known) is gap


def test_some_may_vanish_from_a_sitemap_half_of_it_may_not():
    many = {f"u{n}" for n in range(2000)}
    assert vanished(many, many - {"u1", "u2"}) == {"u1", "u2"}
    assert vanished(many, set(list(many)[:1000])) is None
    assert vanished({"a", "b"}, {"b", "c"}) == {"a"}
