"""Wholeness: the snapshot that may be deleted by.

Whoever deletes what no commit lists must have seen every commit. Listing and logs find a hole in
the middle of a log; a commit that is lost at its end is missed only by what somebody said of it
when it was there: the report of the run, the receipt of an erasure, a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from nordcrawl.archive.format import keys as layout
from nordcrawl.archive.format.commit import KnownCommit
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.log.snapshot import Snapshot, take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing
from nordcrawl.system.side_by_side import side_by_side

_AT_ONCE: Final = 16
_FOLDERS: Final = ("runs/", "erasures/", "checkpoints/")


def heads_told(store: Store) -> dict[str, KnownCommit]:
    """Return of each writer the last commit that a report, receipt or checkpoint tells of.

    What can't be read tells of nothing; `nordcrawl verify` finds it. One get for each of them.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    keys = [
        entry.key
        for folder in _FOLDERS
        for entry in store.list(folder)
        if entry.key.endswith(".json") and not entry.key.endswith("/order.json")
    ]
    heads: dict[str, KnownCommit] = {}
    told = side_by_side(partial(_read, store), keys, _AT_ONCE)
    for key, values in zip(keys, told, strict=True):
        for writer, seq, sha256 in heads_in(values):
            if writer not in heads or seq > heads[writer].seq:
                heads[writer] = KnownCommit(seq, sha256, f"{key} tells of commit {seq}")
    return heads


def take_whole(store: Store, heads: Mapping[str, KnownCommit]) -> Snapshot:
    """Take a snapshot that has every commit of which anything tells; `heads` are those told of
    before it is taken.

    Raises:
        ArchiveDamaged: a commit is missing or another one; names it.
        StoreRefused, StoreUnavailable: the store.
    """
    snapshot = take(store, known=heads)
    for writer, head in heads.items():
        digests = {commit.seq: commit.sha256 for commit in snapshot.logs.get(writer, ())}
        if digests.get(head.seq) != head.sha256:
            key = layout.commit_key(writer, head.seq)
            raise ArchiveDamaged(
                f"{key}: another commit than there was: {head.why}, of another sha256"
            )
    return snapshot


def _read(store: Store, key: str) -> Any:
    try:
        return decode_json(store.get(key))
    except (ObjectMissing, ArchiveDamaged, ValueError):
        return None


def heads_in(values: Any) -> Iterator[tuple[str, int, str]]:
    """Yield (writer, seq, digest) of what a report, receipt or checkpoint says of logs."""
    if not isinstance(values, dict):
        return
    told = [values.get("log")]
    if isinstance(heads := values.get("heads"), dict):
        told += [
            {"writer": writer} | head for writer, head in heads.items() if isinstance(head, dict)
        ]
    for head in told:
        match head:
            case {"writer": str(writer), "seq": int(seq), "sha256": str(sha256)} if (
                seq > 0 and layout.is_writer(writer)
            ):
                yield writer, seq, sha256
