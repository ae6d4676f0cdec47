"""Watch: the judge of one source, as the gate of its writer asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nordcrawl.archive.store.protocol import Store
from nordcrawl.model.sighting import Sighting
from nordcrawl.quarantine.figures import Counted, Figures
from nordcrawl.quarantine.history import history
from nordcrawl.quarantine.judge import QuarantineLimits, breaks, enough

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Watch:
    """Holds each batch of a source against its history, which is read when it is first needed; and
    counts what passed and what was held, for the run's report."""

    store: Store
    source: str
    limits: QuarantineLimits
    clock: Callable[[], datetime]
    idle: str | None = None
    """Why batches that were large enough were not judged, in words."""
    _history: list[Figures] | None = None
    _passed: Counted = field(default_factory=Counted)
    _held: Counted = field(default_factory=Counted)

    def judge(self, batch: Sequence[Sighting]) -> list[str]:
        """Return what a batch has that the source never had before, a sentence each.

        Raises:
            StoreRefused, StoreUnavailable: the history can't be read now.
        """
        if not self.limits.on or len(batch) < self.limits.pages:
            return []
        if self._history is None:
            self._history = history(self.store, self.source, self.clock())
            self.idle = enough(self._history, self.limits)
            if self.idle is not None:
                logger.info("%s: no batch is held back yet: %s", self.source, self.idle)
        return breaks(batch, self._history, self.limits)

    def begin(self) -> None:
        """Count from here on: what was judged before an earlier run had left."""
        self._passed, self._held = Counted(), Counted()

    def passed(self, batch: Sequence[Sighting]) -> None:
        """Count a batch that was let pass."""
        self._passed.add(batch)

    def held(self, batch: Sequence[Sighting]) -> None:
        """Count a batch that was held."""
        self._held.add(batch)

    @property
    def texts(self) -> Figures:
        """What passed."""
        return self._passed.figures()

    @property
    def held_texts(self) -> Figures:
        """What was held, for its being a breach; what was held because of it is not in it."""
        return self._held.figures()
