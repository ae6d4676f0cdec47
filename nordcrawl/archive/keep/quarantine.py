"""Quarantine: which records of an archive are held back, and what was decided of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.quarantine import Choice, Decision
from nordcrawl.archive.log.erasures import Erasures, read_erasures
from nordcrawl.archive.log.pieces import PartMovedError, part_body, told
from nordcrawl.archive.log.snapshot import LivePart, Snapshot, take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ObjectMissing, StoreUnavailable

_T = TypeVar("_T")
_ROUNDS: Final = 5
"""Looks at what others change meanwhile."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a run has in quarantine."""

    run_id: str
    source: str
    parts: tuple[LivePart, ...]

    @property
    def records(self) -> int:
        """Records that are held."""
        return sum(part.entry.records for part in self.parts)

    @property
    def bytes(self) -> int:
        """Compressed."""
        return sum(part.entry.bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class Listed:
    """A batch with what a person wants to know of it."""

    batch: Batch
    why: tuple[str, ...]
    """What it has that the source never had before."""
    decisions: tuple[Decision, ...]
    """What was decided already; what is held still was overtaken, or is on its way."""

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        batch = self.batch
        return {
            "run_id": batch.run_id,
            "source": batch.source,
            "records": batch.records,
            "bytes": batch.bytes,
            "parts": [part.entry.key for part in batch.parts],
            "fetched_from": min(part.entry.min_at for part in batch.parts),
            "fetched_to": max(part.entry.max_at for part in batch.parts),
            "why": list(self.why),
            "decided": [str(one.choice) for one in self.decisions],
        }


def batches(snapshot: Snapshot) -> list[Batch]:
    """Return what is in quarantine, by run; those of a source in the order of their runs."""
    found: defaultdict[tuple[str, str], list[LivePart]] = defaultdict(list)
    for part in snapshot.live:
        if part.entry.kind is PartKind.QUARANTINE:
            found[part.commit.source, run_of(snapshot, part)].append(part)
    return [
        Batch(run_id, source, tuple(parts)) for (source, run_id), parts in sorted(found.items())
    ]


def run_of(snapshot: Snapshot, part: LivePart) -> str:
    """Return the run whose records a part of quarantine holds, whoever wrote it anew since."""
    first = part.segments[0]
    for commit in snapshot.logs.get(first.writer, ()):
        if commit.seq == first.seq:
            return commit.run_id
    return part.commit.run_id


def held(store: Store) -> list[Listed]:
    """Return what an archive has in quarantine.

    Raises:
        ArchiveDamaged: a log or a part is not what it should be.
        StoreRefused, StoreUnavailable: the store.
    """

    def listed(batch: Batch, erasures: Erasures) -> Listed:
        why: dict[str, None] = {}
        for values in held_lines(store, batch, erasures):
            why |= dict.fromkeys(values["why"])
        return Listed(batch, tuple(why), tuple(decisions(store, batch.run_id)))

    return _steadily(
        store, lambda erasures: [listed(batch, erasures) for batch in batches(take(store))]
    )


def _steadily(store: Store, look: Callable[[Erasures], list[_T]]) -> list[_T]:
    """Return what a look at it finds; another one where somebody changed it meanwhile."""
    for _ in range(_ROUNDS):
        with suppress(PartMovedError):
            return look(read_erasures(store))
    raise StoreUnavailable(f"{store.uri}: others go on changing what is held")


def held_lines(store: Store, batch: Batch, erasures: Erasures) -> Iterator[dict[str, Any]]:
    """Yield the lines of a batch, in the order in which they were accepted, but for what an order
    of erasure covers.

    Raises:
        PartMovedError: somebody released, dropped or erased some of it meanwhile.
        ArchiveDamaged: a part is missing or changed.
        StoreRefused, StoreUnavailable: the store.
    """
    for part in batch.parts:
        for _, values in told(part, part_body(store, part)):
            if not erasures.covers(PartKind.QUARANTINE, values):
                yield values


def records_of(store: Store, run_id: str) -> list[dict[str, Any]]:
    """Return the lines that a run has in quarantine; none if it has none. Raises as `held`."""
    return _steadily(
        store,
        lambda erasures: [
            values
            for batch in batches(take(store))
            if batch.run_id.lower() == run_id.lower()
            for values in held_lines(store, batch, erasures)
        ],
    )


def decisions(store: Store, run_id: str) -> Iterator[Decision]:
    """Yield what was decided of a run's quarantine, none, one or both choices.

    Raises:
        ArchiveDamaged: a decision was changed.
        StoreRefused, StoreUnavailable: the store.
    """
    for choice in Choice:
        if (decision := decided(store, run_id, choice)) is not None:
            yield decision


def decided(store: Store, run_id: str, choice: Choice) -> Decision | None:
    """Return a decision, None if it was not made; raises as `decisions`."""
    key = keys.decision_key(run_id, choice)
    try:
        return Decision.decode(key, store.get(key))
    except ObjectMissing:
        return None
