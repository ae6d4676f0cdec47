"""The exit code: 0 only when nothing at all is amiss."""

from datetime import UTC, datetime

import pytest

from nordcrawl.exitcodes import ExitCode
from nordcrawl.ledger import Outcome
from nordcrawl.report import EntryReport, Report
from nordcrawl.summary import summary

T = datetime(2026, 11, 23, tzinfo=UTC)


def report(**changes):
    values = {
        "run_id": "r", "source": "s", "nordcrawl": "0", "archive": "file:///a", "started_at": T,
        "finished_at": T, "finish_reason": "finished", "mode": "incremental", "arguments": {},
        "discovered": 3, "unsettled": [], "outcomes": {Outcome.NEW: 3}, "fetched": 3,
        "entries": [EntryReport("sitemap", "https://a.example/s", 200, 3)],
        "hosts": ("a.example",), "examples": {}, "internal_errors": [], "notes": [],
        "pending_records": 0,
    }  # fmt: skip
    return Report(**values | changes)


def entry(host, status=200, problem=None, **more):
    return EntryReport("sitemap", f"https://{host}/s", status, problem=problem, **more)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ExitCode.WHOLE),
        ({"outcomes": {Outcome.SKIPPED_FRESH: 3}}, ExitCode.WHOLE),
        ({"outcomes": {Outcome.NEW: 2, Outcome.FETCH_FAILED: 1}}, ExitCode.WHOLE),
        ({"outcomes": {Outcome.FETCH_FAILED: 3}}, ExitCode.NOTHING),
        ({"outcomes": {Outcome.NOT_ARTICLE: 3}}, ExitCode.NOTHING),
        ({"outcomes": {}, "discovered": 0}, ExitCode.NOTHING),
        ({"outcomes": {Outcome.NEW: 2}, "unsettled": ["u"]}, ExitCode.LEDGER),
        ({"outcomes": {Outcome.NEW: 2}}, ExitCode.LEDGER),
        ({"outcomes": {Outcome.NEW: 2, Outcome.OVER_BUDGET: 1}}, ExitCode.LIMIT),
        ({"finish_reason": "memusage_exceeded"}, ExitCode.LIMIT),
        ({"finish_reason": "shutdown"}, ExitCode.INTERRUPTED),
        ({"internal_errors": ["x"]}, ExitCode.FAILED),
        ({"pending_records": 2}, ExitCode.PENDING),
        ({"pending_records": 2, "finish_reason": "shutdown"}, ExitCode.PENDING),
        ({"failure": "disk", "failure_code": ExitCode.SPOOL, "pending_records": 2}, ExitCode.SPOOL),
        ({"hosts": ("a.example", "b.example")}, ExitCode.SOURCE_DOWN),
        (
            {
                "hosts": ("a.example", "b.example"),
                "entries": [entry("a.example"), entry("b.example", 200, "HTML"),
                            EntryReport("feed", "https://b.example/f", 200)],
            },
            ExitCode.SOURCE_DOWN,
        ),
        (
            {"entries": [entry("a.example", None, "robots.txt: HTTP 503", robots=True)],
             "outcomes": {}, "discovered": 0},
            ExitCode.ROBOTS,
        ),
        (
            {"entries": [entry("a.example", None, "robots.txt: connection refused", down=True)],
             "outcomes": {}, "discovered": 0},
            ExitCode.SOURCE_DOWN,
        ),
        ({"entries": [], "hosts": ()}, ExitCode.WHOLE),
        ({"entries": [entry("a.example", None, "x", robots=True)], "hosts": ()}, ExitCode.ROBOTS),
    ],
)  # fmt: skip
def test_the_code_says_how_it_ended(changes, code):
    done = report(**changes)
    assert done.verdict()[0] is code
    written = done.to_json()
    assert written["complete"] is (code is ExitCode.WHOLE)
    assert written["exit_code"] == code
    assert f"exit {int(code)}" in "\n".join(summary(done))


def test_every_code_is_documented():
    from pathlib import Path

    text = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    for code in ExitCode:
        assert f"| {int(code)} | {code.name.lower()} |" in text


A = "https://a.example"


def of(kind, path, *, problem=None, parent=None, links=3, known=0, status=200):
    parent = parent and A + parent
    return EntryReport(
        kind, A + path, status, parent=parent, links=links, known=known, problem=problem
    )


@pytest.mark.parametrize(
    ("entries", "covered"),
    [
        # A sitemap by another whole one, not by a sibling, nor by one that lacks a part.
        ([of("sitemap", "/s", problem="HTTP 500"), of("sitemap", "/t")], True),
        ([of("sitemap", "/s", problem="HTTP 500"), of("sitemap", "/t", links=0)], False),
        (
            [
                of("sitemap", "/i", links=0),
                of("sitemap", "/1", parent="/i", problem="HTTP 404"),
                of("sitemap", "/2", parent="/i"),
            ],
            False,
        ),
        (
            [
                of("sitemap", "/s", problem="HTTP 500"),
                of("sitemap", "/i", links=0),
                of("sitemap", "/1", parent="/i", problem="HTML instead of a sitemap"),
                of("sitemap", "/2", parent="/i"),
            ],
            False,
        ),
        # By a feed or front page that goes on from what is known.
        ([of("sitemap", "/s", problem="HTTP 500"), of("feed", "/f", known=1)], True),
        ([of("sitemap", "/s", problem="HTTP 500"), of("feed", "/f")], False),
        # By the listings behind the front page, if all were read.
        (
            [
                of("sitemap", "/s", problem="names nothing"),
                of("listing", "/"),
                of("listing", "/tag/a", parent="/"),
            ],
            True,
        ),
        (
            [
                of("sitemap", "/s", problem="names nothing"),
                of("listing", "/"),
                of("listing", "/tag/a", parent="/"),
                of("listing", "/tag/b", parent="/", problem="HTTP 500"),
            ],
            False,
        ),
        # A feed by anything that names articles.
        ([of("feed", "/f", problem="HTTP 404"), of("listing", "/")], True),
        ([of("feed", "/f", problem="HTTP 404"), of("listing", "/", links=0)], False),
    ],
)
def test_a_failed_entry_fails_the_run_unless_another_covers_it(entries, covered):
    done = report(entries=entries)
    code, why = done.verdict()
    assert code is (ExitCode.WHOLE if covered else ExitCode.SOURCE_DOWN)
    failed = next(e for e in entries if e.problem)
    assert any(failed.url in line for line in done.warnings)
    assert covered or str(failed.problem) in why or "more" in why


def test_only_a_run_for_what_is_new_is_covered_by_a_feed():
    entries = [of("sitemap", "/s", problem="HTTP 500"), of("feed", "/f", known=1)]
    assert report(entries=entries, mode="full").verdict()[0] is ExitCode.SOURCE_DOWN
