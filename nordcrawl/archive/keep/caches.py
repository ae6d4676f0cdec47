"""Caches: which checkpoints may go, by what the store gives back of them and of newer ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.format.sealed import UNREADABLE
from nordcrawl.archive.log.catalog import heads_of
from nordcrawl.archive.log.checkpoint import checkpoint_keys, read_rows
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.snapshot import NOTHING, Snapshot
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

_KEPT: Final = 2
"""Whole checkpoints of a source that are kept."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """A checkpoint each part of which was read back."""

    heads: Heads
    holds_erased: bool


class Caches:
    """Reads each checkpoint once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[str, _Whole | None] = {}
        self._doomed: dict[str, bool] = {}

    def is_doomed(self, manifest: str, snapshot: Snapshot, erasures: Erasures) -> bool:
        """Return whether a checkpoint, by its manifest's key, may go: it can't be read, holds what
        is erased, or is older than two that are whole, go as far, and end with commits that are
        there.

        Raises:
            StoreRefused, StoreUnavailable: the store.
        """
        if manifest not in self._doomed:
            self._doomed[manifest] = self._judge(manifest, snapshot, erasures)
        return self._doomed[manifest]

    def _judge(self, manifest: str, snapshot: Snapshot, erasures: Erasures) -> bool:
        old = self._whole(manifest, snapshot, erasures)
        if old is None or old.holds_erased:
            return True
        newer = [key for key in checkpoint_keys(self._store, _source(manifest)) if key > manifest]
        if len(newer) < _KEPT:
            return False
        digests = {
            (commit.writer, commit.seq): commit.sha256
            for log in snapshot.logs.values()
            for commit in log
        }
        left = _KEPT
        for key in newer:
            other = self._whole(key, snapshot, erasures)
            left -= other is not None and _serves_for(old.heads, other.heads, digests)
            if not left:
                return True
        return False

    def _whole(self, manifest: str, snapshot: Snapshot, erasures: Erasures) -> _Whole | None:
        if manifest not in self._read:
            found: _Whole | None = None
            try:
                checkpoint = Checkpoint.decode(manifest, get_patiently(self._store, manifest))
                heads = heads_of(self._store, checkpoint, snapshot.catalog)
                holds = False
                for row in read_rows(self._store, checkpoint):
                    holds = holds or erasures.covers_row(checkpoint.source, row)
                found = _Whole(heads, holds)
            except (ArchiveDamaged, ObjectMissing, *UNREADABLE):
                pass
            self._read[manifest] = found
        return self._read[manifest]


def _source(manifest: str) -> str:
    return manifest.split("/")[1].removeprefix("source=")


def _serves_for(old: Heads, new: Heads, digests: dict[tuple[str, int], str]) -> bool:
    return all(new.get(writer, NOTHING)[0] >= seq for writer, (seq, _) in old.items()) and all(
        (writer, seq) in digests and sha256 in (None, digests[writer, seq])
        for writer, (seq, sha256) in new.items()
    )
