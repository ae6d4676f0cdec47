"""Recovery: what is done with a spool before anything new comes into it.

Proves the store, sees that spool and archive belong together, and ships what earlier runs left.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from nordcrawl._version import __version__
from nordcrawl.archive.format import keys
from nordcrawl.archive.format.schema_file import BEGUN_WITH
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.local.purge import Obedience
from nordcrawl.archive.local.sealed import is_spool
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.archive_id import give_id
from nordcrawl.archive.store.protocol import Capabilities, Store
from nordcrawl.archive.write.adoption import adopt_strays
from nordcrawl.archive.write.catch_up import catch_up
from nordcrawl.archive.write.gate import Gate, Judge
from nordcrawl.archive.write.identity import is_archive_known, log_head
from nordcrawl.archive.write.limits import Limits, ShipReport
from nordcrawl.archive.write.schemas import put_schema
from nordcrawl.archive.write.shipper import Shipper
from nordcrawl.errors import ObjectMissing, SpoolError, StoreError

logger = logging.getLogger(__name__)


def ship_waiting(store: Store, spool: Spool, state: State, shipper: Shipper) -> Capabilities:
    """Prove the store, and ship all that waits in the spool, with a trace of runs that were killed;
    return what the store was seen to do.

    Raises:
        StoreRefused, StoreUnavailable, ArchiveDamaged: the store; what is not shipped stays.
        SpoolError: the disk refuses.
    """
    can = store.probe()
    logger.info(
        "archive %s: conditional puts %s, checksums %s",
        store.uri,
        "fence it" if can.conditional_put else "are not known there, keys alone keep it right",
        "by the store" if can.checksum else "by ETag or reading back",
    )
    give_id(store)
    for name in BEGUN_WITH:
        put_schema(store, name)
    shipper.obey()
    adopt_strays(store, spool)
    with suppress(SpoolError):  # the disk is full: shipping what is sealed may make room
        shipper.seal_all()
    _check_identity(store, shipper, spool, state)
    shipper.ship()
    shipper.seal_all()
    shipper.ship()
    for run_id in spool.unfinished_runs():
        shipper.put_manifest(run_id, _trace(spool, run_id))
    return can


def _trace(spool: Spool, run_id: str) -> bytes:
    """Return the manifest of a run that was killed before it wrote its own."""
    body = encode_sealed(
        {
            "run_id": run_id,
            "source": spool.source,
            "nordcrawl": __version__,
            "finish_reason": "killed",
            "complete": False,
            "log": log_head(spool),
        }
    )
    spool.keep_manifest(run_id, body)
    return body


def ship_left_over(
    store: Store,
    folder: Path,
    source: str,
    *,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    clock: Callable[[], datetime],
    judge: Judge | None = None,
) -> ShipReport:
    """Ship what earlier runs left in a spool, without crawling; what the store does is reported.
    `judge` looks at what is not sealed yet.

    Raises:
        LockHeld: a run is under way, and ships by itself.
        SpoolError: the spool can't be read or written.
    """
    if not is_spool(folder):
        return ShipReport()
    with closing(Spool.open(folder, source)) as spool:
        state, _, shipper = _shipping(store, spool, limits, clock, judge)
        failure: StoreError | None = None
        try:
            ship_waiting(store, spool, state, shipper)
        except StoreError as error:
            failure = error
        return shipper.report(failure)


def _shipping(
    store: Store,
    spool: Spool,
    limits: Limits,
    clock: Callable[[], datetime],
    judge: Judge | None,
) -> tuple[State, Obedience, Shipper]:
    state = State(spool)
    obedience = Obedience(store, spool, state)
    return state, obedience, Shipper(store, spool, limits, clock, obedience, Gate(judge))


def has_commits_of(store: Store, folder: Path) -> bool:
    """Return whether an archive has the last commit of the spool in a folder, which may be in use;
    of one that can't be read, it has not.

    Raises:
        StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
    """
    address = f"{(folder / 'spool.sqlite').absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=2)) as db:
            rows = db.execute("SELECT writer, cseq, sha256 FROM own WHERE cseq > 0").fetchall()
    except sqlite3.Error:
        return False
    for writer, cseq, sha256 in rows:
        with suppress(ObjectMissing):
            body = store.get(keys.commit_key(writer, cseq))
            return bool(hashlib.sha256(body).hexdigest() == sha256)
    return False


def rebuild_state(
    store: Store,
    folder: Path,
    source: str,
    *,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
    clock: Callable[[], datetime],
    checkpoints: bool = True,
    judge: Judge | None = None,
) -> dict[str, int]:
    """Forget the local state and fold it anew from the archive; return the `State.counts`.

    From the newest checkpoint on, or without `checkpoints` from the first ledger line.
    What is pending is shipped first. Killed half-way, the next `Writer.open` does the rest.

    Raises:
        LockHeld, SpoolError, StoreError: as `Writer.open`.
    """
    with closing(Spool.open(folder, source, fresh_state=True)) as spool:
        state, obedience, shipper = _shipping(store, spool, limits, clock, judge)
        ship_waiting(store, spool, state, shipper)
        state.drop()
        catch_up(store, spool, state, checkpoints=checkpoints)
        spool.state.trust()
        obedience.check()
        return state.counts()


def _check_identity(store: Store, shipper: Shipper, spool: Spool, state: State) -> None:
    """See that spool and archive still belong together; make a new beginning where they don't.

    To be called with everything sealed: what a copy of this spool has shipped already is known
    by the digests of its parts.
    """
    if is_archive_known(store, spool):
        shipper.check_not_cloned()
        return
    logger.warning(
        "%s: the archive does not have the commits that this spool knows of: deleted, or another "
        "one? The local state is made anew from it; %d lines that wait go into it",
        spool.folder,
        spool.backlog.lines,
    )
    state.drop()
    spool.change_writer()
