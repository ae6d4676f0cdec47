"""Condition: what an alert is, and what is known of a source that one may be about. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any, Final

from nordcrawl.config.alert_limits import AlertLimits
from nordcrawl.doctor.spools import Waiting
from nordcrawl.model.printable import shown
from nordcrawl.reading.runs import PastRun

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
#: How much later in a day the same job may begin: an hour with the clocks of spring, and a while.
SLACK: Final = timedelta(minutes=90)

#: What to do, by condition; each has a row in docs/operations.md, "Alerts".
ADVICE: Final = {
    "unreadable": "look at the store and at this machine's key: nordcrawl doctor",
    "no_run": "look whether the job is scheduled and what its last log says",
    "run_failed": "do what its exit code asks for (docs/operations.md, Exit codes)",
    "fewer_articles": "look at the site and at what its sitemaps and feeds name: nordcrawl report",
    "field_coverage": "look at a new article: nordcrawl try URL; the site may have been rebuilt",
    "boilerplate": "look at the texts that came last: nordcrawl read --format text",
    "errors": "look at what failed and why: nordcrawl report",
    "gap": "see whether the months are whole: nordcrawl audit SOURCE; or crawl more often",
    "pending": "look at the store, then: nordcrawl ship",
    "quarantine": "look at them: nordcrawl quarantine list; then release or drop them",
    "silent": "look at the list in a browser; mend the source's table if another took its place",
}


class Severity(StrEnum):
    """How soon somebody should look."""

    CRITICAL = "critical"
    """Nothing is archived, or what was may be lost."""
    WARNING = "warning"


class Quiet(Enum):
    """That there is no alert."""

    NO = "no"
    """All is as it should be."""
    UNTOLD = "untold"
    """It can't be said: too little is known. What was said before stands."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that holds."""

    id: str
    source: str
    """Empty where it is about the archive itself."""
    severity: Severity
    text: str
    """Plain words with the figures; safe to show."""

    @property
    def key(self) -> str:
        """What it is remembered by: it is the same alert whatever its figures are by now."""
        return f"{self.source}/{self.id}"

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE[self.id]

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "id": self.id,
            "source": self.source or None,
            "severity": str(self.severity),
            "text": self.text,
            "advice": self.advice,
        }


Answer = Alert | Quiet


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the archive, as far as alerts look at it."""

    run_id: str
    fields: frozenset[str]
    """Of `nordcrawl.report.overview.values.FIELDS` those that it has."""
    share: float | None
    """The share of the page's bytes that is text of the article; None where that is not known."""
    lines: frozenset[str]
    """Its lines of text, their beginnings."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a source."""

    source: str
    now: datetime
    runs: tuple[PastRun, ...] = ()
    """Those that have a report, that which began last first: all of the last 28 days, and those of
    the same hours and weekday in the weeks before."""
    articles: tuple[Seen, ...] = ()
    """What the last runs archived, in the order of commits."""
    archived_at: datetime | None = None
    """When the latest of them came: a run that goes on has no report yet."""
    waiting: Waiting | None = None
    """What the spool on this machine holds; None where there is none."""
    held: tuple[str, int] | None = None
    """The latest run that has records in quarantine, and how many there are of all runs."""

    def plain(self) -> list[PastRun]:
        """Return the runs that looked for all of the site and were not killed."""
        return [run for run in self.runs if run.finished_at is not None and _is_plain(run.told)]

    def within(self, back: timedelta) -> list[PastRun]:
        """Return the plain runs that began in the 24 hours that ended so long ago, `SLACK` later:
        so that the job of a day falls into the same hours of each, if its time is a zone's."""
        end = self.now - back + SLACK
        return [run for run in self.plain() if end - DAY < run.started_at <= end]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found."""

    alerts: tuple[Alert, ...]
    judged: frozenset[str]
    """The keys of all conditions that could be judged, whether they hold or not."""


def alert(id_: str, history: History, text: str, severity: Severity = Severity.WARNING) -> Alert:
    """Return an alert about a source; the text may have words of strangers in it."""
    return Alert(id_, history.source, severity, shown(text, 500))


def percent(share: float) -> str:
    """Return a share as a person says it.

    >>> percent(0.257), percent(0.001), percent(0)
    ('26 %', 'under 1 %', '0 %')
    """
    return "under 1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


def _is_plain(told: Mapping[str, Any]) -> bool:
    given = told.get("arguments") or {}
    return not any(given.get(name) for name in ("since", "until", "limit", "urls"))


__all__ = [
    "ADVICE", "DAY", "SLACK", "WEEK", "Alert", "AlertLimits", "Answer", "History", "Judged",
    "Quiet", "Seen", "Severity", "alert", "percent",
]  # fmt: skip
