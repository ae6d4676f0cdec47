"""A site whose pages all turn to one text: nothing of it is read, until somebody says so."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.sealed import encode_sealed
from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.news_site import WORDS, Paper

SETTINGS = {"NORDCRAWL_QUARANTINE_PAGES": "8", "NORDCRAWL_QUARANTINE_HISTORY": "30"}
NOW = datetime.now(UTC).replace(microsecond=0)
WALL = "We and our partners store and read information on your device. " * 8


def publish(paper: Paper, count: int, text: str | None = None, *, lastmod: datetime) -> None:
    """Publish stories of today, of their own text or of one that all share."""
    for n in range(count):
        path, own = f"/news/{n}", f"Story {n} of the harbour. {WORDS * 3}"
        paper.publish(path, f"Story {n}", text or own, lastmod=lastmod.isoformat())
        answer = paper.answers[path]
        answer.body = answer.body.replace(b"2026-11-01T08:30:00+01:00", NOW.isoformat().encode())
        answer.headers["ETag"] = f'"{hash((path, text))}"'


def earlier_runs(crawl: Job, *names: str) -> None:
    """Let the archive have reports of earlier runs: as that of the last one, on other days."""
    runs = crawl.archive / "runs"
    (last,) = runs.iterdir()
    told = decode_json(last.read_bytes())
    for name in names:
        kept = {k: told[k] for k in ("source", "nordcrawl", "exit_code", "exit", "texts")}
        body = encode_sealed({"run_id": name, **kept, "finish_reason": "finished"})
        (runs / f"{name}.json").write_bytes(body)


def held_runs(crawl: Job) -> list[dict[str, Any]]:
    done = crawl.nordcrawl("quarantine", "list", "--json")
    assert done.code == 0, done.text
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.fixture
def held(tmp_path: Path, paper: Paper, job: Callable[..., Job]) -> Job:
    """A job whose second run met the same wall on all pages, old ones and new ones."""
    crawl = job(**SETTINGS)
    publish(paper, 12, lastmod=NOW - timedelta(hours=2))
    first = crawl.crawl()
    assert first.code == 0, first.text
    assert crawl.report()["texts"]["articles"] == 12
    earlier_runs(crawl, "20261101t000000z-paper-0001", "20261102t000000z-paper-0002")
    publish(paper, 15, WALL, lastmod=NOW - timedelta(hours=1))
    second = crawl.crawl()
    assert second.code == 14, second.text
    assert "are in quarantine: 15 of 15 pages have one and the same text" in second.out
    return crawl


@pytest.mark.slow
def test_pages_of_one_text_are_held_until_they_are_released_or_dropped(
    tmp_path: Path, paper: Paper, held: Job
) -> None:
    report = held.report()
    assert report["outcomes"] == {"quarantined": 15}
    assert report["exit"] == "suspect"
    assert report["quarantine"]["records"] == 15
    assert len(held.records()) == 12
    assert "quarantine" not in held.nordcrawl("files").out
    assert held.nordcrawl("verify").code == 0
    (one,) = held_runs(held)
    assert (one["run_id"], one["records"]) == (report["run_id"], 15)
    other = LocalJob(tmp_path / "other", "paper", {
        **held.settings, "NORDCRAWL_ARCHIVE": str(tmp_path / "other" / "archive"),
        "NORDCRAWL_STATE_DIR": str(tmp_path / "other" / "state"),
    })  # fmt: skip
    shutil.copytree(held.archive, other.archive)

    released = held.nordcrawl("quarantine", "release", one["run_id"])
    assert (released.code, "15 released" in released.out) == (0, True), released.text
    assert len(held.records()) == 27
    assert held.nordcrawl("verify").code == 0

    dropped = other.nordcrawl("quarantine", "drop", one["run_id"], "--reason", "a wall")
    assert (dropped.code, "15 dropped" in dropped.out) == (0, True), dropped.text
    assert (held_runs(other), len(other.records())) == ([], 12)
    publish(paper, 15, lastmod=NOW - timedelta(hours=1))  # and nothing tells of it
    assert other.crawl().code == 0, "the site is well again"
    assert other.report()["outcomes"] == {"unchanged": 12, "new": 3}
    assert other.nordcrawl("verify").code == 0


@pytest.mark.slow
def test_the_alarm_holds_until_somebody_has_decided(held: Job) -> None:
    (one,) = held_runs(held)
    shown = held.nordcrawl("quarantine", "show", one["run_id"], "--limit", "2")
    assert (shown.code, "13 more" in shown.out) == (0, True), shown.text
    assert "We and our partners" in shown.out
    told = "paper quarantine: 15 records in quarantine"
    assert told in held.nordcrawl("alert", "--dry-run").out
    assert held.nordcrawl("quarantine", "drop", one["run_id"]).code == 0
    assert told not in held.nordcrawl("alert", "--dry-run").out
    assert held.nordcrawl("quarantine", "show", one["run_id"]).code == 2
    again = held.nordcrawl("quarantine", "drop", one["run_id"])
    assert (again.code, "nothing was left" in again.out) == (0, True), again.text
    for wrong in (("release", one["run_id"]), ("drop", "20260101T000000Z-paper-0000"), ("drop",)):
        assert held.nordcrawl("quarantine", *wrong).code == 2


@pytest.mark.slow
def test_a_held_page_is_asked_again_when_the_site_says_that_it_changed(
    paper: Paper, held: Job
) -> None:
    """And held again as long as it is bad; another machine knows as much."""
    assert held.crawl().code == 0
    assert held.report()["outcomes"] == {"skipped_fresh": 15}
    publish(paper, 15, WALL + "Accept all.", lastmod=NOW + timedelta(hours=2))
    held.settings["NORDCRAWL_STATE_DIR"] = str(held.folder / "another machine")
    assert held.crawl().code == 14
    assert held.report()["outcomes"] == {"quarantined": 15}
    first, second = held_runs(held)
    assert held.nordcrawl("quarantine", "release", first["run_id"], second["run_id"]).code == 0
    revisions = [(r["url"], r["revision"]) for r in held.records()]
    assert len(revisions) == len(set(revisions)) == 12 + 15 + 15
    assert held.nordcrawl("verify").code == 0
    assert held.crawl().code == 0
    assert held.report()["outcomes"] == {"skipped_fresh": 15}


@pytest.mark.slow
def test_switched_off_it_lets_all_pass(paper: Paper, held: Job) -> None:
    publish(paper, 15, WALL + "Accept all.", lastmod=NOW + timedelta(hours=2))
    done = held.crawl("-s", "NORDCRAWL_QUARANTINE=0")
    assert "records are in quarantine" not in done.text
    assert "quarantined" not in held.report()["outcomes"]
    assert len(held.records()) == 27


@pytest.mark.slow
def test_captures_of_held_pages_stay_and_are_told_of(paper: Paper, job: Callable[..., Job]) -> None:
    crawl = job(**SETTINGS, NORDCRAWL_CAPTURE="1")
    publish(paper, 12, lastmod=NOW - timedelta(hours=2))
    assert crawl.crawl().code == 0
    earlier_runs(crawl, "20261101t000000z-paper-0001", "20261102t000000z-paper-0002")
    publish(paper, 12, WALL, lastmod=NOW - timedelta(hours=1))
    assert crawl.crawl().code == 14
    assert crawl.nordcrawl("verify").code == 0
    (one,) = held_runs(crawl)
    assert crawl.nordcrawl("quarantine", "release", one["run_id"]).code == 0
    assert all(record["fetch"]["capture"] for record in crawl.records())
    assert crawl.nordcrawl("verify").code == 0
