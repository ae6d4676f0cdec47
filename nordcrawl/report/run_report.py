"""Report: what a run did, and the exit code that follows. Pure; `summary` prints it.

`verdict` has the rules of the exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.times import rfc3339
from nordcrawl.report import verdict
from nordcrawl.report.entry import EntryReport, Gap
from nordcrawl.report.facts import Example, Facts

__all__ = ["EntryReport", "Example", "Gap", "Report"]


@dataclass(slots=True)
class Report(Facts):
    """The facts of a finished run, with what follows from them."""

    def verdict(self) -> tuple[ExitCode, str]:
        """Return the exit code and, in a sentence, why."""
        return verdict.causes(self)[0]

    def to_json(self) -> dict[str, Any]:
        """Return the run manifest, keys in the documented order."""
        (code, why), *also = verdict.causes(self)
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
            "also": [{"exit": c.name.lower(), "why": text} for c, text in also],
            "mode": self.mode,
            "arguments": self.arguments,
            "discovered": self.discovered,
            "outcomes": {str(o): self.outcomes[o] for o in Outcome if o in self.outcomes},
            "fetched": self.fetched,
            "archived": self.archived,
            "asked": self.health.to_json(),
            "texts": self.texts.to_json(),
            "quarantine": self.quarantine.to_json(),
            "pending_records": self.pending_records,
            "committed_lines": self.committed_lines,
            "erased_lines": self.erased_lines,
            "captures": self.captures,
            "entries": [entry.to_json() for entry in self.entries],
            "gaps": [gap.to_json() for gap in self.gaps],
            "warnings": self.warnings[:200],
            "examples": {
                str(o): [e.to_json() for e in self.examples[o]]
                for o in Outcome
                if o in self.examples
            },
            "unsettled": self.unsettled[:200],
            **self.more,
        }
