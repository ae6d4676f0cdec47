"""Quarantine: the line of a record that is held back, and what was decided of a run's.

A line holds the record and the ledger line as they would have been archived, so that a release
needs no page and no crawler. A decision is an object that is put once and stands for ever: who
released or dropped what, when and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.sealed import Sealed, time_of
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.times import parse_rfc3339, rfc3339

QUARANTINE_VERSION: Final = 1
#: How much later than the ledger line that says `quarantined` the one is that takes its place: so
#: it wins over that one alone, and loses to whatever a later crawl found.
AFTER: Final = timedelta(microseconds=1)


def held_line(
    record: Mapping[str, Any], entry: Mapping[str, Any], why: Sequence[str]
) -> dict[str, Any]:
    """Return the quarantine line of a record and its ledger line, keys in the documented order."""
    return {
        "schema": QUARANTINE_VERSION,
        "run_id": entry["run_id"],
        "source": entry["source"],
        "url": entry["url"],
        "article_id": record["article_id"],
        "why": list(why),
        "record": dict(record),
        "ledger": dict(entry),
    }


def quarantined(entry: Mapping[str, Any], reason: str, *, has_record: bool) -> dict[str, Any]:
    """Return the ledger line that stands for one whose record is held, or that leads to such an
    article: it changes no article, and tells which one only where there is a record."""
    values = {**entry, "outcome": str(Outcome.QUARANTINED), "article": None}
    values["reason"] = f"{reason} ({entry['outcome']}: {entry.get('reason') or 'no reason'})"
    if not has_record:
        values |= {"article_id": None, "revision": None, "weak_alias": False}
    return values


def settled_at(entry: Mapping[str, Any]) -> str:
    """Return the time of the line that takes the place of one that says `quarantined`.

    Raises:
        ValueError: it has no time.
    """
    at = parse_rfc3339(entry["at"])
    if at is None:
        raise ValueError("a ledger line without a time")
    return rfc3339(at + AFTER) or ""


class Choice(StrEnum):
    """What may be decided of a quarantine."""

    RELEASE = "release"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Decision(Sealed):
    """What somebody decided of the records of a run that are held; the first one of a kind counts
    for ever."""

    FORMAT: ClassVar = "nordcrawl-quarantine"
    WHAT: ClassVar = "a decision on a quarantine"

    run_id: str
    source: str
    choice: Choice
    decision_id: str
    """The run id of the ledger lines and of the commit that carry it out."""
    decided_at: datetime
    """UTC."""
    by: str
    """Who, as they call themselves."""
    reason: str
    records: int
    """How many were held then."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return keys.decision_key(self.run_id, self.choice)

    def to_json(self) -> dict[str, Any]:
        """Return what it says."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"choice": str(self.choice), "decided_at": rfc3339(self.decided_at)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read it back."""
        told = {name: values[name] for name in cls.__slots__}
        return cls(**told | {"choice": Choice(values["choice"]), "records": int(values["records"])}
                   | {"decided_at": time_of(values, "decided_at")})  # fmt: skip
