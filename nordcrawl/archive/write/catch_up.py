"""Catching up: folds what others committed into the local state, from where it was.

On an empty disk that is the whole archive: there is no other way of making the state.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby

from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Segment
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.sealed import UNREADABLE
from nordcrawl.archive.format.units import values_of
from nordcrawl.archive.local import checkpoint_rows
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.local.state_file import set_cursor
from nordcrawl.archive.log.catalog import NO_TAIL, Tail, heads_of, newest_catalog, put_catalog
from nordcrawl.archive.log.checkpoint import (
    CheckpointPolicy,
    checkpoint_keys,
    put_checkpoint,
    read_rows,
)
from nordcrawl.archive.log.erasures import Erasures, read_erasures
from nordcrawl.archive.log.pieces import Pieces
from nordcrawl.archive.log.snapshot import NOTHING, LiveSegment, Snapshot, take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, StoreError
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.words import reason

logger = logging.getLogger(__name__)

#: Lines folded in one transaction.
_AT_ONCE = 5_000
#: What a ledger line has in it that tells of a text's signature.
_SIGNED = b'"near":"'


def catch_up(store: Store, spool: Spool, state: State, *, checkpoints: bool = True) -> Tail:
    """Fold the ledgers of all commits since the last time; return which logs were seen to end.

    To be called when nothing is pending: own lines are folded as they are accepted, and where the
    state was dropped or fell behind since, only from the archive.

    An empty state begins with the newest checkpoint, unless `checkpoints` is False.

    A kill in between loses nothing: a writer's cursor moves with each commit folded, and folding
    a line twice is the same as once.

    Raises:
        ArchiveDamaged: a commit or a ledger part is not what it should be; names its key.
        StoreRefused, StoreUnavailable: the store.
        SpoolError: the disk refuses.
    """
    erasures = read_erasures(store)
    if checkpoints and not spool.state.cursors():
        _load_checkpoint(store, spool, state, erasures)
    known = spool.state.cursors()
    snapshot = take(store, known)
    digests = {(c.writer, c.seq): c.sha256 for log in snapshot.logs.values() for c in log}

    def folded(db: sqlite3.Connection, last: Segment) -> None:
        set_cursor(db, last.writer, last.seq, digests[last.writer, last.seq])

    fold_pieces(store, spool, state, ledgers(snapshot), erasures, folded)
    with spool.state.transaction() as db:
        for writer, (seq, sha256) in snapshot.heads.items():
            if seq != known.get(writer, NOTHING)[0]:
                set_cursor(db, writer, seq, sha256)
    commits = sum(map(len, snapshot.logs.values()))
    if commits:
        logger.info("state caught up with %d commits of the archive", commits)
    return Tail.of(snapshot.catalog, snapshot.logs)


def tell_ended(store: Store, tail: Tail, now: datetime, *, only_if_long: bool = False) -> Tail:
    """Put a catalog for the sake of the next starts, see `put_catalog`; return the tail that is
    left. It is tried once, for nothing is wrong without it."""
    try:
        done = put_catalog(store, tail, now, only_if_long=only_if_long)
    except StoreError as error:
        logger.warning("no catalog: %s", error)
        return tail
    return tail if tail.ended and not done else NO_TAIL


def ledgers(snapshot: Snapshot) -> list[LiveSegment]:
    """Return the pieces of a snapshot that hold ledger lines, of all sources: a state knows the
    texts of others too, for the sake of near duplicates."""
    return [piece for piece in snapshot.pieces if piece.part.entry.kind is PartKind.LEDGER]


def fold_pieces(
    store: Store,
    spool: Spool,
    state: State,
    pieces: Iterable[LiveSegment],
    erasures: Erasures,
    folded: Callable[[sqlite3.Connection, Segment], None] = lambda db, last: None,
) -> None:
    """Fold the lines of pieces into a state, some thousands in a transaction; of other sources
    only those that tell of a text. What `erasures` cover is left out.

    `folded` is called in the transaction that completes a commit, with its last segment.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
        SpoolError: the disk.
    """
    reader = Pieces(store)
    waiting: list[LedgerEntry] = []
    ended: dict[str, Segment] = {}

    def mark(db: sqlite3.Connection) -> None:
        for last in ended.values():
            folded(db, last)

    def flush() -> None:
        _fold(spool, state, waiting, mark)
        waiting.clear()
        ended.clear()

    for _, group in groupby(pieces, lambda p: (p.segment.writer, p.segment.seq)):
        for piece in group:
            foreign, key = piece.commit.source != spool.source, piece.part.entry.key
            for line in reader.lines(piece):
                if foreign and _SIGNED not in line:
                    continue
                if (entry := _entry(key, line, erasures)) is not None:
                    waiting.append(entry)
                if len(waiting) >= _AT_ONCE:
                    flush()
        ended[piece.segment.writer] = piece.segment
    flush()


def _load_checkpoint(store: Store, spool: Spool, state: State, erasures: Erasures) -> None:
    """Begin an empty state with the newest checkpoint that is whole, if there is one."""
    for key in checkpoint_keys(store, spool.source):
        try:
            checkpoint = Checkpoint.decode(key, store.get(key))
            rows = read_rows(store, checkpoint)
            heads = heads_of(store, checkpoint, newest_catalog(store))
            kept = (row for row in rows if not erasures.covers_row(spool.source, row))
            checkpoint_rows.load(spool.state, kept)
        except (ArchiveDamaged, ObjectMissing, *UNREADABLE) as error:
            logger.warning("checkpoint not used: %s: %s", key, error)
            state.drop()
            continue
        with spool.state.transaction() as db:
            for writer, (seq, sha256) in heads.items():
                set_cursor(db, writer, seq, sha256)
        logger.info("state begun with the %d rows of %s", checkpoint.records, key)
        return


def write_checkpoint(
    store: Store, spool: Spool, state: State, now: datetime, policy: CheckpointPolicy
) -> bool:
    """Put the state as a checkpoint if that will save more reading than it costs.

    To be called when nothing is pending. By the policy as it is, an empty disk reads at most the
    state and half as much again, and what all checkpoints together cost stays below what the
    ledger costs.

    Raises:
        StoreRefused, StoreUnavailable: the store.
        SpoolError: the disk.
    """
    if spool.backlog.lines or not policy.is_time(
        state.lines_since_checkpoint, state.counts()["urls"]
    ):
        return False
    heads = spool.state.cursors()
    known = newest_catalog(store).within({writer: seq for writer, (seq, _) in heads.items()})
    left = {writer: head for writer, head in heads.items() if known.closed.get(writer) != head[0]}
    rows, writer, layer = checkpoint_rows.dump(spool.state), spool.writer, known.name
    done = put_checkpoint(store, spool.source, rows, left, writer, now, policy, layer=layer)
    if done is None:
        return False
    state.mark_checkpoint()
    logger.info("checkpoint of %d rows written", done.records)
    return True


def _fold(
    spool: Spool,
    state: State,
    entries: Iterable[LedgerEntry],
    also: Callable[[sqlite3.Connection], None],
) -> None:
    try:
        with spool.state.transaction() as db:
            changes = []
            for entry in entries:
                if entry.source == spool.source:
                    changes.append(state.absorb(entry))
                else:
                    state.absorb_other(db, entry)
            state.write(db, changes)
            also(db)
    except BaseException:
        state.forget_unsettled()
        raise
    state.settle(changes)


def _entry(key: str, line: bytes, erasures: Erasures) -> LedgerEntry | None:
    try:
        values = values_of(PartKind.LEDGER, line)
        if erasures.covers(PartKind.LEDGER, values):
            return None
        return LedgerEntry.from_json(values)
    except UNREADABLE as error:
        raise ArchiveDamaged(f"{key}: not a ledger line: {reason(error)}") from error
