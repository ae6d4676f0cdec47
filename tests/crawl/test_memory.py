"""The processes of a crawl stay within the memory that docs/operations.md names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "memory.py"


@pytest.mark.slow
def test_plain_and_hostile_pages_stay_within_the_limit() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "60"],
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
