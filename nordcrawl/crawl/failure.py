"""Failure: what went wrong with the run itself. Whether the site is well is `report.health`'s."""

from __future__ import annotations

import logging
from collections.abc import Callable

from nordcrawl.errors import NordcrawlError

logger = logging.getLogger(__name__)


class Failures:
    """The first failure, after which a run can't go on, and the errors of our own code."""

    def __init__(self) -> None:
        self.first: NordcrawlError | None = None
        self.internal: list[str] = []
        """Errors of our own code, each with its address; a run with any is not whole."""
        self.on_first: Callable[[], None] | None = None
        """Called once, in the event loop's thread, when the run can't go on."""

    def stop(self, error: NordcrawlError) -> None:
        """Take note that the run can't go on; the first cause stays."""
        if self.first is None:
            self.first = error
            logger.error("%s", error)
            if self.on_first is not None:
                self.on_first()
