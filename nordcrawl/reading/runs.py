"""Runs: the reports of runs that an archive keeps, newest first, by the store alone.

A report's key begins with the time at which its run began (`nordcrawl.archive.format.keys`), so the
latest are found by the names of their days and months, however many years of them there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nordcrawl.archive.format.sealed import decode_sealed
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ObjectMissing
from nordcrawl.model.ledger import ARCHIVED
from nordcrawl.model.times import parse_rfc3339, rfc3339

_KEY: Final = re.compile(r"runs/(\d{8}t\d{6})z-(.+)-[0-9a-f]+\.json")
#: Days and months that are listed by themselves, before all that is older is listed at once.
_DAYS: Final = 3
_MONTHS: Final = 13


@dataclass(frozen=True, slots=True)
class RunName:
    """What a report's key tells without reading it; the time is UTC."""

    key: str
    source: str
    started_at: datetime

    @property
    def run_id(self) -> str:
        """The run's name."""
        return self.key.removeprefix("runs/").removesuffix(".json")


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as its report has it; times UTC."""

    run_id: str
    source: str
    started_at: datetime
    finished_at: datetime | None
    """None of a run that was killed."""
    exit_code: int | None
    """None of a run that was killed, and of a report that can't be read."""
    exit: str
    """The exit code's name; ``killed`` or ``unreadable`` where there is none."""
    complete: bool
    why: str
    discovered: int
    outcomes: dict[str, int]
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """All of the report."""

    @property
    def is_crawl(self) -> bool:
        """Whether it asked the site for anything: it did not only read the archive's pages again,
        or take in those of files."""
        return self.told.get("mode") not in ("reextract", "import")

    @property
    def archived(self) -> int:
        """Records that it archived."""
        return sum(self.outcomes.get(str(outcome), 0) for outcome in ARCHIVED)

    @property
    def ended_at(self) -> datetime:
        """When it ended, or as much as is known of it: when it began."""
        return self.finished_at or self.started_at

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "run_id": self.run_id,
            "source": self.source,
            "mode": self.told.get("mode"),
            "started_at": rfc3339(self.started_at),
            "finished_at": rfc3339(self.finished_at),
            "exit_code": self.exit_code,
            "exit": self.exit,
            "complete": self.complete,
            "why": self.why,
            "discovered": self.discovered,
            "archived": self.archived,
            "outcomes": self.outcomes,
        }


def run_names(store: Store, now: datetime) -> Iterator[RunName]:
    """Yield the runs that have a report, those that began last first; nothing is read.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    seen: set[str] = set()
    for prefix in _prefixes(now):
        found = []
        for entry in store.list(f"runs/{prefix}"):
            name = run_name(entry.key)
            if name is not None and entry.key not in seen:
                found.append(name)
        seen.update(name.key for name in found)
        yield from sorted(found, key=lambda name: (name.started_at, name.key), reverse=True)


def run_name(key: str) -> RunName | None:
    """Return what a report's key tells; None if it is no such key."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    began = datetime.strptime(match[1], "%Y%m%dt%H%M%S").replace(tzinfo=UTC)
    return RunName(key, match[2], began)


def past_run(store: Store, name: RunName) -> PastRun | None:
    """Read a run's report; None if an erasure took it away meanwhile.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    try:
        body = store.get(name.key)
    except ObjectMissing:
        return None
    try:
        values = decode_sealed(body)
    except ValueError as error:
        return PastRun(
            name.run_id, name.source, name.started_at, None, None, "unreadable",
            False, f"{name.key}: {error}; nordcrawl verify looks at all of it", 0, {},
        )  # fmt: skip
    return run_of(name, values)


def run_of(name: RunName, values: Mapping[str, Any]) -> PastRun:
    """Return a run by its report's values."""
    killed = values.get("exit_code") is None
    return PastRun(
        run_id=name.run_id,
        source=values.get("source", name.source),
        started_at=parse_rfc3339(values.get("started_at")) or name.started_at,
        finished_at=parse_rfc3339(values.get("finished_at")),
        exit_code=values.get("exit_code"),
        exit="killed" if killed else values["exit"],
        complete=bool(values.get("complete")),
        why=values.get("why") or ("it left no report of its own" if killed else ""),
        discovered=values.get("discovered") or 0,
        outcomes=values.get("outcomes") or {},
        told=values,
    )


def _prefixes(now: datetime) -> Iterator[str]:
    """Yield beginnings of run ids, later ones first; the last one is of all."""
    for back in range(-1, _DAYS):  # another machine's clock may be ahead
        yield f"{now - timedelta(days=back):%Y%m%dt}"
    month = now.replace(day=1)
    for _ in range(_MONTHS):
        yield f"{month:%Y%m}"
        month = (month - timedelta(days=1)).replace(day=1)
    yield ""
