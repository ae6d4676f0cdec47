"""Report: what a run did, the exit code that follows, and how both read to a person.

Pure but for printing. The rules of the exit code are I4 of ARCHITECTURE.md: failure never looks
like success.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nordcrawl.article import rfc3339
from nordcrawl.exitcodes import ExitCode
from nordcrawl.ledger import ARCHIVED, Outcome
from nordcrawl.url import host_of

#: Outcomes that say that a page was understood and is safe, now or before.
_GOOD = ARCHIVED | {
    Outcome.UNCHANGED, Outcome.DUPLICATE, Outcome.SKIPPED_FRESH, Outcome.OUT_OF_RANGE,
    Outcome.OVER_BUDGET,
}  # fmt: skip


@dataclass(slots=True)
class EntryReport:
    """How one sitemap, feed or listing answered."""

    kind: str
    url: str
    status: int | None = None
    links: int = 0
    """Article links in it."""
    listings: int = 0
    """Links to listings, or to further sitemaps."""
    others: int = 0
    """Links on the source's hosts that are neither, or that it denies."""
    foreign: list[str] = field(default_factory=list)
    """Addresses on other hosts; on a listing these are usual."""
    skipped: list[str] = field(default_factory=list)
    """Entries of it that could not be read."""
    problem: str | None = None
    robots: bool = False
    """The problem is that its host's robots.txt could not be had."""

    @property
    def answered(self) -> bool:
        """True when it was fetched and understood."""
        return self.status is not None and self.problem is None

    @property
    def warnings(self) -> list[str]:
        """What a person should know of it."""
        lines = [] if self.problem is None else [self.problem]
        lines += [f"entry skipped: {text}" for text in self.skipped]
        if self.kind != "listing":
            if self.foreign:
                lines.append(f"{len(self.foreign)} entries on other hosts, as {self.foreign[0]}")
            if self.others and not self.links + self.listings:
                lines.append(f"none of {self.others} entries looks like an article (article_urls)")
        return [f"{self.kind} {self.url}: {line}" for line in lines]

    def to_json(self) -> dict[str, Any]:
        """Return it for the report file."""
        return {
            "kind": self.kind,
            "url": self.url,
            "status": self.status,
            "links": self.links,
            "listings": self.listings,
            "others": self.others,
            "foreign": len(self.foreign),
            "skipped": self.skipped,
            "problem": self.problem,
        }


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
    failure: str | None = None
    failure_code: ExitCode | None = None

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
        if self.finish_reason in ("shutdown", "interrupted"):
            return ExitCode.INTERRUPTED, "stopped by a signal; all that was fetched is archived"
        if self.internal_errors:
            return ExitCode.FAILED, f"{len(self.internal_errors)} internal errors; see warnings"
        if self.unsettled or sum(self.outcomes.values()) != self.discovered:
            return ExitCode.LEDGER, (
                f"{len(self.unsettled)} of {self.discovered} discovered URLs have no outcome, "
                f"such as {', '.join(self.unsettled[:3])}"
            )
        return self._coverage()

    def _coverage(self) -> tuple[ExitCode, str]:
        robots = [e for e in self.entries if e.robots]
        if robots and self.silent_hosts:
            return ExitCode.ROBOTS, f"{robots[0].url}: {robots[0].problem}"
        good = sum(count for outcome, count in self.outcomes.items() if outcome in _GOOD)
        if not good:
            why = "; ".join(self.warnings[:3]) or "no article was found"
            return ExitCode.NOTHING, f"nothing archived: {why}"
        if self.silent_hosts:
            return ExitCode.SOURCE_DOWN, (
                f"no sitemap, feed or listing of {', '.join(self.silent_hosts)} answered"
            )
        if self.outcomes.get(Outcome.OVER_BUDGET):
            return ExitCode.LIMIT, (
                f"{self.outcomes[Outcome.OVER_BUDGET]} URLs were left for another run"
            )
        if self.finish_reason != "finished":
            return ExitCode.LIMIT, f"the run was ended: {self.finish_reason}"
        return ExitCode.WHOLE, "every source answered, and everything is archived"

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
            "pending_records": self.pending_records,
            "entries": [entry.to_json() for entry in self.entries],
            "warnings": self.warnings[:200],
            "examples": {
                str(o): [e.to_json() for e in self.examples[o]]
                for o in Outcome
                if o in self.examples
            },
            "unsettled": self.unsettled[:200],
        }
