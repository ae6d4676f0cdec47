"""Values of an overview: what is shown of a run, whatever shows it; texts as sites wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from nordcrawl.identity.passages import Passage

#: The fields whose share is told, and what counts as one, in the order of the record.
FIELDS: Final = (
    *("title", "subtitle", "kicker", "authors", "published_at", "modified_at", "language"),
    *("kind", "section", "tags", "images", "text"),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A record of the run."""

    change: str
    article_id: str
    revision: int
    url: str
    title: str | None
    language: str | None
    section: str | None
    published_at: str | None
    words: int
    fields: tuple[str, ...] = ()
    """Names of what is other than in the revision before."""
    passages: tuple[Passage, ...] = ()
    """What is other, to be read; empty where the revision before is not in the archive."""

    def to_json(self) -> dict[str, Any]:
        """Return it for programs."""
        values = asdict(self) | {"fields": list(self.fields)}
        values["passages"] = [
            {
                "field": passage.field,
                "skipped": passage.skipped,
                "spans": [{"mark": str(span.mark), "text": span.text} for span in passage.spans],
            }
            for passage in self.passages
        ]
        return values


@dataclass(frozen=True, slots=True)
class Ended:
    """URLs that ended in the same way, for the same reason."""

    outcome: str
    reason: str
    count: int
    examples: tuple[str, ...]
    """The first of their addresses."""


@dataclass(frozen=True, slots=True)
class Covered:
    """How many of the articles have a field: shares from 0 to 1, None where there were none."""

    field: str
    now: float | None
    usual: float | None
    """The median of the runs before."""
    least: float | None
    """The least of the runs before."""

    @property
    def is_low(self) -> bool:
        """Whether it lies below all runs before, and by more than a tenth below the usual."""
        return self.is_below(0.1)

    def is_below(self, margin: float) -> bool:
        """Return whether it lies below all runs before, and by more than `margin` below the
        usual."""
        if self.now is None or self.usual is None or self.least is None:
            return False
        return self.now < self.least and self.now < self.usual - margin


@dataclass(frozen=True, slots=True)
class Published:
    """How many articles of one language and section were published on a day (UTC)."""

    day: date
    language: str
    section: str
    count: int


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier run of the same source, or this one."""

    run_id: str
    started_at: str
    seconds: float
    archived: int
    failed: int
    exit: str


@dataclass(frozen=True, slots=True)
class Overview:
    """One run, and what came before it."""

    run: Mapping[str, Any]
    """Its report, as `nordcrawl.report.run_report.Report.to_json` made it; of a run that was
    killed a few keys only."""
    ended: tuple[Ended, ...]
    """The ways in which URLs ended, the most frequent first."""
    articles: tuple[Shown, ...]
    """Records of the run: changed ones first."""
    coverage: tuple[Covered, ...]
    published: tuple[Published, ...]
    """Of the source's articles, in the days up to the run."""
    latency_h: tuple[float, ...]
    """Hours from publication to archive, of new articles of the same days that tell a time."""
    kept: tuple[tuple[date, float], ...]
    """Day of the fetch -> median share of the pages' bytes that is text of the article."""
    past: tuple[Past, ...]
    """This run and those before it, oldest first."""
    days: int
    """How many days the figures go back."""
    more: Mapping[str, int] = field(default_factory=dict)
    """Records that are not in `articles`, there being too many: change -> how many."""

    @property
    def seconds(self) -> float | None:
        """How long the run took; None of one that was killed."""
        return self.past[-1].seconds if self.past and self.run.get("finished_at") else None

    def to_json(self) -> dict[str, Any]:
        """Return it for programs; times and days as RFC 3339 writes them, shares from 0 to 1."""
        return {
            "format": "nordcrawl-overview",
            "version": 1,
            "run": dict(self.run),
            "ended": [asdict(one) | {"examples": list(one.examples)} for one in self.ended],
            "articles": [one.to_json() for one in self.articles],
            "more": dict(self.more),
            "coverage": [asdict(one) for one in self.coverage],
            "published": [asdict(one) | {"day": one.day.isoformat()} for one in self.published],
            "latency_h": [round(hours, 3) for hours in self.latency_h],
            "kept": [{"day": day.isoformat(), "share": round(s, 4)} for day, s in self.kept],
            "past": [asdict(one) for one in self.past],
            "days": self.days,
        }
