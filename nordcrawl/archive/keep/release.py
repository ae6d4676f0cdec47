"""Release: what becomes of held records when they are archived after all. Pure.

Each record is asked against what the archive knows of its article by now. It is the next revision
if nothing was read of the article since; it is there already if the archive has its content from
as late a page, or as its latest; and it was overtaken if the archive has a page that was read
later and says something else. That one stays in quarantine: any number that it could get would
either be that of another text, or make it the latest, which it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from nordcrawl.archive.format.quarantine import settled_at
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.times import parse_rfc3339


class Fate(StrEnum):
    """What becomes of a held record."""

    RELEASED = "released"
    THERE = "there"
    """The archive has it by now."""
    OVERTAKEN = "overtaken"
    """The archive has a later page of it, so this one stays in quarantine."""


_Content = tuple[Any, ...]


@dataclass(slots=True)
class Known:
    """What the archive has of an article."""

    revision: int = 0
    text_sha256: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    content: _Content = ()
    fetched_at: datetime | None = None
    later: list[tuple[datetime, _Content]] = field(default_factory=list)
    """When each of its revisions was read, and what it says."""

    def take(self, entry: Mapping[str, Any]) -> None:
        """Take in a ledger line with the article's new state."""
        state, at = entry["article"], _fetched(entry)
        self.later.append((at, _content(state)))
        rank = (state["revision"], at)
        if self.fetched_at is None or rank >= (self.revision, self.fetched_at):
            self.revision, self.text_sha256 = state["revision"], state["text_sha256"]
            self.fields = state.get("fields") or {}
            self.content = _content(state)
        self.fetched_at = at if self.fetched_at is None else max(at, self.fetched_at)


@dataclass(frozen=True, slots=True)
class Settled:
    """A held record and its ledger line as they are archived; `record` is None where the archive
    has it, and both where it stays."""

    fate: Fate
    record: Mapping[str, Any] | None = None
    entry: Mapping[str, Any] | None = None


def release(values: Mapping[str, Any], known: Known, decision_id: str) -> Settled:
    """Return what becomes of a line of quarantine; `known` takes it in. The released ones of an
    article are to be given in their order."""
    record, entry = dict(values["record"]), dict(values["ledger"])
    at, content = _fetched(entry), _content(entry["article"])
    settled = {**entry, "run_id": decision_id, "at": settled_at(entry)}
    reason = f"released from quarantine: {entry['reason']}"
    if content == known.content or any(
        content == other and read_at >= at for read_at, other in known.later
    ):
        settled |= {
            "outcome": str(Outcome.UNCHANGED),
            "reason": "released from quarantine: the archive has it already",
            "revision": known.revision,
            "article": None,
        }
        return Settled(Fate.THERE, entry=settled)
    if known.fetched_at is not None and known.fetched_at > at:
        return Settled(Fate.OVERTAKEN)
    revision = known.revision + 1
    if (revision, known.text_sha256) != (record["revision"], record["previous_text_sha256"]):
        _renumber(record, settled, known, revision)
    settled |= {"reason": reason, "revision": revision}
    settled["article"] = {**entry["article"], "revision": revision}
    known.take(settled)
    return Settled(Fate.RELEASED, record, settled)


def dropped(values: Mapping[str, Any], decision_id: str, by: str) -> dict[str, Any]:
    """Return the ledger line that says of a URL that what was held of it is dropped, or that it
    leads to such an article: it is due again."""
    return {
        **values,
        "run_id": decision_id,
        "outcome": str(Outcome.EXTRACTION_FAILED),
        "reason": f"dropped from quarantine by {by}",
        "at": settled_at(values),
        "article_id": None,
        "revision": None,
        "weak_alias": False,
        "article": None,
    }


def _renumber(record: dict[str, Any], entry: dict[str, Any], known: Known, revision: int) -> None:
    """Make a record the next revision of what the archive has by now, which is not what it was
    judged by."""
    record |= {"revision": revision, "previous_text_sha256": known.text_sha256}
    if revision == 1:
        record |= {"change": "new", "changed": None}
        entry["outcome"] = str(Outcome.NEW)
        return
    if record["change"] == "new":
        record["change"] = "updated"
        entry["outcome"] = str(Outcome.UPDATED)
    now = entry["article"].get("fields") or {}
    names = [n for n in dict.fromkeys([*now, *known.fields]) if now.get(n) != known.fields.get(n)]
    record["changed"] = {"fields": names, **_UNTOLD}


_UNTOLD: Final[Mapping[str, Any]] = {
    "words_added": None,
    "words_removed": None,
    "text": [],
    "truncated": False,
}


def _fetched(entry: Mapping[str, Any]) -> datetime:
    at = parse_rfc3339(entry.get("fetched_at") or entry["at"])
    if at is None:
        raise ValueError("a ledger line without a time")
    return at


def _content(state: Mapping[str, Any]) -> _Content:
    return (
        *(state["content_sha256"], bool(state.get("gone"))),
        tuple(sorted(state.get("partners") or ())),
    )
