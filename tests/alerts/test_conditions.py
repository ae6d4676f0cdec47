"""Each condition, with a history that must fire and ones that must not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nordcrawl.alerts.condition import ADVICE, Alert, AlertLimits, History, Quiet, Severity
from nordcrawl.alerts.judge import CONDITIONS, judge
from nordcrawl.alerts.texts import batches
from nordcrawl.doctor.spools import Waiting
from tests.support.alert_histories import (
    FEED,
    LISTING,
    NOW,
    articles,
    daily,
    entry,
    history,
    newsroom,
    run,
)

LIMITS = AlertLimits()


def fires(name: str, of: History, limits: AlertLimits = LIMITS) -> Alert:
    answer = CONDITIONS[name](of, limits)
    assert isinstance(answer, Alert), answer
    assert (answer.id, answer.source) == (name, "a")
    return answer


def rests(name: str, of: History, limits: AlertLimits = LIMITS) -> None:
    assert CONDITIONS[name](of, limits) is Quiet.NO


def is_untold(name: str, of: History, limits: AlertLimits = LIMITS) -> None:
    assert CONDITIONS[name](of, limits) is Quiet.UNTOLD


def at_first(**change: Any) -> Any:
    """What is other in the last run only."""
    return lambda back: change if back == 0 else {}


def later(runs: tuple[Any, ...], hours: float) -> History:
    return history(runs, now=NOW + timedelta(hours=hours))


def test_every_condition_says_what_to_do() -> None:
    assert set(ADVICE) == {*CONDITIONS, "unreadable"}


def test_of_a_source_that_is_well_nothing_is_told_and_all_is_judged() -> None:
    found = judge(
        [history(daily(), articles=articles(12), waiting=Waiting(0, "", held=False))], LIMITS
    )
    assert found.alerts == ()
    assert found.judged == {f"a/{name}" for name in CONDITIONS}


def test_what_needs_a_history_is_quiet_without_one() -> None:
    needy = {"fewer_articles", "errors", "field_coverage"}
    for name in needy:
        is_untold(name, history(daily(3), articles=articles(2)))
    found = judge([history(daily(1), articles=articles(1))], LIMITS)
    assert found.alerts == ()


@pytest.mark.parametrize("every_h", [1, 6, 24])
@pytest.mark.parametrize("seed", range(3))
def test_an_ordinary_week_alerts_nobody(every_h: int, seed: int) -> None:
    told = Counter(
        f"{one.id}: {one.text}"
        for of in newsroom(seed, 63 * 24, every_h)[:: max(1, 12 // every_h)]
        for one in judge([of], LIMITS).alerts
    )
    assert told == {}


# --- runs ------------------------------------------------------------------------------------


def test_no_run_is_told_when_the_sources_own_rhythm_is_broken() -> None:
    rests("no_run", later(daily(), 24))  # a run may be late, or take long
    found = fires("no_run", later(daily(), 34))
    assert found.severity is Severity.CRITICAL
    assert "no run has ended or archived anything for 34 h" in found.text
    assert "31 h are allowed" in found.text
    hourly = tuple(run(NOW - timedelta(hours=n)) for n in range(40))
    rests("no_run", later(hourly, 2))
    fires("no_run", later(hourly, 3))


def test_a_weekend_without_runs_and_an_outage_of_old_change_no_rhythm() -> None:
    workdays = tuple(one for one in daily(45) if one.started_at.weekday() < 5)
    rests("no_run", history(workdays[1:], now=NOW))  # a day late is no longer than a weekend
    hourly = tuple(run(NOW - timedelta(hours=n + 24 * (n > 20))) for n in range(40))
    fires("no_run", later(hourly, 3))


def test_no_run_where_none_ever_was_and_where_the_setting_says_so() -> None:
    assert "no run of it" in fires("no_run", history()).text
    rests("no_run", later(daily(2), 40))  # no rhythm yet: 48 hours
    fires("no_run", later(daily(2), 49))
    fires("no_run", history(daily()), AlertLimits(no_run_h=0.5))
    rests("no_run", later(daily(), 90), AlertLimits(no_run_h=100))


def test_a_run_that_goes_on_is_seen_by_what_it_archives() -> None:
    late = NOW + timedelta(hours=34)
    rests("no_run", history(daily(), now=late, archived_at=late - timedelta(hours=1)))
    fires("no_run", history(daily(), now=late, archived_at=NOW - timedelta(hours=2)))
    is_untold("no_run", history(archived_at=NOW - timedelta(hours=2)))
    fires("no_run", history(archived_at=NOW - timedelta(hours=60)))


def test_a_run_that_found_another_at_work_is_no_run() -> None:
    locked = tuple(
        run(NOW + timedelta(hours=n), code=9, exit_="locked", outcomes={}) for n in (40, 20)
    )
    fires("no_run", later((*locked, *daily()), 41))
    rests("run_failed", later((*locked, *daily()), 41))


@pytest.mark.parametrize(
    ("code", "name", "severity"),
    [(4, "store", Severity.CRITICAL), (12, "ledger", Severity.CRITICAL),
     (None, "killed", Severity.CRITICAL), (10, "source_down", Severity.WARNING),
     (14, "suspect", Severity.WARNING), (6, "interrupted", Severity.WARNING)],
)  # fmt: skip
def test_a_failed_run_is_told_with_its_code_and_why(
    code: int | None, name: str, severity: Severity
) -> None:
    of = history(daily(change=at_first(code=code, exit_=name)))
    found = fires("run_failed", of)
    assert found.severity is severity
    assert f"{name} " in found.text
    assert f"because of {name}" in found.text


@pytest.mark.parametrize(("code", "name"), [(0, "whole"), (7, "limit"), (15, "out_of_time")])
def test_a_run_that_did_its_work_is_none(code: int, name: str) -> None:
    rests("run_failed", history(daily(change=at_first(code=code, exit_=name))))


def test_what_passes_is_critical_when_it_does_not_pass() -> None:
    of = history(
        daily(change=lambda back: {"code": 10, "exit_": "source_down"} if back < 6 else {})
    )
    found = fires("run_failed", of)
    assert found.severity is Severity.CRITICAL
    assert "as did 5 runs before it" in found.text


def test_fewer_articles_than_on_this_weekday() -> None:
    def thursdays(today: int) -> Any:
        # Thursdays bring twenty, the other days two.
        return lambda back: {"outcomes": {"new": today if not back else 2 if back % 7 else 20}}

    found = fires("fewer_articles", history(daily(change=thursdays(6))))
    assert found.text == (
        "6 new articles in 24 hours; in the same hours of the last 8 Thursdays it was 20 (median), "
        "and never fewer than 20"
    )
    rests("fewer_articles", history(daily(change=thursdays(12))))
    rests("fewer_articles", history(daily(change=thursdays(6))), AlertLimits(fewer=0.2))
    rests("fewer_articles", history(daily(change=thursdays(0))), AlertLimits(fewer=0))
    is_untold("fewer_articles", history(daily(28, thursdays(0))))  # three Thursdays
    fires("fewer_articles", history(daily(29, thursdays(0))))


def test_a_small_paper_and_a_day_without_runs_are_no_fewer_articles() -> None:
    rests(
        "fewer_articles", history(daily(change=lambda back: {"outcomes": {"new": 4 * (back > 0)}}))
    )
    is_untold("fewer_articles", later(daily(), 30))


def test_the_hour_that_the_clocks_of_spring_take_moves_no_weekday() -> None:
    """The job of four o'clock in Oslo begins an hour earlier by UTC; no paper on Sundays."""
    now = datetime(2026, 4, 5, 2, 20, tzinfo=UTC)
    began = [
        (now - timedelta(days=back)).replace(hour=2 if back <= 7 else 3, minute=0)
        for back in range(60)
    ]
    runs = tuple(run(at, outcomes={"new": 1 if at.weekday() == 6 else 20}) for at in began)
    rests("fewer_articles", history(runs, now=now))


def test_a_holiday_before_is_no_measure_and_a_backfill_no_run() -> None:
    def few(back: int) -> Any:
        return {"outcomes": {"new": {0: 8, 14: 7}.get(back, 20)}}

    rests("fewer_articles", history(daily(change=few)))
    backfill = run(NOW, outcomes={"new": 500}, arguments={"since": "2026-01-01"})
    fires("fewer_articles", history((backfill, *daily(change=at_first(outcomes={"new": 1})))))


def pages(failed: int, of: int = 50) -> Any:
    return {"outcomes": {"fetch_failed": failed, "unchanged": of - failed, "skipped_fresh": 900}}


def test_errors_beyond_those_of_all_days_before() -> None:
    def failing(today: int, worst: int = 3) -> History:
        usual = {0: today, 5: worst}
        return history(daily(change=lambda back: pages(usual.get(back, 1))))

    found = fires("errors", failing(12))
    assert "12 of 50 pages" in found.text
    assert "(24 %)" in found.text
    assert "2 % (median) and 6 % at most" in found.text
    rests("errors", failing(5))  # a rise of 8 %
    rests("errors", failing(12, worst=15))  # as bad as once before
    rests("errors", failing(12), AlertLimits(errors_rise=0.3))
    is_untold("errors", history(daily(10, lambda back: pages(0 if back else 40))))
    fires("errors", history(daily(11, lambda back: pages(0 if back else 40))))
    is_untold("errors", history(daily(change=lambda back: pages(4 if not back else 0, of=19))))


def test_a_gap_is_told_for_a_day() -> None:
    of_today = {"gaps": [{"kind": "feed", "url": FEED, "since": "2026-11-25T04:00:00Z",
                          "until": "2026-11-26T04:00:00Z"}]}  # fmt: skip
    found = fires("gap", history(daily(change=at_first(**of_today))))
    assert FEED in found.text
    rests("gap", history(daily(change=lambda back: of_today if back == 1 else {})))
    is_untold("gap", later(daily(change=at_first(**of_today)), 30))


def test_what_waits_in_the_spool_is_told_when_no_run_is_there() -> None:
    found = fires("pending", history(waiting=Waiting(12, "2026-11-25", held=False)))
    assert found.text == "12 lines wait on this machine for the store, the oldest of 2026-11-25"
    rests("pending", history(waiting=Waiting(0, "", held=False)))
    rests("pending", history(waiting=Waiting(0, "", held=True)))
    is_untold("pending", history(waiting=Waiting(12, "2026-11-25", held=True)))
    is_untold("pending", history())


def test_what_is_in_quarantine_is_told_until_somebody_decides() -> None:
    runs = daily(change=at_first(quarantine={"records": 40, "why": ["0 of 40 have authors"]}))
    found = fires("quarantine", replace(history(runs), held=(runs[0].run_id, 43)))
    assert "43 records in quarantine" in found.text
    assert found.text.endswith(": 0 of 40 have authors")
    assert "quarantine list" in found.advice
    rests("quarantine", history(runs))


def lists(feed: Any, of_all: int = 0, **more: Any) -> Any:
    """What runs say in which the feed is as told, and the source's new articles as usual."""

    def change(back: int) -> Any:
        told = feed(back)
        return {"entries": [entry(FEED, **told), entry(LISTING, kind="listing")], **more}

    return change


def test_a_list_that_answers_and_names_nothing_new_is_silent() -> None:
    def stale(days: int) -> Any:
        return lists(lambda back: {"known": 20} if back < days else {})

    found = fires("silent", history(daily(change=stale(5))))
    assert found.text.startswith(f"feed {FEED} answers, and named no article for 5 days")
    rests("silent", history(daily(change=stale(3))))
    spared = lists(lambda back: {"status": None, "spared": "x", "links": 0} if back < 5 else {})
    rests("silent", history(daily(change=lists(lambda back: {"known": 20}))))  # it never did
    fires("silent", history(daily(change=lambda back: spared(back) if back else stale(9)(0))))


def test_a_list_that_names_nothing_at_all_is_silent_at_once() -> None:
    empty = {"links": 0, "known": 0, "problem": "names nothing"}
    of = history(daily(change=lists(lambda back: {} if back else empty)))
    assert f"feed {FEED} answers and names nothing" in fires("silent", of).text
    sometimes = history(daily(change=lists(lambda back: empty if back in (0, 4) else {})))
    rests("silent", sometimes)
    rests("silent", history(daily(9, lists(lambda back: {} if back else empty))))


def test_a_list_that_fails_and_a_sitemap_of_the_past_are_not_silent() -> None:
    broken = {"status": 500, "links": 0, "problem": "HTTP 500"}
    rests("silent", history(daily(change=lists(lambda back: broken if back < 6 else {}))))
    old = {"kind": "sitemap", "parent": "https://a.example/sitemap.xml"}
    of_past = lists(lambda back: old | ({"known": 20} if back < 6 else {}))
    rests("silent", history(daily(change=of_past)))


def test_a_source_that_brings_nothing_new_is_silent_and_one_nobody_asks_is_not() -> None:
    def nothing(back: int) -> Any:
        return {"outcomes": {"skipped_fresh": 40}} if back < 6 else {}

    found = fires("silent", history(daily(change=nothing)))
    assert "no article for 6 days" in found.text
    rests("silent", later(daily(), 24 * 9))


# --- texts -----------------------------------------------------------------------------------


def lacking(field: str, runs: int = 1) -> Any:
    return lambda n: frozenset([field]) if n < runs else frozenset()


def test_a_field_that_is_missing_is_told() -> None:
    found = fires("field_coverage", history(articles=articles(12, without=lacking("authors"))))
    assert "of the last 12 articles 0 % have authors, usually 100 %" in found.text
    rests("field_coverage", history(articles=articles(12)))
    rests(
        "field_coverage",
        history(articles=articles(12, without=lacking("authors"))),
        AlertLimits(coverage_drop=1),
    )
    rests("field_coverage", history(articles=articles(12, without=lacking("authors", 99))))
    is_untold("field_coverage", history(articles=articles(3, without=lacking("authors"))))
    is_untold("field_coverage", history(articles=articles(1, 9)))


def test_runs_of_few_articles_are_judged_together() -> None:
    two_each = articles(40, 2, without=lacking("authors", 5))
    assert "of the last 10 articles" in fires("field_coverage", history(articles=two_each)).text
    now, before = batches(two_each)
    assert (len(now), {len(batch) for batch in before}) == (10, {10})
    rests("field_coverage", history(articles=articles(40, 2, without=lacking("authors", 1))))


def test_a_field_that_was_as_rare_once_before_is_not_told() -> None:
    once = articles(12, without=lambda n: frozenset(["kicker"] if n in (0, 7) else []))
    rests("field_coverage", history(articles=once))


def test_one_text_on_many_pages_is_boilerplate() -> None:
    def same(today: int, before: int) -> Any:
        return lambda back: {
            "asked": {"new": {"asked": 20, "same_text": before if back else today}, "known": {}}
        }

    found = fires("boilerplate", history(daily(change=same(6, 0))))
    assert "6 of 20 pages of the last run have one and the same text" in found.text
    rests("boilerplate", history(daily(change=same(6, 7)), articles=articles(12)))
    rests("boilerplate", history(daily(change=same(0, 0)), articles=articles(12)))


def test_a_line_that_suddenly_stands_everywhere_is_boilerplate() -> None:
    advert = "Subscribe now and read on for one krone"
    found = fires("boilerplate", history(articles=articles(12, line=lambda n: advert * (n == 0))))
    assert f"12 of the last 12 articles have the line “{advert}”" in found.text
    rests("boilerplate", history(articles=articles(12, line=lambda n: advert)))  # it always did


def test_another_share_of_text_is_boilerplate_drift() -> None:
    def drifting(now: float, once: float = 0.12) -> History:
        shares = {0: now, 6: once}
        return history(articles=articles(12, share=lambda n: shares.get(n, 0.12)))

    assert "3 % of a page is text" in fires("boilerplate", drifting(0.03)).text
    assert "25 % of a page is text" in fires("boilerplate", drifting(0.25)).text
    rests("boilerplate", drifting(0.08))
    rests("boilerplate", drifting(0.04, once=0.03))
    rests("boilerplate", drifting(0.03), AlertLimits(text_change=1))
    is_untold("boilerplate", history(articles=articles(3, share=lambda n: 0.5 if n else 0.01)))
