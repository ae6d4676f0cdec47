"""Calls side by side: in order, and no more of them than somebody takes the results of."""

from __future__ import annotations

import threading
from itertools import islice

import pytest

from nordcrawl.system.side_by_side import side_by_side
from tests.support.waiting import until


def test_results_come_in_the_order_of_the_values() -> None:
    """The first call ends last: it waits for the second."""
    second = threading.Event()

    def call(value: int) -> int:
        if value == 0:
            assert second.wait(60)
        second.set()
        return value * 10

    assert list(side_by_side(call, range(5), 2)) == [0, 10, 20, 30, 40]


def test_after_a_failure_the_others_are_not_called() -> None:
    called: list[int] = []

    def call(value: int) -> int:
        called.append(value)
        raise OSError(str(value))

    results = side_by_side(call, range(1000), 4)
    with pytest.raises(OSError, match=r"^0$"):
        next(results)
    assert len(called) <= 8


def test_who_takes_no_results_has_no_more_called() -> None:
    called: list[int] = []

    def call(value: int) -> int:
        called.append(value)
        return value

    results = side_by_side(call, range(1000), 4)
    assert list(islice(results, 3)) == [0, 1, 2]
    until(lambda: len(called) == 10, "all that were begun are called")
    results.close()
    assert len(called) == 10
