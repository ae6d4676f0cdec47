"""Findings: what a verification looked at, and what is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from nordcrawl.errors import ExitCode

_EXAMPLES: Final = 1000
"""Findings that are kept; the rest is counted."""


class Severity(StrEnum):
    """How bad a finding is."""

    DAMAGE = "damage"
    """Something is lost, changed or does not belong there."""
    UNFINISHED = "unfinished"
    """All that is committed is right; something was begun and not ended."""
    NOTE = "note"
    """Nothing of the archive's, and no harm: what people and their desktops leave in folders."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is not as it should be."""

    severity: Severity
    key: str
    what: str


def damage(key: str, what: str) -> Defect:
    """Return a finding that something is lost, changed or foreign."""
    return Defect(Severity.DAMAGE, key, what)


def unfinished(key: str, what: str) -> Defect:
    """Return a finding that something was begun and not ended."""
    return Defect(Severity.UNFINISHED, key, what)


def note(key: str, what: str) -> Defect:
    """Return a finding that does no harm."""
    return Defect(Severity.NOTE, key, what)


def named(error: Exception) -> Defect:
    """Return the damage that an error tells of, ours or the store's, which names its key first."""
    key, _, what = str(error).removeprefix("get ").partition(": ")
    return damage(key, what)


@dataclass(slots=True)
class Verification:
    """What was looked at, and what was found."""

    archive: str
    objects: int = 0
    bytes: int = 0
    writers: int = 0
    commits: int = 0
    parts: int = 0
    article_lines: int = 0
    ledger_lines: int = 0
    quarantine_lines: int = 0
    captures: int = 0
    articles: int = 0
    copies: int = 0
    """Revisions that a second writer has, too."""
    superseded: int = 0
    """Parts that were replaced and are not deleted yet."""
    runs: int = 0
    checkpoints: int = 0
    erasures: int = 0
    damage: int = 0
    unfinished: int = 0
    notes: int = 0
    findings: list[Defect] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Return 0 if all is well, 13 for damage, 5 if something is only unfinished."""
        if self.damage:
            return ExitCode.DAMAGED
        return ExitCode.PENDING if self.unfinished else ExitCode.WHOLE

    def tell(self, found: Defect) -> None:
        """Count a finding, and keep it among the first."""
        match found.severity:
            case Severity.DAMAGE:
                self.damage += 1
            case Severity.UNFINISHED:
                self.unfinished += 1
            case Severity.NOTE:
                self.notes += 1
        if len(self.findings) < _EXAMPLES:
            self.findings.append(found)
