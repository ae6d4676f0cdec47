"""A source's history comes out of the archive's own reports, whatever else lies there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.quarantine import Choice, Decision
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.model.sighting import WATCHED
from nordcrawl.quarantine.figures import Figures
from nordcrawl.quarantine.history import history
from nordcrawl.quarantine.judge import QuarantineLimits
from nordcrawl.quarantine.watch import Watch
from tests.quarantine.test_judge import NOW, pages

LIMITS = QuarantineLimits(pages=10, history=30)
BAD = pages(20, fields=frozenset(WATCHED) - {"authors"})


def name(day: int, source: str = "a") -> str:
    return f"{NOW - timedelta(days=day):%Y%m%dT%H%M%SZ}-{source}-0001"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path)
    store.probe()
    return store


def report(store: FolderStore, day: int, source: str = "a", **told: Any) -> None:
    values = {"run_id": name(day, source), "source": source, "exit_code": 0, "exit": "whole"}
    body = encode_sealed({**values, **told})
    store.put(keys.run_key(name(day, source)), body, content_type=keys.JSON_TYPE)


def of_days(store: FolderStore, *days: int, count: int = 12) -> None:
    for day in days:
        report(store, day, texts=Figures.of(pages(count)).to_json())


def watch(store: FolderStore) -> Watch:
    return Watch(store, "a", LIMITS, lambda: NOW.astimezone(UTC))


def decide(store: FolderStore, day: int, choice: Choice) -> None:
    told = Decision(name(day), "a", choice, "d", datetime.now(UTC), "kari", "", 20)
    store.put(told.key, told.encode(), content_type=keys.JSON_TYPE)


def test_runs_of_the_source_that_archived_something_are_read_in_their_order(
    store: FolderStore,
) -> None:
    of_days(store, 1, 5, 3)
    report(store, 2, "b", texts=Figures.of(pages(500)).to_json())
    report(store, 4)  # of an earlier nordcrawl
    report(store, 6, texts=Figures().to_json())
    report(store, 7, texts={"articles": "many"})
    store.put(keys.run_key(name(8)), b"not sealed\n", content_type=keys.JSON_TYPE)
    report(store, 400, texts=Figures.of(pages(7)).to_json())
    assert [one.articles for one in history(store, "a", NOW)] == [7, 12, 12, 12]
    assert history(store, "c", NOW) == []


def test_a_watch_reads_nothing_before_it_has_to(store: FolderStore, tmp_path: Path) -> None:
    of_days(store, 1, 2, 3)
    judge = watch(store)
    assert judge.judge(pages(9, fields=frozenset())) == []
    assert judge._history is None
    assert judge.judge(BAD) != []
    assert judge.idle is None
    off = Watch(store, "a", QuarantineLimits(on=False, pages=10, history=30), lambda: NOW)
    assert off.judge(BAD) == []
    assert off._history is None


def test_a_watch_says_why_it_holds_nothing(
    store: FolderStore, caplog: pytest.LogCaptureFixture
) -> None:
    of_days(store, 1, 2)
    judge = watch(store)
    with caplog.at_level("INFO"):
        assert judge.judge(BAD) == []
        assert judge.judge(BAD) == []
    assert judge.idle == "24 of 30 articles of earlier runs"
    assert caplog.text.count("no batch is held back yet") == 1


@pytest.mark.parametrize(
    ("choice", "passes"), [(None, False), (Choice.DROP, False), (Choice.RELEASE, True)]
)
def test_what_was_released_is_history_and_what_was_dropped_is_not(
    store: FolderStore, choice: Choice | None, *, passes: bool
) -> None:
    of_days(store, 2, 3, 4, 5)
    held = {"records": 20, "why": ["x"], "texts": Figures.of(BAD).to_json()}
    report(store, 1, texts=Figures().to_json(), quarantine=held)
    if choice is not None:
        decide(store, 1, choice)
    assert (watch(store).judge(BAD) == []) is passes


def test_a_watch_counts_what_passed_and_what_was_held(store: FolderStore) -> None:
    judge = watch(store)
    judge.passed(pages(4))
    judge.begin()
    judge.passed(pages(12))
    judge.passed(pages(3))
    judge.held(BAD)
    assert (judge.texts.articles, judge.held_texts.articles) == (15, 20)
    assert judge.held_texts.fields["authors"] == 0
