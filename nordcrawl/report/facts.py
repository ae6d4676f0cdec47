"""Facts: what is known of a finished run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import ARCHIVED, Outcome
from nordcrawl.model.url import host_of
from nordcrawl.quarantine.figures import Figures
from nordcrawl.report.entry import EntryReport, Gap
from nordcrawl.report.health import Health


@dataclass(frozen=True, slots=True)
class Example:
    """One URL of an outcome, to show what it was about."""

    url: str
    reason: str
    title: str | None = None
    article_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it for the report file."""
        return {
            "url": self.url,
            "reason": self.reason,
            "title": self.title,
            "article_id": self.article_id,
        }


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What was held back of a run."""

    records: int = 0
    why: tuple[str, ...] = ()
    """What it had that the source never had before."""
    texts: Figures = field(default_factory=Figures)
    """Of the batches that were held for that."""
    idle: str | None = None
    """Why nothing could be held, in words."""

    @property
    def told(self) -> str:
        """What happened, in a sentence; empty if nothing did."""
        if not self.records:
            return ""
        because = f": {'; '.join(self.why)}" if self.why else ""
        return f"{self.records} records are in quarantine{because}"

    def to_json(self) -> dict[str, Any]:
        """Return it for the report file."""
        return {
            "records": self.records,
            "why": list(self.why),
            "texts": self.texts.to_json() if self.records else None,
            "idle": self.idle,
        }


@dataclass(slots=True)
class Facts:
    """A finished run; times UTC."""

    run_id: str
    source: str
    nordcrawl: str
    archive: str
    started_at: datetime
    finished_at: datetime
    finish_reason: str
    """Scrapy's word: finished, shutdown, ..."""
    mode: str
    arguments: dict[str, Any]
    discovered: int
    unsettled: list[str]
    """Discovered URLs without an outcome: there must be none."""
    outcomes: dict[Outcome, int]
    fetched: int
    """Article pages asked for."""
    entries: list[EntryReport]
    hosts: tuple[str, ...]
    """Editions, of each of which at least one sitemap, feed or listing must have answered."""
    examples: dict[Outcome, list[Example]]
    internal_errors: list[str]
    notes: list[str]
    """What else a person should know of the run."""
    pending_records: int
    """Lines safe in the spool that the store does not have yet."""
    committed_lines: int
    """Ledger lines of this run (one for all URLs that were not due) that the archive's writer saw
    committed, or that an erasure order took out before: counted where they were shipped, not where
    they were told."""
    committed_records: int
    """Articles, in the same way."""
    erased_lines: int = 0
    """Those of `committed_lines` that an order took out, so the ledger does not have them."""
    captures: int = 0
    """Pages that were committed as they were fetched."""
    failure: str | None = None
    failure_code: ExitCode | None = None
    gaps: list[Gap] = field(default_factory=list)
    unread: tuple[str, ...] = ()
    """Listings that were found and not read, there being too many."""
    health: Health = field(default_factory=Health)
    """How the pages ended that were asked for."""
    sitemaps_unread: int = 0
    """Sitemaps that were found and not read, there being too many."""
    silence: str | None = None
    """That nothing new has come for too long, in words."""
    texts: Figures = field(default_factory=Figures)
    """Of the articles that were archived, for later runs to be held against."""
    quarantine: Quarantine = field(default_factory=Quarantine)
    more: dict[str, Any] = field(default_factory=dict)
    """What a run of another kind than a crawl adds, by names of its own."""
    file: str = ""
    """Where it was written on this machine; empty where the disk refused."""

    @property
    def archived(self) -> int:
        """Records of this run."""
        return sum(count for outcome, count in self.outcomes.items() if outcome in ARCHIVED)

    @property
    def silent_hosts(self) -> list[str]:
        """Editions none of whose sitemaps, feeds and listings answered."""
        heard = {host_of(entry.url) for entry in self.entries if entry.answered}
        return [host for host in self.hosts if host not in heard]

    @property
    def warnings(self) -> list[str]:
        """What a person should look at, though it may not have failed the run."""
        lines = [line for entry in self.entries for line in entry.warnings]
        lines += [gap.warning for gap in self.gaps]
        lines += filter(None, [self.quarantine.told])
        return [*lines, *self.notes, *(f"internal error: {t}" for t in self.internal_errors)]
