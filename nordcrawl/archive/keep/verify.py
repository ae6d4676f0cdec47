"""Verification: is an archive what its log says, by the store alone.

Looks at every object: the marker, the schemas, each log with its chain and seals, each part with
digest, count and every line, the reports, checkpoints and erasures, and whatever else lies there.
What is wrong is a finding of `DAMAGE`; what is not wrong but not finished either (a crawl under
way or killed, an erasure without receipt) is one of `UNFINISHED`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import Catalog
from nordcrawl.archive.format.checkpoint import Checkpoint
from nordcrawl.archive.format.commit import Commit, CommitKind
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.order import Order
from nordcrawl.archive.format.probe import is_probe, is_probe_key
from nordcrawl.archive.format.receipt import Receipt
from nordcrawl.archive.format.schema_file import SCHEMAS, schema_bytes
from nordcrawl.archive.format.sealed import decode_sealed
from nordcrawl.archive.keep.findings import Severity, Verification
from nordcrawl.archive.keep.verify_checkpoints import misfolded, unreadable
from nordcrawl.archive.keep.verify_lines import LineCheck, missing_outcomes
from nordcrawl.archive.keep.verify_log import foundations, misjudged, rewrites
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.log.pieces import PartMovedError, check_part, segment_lines
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, Snapshot, assemble, take
from nordcrawl.archive.store.protocol import MARKER_BODY, MARKER_KEY, ObjectEntry, Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, StoreUnavailable

__all__ = ["Severity", "Verification", "verify"]

SCHEMA_DIGESTS: Final = {
    "article-1": frozenset(
        {
            "f53ef03f9f329f988dd1321c030563082f18d50e3a1b6210b3171cbcb4098b93",  # 0.1.0
            "2fd02cc267607932a38b38cb950435d62642a2b0b664026d4a9f5ff95e984478",  # 0.2.0
        }
    ),
    "ledger-1": frozenset(
        {
            "277fa2e1f768aaf290a72202445637b24861e5088f45dd0d597aa5fc883d1aac",  # 0.1.0
            "589a7d9b2e585493d93220e59bff6655f716e86437a748e74297c30d9531e632",  # 0.2.0
        }
    ),
}
"""SHA-256 of each schema file as earlier releases put it; the first one's stays in an archive."""

_LOOKS: Final = 50

_COMMIT = re.compile(r"commits/([0-9a-f]{10})/(\d{12})\.json")
_RUN = re.compile(r"runs/[a-z0-9._-]+\.json")
_ERASURE = re.compile(r"erasures/([a-z0-9-]+)/(order|receipt(?:-\d{6})?)\.json")
_CHECKPOINT = re.compile(r"checkpoints/source=[a-z0-9._-]+/[a-z0-9-]+(\.json|/\d{6}\.jsonl\.gz)")
_LITTER = re.compile(
    r"readme(\.[a-z]{1,4})?|\.ds_store|\._.*|thumbs\.db|desktop\.ini|\.directory|\.localized|\.nfs[0-9a-f]+",
    re.IGNORECASE,
)
"""Names of files that file managers make (Finder, Explorer, Dolphin) or NFS, and a README."""


def verify(
    store: Store, progress: Callable[[int, int], None] = lambda done, all_: None
) -> Verification:
    """Look at everything; `progress` is told parts done and to do.

    May run beside crawls, compactions and erasures: what they do meanwhile is no finding.

    Raises:
        StoreRefused, StoreUnavailable: the store, or others change the archive faster than it can
            be looked at; nothing is said of it then.
    """
    for _ in range(_LOOKS):
        # Somebody may replace a part meanwhile; the next look is a newer one.
        with suppress(PartMovedError):
            return _Verifier(store, progress).run()
    raise StoreUnavailable(f"{store.uri}: others go on changing it faster than it can be verified")


class _Verifier:
    def __init__(self, store: Store, progress: Callable[[int, int], None]) -> None:
        self._store = store
        self._progress = progress
        self._found = Verification(store.uri)
        self._objects: dict[str, ObjectEntry] = {}
        self._known: set[str] = set()
        """Keys of objects that something accounts for."""
        self._receipts: frozenset[str] = frozenset()
        """Ids of erasures that are done."""
        self._orders: frozenset[str] = frozenset()
        """Ids of all erasures."""
        self._covered = Erasures()
        """These."""
        self._digests: dict[tuple[str, int], str] = {}
        """Of each commit that can be read."""

    def run(self) -> Verification:
        # The listing first: what is committed after it is no stranger then.
        self._objects = {entry.key: entry for entry in self._store.list("")}
        self._found.objects = len(self._objects)
        self._found.bytes = sum(entry.size for entry in self._objects.values())
        self._marker_and_schemas()
        catalogs = self._catalogs()
        logs = self._logs(catalogs)
        self._digests = {(c.writer, c.seq): c.sha256 for log in logs.values() for c in log}
        snapshot = assemble(logs, {w: (log[-1].seq, log[-1].sha256) for w, log in logs.items()}, {})
        for key, what in (*foundations(logs), *rewrites(logs), *misjudged(logs, catalogs)):
            self._damage(key, what)
        erasures = self._erasures(logs)
        self._is_clean = erasures.looked_at(snapshot.heads)
        with LineCheck() as lines:
            self._parts(snapshot, lines)
            for key, what in lines.unpaired():
                self._damage(key, what)
            self._found.articles, self._found.copies = lines.articles, lines.copies
            outcomes = lines.outcomes()
            for key, what in lines.forks():
                self._note(key, what)
            for key, order_id in lines.erased_by():
                if order_id not in self._orders:
                    self._damage(keys.erasure_key(order_id, "order"), f"missing, but {key} has a "
                                 "tombstone of it")  # fmt: skip
        self._not_live(snapshot)
        self._runs(logs, outcomes)
        self._checkpoints(snapshot, erasures)
        self._strangers()
        self._found.findings.sort(key=lambda f: (f.severity, f.key))
        return self._found

    def _damage(self, key: str, what: str) -> None:
        self._found.tell(Severity.DAMAGE, key, what)

    def _unfinished(self, key: str, what: str) -> None:
        self._found.tell(Severity.UNFINISHED, key, what)

    def _note(self, key: str, what: str) -> None:
        self._found.tell(Severity.NOTE, key, what)

    def _get(self, key: str) -> bytes | None:
        """Return an object, None if it is not there or the store itself says that it is damaged."""
        self._known.add(key)
        try:
            if key in self._objects or key == MARKER_KEY:
                return get_patiently(self._store, key)
            return self._store.get(key)
        except ObjectMissing:
            return None
        except ArchiveDamaged as error:
            self._damage(key, str(error))
            return b""

    # --- marker, schemas --------------------------------------------------------------------

    def _marker_and_schemas(self) -> None:
        if (body := self._get(MARKER_KEY)) is None:
            self._damage(MARKER_KEY, "missing: nothing says that this is an archive")
        elif body != MARKER_BODY:
            self._damage(MARKER_KEY, "not the marker of an archive of version 1")
        for name in SCHEMAS:
            key = keys.schema_key(name)
            if (body := self._get(key)) is None:
                if any(map(_COMMIT.fullmatch, self._objects)):  # else it is not begun yet
                    self._damage(key, "missing")
            elif (
                body != schema_bytes(name)
                and hashlib.sha256(body).hexdigest() not in SCHEMA_DIGESTS[name]
            ):
                self._damage(key, "not a schema that any nordcrawl up to this one has put")

    # --- log --------------------------------------------------------------------------------

    def _catalogs(self) -> list[Catalog]:
        catalogs: list[Catalog] = []
        for key in self._objects:
            if not key.startswith("catalog/") or (body := self._get(key)) is None:
                continue
            try:
                catalogs.append(Catalog.decode(key, body))
            except ArchiveDamaged as error:
                self._damage(key, str(error).removeprefix(f"{key}: "))
        return catalogs

    def _logs(self, catalogs: list[Catalog]) -> dict[str, list[Commit]]:
        """Return the logs that are listed or that a catalog tells of."""
        seqs: defaultdict[str, set[int]] = defaultdict(set)
        for key in self._objects:
            if match := _COMMIT.fullmatch(key):
                seqs[match[1]].add(int(match[2]))
        for catalog in catalogs:
            for writer, seq in catalog.closed.items():
                seqs[writer].add(seq)
        logs = {writer: self._log(writer, max(found)) for writer, found in seqs.items()}
        self._found.writers = len(logs)
        self._found.commits = sum(map(len, logs.values()))
        return {writer: log for writer, log in logs.items() if log}

    def _log(self, writer: str, listed: int) -> list[Commit]:
        """Return the commits of a writer that can be read, those beyond the listing, too."""
        log: list[Commit] = []
        prev_sha256: str | None = None
        seq, whole = 0, True
        while True:
            seq += 1
            key = keys.commit_key(writer, seq)
            body = self._get(key)
            if body is None:
                if seq > listed:
                    return log
                self._damage(key, "missing in the log: reading ends here unless told to keep going")
                whole = False
                continue
            try:
                commit = Commit.decode(key, body)
            except ArchiveDamaged as error:
                self._damage(key, str(error).removeprefix(f"{key}: "))
                whole = False
                continue
            if whole and commit.prev_sha256 != prev_sha256:
                self._damage(key, "does not follow the commit before it (prev_sha256)")
            prev_sha256, whole = commit.sha256, True
            log.append(commit)
            if commit.closed and seq >= listed:
                return log

    # --- parts ------------------------------------------------------------------------------

    def _parts(self, snapshot: Snapshot, lines: LineCheck) -> None:
        chosen = {(piece.part.entry.key, piece.segment.origin) for piece in snapshot.pieces}
        for number, part in enumerate(snapshot.live):
            self._progress(number, len(snapshot.live))
            body = self._part_body(part)
            if body is None:
                continue
            offset = 0
            for segment in part.commit.segments(part.entry):
                piece = LiveSegment(segment, part, offset)
                offset += segment.bytes
                self._piece(
                    piece, body, lines if (part.entry.key, segment.origin) in chosen else None
                )
            if offset != len(body):
                self._damage(part.entry.key, "its segments are not all of it")
        self._progress(len(snapshot.live), len(snapshot.live))
        self._found.parts = len(snapshot.live)

    def _part_body(self, part: LivePart) -> bytes | None:
        key = part.entry.key
        if not key.endswith(f"-{part.entry.first_seq:012d}.jsonl.gz"):
            self._damage(key, f"first_seq {part.entry.first_seq} is not that of its key")
        body = self._get(key)
        if body is None:
            # Twice: the first "missing" may be a mistake, and it may go after the log is read.
            for _ in range(2):
                if key in self._removed_meanwhile():
                    raise PartMovedError(key)
                if (body := self._get(key)) is not None:
                    break
        if body is None:
            if key in self._removed_meanwhile():
                raise PartMovedError(key)
            self._damage(key, f"missing, with {part.entry.records} lines, but committed")
            return None
        try:
            check_part(part.entry, body)
        except ArchiveDamaged as error:
            self._damage(key, str(error).removeprefix(f"{key}: "))
            return None
        return body

    def _removed_meanwhile(self) -> frozenset[str]:
        """Return what was removed by now, as far as the logs can be read."""
        return take(self._store, damaged=lambda error: None).removed

    def _piece(self, piece: LiveSegment, body: bytes, lines: LineCheck | None) -> None:
        key, segment = piece.part.entry.key, piece.segment
        part = body[piece.offset : piece.offset + segment.bytes]
        if hashlib.sha256(part).hexdigest() != segment.sha256:
            self._damage(key, f"not the bytes of {segment.origin}")
        try:
            for number, line in enumerate(segment_lines(piece, body), start=1):
                if self._covered and self._is_covered(piece, line):
                    self._still_there(piece, number)
                    continue
                if lines is None:
                    continue
                if piece.part.entry.kind is keys.PartKind.ARTICLE:
                    self._found.article_lines += 1
                else:
                    self._found.ledger_lines += 1
                if what := lines.problem(piece, line):
                    self._damage(key, f"line {number}: {what}")
        except ArchiveDamaged as error:
            self._damage(key, str(error).removeprefix(f"{key}: "))

    def _is_covered(self, piece: LiveSegment, line: bytes) -> bool:
        try:
            return self._covered.covers(piece.part.entry.kind, decode_json(line))
        except (ValueError, AttributeError, TypeError):  # `LineCheck` says so
            return False

    def _still_there(self, piece: LiveSegment, number: int) -> None:
        key = piece.part.entry.key
        if self._is_clean(piece.part, piece.segment):
            self._damage(key, f"line {number}: still there, though an erasure covers it")
        else:
            self._unfinished(
                key,
                f"line {number}: came in spite of an erasure; nobody reads it, and nordcrawl "
                "erase --resume takes it out",
            )

    def _not_live(self, snapshot: Snapshot) -> None:
        """Look at the parts that count no more, or not yet."""
        removed = {
            entry.key: entry
            for log in snapshot.logs.values()
            for commit in log
            for entry in commit.add
            if entry.key in snapshot.removed
        }
        erased = {
            key
            for log in snapshot.logs.values()
            for commit in log
            if commit.kind is CommitKind.ERASE and commit.run_id in self._receipts
            for key in commit.remove
        }
        for key in self._objects:
            if key in self._known or not keys.is_part_key(key):
                continue
            if key in removed:
                self._found.superseded += 1
                if key in erased and self._store.exists(key):
                    self._damage(key, "still there, though an erasure replaced it")
                if (body := self._get(key)) is not None:
                    try:
                        check_part(removed[key], body)
                    except ArchiveDamaged as error:
                        self._damage(key, str(error).removeprefix(f"{key}: "))
            elif self._store.exists(key):
                self._known.add(key)
                self._unfinished(
                    key, "in no commit: a crawl is under way or was killed, or its commit is lost"
                )

    # --- runs, erasures, checkpoints --------------------------------------------------------

    def _runs(self, logs: dict[str, list[Commit]], outcomes: Mapping[str, int]) -> None:
        told: set[str] = set()
        runs: list[tuple[str, dict[str, Any]]] = []
        for key in self._objects:
            if not _RUN.fullmatch(key):
                continue
            if (body := self._get(key)) is None:
                continue
            self._found.runs += 1
            try:
                run = _read_run(body)
            except (ValueError, KeyError, TypeError) as error:
                self._damage(key, f"no report of a run: {error}")
                continue
            told.add(str(run["run_id"]))
            runs.append((key, run))
            self._head(run.get("log"), key)
        if not self._found.erasures:  # which take lines out that a report counts
            for key, what in missing_outcomes(runs, outcomes):
                self._damage(key, what)
        for log in logs.values():
            for run_id in dict.fromkeys(c.run_id for c in log if c.kind is CommitKind.APPEND):
                if run_id not in told:
                    self._unfinished(
                        keys.run_key(run_id),
                        "no report: the run is under way or was killed, or the report is lost",
                    )

    def _head(self, head: dict[str, Any] | None, by: str) -> None:
        """See that the commit is there that somebody ended with: behind the last one of a log
        nothing in the log itself would miss it."""
        if not head or not head.get("seq"):
            return
        if self._digests.get((head["writer"], head["seq"])) != head["sha256"]:
            key = keys.commit_key(head["writer"], head["seq"])
            self._damage(key, f"missing or changed: {by} ended with it")

    def _erasures(self, logs: dict[str, list[Commit]]) -> Erasures:
        orders: dict[str, Order] = {}
        receipts: list[Receipt] = []
        for key in sorted(self._objects):
            match = _ERASURE.fullmatch(key)
            if match is None or (body := self._get(key)) is None:
                continue
            try:
                if match[2] == "order":
                    orders[match[1]] = Order.decode(key, body)
                else:
                    receipt = Receipt.decode(key, body)
                    receipts.append(receipt)
                    self._head(dict(receipt.log), key)
            except ArchiveDamaged as error:
                self._damage(key, str(error).removeprefix(f"{key}: "))
        self._found.erasures = len(orders)
        self._orders = frozenset(orders)
        done = {receipt.order_id for receipt in receipts}
        self._receipts = frozenset(done)
        named = {c.run_id for log in logs.values() for c in log if c.kind is CommitKind.ERASE}
        for order_id in sorted((named | done) - orders.keys()):
            self._damage(keys.erasure_key(order_id, "order"), "missing or damaged")
        for order_id in sorted(orders.keys() - done):
            self._unfinished(
                orders[order_id].receipt_key, "no receipt: run nordcrawl erase --resume"
            )
        # What an unfinished one covers may still be there.
        self._covered = Erasures.of(
            [order for order_id, order in orders.items() if order_id in done], receipts
        )
        return self._covered

    def _checkpoints(self, snapshot: Snapshot, erasures: Erasures) -> None:
        by_source: defaultdict[str, list[Checkpoint]] = defaultdict(list)
        for key in sorted(self._objects):
            if not _CHECKPOINT.fullmatch(key) or not key.endswith(".json"):
                continue
            if (body := self._get(key)) is None:
                continue
            try:
                checkpoint = Checkpoint.decode(key, body)
            except ArchiveDamaged as error:
                self._damage(key, str(error).removeprefix(f"{key}: "))
                continue
            self._known.update(part.key for part in checkpoint.parts)
            lost = [part.key for part in checkpoint.parts if not self._store.exists(part.key)]
            for part_key in lost if self._store.exists(key) else ():
                self._unfinished(part_key, f"missing: {key} is half deleted; it is only a cache")
            if not lost:
                by_source[checkpoint.source].append(checkpoint)
        for source, checkpoints in by_source.items():
            self._found.checkpoints += len(checkpoints)
            # What the ledgers fold to can't be said if there is damage.
            wrong = (
                unreadable(self._store, checkpoints)
                if self._found.damage
                else misfolded(self._store, snapshot, source, checkpoints, erasures)
            )
            for key, what in wrong:
                self._damage(key, what)

    def _strangers(self) -> None:
        strangers = set(self._store.strangers())
        for name in sorted(strangers):
            self._stranger(name)
        for key in sorted(self._objects.keys() - self._known - strangers):
            if is_probe_key(key) and is_probe(key, self._get(key) or b""):
                continue
            if not self._store.exists(key):
                continue
            if _CHECKPOINT.fullmatch(key):
                self._unfinished(
                    key, "of a checkpoint that was not ended, or whose manifest is lost"
                )
            else:
                self._stranger(key)

    def _stranger(self, name: str) -> None:
        if name.startswith(".tmp/"):
            self._note(name, "of a put that is under way or was killed")
        elif _LITTER.fullmatch(name.rpartition("/")[2]):
            self._note(name, "does not belong to the archive; does no harm")
        else:
            self._damage(name, "does not belong to the archive")


def _read_run(body: bytes) -> dict[str, Any]:
    """Read a run's report; the first release did not seal them."""
    run = decode_json(body)
    if "sha256" in run or "log" in run or run["nordcrawl"] != "0.1.0":
        decode_sealed(body)
    run["run_id"]
    return dict(run)
