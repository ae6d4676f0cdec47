"""Which links are due: pure rules with the clock passed in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nordcrawl.fetch.answer import judge
from nordcrawl.fetch.revisit import ToldTimes, Window, decide
from nordcrawl.model.ledger import LedgerEntry, Outcome, UrlState, fold
from nordcrawl.model.page import Page
from nordcrawl.sources.landing import landing
from nordcrawl.sources.source import Source

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OPEN = Window()


def seen(ago: timedelta, lastmod=None, outcome=Outcome.NEW, article_id="s:1"):
    at = NOW - ago
    return UrlState("u", outcome, at, fetched_at=at, lastmod=lastmod, article_id=article_id)


def due(told, known, published=None, mode="incremental", window=OPEN):
    return decide(told, known, published, mode=mode, window=window, now=NOW)


def test_what_was_never_seen_is_due():
    assert due(ToldTimes(), None).fetch


@pytest.mark.parametrize("outcome", [Outcome.FETCH_FAILED, Outcome.OVER_BUDGET, Outcome.BLOCKED])
def test_what_never_gave_an_answer_is_due(outcome):
    assert due(ToldTimes(), UrlState("u", outcome, NOW)).fetch


def test_a_failure_after_a_good_fetch_is_tried_again():
    assert due(ToldTimes(), seen(timedelta(minutes=1), outcome=Outcome.FETCH_FAILED)).fetch


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
    assert due(ToldTimes(), seen(ago), NOW - age).fetch is fetch


def test_a_moved_lastmod_is_due_at_once():
    known = seen(timedelta(minutes=1), lastmod="2026-11-22T10:00:00Z")
    assert due(ToldTimes("2026-11-23T11:59:30Z"), known, NOW - timedelta(days=500)).fetch


def test_an_unmoved_lastmod_is_not_due_even_for_a_young_article():
    known = seen(timedelta(hours=2), lastmod="2026-11-23T09:00:00Z")
    verdict = due(ToldTimes("2026-11-23T09:00:00Z"), known, NOW - timedelta(hours=3))
    assert (verdict.fetch, verdict.outcome) == (False, Outcome.SKIPPED_FRESH)


def test_a_feed_that_dates_it_after_the_last_look_makes_it_due():
    known = seen(timedelta(minutes=5))
    assert due(ToldTimes(published="2026-11-23T11:58:00Z"), known, NOW - timedelta(days=500)).fetch
    assert not due(
        ToldTimes(published="2026-11-23T11:50:00Z"), known, NOW - timedelta(days=500)
    ).fetch


def test_a_bare_date_of_today_leaves_it_to_age():
    known = seen(timedelta(hours=2), lastmod="2026-11-23")
    assert due(ToldTimes("2026-11-23"), known, NOW - timedelta(hours=3)).fetch
    assert not due(ToldTimes("2026-11-23"), seen(timedelta(minutes=5), "2026-11-23"), NOW).fetch


def test_even_an_unmoved_lastmod_is_checked_once_a_month():
    known = seen(timedelta(days=31), lastmod="2026-01-01")
    assert due(ToldTimes("2026-01-01"), known, NOW - timedelta(days=400)).fetch


def test_a_full_run_asks_for_everything():
    assert due(ToldTimes("2026-01-01"), seen(timedelta(minutes=1), "2026-01-01"), mode="full").fetch


def test_the_window_goes_by_what_is_known():
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC))
    old = due(ToldTimes("2026-10-01"), None, window=window)
    assert (old.fetch, old.outcome) == (False, Outcome.OUT_OF_RANGE)
    assert due(
        ToldTimes("2026-11-20"), None, window=window
    ).fetch  # edited later, may be of the window
    assert not due(ToldTimes(published="2026-11-20T00:00:00Z"), None, window=window).fetch
    assert not due(ToldTimes(), None, datetime(2026, 10, 1, tzinfo=UTC), window=window).fetch
    assert due(ToldTimes(), None, datetime(2026, 11, 5, tzinfo=UTC), window=window).fetch


def test_what_was_read_but_out_of_range_is_due_when_the_range_is_open():
    assert due(
        ToldTimes(), seen(timedelta(minutes=1), outcome=Outcome.OUT_OF_RANGE, article_id=None)
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
        (page(body=b"  "), Outcome.FETCH_FAILED),
        (page(body=b"\xef\xbb\xbf\x00\r\n"), Outcome.FETCH_FAILED),
        (page(202), Outcome.FETCH_FAILED),
        (page(202, b""), Outcome.FETCH_FAILED),
        (page(204, b""), Outcome.FETCH_FAILED),
        (page(205, b""), Outcome.FETCH_FAILED),
        (page(203), None),  # a proxy has been at it, and it is the page
        (page(511), Outcome.BLOCKED),
        (page(body=b"%PDF-1.7", content_type="application/pdf"), Outcome.NOT_ARTICLE),
        (page(206), Outcome.FETCH_FAILED),
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


@pytest.mark.parametrize("status", [200, 202, 403, 405, 503])
@pytest.mark.parametrize(
    "header",
    [("x-amzn-waf-action", "challenge"), ("x-amzn-waf-action", "captcha"),
     ("cf-mitigated", "challenge"), ("x-vercel-mitigated", "challenge")],
)  # fmt: skip
def test_a_challenge_says_so_by_its_header_whatever_its_status(status, header):
    answer = Page("https://example.org/a", b"<html>x</html>", NOW, status=status, headers=(header,))
    ending = judge(answer, answer.body_sha256)
    assert ending
    assert ending.outcome is Outcome.BLOCKED


SOURCE = Source(
    name="s",
    title="S",
    hosts={"example.org": "en"},
    sitemaps=("/sitemap.xml",),
    listings=("/", "/latest"),
    follow_listings=("^/tag/",),
    article_urls=("^/news/[^/?#]+$", "^/[?]p=[0-9]+$"),
    deny_urls=("^/consent",),
    deny_query=("print",),
)


def redirected(url, *passed, source=SOURCE):
    answer = Page(url, b"<html>x</html>", NOW, redirects=passed or ("https://example.org/news/a",))
    return judge(answer, None, landing=landing(source, url))


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://example.org/news/b", None),
        ("https://example.org/news/b/", None),
        ("https://example.org/?p=7", None),
        ("https://example.org/news/b?from=x", Outcome.NOT_ARTICLE),
        ("https://example.org/", Outcome.NOT_ARTICLE),
        ("https://example.org/latest", Outcome.NOT_ARTICLE),
        ("https://example.org/tag/ice", Outcome.NOT_ARTICLE),
        ("https://example.org/about", Outcome.NOT_ARTICLE),
        ("https://example.org/consent", Outcome.BLOCKED),
        ("https://example.org/news/b?print=1", Outcome.BLOCKED),
        ("https://example.org/hello?back=%2Fnews%2Fa", Outcome.BLOCKED),
    ],
)
def test_where_a_redirect_leads_is_judged_like_any_other_address(url, outcome):
    ending = redirected(url)
    assert (ending.outcome if ending else None) == outcome


@pytest.mark.parametrize(
    "query",
    ["return=/news/a", "x=1&next=%2Fnews%2Fa", "url=https%3A%2F%2Fexample.org%2Fnews%2Fa",
     "to=https%253A%252F%252Fexample.org%252Fnews%252Fa", "c=//example.org/news/a/"],
)  # fmt: skip
def test_a_redirect_that_takes_the_way_back_along_is_a_gate(query):
    """Also where the source has no rule for it."""
    plain = SOURCE.model_copy(update={"article_urls": (), "deny_urls": ()})
    ending = redirected(f"https://example.org/hello?{query}", source=plain)
    assert ending
    assert ending.outcome is Outcome.BLOCKED
    assert redirected("https://example.org/hello?to=/news/other", source=plain) is None


def missed(*days, outcome=Outcome.NOT_ARTICLE, before=None):
    state = before
    for day in days:
        at = NOW + timedelta(days=day)
        line = LedgerEntry(
            "r", "s", "https://example.org/a", outcome, at, fetched_at=at, status=200,
            lastmod="2026-11-20T10:00:00Z",
        )  # fmt: skip
        state = fold(state, line, NOW + timedelta(days=400))
    return state


def test_a_page_without_an_article_was_not_read():
    """Whatever a sitemap says of its last change: due in the next run, then ever more seldom."""
    told = ToldTimes("2026-11-20T10:00:00Z")
    once = missed(0)
    assert once.fetched_at is None
    later = NOW + timedelta(minutes=15)
    assert decide(told, once, None, mode="incremental", window=Window(), now=later).fetch

    def is_due(state, days, told=told):
        at = NOW + timedelta(days=days)
        return decide(told, state, None, mode="incremental", window=Window(), now=at).fetch

    assert [is_due(missed(0, 0.1), days) for days in (0.2, 1.0, 1.2)] == [False, False, True]
    assert [is_due(missed(0, 4), days) for days in (5, 11, 12.1)] == [False, False, True]
    assert is_due(missed(0, 400), 431)
    assert is_due(missed(0, 0.1), 0.2, ToldTimes("2026-11-23T13:00:00Z")) is False
    assert is_due(missed(0, 0.1), 0.2, ToldTimes("2026-11-23T16:00:00Z"))


def test_an_articles_page_that_shows_none_keeps_what_was_read():
    known = seen(timedelta(days=2), "2026-11-20T10:00:00Z")
    state = missed(0, before=known)
    assert (state.fetched_at, state.article_id) == (known.fetched_at, known.article_id)
    assert state.misses == (NOW,)
    read = LedgerEntry("r", "s", state.url, Outcome.UNCHANGED, NOW + timedelta(days=1),
                       fetched_at=NOW + timedelta(days=1), article_id="s:a")  # fmt: skip
    assert fold(state, read, NOW + timedelta(days=2)).misses == ()


def test_a_page_in_quarantine_was_not_read_and_is_asked_daily():
    """Its validators and article stay those of what is archived; a later change makes it due."""
    known = seen(timedelta(days=2), "2026-11-20T10:00:00Z")
    held = LedgerEntry("r", "s", known.url, Outcome.QUARANTINED, NOW, fetched_at=NOW, etag='"b"',
                       article_id="s:1", revision=2, body_sha256="b" * 64)  # fmt: skip
    new = LedgerEntry("r", "s", "https://a.example/new", Outcome.QUARANTINED, NOW, fetched_at=NOW)
    for before, entry in ((known, held), (None, new), (missed(-1), replace(held, url="https://a"))):
        state = fold(before, entry, NOW)
        assert (state.outcome, state.at) == (Outcome.QUARANTINED, NOW)
        if before is not None:
            kept = replace(before, outcome=state.outcome, at=NOW)
            assert state == kept, "nothing was read"

        def is_due(days, told=ToldTimes(), state=state, mode="incremental"):  # noqa: B008
            at = NOW + timedelta(days=days)
            return decide(told, state, None, mode=mode, window=Window(), now=at).fetch

        assert [is_due(days) for days in (0.01, 0.9, 1.1)] == [False, False, True]
        assert is_due(0.1, ToldTimes("2026-11-20T10:00:00Z")) is False
        assert is_due(0.1, ToldTimes((NOW + timedelta(minutes=5)).isoformat()))
        assert is_due(0.1, mode="full")


YEARS = timedelta(days=1500)


def test_a_state_from_the_future_is_looked_at_and_heals():
    ahead = seen(-YEARS, "2026-11-20T10:00:00Z")
    for told in (ToldTimes(), ToldTimes("2026-11-20T10:00:00Z"), ToldTimes(published="2026-11-20")):
        assert due(told, ahead).fetch
    good = LedgerEntry("r", "s", ahead.url, Outcome.UNCHANGED, NOW, fetched_at=NOW,
                       article_id="s:a", lastmod="2026-11-20T10:00:00Z")  # fmt: skip
    healed = fold(ahead, good, NOW)
    assert (healed.at, healed.fetched_at, healed.linked_at) == (NOW, NOW, NOW)
    assert fold(ahead, good).fetched_at == NOW, "by the clock, where no time is given"
    assert not due(ToldTimes("2026-11-20T10:00:00Z"), healed).fetch
    bad = LedgerEntry("r", "s", ahead.url, Outcome.UPDATED, NOW + YEARS, fetched_at=NOW + YEARS,
                      article_id="s:a")  # fmt: skip
    assert fold(healed, bad, NOW) == healed
    assert due(ToldTimes(), missed(1500, 1501)).fetch


def test_a_change_told_before_the_last_one_is_seen_all_the_same():
    known = seen(timedelta(hours=1), "2031-01-01T00:00:00Z")
    assert due(ToldTimes("2026-11-23T11:30:00Z"), known, NOW - timedelta(days=500)).fetch
    assert not due(ToldTimes("2031-01-01T00:00:00Z"), known, NOW - timedelta(days=500)).fetch


def test_what_is_called_unchanged_without_an_article_was_never_read():
    known = seen(timedelta(hours=1), "2026-11-20T10:00:00Z", Outcome.UNCHANGED, None)
    assert due(ToldTimes("2026-11-20T10:00:00Z"), known).fetch
    told = seen(timedelta(hours=1), "2026-11-20T10:00:00Z", Outcome.UNCHANGED)
    assert not due(ToldTimes("2026-11-20T10:00:00Z"), told).fetch
