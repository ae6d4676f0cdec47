"""The tally of a run: which URLs it discovered, and that each of them ends once."""

from __future__ import annotations

from dataclasses import dataclass, field

from nordcrawl.model.ledger import Outcome


@dataclass(slots=True)
class Tally:
    """Which URLs a run discovered, and how each one ended.

    Raises `ValueError` where the one-outcome rule is broken, so that a mistake is seen at once.
    """

    open: set[str] = field(default_factory=set)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _counts: dict[Outcome, int] = field(default_factory=dict, init=False, repr=False)

    def discover(self, url: str) -> bool:
        """Take note of a URL; False when it was discovered before."""
        if url in self.open or url in self.outcomes:
            return False
        self.open.add(url)
        return True

    def settle(self, url: str, outcome: Outcome) -> None:
        """Give a discovered URL its one outcome."""
        if url not in self.open:
            raise ValueError(f"{url}: {outcome} but not open: {self.outcomes.get(url)}")
        self.open.remove(url)
        self.outcomes[url] = outcome
        self._counts[outcome] = self._counts.get(outcome, 0) + 1

    def resettle(self, url: str, outcome: Outcome) -> None:
        """Give a settled URL another outcome, its ledger line having become another one before it
        was committed."""
        before = self.outcomes[url]
        self.outcomes[url] = outcome
        self._counts[outcome] = self._counts.get(outcome, 0) + 1
        self._counts[before] -= 1
        if not self._counts[before]:
            del self._counts[before]

    @property
    def discovered(self) -> int:
        """How many URLs were discovered."""
        return len(self.open) + len(self.outcomes)

    def counts(self) -> dict[Outcome, int]:
        """Return how many URLs ended in each outcome, only those that occur."""
        return dict(self._counts)
