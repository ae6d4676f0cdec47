"""Waiting for something to be so, instead of for some time to have gone by."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

HANG_S = 300.0
"""What takes longer hangs: many times as long as anything here takes on a busy machine."""


def until(condition: Callable[[], object], what: str, *, limit_s: float = HANG_S) -> None:
    """Return as soon as `condition` is true; fail with `what` if it does not become so."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {limit_s:g} s in vain: {what}")
        time.sleep(0.01)
