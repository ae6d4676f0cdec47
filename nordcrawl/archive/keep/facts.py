"""Facts: what an archive's objects say, read once, for the rules of verification to look at.

Reading finds faults, too: what can't be read is none of the facts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import Catalog
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Commit, Logs
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.order import Order
from nordcrawl.archive.format.receipt import Receipt
from nordcrawl.archive.format.sealed import decode_sealed
from nordcrawl.archive.keep.findings import Defect, Verification, damage, named, unfinished
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.snapshot import Snapshot, assemble
from nordcrawl.archive.store.protocol import MARKER_KEY, ObjectEntry, Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

COMMIT: Final = re.compile(r"commits/([0-9a-f]{10})/(\d{12})\.json")
CHECKPOINT: Final = re.compile(
    r"checkpoints/source=[a-z0-9._-]+/[a-z0-9-]+(\.json|/\d{6}\.jsonl\.gz)"
)
_MANIFEST = re.compile(r"checkpoints/source=[a-z0-9._-]+/[a-z0-9-]+\.json")
_CATALOG = re.compile(r"catalog/[0-9a-f]{18}\.json")
_RUN = re.compile(r"runs/[a-z0-9._-]+\.json")
_ERASURE = re.compile(r"erasures/([a-z0-9-]+)/(order|receipt(?:-\d{6})?)\.json")


@dataclass(frozen=True, slots=True)
class Head:
    """The commit with which something ended; behind the last one of a log nothing in the log
    itself would miss it."""

    writer: str
    seq: int
    sha256: str
    by: str
    """Key of what tells of it."""


class Facts:
    """All that is small is read at once; parts are left to the rules."""

    def __init__(self, store: Store, progress: Callable[[int, int], None]) -> None:
        """Read it.

        Raises:
            StoreRefused, StoreUnavailable: the store.
        """
        self.store = store
        self.progress = progress
        self.counts = Verification(store.uri)
        self.faults: list[Defect] = []
        """What can't be read."""
        # The listing first: what is committed after it is no stranger then.
        self.objects: dict[str, ObjectEntry] = {entry.key: entry for entry in store.list("")}
        self.counts.objects = len(self.objects)
        self.counts.bytes = sum(entry.size for entry in self.objects.values())
        self.known: set[str] = set()
        """Keys of objects that something accounts for."""
        self.heads: list[Head] = []
        """Told by reports and receipts."""
        self.runs: list[tuple[str, dict[str, Any]]] = []
        """Reports, with their keys."""
        self.orders: dict[str, Order] = {}
        self.receipts: list[Receipt] = []
        self.checkpoints: defaultdict[str, list[Checkpoint]] = defaultdict(list)
        """Those of which all objects are there, by source, oldest first."""
        self.catalogs: list[Catalog] = []
        self._read_runs()
        self._read_erasures()
        self._read_catalogs()
        self._read_checkpoints()
        self.logs: Logs = self._read_logs()
        self.snapshot: Snapshot = assemble(
            self.logs, {w: (log[-1].seq, log[-1].sha256) for w, log in self.logs.items()}, {}
        )
        self.done = frozenset(receipt.order_id for receipt in self.receipts)
        """Ids of the erasures that have a receipt; what others cover may still be there."""
        orders = [order for order_id, order in self.orders.items() if order_id in self.done]
        self.erasures = Erasures.of(orders, self.receipts)

    def get(self, key: str, *, patiently: bool = False) -> bytes | None:
        """Return an object; None if it is not there, nothing if the store itself says that it is
        damaged, which is a fault then. One that is not listed is asked for again if it must be
        there."""
        self.known.add(key)
        try:
            if patiently or key in self.objects or key == MARKER_KEY:
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

    def _found(self, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], str, bytes]]:
        for key in sorted(self.objects):
            if (match := pattern.fullmatch(key)) and (body := self.get(key)) is not None:
                yield match, key, body

    def _read_runs(self) -> None:
        for _, key, body in self._found(_RUN):
            self.counts.runs += 1
            try:
                run = _read_run(body)
            except (ValueError, KeyError, TypeError) as error:
                self.faults.append(damage(key, f"no report of a run: {error}"))
                continue
            self.runs.append((key, run))
            self._take_head(run.get("log"), key)

    def _read_erasures(self) -> None:
        for match, key, body in self._found(_ERASURE):
            try:
                if match[2] == "order":
                    self.orders[match[1]] = Order.decode(key, body)
                else:
                    receipt = Receipt.decode(key, body)
                    self.receipts.append(receipt)
                    self._take_head(dict(receipt.log), key)
            except ArchiveDamaged as error:
                self.faults.append(named(error))
        self.counts.erasures = len(self.orders)

    def _read_catalogs(self) -> None:
        for _, key, body in self._found(_CATALOG):
            try:
                self.catalogs.append(Catalog.decode(key, body))
            except ArchiveDamaged as error:
                self.faults.append(named(error))

    def _read_checkpoints(self) -> None:
        for _, key, body in self._found(_MANIFEST):
            try:
                checkpoint = Checkpoint.decode(key, body)
            except ArchiveDamaged as error:
                self.faults.append(named(error))
                continue
            self.known.update(part.key for part in checkpoint.parts)
            lost = [part.key for part in checkpoint.parts if not self.store.exists(part.key)]
            if not lost:
                self.checkpoints[checkpoint.source].append(checkpoint)
                self.counts.checkpoints += 1
            elif self.store.exists(key):
                self.faults += [
                    unfinished(one, f"missing: {key} is half deleted; it is only a cache")
                    for one in lost
                ]

    def _take_head(self, head: Any, by: str) -> None:
        match head:
            case {"writer": str(writer), "seq": int(seq), "sha256": str(sha256)} if (
                seq and keys.is_writer(writer)
            ):
                self.heads.append(Head(writer, seq, sha256, by))

    def _read_logs(self) -> Logs:
        listed: dict[str, int] = {}
        for key in self.objects:
            if match := COMMIT.fullmatch(key):
                listed[match[1]] = max(listed.get(match[1], 0), int(match[2]))
        told = [(head.writer, head.seq) for head in self.heads]
        for checkpoints in self.checkpoints.values():
            told += [(w, seq) for one in checkpoints for w, (seq, _) in one.heads.items() if seq]
        for receipt in self.receipts:
            told += receipt.seen.items()
        ends: dict[str, int] = {}
        for catalog in self.catalogs:
            for writer, seq in catalog.closed.items():
                ends[writer] = max(ends.get(writer, 0), seq)
        # A listing may lack whole writers.
        logs = {
            writer: self._log(
                writer,
                max(listed.get(writer, 0), ends.get(writer, 0)),
                patiently=writer not in listed,
            )
            for writer in dict.fromkeys((*listed, *ends, *(writer for writer, _ in told)))
        }
        logs = {writer: log for writer, log in logs.items() if log}
        self.counts.writers = len(logs)
        self.counts.commits = sum(map(len, logs.values()))
        return logs

    def _log(self, writer: str, last: int, *, patiently: bool) -> list[Commit]:
        """Return the commits of a writer that can be read, those beyond the `last` one that is
        listed or that a catalog tells of, too."""
        log: list[Commit] = []
        prev_sha256: str | None = None
        seq, whole = 0, True
        while True:
            seq += 1
            key = keys.commit_key(writer, seq)
            if (body := self.get(key, patiently=seq <= last)) is None and patiently and seq == 1:
                body = self.get(key)
            if body is None:
                if seq > last:
                    return log
                self.faults.append(
                    damage(key, "missing in the log: reading ends here unless told to keep going")
                )
                whole = False
                continue
            try:
                commit = Commit.decode(key, body)
            except ArchiveDamaged as error:
                self.faults.append(damage(key, str(error).removeprefix(f"{key}: ")))
                whole = False
                continue
            if whole and commit.prev_sha256 != prev_sha256:
                self.faults.append(
                    damage(key, "does not follow the commit before it (prev_sha256)")
                )
            prev_sha256, whole = commit.sha256, True
            log.append(commit)
            if commit.closed and seq >= last:
                return log


def _read_run(body: bytes) -> dict[str, Any]:
    """Read a run's report; the first release did not seal them."""
    run = decode_json(body)
    if "sha256" in run or "log" in run or run["nordcrawl"] != "0.1.0":
        decode_sealed(body)
    run["run_id"]
    return dict(run)
