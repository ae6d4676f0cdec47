"""Histories of a source as alerts judge them: runs of many days, and what they archived."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from nordcrawl.alerts.condition import History, Seen
from nordcrawl.reading.runs import PastRun
from nordcrawl.report.overview.values import FIELDS

NOW = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
"""A Thursday."""
FEED, LISTING = "https://a.example/feed", "https://a.example/news"

Change = dict[str, Any]


def run(
    began: datetime,
    *,
    code: int | None = 0,
    exit_: str = "whole",
    outcomes: dict[str, int] | None = None,
    minutes: float = 20,
    **told: Any,
) -> PastRun:
    """Make a run that found ten new articles, with other values of its report where told so."""
    values: dict[str, Any] = {
        "arguments": {"since": None, "until": None, "limit": None, "urls": None},
        "asked": {"new": {"asked": 12, "same_text": 0}},
        "entries": [entry(FEED), entry(LISTING, kind="listing")],
        "gaps": [],
    }
    return PastRun(
        run_id=f"{began:%Y%m%dt%H%M%Sz}-a-0001",
        source="a",
        started_at=began,
        finished_at=None if code is None else began + timedelta(minutes=minutes),
        exit_code=code,
        exit=exit_,
        complete=code == 0,
        why=f"because of {exit_}",
        discovered=50,
        outcomes={"new": 10, "unchanged": 15} if outcomes is None else outcomes,
        told=values | told,
    )


def entry(url: str, *, links: int = 20, known: int = 15, **more: Any) -> dict[str, Any]:
    """Make what a report says of a list."""
    values = {
        "kind": "feed", "url": url, "parent": None, "status": 200, "links": links, "known": known,
        "listings": 0, "problem": None,
    }  # fmt: skip
    return values | more


def daily(
    days: int = 60, change: Callable[[int], Change] = lambda _: {}, now: datetime = NOW
) -> tuple[PastRun, ...]:
    """Make a run a day at four, the last one today; `change` says what is other in the run of so
    many days ago."""
    began = now.replace(hour=4, minute=0)
    return tuple(run(began - timedelta(days=back), **change(back)) for back in range(days))


def history(runs: tuple[PastRun, ...] = (), **more: Any) -> History:
    """Make a history."""
    values: dict[str, Any] = {"source": "a", "now": NOW, "runs": runs}
    return History(**values | more)


def articles(
    runs: int,
    each: int = 12,
    *,
    without: Callable[[int], frozenset[str]] = lambda _: frozenset(),
    share: Callable[[int], float] = lambda _: 0.12,
    line: Callable[[int], str] = lambda _: "",
) -> tuple[Seen, ...]:
    """Make the articles of some runs, the last ones of run 0; the functions say what those of run
    `n` lack, how much of their pages is text, which line they all have."""
    return tuple(
        Seen(
            run_id=f"run-{n}",
            fields=frozenset(FIELDS) - without(n),
            share=share(n) * (0.9 + 0.2 * number / each),
            lines=frozenset([f"Line of article {number} of run {n}", line(n)]) - {""},
        )
        for n in reversed(range(runs))
        for number in range(each)
    )


def newsroom(seed: int, hours: int, every_h: int) -> list[History]:
    """Make the histories, one at the end of each run of the last week, of a source that leads an
    ordinary life: fewer articles at night and at weekends, some errors, fields that come and go."""
    chance = random.Random(seed)
    began = NOW - timedelta(hours=hours)
    runs: list[PastRun] = []
    seen: list[Seen] = []
    bursts = 0
    for n in range(hours // every_h):
        at = began + timedelta(hours=n * every_h, minutes=chance.uniform(0, 5))
        lively = (0.4 if at.weekday() > 4 else 1.0) * (1.0 if 5 < at.hour < 21 else 0.2)
        new = sum(chance.random() < lively * 0.5 for _ in range(4 * min(every_h, 24)))
        bursts = bursts - 1 if bursts else (chance.random() < 0.01) * 3
        failed = sum(chance.random() < (0.08 if bursts else 0.02) for _ in range(40))
        runs.append(
            run(
                at,
                outcomes={"new": new, "unchanged": 40 - failed, "fetch_failed": failed},
                entries=[entry(FEED, links=20, known=20 - min(20, new))],
            )
        )
        for number in range(new):
            agency = chance.random() < 0.3
            has = {"title": 1.0, "subtitle": 0.2 if agency else 0.8, "authors": 0.5, "kicker": 0.6}
            fields = frozenset(f for f in FIELDS if chance.random() < has.get(f, 0.95))
            lines = frozenset([f"Line {number} of {at}", *(["Agency line of the wire"] * agency)])
            seen.append(Seen(f"run-{n}", fields, chance.lognormvariate(-2.2, 0.4), lines))
    last = 7 * 24 // every_h
    found = []
    for back in range(last):
        upto = runs[: len(runs) - back]
        ids = {f"run-{n}" for n in range(len(upto) - max(31, 8 * 24 // every_h), len(upto))}
        found.append(
            History(
                source="a",
                now=upto[-1].ended_at,
                runs=tuple(reversed(upto)),
                articles=tuple(one for one in seen if one.run_id in ids),
            )
        )
    return found
