"""Finding: what one examination found, with advice and exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from nordcrawl.errors import ExitCode, NordcrawlError, first_of
from nordcrawl.model.redact import redact

Clock = Callable[[], datetime]


class Status(StrEnum):
    """How a look ended."""

    OK = "ok"
    NOTE = "note"
    """Works, but is worth knowing; or can't be seen."""
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. All texts are without secrets."""

    name: str
    status: Status
    seen: str
    advice: str = ""
    exit_code: ExitCode = ExitCode.WHOLE
    """What a crawl would end with, if this is a failure."""

    def to_json(self) -> dict[str, Any]:
        """Return the values for ``--json``."""
        return asdict(self) | {"status": str(self.status), "exit_code": int(self.exit_code)}


def ok(name: str, seen: str, advice: str = "") -> Finding:
    """Return a finding that all is as it should be."""
    return Finding(name, Status.OK, redact(seen), advice)


def note(name: str, seen: str, advice: str = "") -> Finding:
    """Return a finding that is worth knowing."""
    return Finding(name, Status.NOTE, redact(seen), advice)


def fail(name: str, seen: str, advice: str, exit_code: ExitCode) -> Finding:
    """Return a finding that keeps nordcrawl from its work."""
    return Finding(name, Status.FAIL, redact(seen), redact(advice), exit_code)


def failed(name: str, error: NordcrawlError) -> Finding:
    """Return an error as a finding."""
    return fail(name, str(error), "", error.exit_code)


def exit_code(findings: list[Finding]) -> ExitCode:
    """Return 0 if nothing failed, else the code that is told first of those that hold.

    >>> exit_code([fail("a", "", "", ExitCode.PENDING), fail("b", "", "", ExitCode.SPOOL)]).name
    'SPOOL'
    """
    return first_of(found.exit_code for found in findings if found.status is Status.FAIL)
