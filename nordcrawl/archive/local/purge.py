"""Purge: what erasure orders ask of a crawler's own disk, whichever machine they came from.

Asked before every commit: what was accepted before an order came must not be committed after it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, pack, unpack
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.local.sealed import SealedPart
from nordcrawl.archive.local.spool import Spool, SpooledLine, read_sealed, sync_sealed, write_sealed
from nordcrawl.archive.local.state import State
from nordcrawl.archive.log.erasures import Erasures, clean_report, read_erasures
from nordcrawl.archive.store.protocol import Store
from nordcrawl.system.disk import write_file
from nordcrawl.system.lock import explained

logger = logging.getLogger(__name__)


class Obedience:
    """Keeps a spool and its state to the archive's erasure orders."""

    def __init__(self, store: Store, spool: Spool, state: State) -> None:
        self._store = store
        self._spool = spool
        self._state = state
        self.erasures = Erasures()
        """The orders as of the last check; pages that they cover are not to be archived."""
        self.purged: Counter[PartKind] = Counter()
        """Lines taken out of the spool, of each kind."""

    def check(self) -> None:
        """Read the orders, and purge what new ones cover.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: the store.
            SpoolError: the disk.
        """
        erasures = read_erasures(self._store)
        new = erasures.ids - self._spool.obeyed()
        self.erasures = erasures
        if new:
            orders = [order for order in erasures.orders if order.order_id in new]
            self.purged += purge(self._spool, self._state, Erasures.of(orders))


def purge(spool: Spool, state: State, erasures: Erasures) -> Counter[PartKind]:
    """Take out of spool, state and local reports what erasures cover, byte for byte; return how
    many lines of each kind were taken out of the spool.

    A commit that is frozen goes out as it is, for the store may have it already; the erasure
    finds its lines in the archive then.

    Raises:
        SpoolError: the disk.
    """
    rows = state.purge(erasures)
    lines = [line for line in spool.outbox() if _covered(line, erasures)]
    spool.drop_lines(lines)
    frozen = spool.frozen()
    parts = [part for part in spool.parts() if frozen is None or part.batch != frozen[0]]
    dropped = Counter(line.kind for line in lines)
    for part in parts:
        dropped[part.kind] += _purge_part(spool, part, erasures)
    reports = _clean_reports(spool, erasures)
    spool.scrub(erasures.ids)
    logger.warning(
        "erasure: %d lines taken out of the spool, %d rows out of the state, %d reports cleaned",
        *(dropped.total(), rows, reports),
    )
    return dropped


def _covered(line: SpooledLine, erasures: Erasures) -> bool:
    return erasures.covers(line.kind, decode_json(line.line))


def _purge_part(spool: Spool, part: SealedPart, erasures: Erasures) -> int:
    """Write a sealed part anew without what is covered; return how many lines that was."""
    lines = list(unpack(read_sealed(spool, part)))
    kept = [x for x in lines if not erasures.covers(part.kind, decode_json(x))]
    if len(kept) == len(lines):
        return 0
    new = None
    if kept:
        body = pack(kept)
        # A number of its own, so a key of its own: the store may have the old part already.
        new = replace(
            part,
            first_seq=spool.new_seq(),
            sha256=hashlib.sha256(body).hexdigest(),
            bytes=len(body),
            records=len(kept),
            put=False,
        )
        write_sealed(spool, new, body)
        sync_sealed(spool)
    spool.replace_part(part, new)
    return len(lines) - len(kept)


def _clean_reports(spool: Spool, erasures: Erasures) -> int:
    cleaned = 0
    for run_id, body in spool.manifests():
        values = json.loads(body)
        if (clean := clean_report(values, erasures)) != values:
            clean.pop("sha256", None)
            spool.keep_manifest(run_id, encode_sealed(clean))
            cleaned += 1
    for file in sorted((spool.folder / "reports").glob("*.json")):
        with explained(file):
            cleaned += _clean_file(file, erasures)
    for file in (spool.folder / "reports").glob(".*.tmp"):  # of a process that was killed
        with explained(file):
            file.unlink()
    return cleaned


def _clean_file(file: Path, erasures: Erasures) -> bool:
    """Clean a local report; one that can't be read, and so not be cleaned, is deleted."""
    try:
        values = dict(json.loads(file.read_bytes()))
    except (ValueError, TypeError) as error:
        logger.warning("%s: a report that can't be read is deleted: %s", file, error)
        file.unlink()
        return True
    if (clean := clean_report(values, erasures)) == values:
        return False
    write_file(file, (json.dumps(clean, ensure_ascii=False, indent=2) + "\n").encode())
    return True
