"""The report of all crawls that one command began."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nordcrawl.report.several import write

BEGAN = datetime(2026, 11, 26, 4, 10, tzinfo=UTC)


def test_it_is_read_back_and_old_ones_go(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    for number in range(4):
        told = {"number": number, "why": "blåbær"}
        path = write(folder, BEGAN + timedelta(microseconds=number), told, kept=2)
        assert json.loads(path.read_text("utf-8")) == told
    assert sorted(json.loads(p.read_bytes())["number"] for p in folder.iterdir()) == [2, 3]
