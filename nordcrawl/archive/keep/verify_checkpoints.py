"""Rules of verification for checkpoints: each is the fold of the ledgers up to its heads."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import NO_CATALOG
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, Severity, damage, named
from nordcrawl.archive.local import checkpoint_rows
from nordcrawl.archive.local.database import Database
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.catalog import heads_of
from nordcrawl.archive.log.checkpoint import read_rows
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import NOTHING, LiveSegment
from nordcrawl.archive.write.catch_up import fold_pieces, ledgers
from nordcrawl.errors import ArchiveDamaged, ObjectMissing


def checkpoints(facts: Facts) -> Iterator[Defect]:
    """Each checkpoint is what the ledgers fold to; that can't be said where there is damage, but it
    can be read then, still."""
    is_whole = not (facts.counts.damage or any(f.severity is Severity.DAMAGE for f in facts.faults))
    for source, found in facts.checkpoints.items():
        yield from misfolded(facts, source, found) if is_whole else unreadable(facts, found)


def unreadable(facts: Facts, checkpoints: Iterable[Checkpoint]) -> Iterator[Defect]:
    """Yield what can't be read of some checkpoints.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    for checkpoint in checkpoints:
        try:
            for _ in read_rows(facts.store, checkpoint):
                pass
        except (ArchiveDamaged, ValueError) as error:
            yield from _told(facts, checkpoint, error)


def misfolded(facts: Facts, source: str, found: Iterable[Checkpoint]) -> Iterator[Defect]:
    """Fold the ledgers of a source anew; yield each of its checkpoints, in the order of their
    names, that is not the state at its heads. What erasures cover is left out.

    Raises:
        ArchiveDamaged: a ledger.
        StoreRefused, StoreUnavailable: the store.
        SpoolError: the disk for temporary files.
    """
    store, erasures = facts.store, facts.erasures
    digests = {(c.writer, c.seq): c.sha256 for c in facts.commits()}
    pieces = ledgers(facts.snapshot)
    newest = facts.catalogs[-1] if facts.catalogs else NO_CATALOG
    with tempfile.TemporaryDirectory(prefix="nordcrawl-") as folder:
        spool = Spool.open(Path(folder), source)
        try:
            state = State(spool)
            for checkpoint in found:
                try:
                    heads = heads_of(store, checkpoint, newest)
                except (ObjectMissing, ArchiveDamaged) as error:
                    yield damage(checkpoint.key, f"goes on from a catalog not there: {error}")
                    continue
                for writer, (seq, sha256) in heads.items():
                    there = digests.get((writer, seq))
                    if there is None or sha256 not in (None, there):
                        key = keys.commit_key(writer, seq)
                        yield damage(key, f"missing or changed: {checkpoint.key} ends with it")
                due, pieces = _divided(pieces, heads)
                fold_pieces(store, spool, state, due, erasures)
                yield from _compared(facts, checkpoint, spool.state)
                yield from _untold(facts, checkpoint)
        finally:
            spool.close()


def _divided(
    pieces: Iterable[LiveSegment], heads: Heads
) -> tuple[list[LiveSegment], list[LiveSegment]]:
    """Return the pieces up to a checkpoint's heads, and those behind."""
    due: list[LiveSegment] = []
    rest: list[LiveSegment] = []
    for piece in pieces:
        seq, _ = heads.get(piece.segment.writer, NOTHING)
        (due if piece.segment.seq <= seq else rest).append(piece)
    return due, rest


def _compared(facts: Facts, checkpoint: Checkpoint, database: Database) -> Iterator[Defect]:
    source, erasures = checkpoint.source, facts.erasures
    try:
        folded_rows = _comparable(source, checkpoint_rows.dump(database), erasures)
        kept_rows = _comparable(source, read_rows(facts.store, checkpoint), erasures)
        for folded, kept in zip_longest(folded_rows, kept_rows):
            if folded != kept:
                what = f"not the fold of the ledgers: {kept!r} is not {folded!r}"
                yield damage(checkpoint.key, what[:400])
                return
    except (ArchiveDamaged, ValueError) as error:
        yield from _told(facts, checkpoint, error)


def _untold(facts: Facts, checkpoint: Checkpoint) -> Iterator[Defect]:
    """Yield the texts that a checkpoint says an article had, and no ledger line does. Who had one
    first can't be said any more where there are erasures: the first may be gone."""
    if not facts.erasures:
        return
    with suppress(ArchiveDamaged, ValueError):  # `_compared` says so
        for row in read_rows(facts.store, checkpoint):
            if row["table"] == "text" and not facts.erasures.covers_row(checkpoint.source, row):
                article_id, text = row["article_id"], row["text_sha256"]
                if not facts.lines.had(checkpoint.source, article_id, text):
                    yield damage(checkpoint.key, f"{article_id} never had the text {text}")
                    return


def _told(facts: Facts, checkpoint: Checkpoint, error: Exception) -> Iterator[Defect]:
    """Yield the fault, of what is damaged by its own key; none is what somebody deletes now."""
    if (lost := facts.half_deleted(checkpoint)) is not None:
        yield from lost
    elif isinstance(error, ArchiveDamaged):
        yield named(error)
    else:
        yield damage(checkpoint.key, str(error))


def _comparable(
    source: str, rows: Iterator[dict[str, Any]], erasures: Erasures
) -> Iterator[dict[str, Any]]:
    """Leave out what an erasure covers, and what it makes ambiguous: who had a text first, when
    the first is gone."""
    for row in rows:
        if not erasures or not (row["table"] == "text" or erasures.covers_row(source, row)):
            yield row
