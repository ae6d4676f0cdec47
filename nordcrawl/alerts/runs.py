"""Conditions that the reports of runs tell. Pure.

Each is a function of a source's history and the limits. Where it needs a history to know what is
usual, the constants say how little of it keeps it quiet.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final

from nordcrawl.alerts.condition import (
    DAY,
    WEEK,
    AlertLimits,
    Answer,
    History,
    Quiet,
    Severity,
    alert,
    percent,
)
from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.printable import counted
from nordcrawl.reading.runs import PastRun
from nordcrawl.report.entry import NAMES_NOTHING
from nordcrawl.report.health import FAILED, NOT_ASKED
from nordcrawl.report.silence import silence
from nordcrawl.report.standing import DONE, spoken

#: Runs from which a rhythm is learnt, and how many of its intervals there must be.
RHYTHM: Final = 30
LEAST_INTERVALS: Final = 5
#: The longest time without a run where no rhythm is known yet.
UNKNOWN_RHYTHM: Final = timedelta(hours=48)
#: Weeks that say what is usual on a weekday, and how many there must be.
WEEKS: Final = 8
LEAST_WEEKS: Final = 4
#: How likely so few articles may be as mere chance, where the usual number comes; so one or two a
#: day say nothing.
_CHANCE: Final = 1e-3
#: Days that say how many errors are usual, how many there must be, and pages of each.
DAYS: Final = 28
LEAST_DAYS: Final = 10
LEAST_PAGES: Final = 20
#: Answers of a list with something in it, after which an empty one is remarkable.
LEAST_ANSWERS: Final = 10

#: Exit codes that say nothing of a run: another one was at work.
_NO_RUN: Final = frozenset({ExitCode.LOCKED})
#: Those after which the next run may well do the work.
_MAY_PASS: Final = frozenset(
    {
        ExitCode.PENDING, ExitCode.INTERRUPTED, ExitCode.NOTHING, ExitCode.SOURCE_DOWN,
        ExitCode.ROBOTS, ExitCode.SUSPECT, ExitCode.STALLED,
    }
)  # fmt: skip
_LEFT_OUT: Final = NOT_ASKED | {Outcome.SKIPPED_FRESH}


def no_run(history: History, limits: AlertLimits) -> Answer:
    """Say that no run has ended for longer than the source's rhythm lets expect."""
    runs, archived = _own(history), history.archived_at
    if not runs and archived is not None and history.now - archived <= UNKNOWN_RHYTHM:
        return Quiet.UNTOLD  # the first one goes on
    if not runs:
        text = "no run of it has a report in the archive"
        return alert("no_run", history, text, Severity.CRITICAL)
    last = runs[0]
    # What one archives that goes on tells of it, before it has a report.
    age = history.now - max(last.ended_at, archived or last.ended_at)
    allowed, why = _allowed(runs, limits)
    if age <= allowed:
        return Quiet.NO
    text = (
        f"no run has ended or archived anything for {spoken(age)}, and {spoken(allowed)} are "
        f"allowed ({why}); the last one, {last.run_id}, ended with {last.exit}"
    )
    return alert("no_run", history, text, Severity.CRITICAL)


def _own(history: History) -> list[PastRun]:
    """Return all runs but those that found another one at work."""
    return [run for run in history.runs if run.exit_code not in _NO_RUN]


def _allowed(runs: list[PastRun], limits: AlertLimits) -> tuple[timedelta, str]:
    """Return how long it may be without a run, and how that is known."""
    if limits.no_run_h:
        return timedelta(hours=limits.no_run_h), "NORDCRAWL_ALERT_NO_RUN_H"
    ends = sorted((run.ended_at for run in runs[: RHYTHM + 1]), reverse=True)
    between = sorted((later - earlier for later, earlier in pairwise(ends)), reverse=True)
    if len(between) < LEAST_INTERVALS:
        return UNKNOWN_RHYTHM, f"{counted(len(ends), 'run')} so far"
    # The longest may have been an outage; weekends without a run come more than once.
    usual = between[1]
    rhythm = f"the last {len(ends)} runs came within {spoken(usual)} of each other"
    return usual * 1.25 + timedelta(hours=1), rhythm


def run_failed(history: History, limits: AlertLimits) -> Answer:
    """Say that the last run did not do its work."""
    runs = _own(history)
    if not runs:
        return Quiet.UNTOLD
    last = runs[0]
    if last.exit_code in DONE:
        return Quiet.NO
    row = next((n for n, run in enumerate(runs) if run.exit_code in DONE), len(runs))
    code = "" if last.exit_code is None else f" {last.exit_code}"
    again = f", as did {counted(row - 1, 'run')} before it" if row > 1 else ""
    text = (
        f"the last run, {last.run_id}, ended with{code} {last.exit} "
        f"{spoken(history.now - last.ended_at)} ago{again}: {last.why}"
    )
    passing = last.exit_code in _MAY_PASS and row < LEAST_INTERVALS
    return alert("run_failed", history, text, Severity.WARNING if passing else Severity.CRITICAL)


def fewer_articles(history: History, limits: AlertLimits) -> Answer:
    """Say that the last 24 hours brought fewer new articles than the same hours of this weekday in
    the weeks before."""
    here = history.within(timedelta(0))
    weeks = [runs for k in range(1, WEEKS + 1) if (runs := history.within(k * WEEK))]
    if not here or len(weeks) < LEAST_WEEKS:
        return Quiet.UNTOLD
    found, before = _new(here), [_new(runs) for runs in weeks]
    usual = median(before)
    few = found < limits.fewer * usual and found < min(before)
    if not few or _at_most(found, usual) > _CHANCE:
        return Quiet.NO
    text = (
        f"{counted(found, 'new article')} in 24 hours; in the same hours of the last {len(before)} "
        f"{history.now:%A}s it was {usual:g} (median), and never fewer than {min(before)}"
    )
    return alert("fewer_articles", history, text)


def _at_most(found: int, usual: float) -> float:
    """Return how likely it is that no more than `found` come where they come one by one, by chance,
    and `usual` is the mean (Poisson).

    >>> round(_at_most(2, 10), 4)
    0.0028
    """
    return sum(math.exp(n * math.log(usual) - usual - math.lgamma(n + 1)) for n in range(found + 1))


def _new(runs: list[PastRun]) -> int:
    return sum(run.outcomes.get(Outcome.NEW, 0) for run in runs)


def errors(history: History, limits: AlertLimits) -> Answer:
    """Say that in the last 24 hours a larger share of the pages failed than on any day before."""
    failed, asked = _pages(history.within(timedelta(0)))
    days = [_pages(history.within(k * DAY)) for k in range(1, DAYS)]
    before = [bad / of for bad, of in days if of >= LEAST_PAGES]
    if asked < LEAST_PAGES or len(before) < LEAST_DAYS:
        return Quiet.UNTOLD
    share, usual = failed / asked, median(before)
    if share <= max(before) or share - usual <= limits.errors_rise:
        return Quiet.NO
    text = (
        f"{failed} of {asked} pages of the last 24 hours failed ({percent(share)}); on "
        f"{len(before)} days before it was {percent(usual)} (median) and {percent(max(before))} "
        "at most"
    )
    return alert("errors", history, text)


def _pages(runs: list[PastRun]) -> tuple[int, int]:
    """Return how many pages failed, and how many were asked for."""
    failed = sum(run.outcomes.get(outcome, 0) for run in runs for outcome in FAILED)
    asked = sum(
        n for run in runs for outcome, n in run.outcomes.items() if outcome not in _LEFT_OUT
    )
    return failed, asked


def gap(history: History, limits: AlertLimits) -> Answer:
    """Say that between two polls of the last 24 hours articles may have come and gone unseen."""
    runs = history.within(timedelta(0))
    if not runs:
        return Quiet.UNTOLD
    gaps = [one for run in runs for one in run.told.get("gaps") or ()]
    if not gaps:
        return Quiet.NO
    first = gaps[0]
    more = f", and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    before = f"at {_minute(first['since'])}" if first.get("since") else "before"
    text = (
        f"{first.get('kind')} {first.get('url')} named nothing at {_minute(first.get('until'))} "
        f"that it had named {before}{more}; sitemaps and listings were walked for what came "
        "between, and may lack some"
    )
    return alert("gap", history, text)


def _minute(at: Any) -> str:
    """Return a time of a report to the minute, UTC."""
    return f"{str(at)[:16].replace('T', ' ')} UTC"


def pending(history: History, limits: AlertLimits) -> Answer:
    """Say that lines wait in this machine's spool, and no run is there to ship them."""
    waiting = history.waiting
    if waiting is None or (waiting.held and waiting.lines):
        return Quiet.UNTOLD
    if not waiting.lines:
        return Quiet.NO
    since = f", the oldest of {waiting.since}" if waiting.since else ""
    text = f"{counted(waiting.lines, 'line')} wait on this machine for the store{since}"
    return alert("pending", history, text)


def quarantine(history: History, limits: AlertLimits) -> Answer:
    """Say that records wait in quarantine for somebody to decide on them."""
    if history.held is None:
        return Quiet.NO
    run_id, count = history.held
    of = next((run for run in history.runs if run.run_id.lower() == run_id.lower()), None)
    told = (of.told.get("quarantine") or {}).get("why") if of is not None else None
    because = f": {'; '.join(map(str, told))}" if told else ""
    text = f"{counted(count, 'record')} in quarantine, the last of run {run_id}{because}"
    return alert("quarantine", history, text)


def silent(history: History, limits: AlertLimits) -> Answer:
    """Say that a list answers and names nothing, or nothing new for longer than ever before; or
    that nothing new has come from the source as a whole."""
    # In the weeks before there are but some days of which the runs are known.
    runs = [run for run in history.plain() if history.now - run.ended_at <= DAYS * DAY]
    if not runs:
        return Quiet.UNTOLD
    # What came since is for the next run to tell: where none comes, the source is not to blame.
    now = runs[0].ended_at
    found = [text for url in _urls(runs[0]) if (text := _silence_of(url, runs, now))]
    came = [run.ended_at for run in runs if run.outcomes.get(Outcome.NEW)]
    if (nothing := silence(came, now)) is not None:
        found.insert(0, f"{nothing}, though runs look for them")
    if not found:
        return Quiet.NO
    more = f"; and {len(found) - 1} more" if len(found) > 1 else ""
    return alert("silent", history, f"{found[0]}{more}")


def _urls(run: PastRun) -> list[str]:
    """Return the lists of a run that name what is new: not a sitemap of a month long gone."""
    return [
        str(entry.get("url"))
        for entry in run.told.get("entries") or ()
        if entry.get("parent") is None and not entry.get("listings")
    ]


def _silence_of(url: str, runs: list[PastRun], now: datetime) -> str | None:
    answers = [
        (run.ended_at, entry)
        for run in runs
        for entry in run.told.get("entries") or ()
        if entry.get("url") == url and entry.get("problem") in (None, NAMES_NOTHING)
    ]
    read = [entry for _, entry in answers if entry.get("status") == 200]
    if not answers or not read or answers[0][0] != runs[0].ended_at:
        return None  # it failed, which is another matter
    kind = read[0].get("kind")
    before = read[1 : LEAST_ANSWERS + 1]
    empty = answers[0][1] is read[0] and not read[0].get("links")
    if empty and len(before) == LEAST_ANSWERS and all(entry.get("links") for entry in before):
        return (
            f"{kind} {url} answers and names nothing, as never in the {len(read) - 1} polls before"
        )
    came = [at for at, entry in answers if _names_new(entry)]
    quiet = silence(came, now)
    return None if quiet is None else f"{kind} {url} answers, and named {quiet}"


def _names_new(entry: dict[str, Any]) -> bool:
    return (entry.get("links") or 0) > (entry.get("known") or 0)
