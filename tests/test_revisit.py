"""Which links are due: pure rules with the clock passed in."""

from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.fetch.answer import judge
from nordcrawl.fetch.revisit import Told, Window, decide
from nordcrawl.model.ledger import Outcome, UrlState
from nordcrawl.model.page import Page

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OPEN = Window()


def seen(ago: timedelta, lastmod=None, outcome=Outcome.NEW, article_id="s:1"):
    at = NOW - ago
    return UrlState("u", outcome, at, fetched_at=at, lastmod=lastmod, article_id=article_id)


def due(told, known, published=None, mode="incremental", window=OPEN):
    return decide(told, known, published, mode=mode, window=window, now=NOW)


def test_what_was_never_seen_is_due():
    assert due(Told(), None).fetch


@pytest.mark.parametrize("outcome", [Outcome.FETCH_FAILED, Outcome.OVER_BUDGET, Outcome.BLOCKED])
def test_what_never_gave_an_answer_is_due(outcome):
    assert due(Told(), UrlState("u", outcome, NOW)).fetch


def test_a_failure_after_a_good_fetch_is_tried_again():
    assert due(Told(), seen(timedelta(minutes=1), outcome=Outcome.FETCH_FAILED)).fetch


@pytest.mark.parametrize(
    ("age", "ago", "fetch"),
    [
        (timedelta(hours=1), timedelta(minutes=14), False),
        (timedelta(hours=1), timedelta(minutes=16), True),
        (timedelta(hours=20), timedelta(minutes=50), False),
        (timedelta(hours=20), timedelta(minutes=61), True),
        (timedelta(days=6), timedelta(hours=2), False),
        (timedelta(days=6), timedelta(hours=4), True),
        (timedelta(days=20), timedelta(days=2), False),
        (timedelta(days=20), timedelta(days=4), True),
        (timedelta(days=900), timedelta(days=29), False),
        (timedelta(days=900), timedelta(days=31), True),
    ],
)
def test_without_a_word_from_the_source_age_decides(age, ago, fetch):
    assert due(Told(), seen(ago), NOW - age).fetch is fetch


def test_a_moved_lastmod_is_due_at_once():
    known = seen(timedelta(minutes=1), lastmod="2026-11-22T10:00:00Z")
    assert due(Told("2026-11-23T11:59:30Z"), known, NOW - timedelta(days=500)).fetch


def test_an_unmoved_lastmod_is_not_due_even_for_a_young_article():
    known = seen(timedelta(hours=2), lastmod="2026-11-23T09:00:00Z")
    verdict = due(Told("2026-11-23T09:00:00Z"), known, NOW - timedelta(hours=3))
    assert (verdict.fetch, verdict.outcome) == (False, Outcome.SKIPPED_FRESH)


def test_a_feed_that_dates_it_after_the_last_look_makes_it_due():
    known = seen(timedelta(minutes=5))
    assert due(Told(published="2026-11-23T11:58:00Z"), known, NOW - timedelta(days=500)).fetch
    assert not due(Told(published="2026-11-23T11:50:00Z"), known, NOW - timedelta(days=500)).fetch


def test_a_bare_date_of_today_leaves_it_to_age():
    known = seen(timedelta(hours=2), lastmod="2026-11-23")
    assert due(Told("2026-11-23"), known, NOW - timedelta(hours=3)).fetch
    assert not due(Told("2026-11-23"), seen(timedelta(minutes=5), "2026-11-23"), NOW).fetch


def test_even_an_unmoved_lastmod_is_checked_once_a_month():
    known = seen(timedelta(days=31), lastmod="2026-01-01")
    assert due(Told("2026-01-01"), known, NOW - timedelta(days=400)).fetch


def test_a_full_run_asks_for_everything():
    assert due(Told("2026-01-01"), seen(timedelta(minutes=1), "2026-01-01"), mode="full").fetch


def test_the_window_goes_by_what_is_known():
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC))
    old = due(Told("2026-10-01"), None, window=window)
    assert (old.fetch, old.outcome) == (False, Outcome.OUT_OF_RANGE)
    assert due(Told("2026-11-20"), None, window=window).fetch  # edited later, may be of the window
    assert not due(Told(published="2026-11-20T00:00:00Z"), None, window=window).fetch
    assert not due(Told(), None, datetime(2026, 10, 1, tzinfo=UTC), window=window).fetch
    assert due(Told(), None, datetime(2026, 11, 5, tzinfo=UTC), window=window).fetch


def test_what_was_read_but_out_of_range_is_due_when_the_range_is_open():
    assert due(
        Told(), seen(timedelta(minutes=1), outcome=Outcome.OUT_OF_RANGE, article_id=None)
    ).fetch


def page(status=200, body=b"<html><p>x</p></html>", content_type="text/html", **values):
    return Page("https://example.org/a", body, NOW, status=status,
                headers=(("content-type", content_type),), **values)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (page(304, b""), Outcome.FETCH_FAILED),  # nobody asked on condition
        (page(404), Outcome.FETCH_FAILED),
        (page(503), Outcome.FETCH_FAILED),
        (page(301), Outcome.FETCH_FAILED),
        (page(403), Outcome.BLOCKED),
        (page(429), Outcome.BLOCKED),
        (page(body=b"  "), Outcome.NOT_ARTICLE),
        (page(body=b"%PDF-1.7", content_type="application/pdf"), Outcome.NOT_ARTICLE),
        (page(206), Outcome.NOT_ARTICLE),
        (page(), None),
        (page(content_type="image/png"), None),  # HTML whatever the server calls it
        (page(content_type=""), None),
    ],
)
def test_an_answer_means_one_thing(answer, outcome):
    ending = judge(answer, None)
    assert (ending.outcome if ending else None) == outcome


def test_a_304_is_an_answer_to_a_condition():
    ending = judge(page(304, b""), None, conditional=True)
    assert ending
    assert ending.outcome is Outcome.UNCHANGED


def test_the_same_bytes_need_no_second_reading():
    answer = page()
    ending = judge(answer, answer.body_sha256)
    assert ending
    assert ending.outcome is Outcome.UNCHANGED


def test_a_redirect_to_the_front_page_is_no_article():
    answer = Page(
        "https://example.org/", b"<html>x</html>", NOW, redirects=("https://example.org/a",)
    )
    ending = judge(answer, None)
    assert ending
    assert ending.outcome is Outcome.NOT_ARTICLE
