"""Settle: release or drop what a run has in quarantine, by one commit.

Decision, parts, commit, deletion. The decision is put first and stands: who killed this and runs it
again goes on with the same one. The commit takes the run's parts of quarantine away and brings what
they become, so readers see all of it or nothing. What is deleted then is proven by it
(`nordcrawl.archive.keep.delete`).
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import MEMBER_BYTES, encode_line, pack
from nordcrawl.archive.format.quarantine import Choice, Decision
from nordcrawl.archive.keep.delete import LaterError, UnprovenError
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.proofs import Taken
from nordcrawl.archive.keep.quarantine import Batch, batches, decided, decisions, run_of
from nordcrawl.archive.keep.release import Fate, Known, dropped, release
from nordcrawl.archive.log.erasures import Erasures, read_erasures
from nordcrawl.archive.log.follow import is_there
from nordcrawl.archive.log.pieces import PartMovedError, Pieces, part_body, told
from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.archive.log.wholeness import heads_told, take_whole
from nordcrawl.errors import ObjectConflict, StoreRefused, UsageError
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.times import parse_rfc3339, utc_date

_ROUNDS: Final = 20
"""Tries to replace parts that others change meanwhile."""
#: Raw bytes of lines that are put as one part at most.
_PART_BYTES: Final = 16 * MEMBER_BYTES


@dataclass(slots=True)
class Done:
    """What a release or drop did."""

    decision: Decision
    released: int = 0
    """Records that are archived content now."""
    there: int = 0
    """Records that the archive had by now."""
    overtaken: int = 0
    """Records that stay in quarantine, as the archive has a later page of each."""
    dropped: int = 0
    """Records that are gone for good."""
    deleted: int = 0
    """Objects deleted."""
    left: list[str] = field(default_factory=list)
    """Why it is not finished; empty if it is."""


def settle(maintainer: Maintainer, run_id: str, choice: Choice, by: str, reason: str) -> Done:
    """Release or drop what a run has in quarantine; done again, it only finishes what is left.

    Raises:
        UsageError: the run never had anything in quarantine, or somebody dropped it.
        ArchiveDamaged: a log has a hole, or a part is not as committed.
        StoreRefused: the store, or an erasure is not finished.
        StoreUnavailable: the store; run it again.
    """
    store = maintainer.store
    for _ in range(_ROUNDS):
        snapshot = take_whole(store, heads_told(store) | maintainer.known)
        batch = next((one for one in batches(snapshot) if _is(one.run_id, run_id)), None)
        decision = _decision(maintainer, snapshot, batch, run_id, choice, by, reason)
        done = Done(decision)
        if batch is None:
            break
        with suppress(PartMovedError), maintainer.trying():
            _Settling(maintainer, snapshot, batch, done).commit()
            break
    else:
        done.left.append("others go on changing the archive; run it again")
    _delete(maintainer, run_id, done)
    return done


def _is(run_id: str, asked: str) -> bool:
    return run_id.lower() == asked.lower()


def _decision(
    maintainer: Maintainer,
    snapshot: Snapshot,
    batch: Batch | None,
    run_id: str,
    choice: Choice,
    by: str,
    reason: str,
) -> Decision:
    """Return the decision that stands, put now if there is none."""
    store = maintainer.store
    if (found := decided(store, run_id, choice)) is not None:
        return found
    if batch is None:
        others = list(decisions(store, run_id))
        if not others:
            raise UsageError(f"run {run_id} has nothing in quarantine; nordcrawl quarantine list")
        told = others[-1]
        raise UsageError(
            f"run {run_id}: {told.choice} was decided by {told.by} on {told.decided_at:%Y-%m-%d}; "
            "nothing of it is in quarantine any more"
        )
    now = maintainer.clock()
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{batch.source}-{choice}-{secrets.token_hex(3)}"
    decision = Decision(
        run_id=batch.run_id,
        source=batch.source,
        choice=choice,
        decision_id=name,
        decided_at=now,
        by=by,
        reason=reason,
        records=batch.records,
    )
    with suppress(ObjectConflict):  # another one was as fast, and theirs stands
        store.put(decision.key, decision.encode(), content_type=keys.JSON_TYPE)
    return decided(store, run_id, choice) or decision


class _Settling:
    """One try at a batch, as of a snapshot."""

    def __init__(
        self, maintainer: Maintainer, snapshot: Snapshot, batch: Batch, done: Done
    ) -> None:
        self._maintainer = maintainer
        self._store = maintainer.store
        self._snapshot = snapshot
        self._batch = batch
        self._done = done
        self._erasures = read_erasures(self._store)
        self._add: list[PartEntry] = []

    def commit(self) -> None:
        """Put what the batch becomes, and commit it in its place."""
        self._require_finished_erasures(self._erasures)
        ids = frozenset(
            values["article_id"] for part in self._batch.parts for values in self._lines(part)
        )
        known, leading = self._ledger(ids)
        remove = [part for part in self._batch.parts if self._settle(part, known)]
        if not remove:
            return
        decision = self._done.decision
        self._put(
            PartKind.LEDGER,
            [dropped(values, decision.decision_id, decision.by) for values in leading],
        )
        if read_erasures(self._store).ids != self._erasures.ids:
            raise StoreRefused("an erasure was ordered meanwhile; run it again when it is done")
        kind = CommitKind.RELEASE if decision.choice is Choice.RELEASE else CommitKind.DROP
        self._maintainer.commit(kind, self._batch.source, decision.decision_id, self._add, remove)

    @staticmethod
    def _require_finished_erasures(erasures: Erasures) -> None:
        if erasures.open_orders:
            order = erasures.open_orders[0]
            raise StoreRefused(
                f"erasure {order.order_id} is not finished: run nordcrawl erase --resume first"
            )

    def _lines(self, part: LivePart) -> list[dict[str, Any]]:
        found = told(part, part_body(self._store, part))
        return [x for _, x in found if not self._erasures.covers(PartKind.QUARANTINE, x)]

    def _ledger(self, ids: frozenset[str]) -> tuple[defaultdict[str, Known], list[dict[str, Any]]]:
        """Return what the archive has of some articles, and the ledger lines of the run that lead
        to what is held and that nothing was decided of yet."""
        known: defaultdict[str, Known] = defaultdict(Known)
        leading: dict[str, dict[str, Any]] = {}
        decided_before = {
            one.decision_id
            for one in decisions(self._store, self._batch.run_id)
            if one != self._done.decision
        }
        pieces = Pieces(self._store)
        for piece in self._snapshot.pieces:
            if (
                piece.part.entry.kind is not PartKind.LEDGER
                or piece.commit.source != self._batch.source
            ):
                continue
            for values in pieces.values(piece):
                article = values.get("article")
                if article is not None and article["article_id"] in ids:
                    known[article["article_id"]].take(values)
                if (
                    values["run_id"] == self._batch.run_id
                    and values["outcome"] == Outcome.QUARANTINED
                    and values.get("revision") is None
                    and not self._erasures.covers(PartKind.LEDGER, values)
                ):
                    leading[values["url"]] = values
        return known, [] if decided_before else list(leading.values())

    def _settle(self, part: LivePart, known: defaultdict[str, Known]) -> bool:
        """Put what a part becomes; return whether it becomes anything."""
        decision, done = self._done.decision, self._done
        records: list[Mapping[str, Any]] = []
        entries: list[Mapping[str, Any]] = []
        kept: list[Mapping[str, Any]] = []
        for values in self._lines(part):
            if decision.choice is Choice.DROP:
                entries.append(dropped(values["ledger"], decision.decision_id, decision.by))
                done.dropped += 1
                continue
            what = release(values, known[values["article_id"]], decision.decision_id)
            if what.record is not None:
                records.append(what.record)
            if what.entry is not None:
                entries.append(what.entry)
            else:
                kept.append(values)
            done.released += what.fate is Fate.RELEASED
            done.there += what.fate is Fate.THERE
            done.overtaken += what.fate is Fate.OVERTAKEN
        if len(kept) == part.entry.records:
            return False
        self._put(PartKind.ARTICLE, records)
        self._put(PartKind.LEDGER, entries)
        stay = {values["url"] for values in kept}
        entry, _ = self._maintainer.put_without(part, lambda values: values["url"] not in stay)
        if entry is not None:
            self._add.append(entry)
        return True

    def _put(self, kind: PartKind, lines: Iterable[Mapping[str, Any]]) -> None:
        """Put lines as parts, by day, and none too large."""
        by_day: defaultdict[str, list[tuple[bytes, str]]] = defaultdict(list)
        for values in lines:
            told = values["at"] if kind is PartKind.LEDGER else values["fetch"]["fetched_at"]
            at = parse_rfc3339(told)
            if at is None:
                raise ValueError(f"a line without a time: {told!r}")
            by_day[utc_date(at)].append((encode_line(values), told))
        for day, some in sorted(by_day.items()):
            self._add += [
                self._maintainer.put_part(
                    *(kind, self._batch.source, day, pack(line for line, _ in group)),
                    records=len(group),
                    times=[told for _, told in group],
                )
                for group in _groups(some)
            ]


def _groups(lines: Sequence[tuple[bytes, str]]) -> list[list[tuple[bytes, str]]]:
    groups: list[list[tuple[bytes, str]]] = []
    size = 0
    for one in lines:
        if not groups or size + len(one[0]) > _PART_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(one)
        size += len(one[0])
    return groups


def _delete(maintainer: Maintainer, run_id: str, done: Done) -> None:
    """Delete the run's parts of quarantine that a commit took away, whoever was killed before."""
    store = maintainer.store
    deleter = maintainer.deleter()
    snapshot = deleter.snapshot
    gone = [
        part.entry.key
        for log in snapshot.logs.values()
        for commit in log
        for number, entry in enumerate(commit.add)
        if entry.kind is PartKind.QUARANTINE and entry.key in snapshot.removed
        for part in (LivePart(commit, number),)
        if _is(run_of(snapshot, part), run_id)
    ]
    for key in gone:
        if not is_there(store, key):
            continue
        try:
            deleter.delete(key, Taken())
        except (LaterError, UnprovenError) as why:
            done.left.append(f"{why}: run it again later")
        else:
            done.deleted += 1
