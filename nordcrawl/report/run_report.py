"""Report: what a run did, and the exit code that follows. Pure; `summary` prints it.

The rules of the exit code are I4 of ARCHITECTURE.md: failure never looks
like success.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import ARCHIVED, Outcome
from nordcrawl.model.times import rfc3339
from nordcrawl.model.url import host_of
from nordcrawl.report.coverage import uncovered
from nordcrawl.report.entry import EntryReport, Gap
from nordcrawl.report.health import Health

__all__ = ["EntryReport", "Example", "Gap", "Report", "uncovered"]

#: Outcomes that say that a page was understood and is safe, now or before.
_GOOD = ARCHIVED | {
    Outcome.UNCHANGED, Outcome.DUPLICATE, Outcome.SKIPPED_FRESH, Outcome.OUT_OF_RANGE,
    Outcome.OVER_BUDGET,
}  # fmt: skip


#: Outcomes of pages that were kept out by order or left, and say nothing of the site.
_LEFT = (
    Outcome.OUT_OF_RANGE, Outcome.OVER_BUDGET, Outcome.ROBOTS_DENIED, Outcome.RIGHTS_DENIED,
)  # fmt: skip
#: Outcomes without which a run is not said to have archived everything.
_NOT_ARCHIVED = (
    Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED, Outcome.BLOCKED, Outcome.NOT_ARTICLE, *_LEFT,
)  # fmt: skip


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


@dataclass(slots=True)
class Report:
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
        return [*lines, *self.notes, *(f"internal error: {t}" for t in self.internal_errors)]

    def verdict(self) -> tuple[ExitCode, str]:
        """Return the exit code and, in a sentence, why."""
        if self.failure_code is not None and self.failure_code != ExitCode.PENDING:
            return self.failure_code, self.failure or ""
        if self.pending_records:
            return ExitCode.PENDING, (
                f"{self.pending_records} lines are safe in the spool and not in the archive yet; "
                f"the next run ships them first ({self.failure or 'the store was slow'})"
            )
        if self.failure_code is not None:
            return self.failure_code, self.failure or ""
        told = sum(self.outcomes.values())
        not_due = self.outcomes.get(Outcome.SKIPPED_FRESH, 0)
        lines = told - not_due + bool(not_due)
        if (lines, self.archived) != (self.committed_lines, self.committed_records):
            return ExitCode.LEDGER, (
                f"{lines} outcomes with {self.archived} records were told, {self.committed_lines} "
                f"ledger lines with {self.committed_records} records are in the archive"
            )
        if self.finish_reason in ("shutdown", "interrupted"):
            return ExitCode.INTERRUPTED, "stopped by a signal; all that was fetched is archived"
        if self.internal_errors:
            return ExitCode.FAILED, f"{len(self.internal_errors)} internal errors; see warnings"
        if self.unsettled or told != self.discovered:
            return ExitCode.LEDGER, (
                f"{len(self.unsettled)} of {self.discovered} discovered URLs have no outcome, "
                f"such as {', '.join(self.unsettled[:3])}"
            )
        return self._coverage()

    def _coverage(self) -> tuple[ExitCode, str]:
        # A run of given URLs asks no edition; each of its hosts is wanted.
        if self.silent_hosts or not self.hosts:
            for entry in self.entries:
                if entry.robots:
                    return ExitCode.ROBOTS, f"{entry.url}: {entry.problem}"
            for entry in self.entries:
                if entry.down:
                    return ExitCode.SOURCE_DOWN, f"{entry.url}: {entry.problem}"
        good = sum(count for outcome, count in self.outcomes.items() if outcome in _GOOD)
        if not good:
            why = "; ".join(self.warnings[:3]) or "no article was found"
            return ExitCode.NOTHING, f"nothing archived: {why}"
        if self.silent_hosts:
            return ExitCode.SOURCE_DOWN, (
                f"no sitemap, feed or listing of {', '.join(self.silent_hosts)} answered"
            )
        if open_ := uncovered(self.entries, self.mode, len(self.unread)):
            more = f", and {len(open_) - 1} more" if len(open_) > 1 else ""
            return ExitCode.SOURCE_DOWN, (
                f"{open_[0].kind} {open_[0].url}: {open_[0].problem}{more}; nothing else covered it"
            )
        named = self.discovered - sum(self.outcomes.get(outcome, 0) for outcome in _LEFT)
        if (suspicion := self.health.suspicion(named)) is not None:
            return ExitCode.SUSPECT, f"{suspicion}; look at the site and at what was archived"
        if self.silence is not None:
            return ExitCode.SUSPECT, f"{self.silence}; look at the site and its sitemaps and feeds"
        if self.outcomes.get(Outcome.OVER_BUDGET):
            return ExitCode.LIMIT, (
                f"{self.outcomes[Outcome.OVER_BUDGET]} URLs were left for another run"
            )
        if self.sitemaps_unread:
            return ExitCode.LIMIT, f"{self.sitemaps_unread} sitemaps were not read"
        if self.finish_reason != "finished":
            return ExitCode.LIMIT, f"the run was ended: {self.finish_reason}"
        return ExitCode.WHOLE, f"{self._heard()}, and {self._done()}"

    def _heard(self) -> str:
        """Say which entries answered."""
        if not self.entries:
            return "no sitemap, feed or listing was asked"
        silent = [entry for entry in self.entries if not entry.is_heard]
        words = "every source answered"
        if silent:
            parts = []
            for kind in dict.fromkeys(entry.kind for entry in silent):
                count = sum(entry.kind == kind for entry in silent)
                total = sum(entry.kind == kind for entry in self.entries)
                parts.append(f"{count} of {total} {kind}s")
            words = f"{', '.join(parts)} did not answer and others covered what they name"
        if skipped := sum(bool(entry.skipped) for entry in self.entries if entry.kind != "listing"):
            words += f", of {skipped} of them some entries were skipped"
        if self.unread:
            words += f", {len(self.unread)} listings were not read"
        return words

    def _done(self) -> str:
        """Say what was not archived."""
        if lost := [
            f"{self.outcomes[outcome]} {outcome}"
            for outcome in _NOT_ARCHIVED
            if self.outcomes.get(outcome)
        ]:
            due = " that was due" if self.outcomes.get(Outcome.SKIPPED_FRESH) else ""
            return f"everything{due} is archived but {', '.join(lost)}"
        if set(self.outcomes) == {Outcome.SKIPPED_FRESH}:
            return "no page was due"
        if self.outcomes.get(Outcome.SKIPPED_FRESH):
            return "everything that was due is archived"
        return "everything is archived"

    def to_json(self) -> dict[str, Any]:
        """Return the run manifest, keys in the documented order."""
        code, why = self.verdict()
        return {
            "format": "nordcrawl-run",
            "version": 1,
            "run_id": self.run_id,
            "source": self.source,
            "nordcrawl": self.nordcrawl,
            "archive": self.archive,
            "started_at": rfc3339(self.started_at),
            "finished_at": rfc3339(self.finished_at),
            "finish_reason": self.finish_reason,
            "complete": code is ExitCode.WHOLE,
            "exit_code": int(code),
            "exit": code.name.lower(),
            "why": why,
            "mode": self.mode,
            "arguments": self.arguments,
            "discovered": self.discovered,
            "outcomes": {str(o): self.outcomes[o] for o in Outcome if o in self.outcomes},
            "fetched": self.fetched,
            "archived": self.archived,
            "asked": self.health.to_json(),
            "pending_records": self.pending_records,
            "committed_lines": self.committed_lines,
            "entries": [entry.to_json() for entry in self.entries],
            "gaps": [gap.to_json() for gap in self.gaps],
            "warnings": self.warnings[:200],
            "examples": {
                str(o): [e.to_json() for e in self.examples[o]]
                for o in Outcome
                if o in self.examples
            },
            "unsettled": self.unsettled[:200],
        }
