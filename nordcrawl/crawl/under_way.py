"""Under way: which pages are to be asked for next, and which are on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable


class UnderWay:
    """The due pages of a run, by their discovered URLs: strings, so that a million of them fit."""

    def __init__(self) -> None:
        self.due: deque[str] = deque()
        self.held: list[str] = []
        """Due pages whose host wants to be left alone for a while."""
        self.in_flight: set[str] = set()
        """Pages asked for whose end is not durable yet: what a kill costs."""
        self.on_landed: Callable[[], object] | None = None
        """Called in the event loop's thread whenever one of them has become durable."""

    def next(self, most: int) -> str | None:
        """Take the next due page, which is on its way from here; None while `most` are, or where
        none is due."""
        if not self.due or len(self.in_flight) >= most:
            return None
        url = self.due.popleft()
        self.in_flight.add(url)
        return url

    def land(self, url: str) -> None:
        """Take note that a page's end is durable."""
        self.in_flight.discard(url)
        if self.on_landed is not None:
            self.on_landed()

    def lose(self, urls: Iterable[str]) -> None:
        """Take note that pages are on their way no more, though they have no end."""
        self.in_flight.difference_update(urls)

    def hold(self, url: str) -> None:
        """Put a page back that was asked for in vain, until `resume`."""
        self.in_flight.discard(url)
        self.held.append(url)

    def resume(self) -> None:
        """Let those that were held back be the next, in their order."""
        held, self.held = self.held, []
        self.due.extendleft(reversed(held))
