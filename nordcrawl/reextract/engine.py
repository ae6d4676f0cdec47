"""Engine: what reads the captures of a plan, on this machine or on many.

The seam of re-extraction: on one side a plan, and what becomes of its pages (rights, identity, the
archive), always on the machine that holds the source's lock; on the other what takes time, a page
out of its capture and an article out of the page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from nordcrawl.model.article import Rejected
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.reextract.plan import Task


@dataclass(frozen=True, slots=True)
class Extracted:
    """A page, and what today's extractor takes it for."""

    page: Page
    """Without its body, which nobody needs any more, and which would have to travel."""
    found: Reading | Rejected


@dataclass(frozen=True, slots=True)
class Refused:
    """No reading of a page, and why; its article stays as it is."""

    outcome: Outcome
    reason: str


Got: TypeAlias = Extracted | Refused


class Engine(Protocol):
    """Reads captures; used in one event loop."""

    def read(
        self, tasks: Iterable[Task], go_on: Callable[[], bool]
    ) -> AsyncIterator[tuple[Task, Got | None]]:
        """Yield each task, in its order, with what comes of it; that is None where the engine was
        closed before. Ends early once `go_on` says no. `tasks` may be gone through more than once,
        and by another thread.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
            NordcrawlError: what it works on is not to be had.
        """

    def close(self) -> None:
        """Stop at once: what is not read yet is given up. Safe to call again."""
