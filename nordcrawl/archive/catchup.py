"""Catching up: folds what others committed into the local state, from where it was.

On an empty disk that is the whole archive: there is no other way of making the state.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable

from nordcrawl.archive.layout import PartKind
from nordcrawl.archive.log import Commit, chain, read_part, writers
from nordcrawl.archive.spool import Spool, set_cursor
from nordcrawl.archive.state import State
from nordcrawl.archive.store import Store
from nordcrawl.errors import ArchiveDamaged
from nordcrawl.ledger import LedgerEntry

logger = logging.getLogger(__name__)


def catch_up(store: Store, spool: Spool, state: State) -> int:
    """Fold the ledgers of all commits since the last time; return how many commits there were.

    To be called when nothing is pending: own lines are folded as they are accepted, and where the
    state was dropped since, only from the archive.

    A kill in between loses nothing: a writer's cursor moves with each commit folded, and folding
    a line twice is the same as once.

    Raises:
        ArchiveDamaged: a commit or a ledger part is not what it should be; names its key.
        StoreRefused, StoreUnavailable: the store.
        SpoolError: the disk refuses.
    """
    commits: list[Commit] = []
    for writer in writers(store):
        commits += chain(store, writer, *spool.cursor(writer))
    removed = {key for commit in commits for key in commit.remove}
    for commit in commits:
        ledgers = [
            part
            for part in commit.add
            if part.kind is PartKind.LEDGER
            and commit.source == spool.source
            and part.key not in removed
        ]
        for part in ledgers:
            _fold(spool, state, (_entry(part.key, line) for line in read_part(store, part)))
        with spool.transaction() as db:
            set_cursor(db, commit.writer, commit.seq, commit.sha256)
    with spool.transaction() as db:
        db.execute("UPDATE own SET refold = 0")
    if commits:
        logger.info("state caught up with %d commits of the archive", len(commits))
    return len(commits)


def _fold(spool: Spool, state: State, entries: Iterable[LedgerEntry]) -> None:
    changes = []
    try:
        with spool.transaction() as db:
            for entry in entries:
                change = state.absorb(entry)
                state.write(db, [change])
                changes.append(change)
    except BaseException:
        state.forget_unsettled()
        raise
    state.settle(changes)


def _entry(key: str, line: bytes) -> LedgerEntry:
    try:
        return LedgerEntry.from_json(json.loads(line))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(f"{key}: not a ledger line: {error!r}") from error
