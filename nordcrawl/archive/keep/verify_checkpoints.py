"""Rules of verification for checkpoints: each is the fold of the ledgers up to its heads."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.checkpoint import read_rows
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import LiveSegment, Snapshot
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.catch_up import fold_pieces, ledgers
from nordcrawl.errors import ArchiveDamaged


def unreadable(store: Store, checkpoints: Iterable[Checkpoint]) -> Iterator[tuple[str, str]]:
    """Yield (key, what) of what can't be read of some checkpoints.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    for checkpoint in checkpoints:
        try:
            for _ in read_rows(store, checkpoint):
                pass
        except (ArchiveDamaged, ValueError) as error:
            yield _told(checkpoint, error)


def misfolded(
    store: Store,
    snapshot: Snapshot,
    source: str,
    checkpoints: Iterable[Checkpoint],
    erasures: Erasures,
) -> Iterator[tuple[str, str]]:
    """Fold the ledgers of a source anew; yield (key, what) of each of its checkpoints, in the order
    of their names, that is not the state at its heads. What `erasures` cover is left out.

    Raises:
        ArchiveDamaged: a ledger.
        StoreRefused, StoreUnavailable: the store.
        SpoolError: the disk for temporary files.
    """
    digests = {(c.writer, c.seq): c.sha256 for log in snapshot.logs.values() for c in log}
    pieces = ledgers(snapshot)
    with tempfile.TemporaryDirectory(prefix="nordcrawl-") as folder:
        spool = Spool.open(Path(folder), source)
        try:
            state = State(spool)
            for checkpoint in checkpoints:
                for writer, (seq, sha256) in checkpoint.heads.items():
                    if digests.get((writer, seq)) != sha256:
                        key = keys.commit_key(writer, seq)
                        yield key, f"missing or changed: {checkpoint.key} ends with it"
                due, pieces = _divided(pieces, checkpoint)
                fold_pieces(store, spool, state, due, erasures)
                yield from _compared(store, checkpoint, state, erasures)
        finally:
            spool.close()


def _divided(
    pieces: Iterable[LiveSegment], checkpoint: Checkpoint
) -> tuple[list[LiveSegment], list[LiveSegment]]:
    """Return the pieces up to a checkpoint's heads, and those behind."""
    due: list[LiveSegment] = []
    rest: list[LiveSegment] = []
    for piece in pieces:
        seq, _ = checkpoint.heads.get(piece.segment.writer, (0, None))
        (due if piece.segment.seq <= seq else rest).append(piece)
    return due, rest


def _compared(
    store: Store, checkpoint: Checkpoint, state: State, erasures: Erasures
) -> Iterator[tuple[str, str]]:
    source = checkpoint.source
    try:
        folded_rows = _comparable(source, state.rows(), erasures)
        kept_rows = _comparable(source, read_rows(store, checkpoint), erasures)
        for folded, kept in zip_longest(folded_rows, kept_rows):
            if folded != kept:
                what = f"not the fold of the ledgers: {kept!r} is not {folded!r}"
                yield checkpoint.key, what[:400]
                return
    except (ArchiveDamaged, ValueError) as error:
        yield _told(checkpoint, error)


def _told(checkpoint: Checkpoint, error: Exception) -> tuple[str, str]:
    """Return key and fault; what is damaged names its own key."""
    if isinstance(error, ArchiveDamaged):
        key, _, what = str(error).partition(": ")
        return key, what
    return checkpoint.key, str(error)


def _comparable(
    source: str, rows: Iterator[dict[str, Any]], erasures: Erasures
) -> Iterator[dict[str, Any]]:
    """Leave out what an erasure covers, and what it makes ambiguous: who had a text first, when
    the first is gone."""
    for row in rows:
        if not erasures or not (row["table"] == "text" or erasures.covers_row(source, row)):
            yield row
