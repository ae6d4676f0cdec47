"""Facts: what an archive's objects say, read once, for the rules of verification to look at.

Reading finds faults, too: what can't be read is none of the facts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import NO_CATALOG, Catalog
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Commit, KnownCommit, Logs
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.order import Order
from nordcrawl.archive.format.quarantine import Decision
from nordcrawl.archive.format.receipt import Receipt, parse_receipt_key
from nordcrawl.archive.format.sealed import decode_sealed
from nordcrawl.archive.keep.findings import Defect, Verification, damage, named, unfinished
from nordcrawl.archive.keep.verify_lines import LineCheck
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.follow import get_patiently, is_there
from nordcrawl.archive.log.snapshot import Snapshot, take
from nordcrawl.archive.log.wholeness import heads_in
from nordcrawl.archive.store.protocol import MARKER_KEY, ObjectEntry, Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

_CATALOG = re.compile(r"catalog/[0-9a-f]{18}\.json")
_RUN = re.compile(r"runs/[a-z0-9._-]+\.json")
_DECISION = re.compile(r"quarantine/[a-z0-9._-]+/(?:release|drop)\.json")
_ORDER = re.compile(r"erasures/[a-z0-9-]+/order\.json")


class Facts:
    """All that is small is read at once; parts are left to the rules."""

    def __init__(
        self, store: Store, progress: Callable[[int, int], None], lines: LineCheck
    ) -> None:
        """Read it; `lines` will be given every line by one of the rules.

        Raises:
            StoreRefused, StoreUnavailable: the store.
        """
        self.store = store
        self.progress = progress
        self.lines = lines
        self.counts = Verification(store.uri)
        self.faults: list[Defect] = []
        """What can't be read."""
        # The listing first: what is committed after it is no stranger then.
        self.objects: dict[str, ObjectEntry] = {entry.key: entry for entry in store.list("")}
        self.counts.objects = len(self.objects)
        self.counts.bytes = sum(entry.size for entry in self.objects.values())
        self.known: set[str] = set()
        """Keys of objects that something accounts for."""
        self.heads: list[tuple[str, KnownCommit]] = []
        """The last commit of a writer, of which a report or a receipt tells; behind it nothing in
        the log would miss it."""
        self.runs: list[tuple[str, dict[str, Any]]] = []
        """Reports, with their keys."""
        self.orders: dict[str, Order] = {}
        self.receipts: list[Receipt] = []
        self.decisions: list[Decision] = []
        """What was decided of quarantines."""
        self.checkpoints: defaultdict[str, list[Checkpoint]] = defaultdict(list)
        """Those of which all objects are there, by source, oldest first."""
        self.catalogs: list[Catalog] = []
        self._read_runs()
        self._read_small()
        self.snapshot: Snapshot = self._read_logs()
        self.logs: Logs = {writer: log for writer, log in self.snapshot.logs.items() if log}
        """Those of which any commit can be read."""
        self.counts.writers = len(self.logs)
        self.counts.commits = sum(map(len, self.logs.values()))
        self.done = frozenset(receipt.order_id for receipt in self.receipts)
        """Ids of the erasures that have a receipt; what others cover may still be there."""
        orders = [order for order_id, order in self.orders.items() if order_id in self.done]
        self.erasures = Erasures.of(orders, self.receipts)

    def get(self, key: str) -> bytes | None:
        """Return an object; None if it is not there, nothing if the store itself says that it is
        damaged, which is a fault then. One that is listed is asked for again."""
        self.known.add(key)
        try:
            if key in self.objects or key == MARKER_KEY:
                return get_patiently(self.store, key)
            return self.store.get(key)
        except ObjectMissing:
            return None
        except ArchiveDamaged as error:
            self.faults.append(damage(key, str(error)))
            return b""

    def commits(self) -> Iterator[Commit]:
        """Yield all commits that can be read."""
        for log in self.logs.values():
            yield from log

    def _found(self, is_one: Callable[[str], object]) -> Iterator[tuple[str, bytes]]:
        for key in sorted(self.objects):
            if is_one(key) and (body := self.get(key)) is not None:
                yield key, body

    def _read_runs(self) -> None:
        for key, body in self._found(_RUN.fullmatch):
            self.counts.runs += 1
            try:
                run = _read_run(body)
            except (ValueError, KeyError, TypeError) as error:
                self.faults.append(damage(key, f"no report of a run: {error}"))
                continue
            self.runs.append((key, run))
            self._take_head(run, key)

    def _take_head(self, values: Mapping[str, Any], key: str) -> None:
        for writer, seq, sha256 in heads_in({"log": values.get("log")}):
            self.heads.append((writer, KnownCommit(seq, sha256, key)))

    def _read_small(self) -> None:
        """Read all that says of itself what it is; what can't be read is a fault."""
        for is_one, keep in (
            (_ORDER.fullmatch, self._take_order),
            (parse_receipt_key, self._take_receipt),
            (_DECISION.fullmatch, lambda k, b: self.decisions.append(Decision.decode(k, b))),
            (_CATALOG.fullmatch, lambda k, b: self.catalogs.append(Catalog.decode(k, b))),
            (lambda k: keys.manifest_of(k) == k, self._take_checkpoint),
        ):
            for key, body in self._found(is_one):
                try:
                    keep(key, body)
                except ArchiveDamaged as error:
                    self.faults.append(named(error))
        self.counts.erasures = len(self.orders)

    def _take_order(self, key: str, body: bytes) -> None:
        order = Order.decode(key, body)
        self.orders[order.order_id] = order

    def _take_receipt(self, key: str, body: bytes) -> None:
        receipt = Receipt.decode(key, body)
        self.receipts.append(receipt)
        self._take_head({"log": receipt.log}, key)

    def _take_checkpoint(self, key: str, body: bytes) -> None:
        checkpoint = Checkpoint.decode(key, body)
        self.known.update(part.key for part in checkpoint.parts)
        if (lost := self.half_deleted(checkpoint)) is None:
            self.checkpoints[checkpoint.source].append(checkpoint)
            self.counts.checkpoints += 1
        else:
            self.faults += lost

    def half_deleted(self, checkpoint: Checkpoint) -> list[Defect] | None:
        """Return what is to be said of a checkpoint of which a part is not there, which is nothing
        of one that is gone altogether; None if all are."""
        lost = [part.key for part in checkpoint.parts if not is_there(self.store, part.key)]
        if not lost:
            return None
        what = f"missing: {checkpoint.key} is half deleted; it is only a cache"
        there = self.store.exists(checkpoint.key)
        return [unfinished(key, what) for key in lost] if there else []

    def _read_logs(self) -> Snapshot:
        """Read all logs, beyond what a catalog calls their end, too, and those that are told of
        though a listing lacks them."""
        told = {writer for writer, _ in self.heads}
        told.update(*(one.heads for some in self.checkpoints.values() for one in some))
        told.update(*(receipt.seen for receipt in self.receipts))
        known = dict.fromkeys(told, KnownCommit(0, None, ""))
        for catalog in self.catalogs:
            for writer, seq in catalog.closed.items():
                if writer not in known or known[writer].seq < seq:
                    known[writer] = KnownCommit(seq, None, f"{catalog.key} tells of it")

        def broken(error: ArchiveDamaged) -> None:
            self.faults.append(named(error))
            self.known.add(self.faults[-1].key)

        snapshot = take(self.store, known=known, damaged=broken, catalog=NO_CATALOG)
        self.known.update(commit.key for log in snapshot.logs.values() for commit in log)
        return snapshot


def _read_run(body: bytes) -> dict[str, Any]:
    """Read a run's report; the first release did not seal them."""
    run = decode_json(body)
    if "sha256" in run or "log" in run or run["nordcrawl"] != "0.1.0":
        decode_sealed(body)
    if not (isinstance(run["run_id"], str) and isinstance(run.get("orders", []), list)):
        raise ValueError("its run_id or its orders are of another type")
    return dict(run)
