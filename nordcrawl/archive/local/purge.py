"""Purge: what erasure orders ask of a crawler's own disk, whichever machine they came from.

Asked before every commit: what was accepted before an order came must not be committed after it.
What is accepted while that is done is looked at when it is sealed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nordcrawl.archive.format.keys import PartKind, commit_key
from nordcrawl.archive.format.lines import decode_json, encode_line, pack, unpack
from nordcrawl.archive.format.sealed import encode_sealed
from nordcrawl.archive.format.units import units, values_of, without
from nordcrawl.archive.local.captures import CaptureFile
from nordcrawl.archive.local.sealed import SealedPart
from nordcrawl.archive.local.sealed_files import read_sealed, sync_sealed, write_sealed
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import State
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.archive.log.erasures import Erasures, Orders, clean_report
from nordcrawl.archive.log.follow import get_patiently
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.read import units_of
from nordcrawl.errors import ObjectMissing
from nordcrawl.system.disk import write_file
from nordcrawl.system.lock import explained

logger = logging.getLogger(__name__)


class Obedience:
    """Keeps a spool and its state to the archive's erasure orders."""

    def __init__(self, store: Store, spool: Spool, state: State) -> None:
        self._store = store
        self._spool = spool
        self._state = state
        self._orders = Orders(store)
        self.erasures = Erasures()
        """The orders as of the last check; pages that they cover are not to be archived."""
        self.purged: Counter[PartKind] = Counter()
        """Lines taken out of the spool, of each kind."""

    def check(self) -> bool:
        """Read the orders, and purge what new ones cover; return whether there were any.

        A frozen commit with covered lines that the store does not have is given up: all that is
        not committed goes out under a new writer id, for the old commit may land late.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: the store.
            SpoolError: the disk.
        """
        erasures = self._orders.read()
        new = erasures.ids - self._spool.obeyed()
        self.erasures = erasures
        if not new:
            return False
        orders = Erasures.of(order for order in erasures.orders if order.order_id in new)
        self._thaw(orders)
        self.purged += purge(self._spool, self._state, orders)
        return True

    def sift(self, lines: Sequence[SpooledLine]) -> list[SpooledLine]:
        """Take those of the outbox's `lines` out of it that an order covers, and what the state
        knows by them; return the others.

        Raises:
            SpoolError: the disk.
        """
        if not self.erasures:
            return list(lines)
        covered = [line for line in lines if _covered(line, self.erasures)]
        if covered:
            self._spool.drop_lines(covered)
            self._state.purge(self.erasures)
            purge_captures(self._spool, self.erasures)
            self._spool.scrub(())
            self.purged += Counter(line.kind for line in covered)
        gone = {line.seq for line in covered}
        return [line for line in lines if line.seq not in gone]

    def _thaw(self, erasures: Erasures) -> None:
        if (frozen := self._spool.frozen()) is None:
            return
        batch, cseq, body = frozen
        if not any(
            erasures.covers(part.kind, values_of(part.kind, unit))
            for part in self._spool.parts()
            if part.batch == batch
            for unit in units(part.kind, read_sealed(self._spool, part))
        ):
            return
        key = commit_key(self._spool.writer, cseq)
        try:
            if get_patiently(self._store, key) == body:
                return  # its lines are in the archive, where the erasure finds them
        except ObjectMissing:
            pass
        self._spool.change_writer()
        logger.warning("%s: given up, as an erasure covers some of it; the rest goes out as "
                       "writer %s", key, self._spool.writer)  # fmt: skip


def purge(spool: Spool, state: State, erasures: Erasures) -> Counter[PartKind]:
    """Take out of spool, state and local reports what erasures cover, byte for byte; return how
    many lines of each kind were taken out of the spool.

    A commit that is frozen stays as it is, for the store has it, or nothing in it is covered.

    Raises:
        SpoolError: the disk.
    """
    rows = state.purge(erasures)
    lines = [line for line in spool.outbox() if _covered(line, erasures)]
    spool.drop_lines(lines)
    dropped = Counter(line.kind for line in lines)
    for part in _line_parts(spool):
        dropped[part.kind] += _purge_part(spool, part, erasures)
    dropped[PartKind.CAPTURE] = purge_captures(spool, erasures)
    reports = _clean_reports(spool, erasures)
    spool.scrub(erasures.ids)
    logger.warning(
        "erasure: %d lines taken out of the spool, %d rows out of the state, %d reports cleaned",
        *(dropped[PartKind.ARTICLE] + dropped[PartKind.LEDGER], rows, reports),
    )
    return dropped


def _covered(line: SpooledLine, erasures: Erasures) -> bool:
    return erasures.covers(line.kind, decode_json(line.line))


def _purge_part(spool: Spool, part: SealedPart, erasures: Erasures) -> int:
    """Write a sealed part anew without what is covered; return how many lines that was."""
    lines = list(unpack(read_sealed(spool, part)))
    kept = [x for x in lines if not erasures.covers(part.kind, decode_json(x))]
    if len(kept) < len(lines):
        _replace_part(spool, part, kept)
    return len(lines) - len(kept)


def _line_parts(spool: Spool) -> list[SealedPart]:
    """Return the sealed parts of lines that may be written anew."""
    frozen = spool.frozen()
    return [
        part
        for part in spool.parts()
        if part.kind is not PartKind.CAPTURE and (frozen is None or part.batch != frozen[0])
    ]


def _replace_part(spool: Spool, part: SealedPart, kept: Sequence[bytes]) -> None:
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


def purge_captures(spool: Spool, erasures: Erasures) -> int:
    """Put files of captures anew without what is covered; return how many captures that was.

    The store may have the old file already, so the new one has a key of its own, and the lines that
    name the old one, all of which wait here still, get that. Killed anywhere, the next call finds
    the old one again; one more file without it does no harm.

    Raises:
        SpoolError: the disk.
    """
    gone = 0
    with spool.captures.lock:
        spool.captures.end()
        frozen = spool.frozen()
        for file in spool.captures.unsealed():
            gone += _purge_file(spool, file, None, erasures)
        for part in spool.parts():
            if part.kind is PartKind.CAPTURE and (frozen is None or part.batch != frozen[0]):
                file = CaptureFile(part.first_seq, part.own, part.date, part.run_id)
                gone += _purge_file(spool, file, part, erasures)
    return gone


def _purge_file(
    spool: Spool, file: CaptureFile, part: SealedPart | None, erasures: Erasures
) -> int:
    captures, kind = spool.captures, PartKind.CAPTURE
    body = captures.read(file.name)
    kept, left, gone = without(kind, body, lambda values: erasures.covers(kind, values))
    if not gone:
        return 0
    new = captures.write(kept, file) if left else None
    still = {unit.offset for unit in units_of(kept) if unit.is_capture}
    erased = {unit.offset for unit in units_of(body) if unit.is_capture} - still
    _rename(spool, captures.key(file), captures.key(new) if new else "", erased)
    if part is None:
        captures.drop(file)
    elif new is None:
        spool.replace_part(part, None)
    else:
        _replace_captures(spool, part, new)
    return gone


def move_captures(spool: Spool, part: SealedPart) -> None:
    """Put a sealed file of captures under a new key, and let the lines that wait name that: under
    the old one the store has something else. No commit may be frozen.

    Raises:
        SpoolError: the disk.
    """
    with spool.captures.lock:
        file = CaptureFile(part.first_seq, part.own, part.date, part.run_id)
        new = spool.captures.write(read_sealed(spool, part), file)
        _rename(spool, spool.captures.key(file), spool.captures.key(new), ())
        _replace_captures(spool, part, new)


def _replace_captures(spool: Spool, part: SealedPart, new: CaptureFile) -> None:
    spool.replace_part(part, spool.captures.sealed(new, part.batch))
    spool.backlog.capture_bytes -= new.size


def _rename(spool: Spool, old: str, new: str, gone: Container[int]) -> None:
    """Let all lines that wait name another file."""

    def line_of(line: bytes) -> bytes:
        return encode_line(_renamed(decode_json(line), old, new, gone)) if name in line else line

    name = old.encode()
    spool.change_lines(
        [replace(line, line=line_of(line.line)) for line in spool.outbox() if name in line.line]
    )
    for part in _line_parts(spool):
        lines = list(unpack(read_sealed(spool, part)))
        if any(name in line for line in lines):
            _replace_part(spool, part, [line_of(line) for line in lines])


def _renamed(values: dict[str, Any], old: str, new: str, gone: Container[int]) -> dict[str, Any]:
    """Return a line's values with another key in the place of `old`, and without what it says of
    the captures that are `gone`, by their offsets."""

    def told(holder: dict[str, Any]) -> dict[str, Any]:
        capture = holder.get("capture")
        if not capture or capture["object"] != old:
            return holder
        there = capture["offset"] not in gone
        return {**holder, "capture": {**capture, "object": new} if there else None}

    values = told(values)
    return {**values, "fetch": told(values["fetch"])} if values.get("fetch") else values


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
        clean = clean_report(values, erasures)
    except (ValueError, TypeError, RecursionError) as error:
        logger.warning("%s: a report that can't be read is deleted: %s", file, error)
        file.unlink()
        return True
    if clean == values:
        return False
    write_file(file, (json.dumps(clean, ensure_ascii=False, indent=2) + "\n").encode())
    return True
