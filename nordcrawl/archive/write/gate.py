"""Gate: looks at a batch right before it is sealed, and holds it back where it breaks with what the
source gave before.

What is held stays where it is, in the outbox: in one transaction each record becomes a line of
quarantine, with its ledger line in it, and the ledger line one that says `quarantined`. From then
on they go the way of all lines. So a kill leaves a batch as it was or held, and as many ledger
lines as before.

The state knows of the held articles, for it was told when they were accepted. Whatever this run
finds from here on was judged by it, so its records are held, too; and the state is noted to be
dropped before, so that the next start folds it from the archive, which says `quarantined`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, encode_line
from nordcrawl.archive.format.quarantine import held_line, quarantined
from nordcrawl.archive.local.held import held_articles, hold
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.model.sighting import Sighting

logger = logging.getLogger(__name__)

#: What a ledger line has in it that may lead to an article of the batch without a record.
_DUPLICATE: Final = b'"outcome":"duplicate"'
_LEADS: Final = (_DUPLICATE, b'"outcome":"unchanged"')
#: Why the rest of a run is held.
_FOLLOWS: Final = "found by a run that had records held back before"


class Judge(Protocol):
    """Says what a batch has that its source never had before."""

    def judge(self, batch: Sequence[Sighting]) -> Sequence[str]:
        """Return it, a sentence each; nothing lets the batch pass.

        Raises:
            StoreRefused, StoreUnavailable, ArchiveDamaged: the history can't be read now.
        """

    def passed(self, batch: Sequence[Sighting]) -> None:
        """Count a batch that was sealed as it was."""

    def held(self, batch: Sequence[Sighting]) -> None:
        """Count a batch that was held."""


@dataclass(frozen=True, slots=True)
class HeldUrl:
    """A URL whose record is held, or that leads to such an article."""

    url: str
    title: str | None
    article_id: str | None
    reason: str


@dataclass(slots=True)
class Held:
    """What was held of a run."""

    records: int = 0
    why: list[str] = field(default_factory=list)
    """What the batches had that the source never had before."""
    urls: list[HeldUrl] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A ledger line of a batch, with the record that it tells of, if there is one."""

    entry: SpooledLine
    record: SpooledLine | None


class Gate:
    """Of one spool; of the thread that seals."""

    def __init__(self, judge: Judge | None = None) -> None:
        """Without a judge nothing new is held; the rest of a run of which something is, still."""
        self._judge = judge
        self.held: dict[str, Held] = {}
        """What was held of each run, since this was made."""

    def sift(self, spool: Spool, lines: Sequence[SpooledLine]) -> list[SpooledLine]:
        """Return a batch of one run as it is to be sealed; what is held of it is so in the spool.

        Raises:
            SpoolError: the disk refuses; nothing was held.
            StoreRefused, StoreUnavailable, ArchiveDamaged: see `Judge.judge`.
        """
        if not lines:
            return []
        run_id = lines[0].run_id
        before = held_articles(spool, run_id)
        if before is not None:
            return self._hold(spool, lines, (_FOLLOWS,), before)
        if self._judge is None:
            return list(lines)
        batch = _sightings(lines)
        if not batch:
            return list(lines)
        if why := self._judge.judge(batch):
            logger.warning("%s: a batch is held back: %s", run_id, "; ".join(why))
            self._judge.held(batch)
            return self._hold(spool, lines, tuple(why), frozenset())
        self._judge.passed(batch)
        return list(lines)

    def _hold(
        self,
        spool: Spool,
        lines: Sequence[SpooledLine],
        why: tuple[str, ...],
        before: frozenset[str],
    ) -> list[SpooledLine]:
        """Hold the records of a batch, and the addresses that lead to one of them or to one of the
        articles held `before`."""
        run_id = lines[0].run_id
        articles: set[str] = set(before)
        told: list[HeldUrl] = []
        changed: dict[int, SpooledLine] = {}
        records = 0
        for pair in _pairs(lines):
            if pair.record is not None:
                record, entry = decode_json(pair.record.line), decode_json(pair.entry.line)
                if not _is_own(entry, record):
                    continue
                articles.add(record["article_id"])
                records += 1
                changed[pair.record.seq] = replace(
                    pair.record,
                    kind=PartKind.QUARANTINE,
                    line=encode_line(held_line(record, entry, why)),
                )
                new = quarantined(entry, "held in quarantine", has_record=True)
                told.append(
                    HeldUrl(entry["url"], record["title"], record["article_id"], new["reason"])
                )
            elif any(sign in pair.entry.line for sign in _LEADS):
                entry = decode_json(pair.entry.line)
                if entry.get("article_id") not in articles:
                    continue
                new = quarantined(entry, "leads to one in quarantine", has_record=False)
                told.append(HeldUrl(entry["url"], None, None, new["reason"]))
            else:
                continue
            changed[pair.entry.seq] = replace(pair.entry, line=encode_line(new))
        if changed:
            spool.state.distrust("it knows pages that are in quarantine")
            pairs = [(line, changed[line.seq]) for line in lines if line.seq in changed]
            hold(spool, run_id, pairs, articles - before)
            held = self.held.setdefault(run_id, Held())
            held.records += records
            held.urls += told
            held.why += [text for text in why if text not in (*held.why, _FOLLOWS)]
        return [changed.get(line.seq, line) for line in lines]


def _pairs(lines: Sequence[SpooledLine]) -> list[_Pair]:
    """Return the ledger lines of a batch, each with the record right before it, its own."""
    found: list[_Pair] = []
    record: SpooledLine | None = None
    for line in lines:
        if line.kind is PartKind.ARTICLE:
            record = line
        elif line.kind is PartKind.LEDGER:
            found.append(_Pair(line, record))
            record = None
    return found


def _is_own(entry: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Return whether a ledger line tells of a record. What was adopted from a lost spool may stand
    beside that of another one, its own being in the archive already."""
    names = ("article_id", "revision", "run_id")
    return [entry.get(name) for name in names] == [record.get(name) for name in names]


def _sightings(lines: Sequence[SpooledLine]) -> list[Sighting]:
    """Return what is seen of a batch's records, and of the addresses that lead to one."""
    found = []
    for line in lines:
        if line.kind is PartKind.ARTICLE:
            found.append(Sighting.of_record(decode_json(line.line)))
        elif line.kind is PartKind.LEDGER and _DUPLICATE in line.line:
            entry: Mapping[str, Any] = decode_json(line.line)
            if entry["outcome"] == "duplicate" and entry.get("article_id"):
                found.append(Sighting(entry["url"], entry["article_id"], "duplicate"))
    return found
