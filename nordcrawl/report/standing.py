"""Standing: how each source stands, by the reports of its past runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from nordcrawl.errors import ExitCode
from nordcrawl.model.printable import counted
from nordcrawl.model.times import rfc3339
from nordcrawl.reading.runs import PastRun

#: Exit codes of runs that did what they were asked for.
DONE: Final = frozenset(
    {ExitCode.WHOLE, ExitCode.LIMIT, ExitCode.OUT_OF_TIME, ExitCode.OUT_OF_BYTES}
)
_DAY: Final = timedelta(days=1)


class Level(IntEnum):
    """How bad it is, by the numbers that monitors know.

    Source: Monitoring Plugins Development Guidelines, "Plugin Return Codes".
    """

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


@dataclass(slots=True)
class Standing:
    """What the latest runs of one source say of it."""

    source: str
    last: PastRun | None = None
    """The run that began last."""
    done: PastRun | None = None
    """The last one that did what it was asked for: it ended with whole, or where it was told to."""
    found: PastRun | None = None
    """The last one that archived anything."""
    records: int = 0
    """Records of the 24 hours before `now`: new articles and revisions."""
    now: datetime = field(kw_only=True)

    @property
    def is_settled(self) -> bool:
        """True when older runs could tell nothing more."""
        return self.done is not None and self.found is not None

    def add(self, run: PastRun) -> None:
        """Take a run into account; later ones are told first."""
        if self.last is None:
            self.last = run
        if self.done is None and run.exit_code in DONE:
            self.done = run
        if self.found is None and run.archived:
            self.found = run
        if self.now - run.ended_at <= _DAY:
            self.records += run.archived

    def age(self) -> timedelta | None:
        """Return how long ago the last run that did its work ended; None if there is none."""
        return None if self.done is None else max(timedelta(0), self.now - self.done.ended_at)

    def judge(self, max_age: timedelta) -> tuple[Level, str]:
        """Return how bad it is, and why: critical where no run did its work within `max_age`,
        which is what a job that never starts looks like from outside; a warning where one did and
        the last run did not."""
        age = self.age()
        if self.last is None:
            return Level.CRITICAL, "no run is in the archive"
        ended = f"the last run ended with {self.last.exit} {spoken(self.now - self.last.ended_at)}"
        ended += f" ago: {self.last.why}"
        if age is None:
            return Level.CRITICAL, f"no run has done its work yet; {ended}"
        if age > max_age:
            quiet = self.last is self.done
            told = "and none has begun since" if quiet else ended
            return Level.CRITICAL, f"the last run that did its work ended {spoken(age)} ago; {told}"
        if self.last is not self.done:
            return Level.WARNING, ended
        return (
            Level.OK,
            f"{self.last.exit} {spoken(age)} ago, {counted(self.records, 'record')} in 24 h",
        )

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        age = self.age()
        return {
            "source": self.source,
            "last_run": self.last.to_json() if self.last else None,
            "last_done_at": rfc3339(self.done.ended_at) if self.done else None,
            "last_articles_at": rfc3339(self.found.ended_at) if self.found else None,
            "age_s": None if age is None else int(age.total_seconds()),
            "records_24h": self.records,
        }


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst of several: critical before unknown before a warning.

    >>> worst([Level.UNKNOWN, Level.CRITICAL, Level.OK]).name
    'CRITICAL'
    """
    order = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)
    return max(levels, key=order.index, default=Level.OK)


def spoken(age: timedelta) -> str:
    """Return a time span as a person says it, in its largest unit.

    >>> [spoken(timedelta(seconds=s)) for s in (40, 3599, 90000, 400000)]
    ['40 s', '59 min', '25 h', '4 days']
    """
    seconds = max(0, int(age.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} days"
