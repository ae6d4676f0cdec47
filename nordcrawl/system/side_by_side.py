"""Side by side: calls that wait for a store, some at a time, in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(function: Callable[[T], R], values: Iterable[T], at_once: int) -> Generator[R]:
    """Yield what a function returns for each value, in their order, `at_once` calls at a time.

    No more than twice as many are called as the results of were taken: after the first that raises,
    which is raised here, a store that went away is not asked for all the others, however late the
    caller's thread gets to it.

    >>> list(side_by_side(str.upper, "abc", 2))
    ['A', 'B', 'C']
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(at_once, "side by side") as pool:
        try:
            for value in values:
                if len(waiting) >= 2 * at_once:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(function, value))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
