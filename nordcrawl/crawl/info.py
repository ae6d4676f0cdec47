"""Info: what a run is asked for, and what all of its parts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.entries import Origin
from nordcrawl.crawl.stopping import Stopping
from nordcrawl.model.record import Publisher
from nordcrawl.report.health import SuspectLimits
from nordcrawl.sources.source import Source


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One crawl of one source."""

    options: Options
    source: Source
    arguments: Arguments
    run_id: str
    clock: Callable[[], datetime]
    """Now, UTC and aware."""
    started_at: datetime
    stopping: Stopping = field(default_factory=Stopping)
    notes: list[str] = field(default_factory=list)
    """What else a person should know of the run, a sentence each."""
    more: dict[str, Any] = field(default_factory=dict)
    """What a run of another kind than a crawl adds to its report, JSON by a name of its own."""

    @property
    def origin(self) -> Origin:
        """Whose lines are written."""
        publisher = Publisher(self.source.title, self.source.country)
        return Origin(self.source.name, self.run_id, publisher)

    @property
    def suspect(self) -> SuspectLimits:
        """What makes the run suspect: by the source's table, else by the settings."""
        share, pages = self.source.suspect_share, self.source.suspect_pages
        return SuspectLimits(
            share=self.options.suspect.share if share is None else share,
            pages=self.options.suspect.pages if pages is None else pages,
        )
