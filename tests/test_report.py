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
            ExitCode.WHOLE,
        ),
        (
            {"entries": [entry("a.example", None, "robots.txt: HTTP 503", robots=True)],
             "outcomes": {}, "discovered": 0},
            ExitCode.ROBOTS,
        ),
        ({"entries": [], "hosts": ()}, ExitCode.WHOLE),
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
