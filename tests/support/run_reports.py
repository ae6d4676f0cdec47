"""Reports of runs as tests want them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nordcrawl.model.ledger import ARCHIVED, Outcome
from nordcrawl.report.run_report import EntryReport, Report

STARTED = datetime(2026, 11, 23, tzinfo=UTC)


def report(**changes: Any) -> Report:
    """Make the report of a whole run of three new articles, with other values where told so."""
    values: dict[str, Any] = {
        "run_id": "r", "source": "s", "nordcrawl": "0", "archive": "file:///a",
        "started_at": STARTED, "finished_at": STARTED, "finish_reason": "finished",
        "mode": "incremental", "arguments": {},
        "discovered": 3, "unsettled": [], "outcomes": {Outcome.NEW: 3}, "fetched": 3,
        "entries": [EntryReport("sitemap", "https://a.example/s", status=200, links=3)],
        "hosts": ("a.example",), "examples": {}, "internal_errors": [], "notes": [],
        "pending_records": 0,
    }  # fmt: skip
    values |= changes
    told = values["outcomes"]
    kept = sum(count for outcome, count in told.items() if outcome in ARCHIVED)
    not_due = told.get(Outcome.SKIPPED_FRESH, 0)  # one line for all
    values.setdefault("committed_lines", sum(told.values()) - not_due + bool(not_due))
    values.setdefault("committed_records", kept)
    return Report(**values)
