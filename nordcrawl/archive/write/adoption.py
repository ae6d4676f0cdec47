"""Adoption: what is done with sealed parts that the spool's database does not know of.

A process that was killed leaves such a part, its lines in the outbox still or in the archive
already. So does a database that was lost, or is older than the parts (a backup, a lost write-ahead
log): then the part may hold the only copy of what was acknowledged. So none is deleted before it is
proven that its lines are elsewhere; the lines of the others go back into the outbox.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, unpack
from nordcrawl.archive.local.purge import purge_captures
from nordcrawl.archive.local.sealed_files import read_sealed
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.archive.log.erasures import read_erasures
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ObjectMissing, SpoolError
from nordcrawl.model.ledger import ARCHIVED
from nordcrawl.model.times import parse_rfc3339
from nordcrawl.system.lock import explained

logger = logging.getLogger(__name__)


def adopt_strays(store: Store, spool: Spool) -> None:
    """Delete the strays whose lines are in the spool or, by the digest in a log, in the archive;
    put the lines of the others into the outbox, but for what an erasure covers.

    Killed anywhere, the next call goes on: what is in the outbox by then is not put there again.

    Raises:
        SpoolError: a stray can't be read, or is of another source; names it and says what to do.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive; all strays are kept.
    """
    if not (files := spool.strays()):
        return
    waiting = {_digest(line) for line in _lines_of(spool)}
    left = []
    for file in files:
        if _is_capture(file):
            left.append(file)
        elif all(_digest(line) in waiting for line in _read(file)):
            spool.adopt([], [file])
        else:
            left.append(file)
    for digests in _archived(store, spool) if left else ():
        proven = [file for file in left if _sha256(file) in digests]
        spool.adopt([], proven)
        left = [file for file in left if file not in proven]
        if not left:
            return
    # Captures first, so that they are in the commit of the lines that name them.
    if pages := [file for file in left if _is_capture(file)]:
        for file in pages:
            left.remove(file)
            spool.captures.adopt(file)
        purge_captures(spool, read_erasures(store))
    if left:
        _adopt(store, spool, left, waiting)


def _is_capture(file: Path) -> bool:
    return file.name.startswith(f"{PartKind.CAPTURE}-")


def _sha256(file: Path) -> str:
    with explained(file):
        return hashlib.sha256(file.read_bytes()).hexdigest()


def _adopt(store: Store, spool: Spool, files: Iterable[Path], waiting: set[bytes]) -> None:
    erasures = read_erasures(store)
    order = _Order()
    done: list[Path] = []
    count = 0
    for file in files:
        kind = PartKind(file.name.split("-")[0])
        for raw in _read(file):
            values = _values(file, raw)
            if values.get("source") != spool.source:
                raise SpoolError(f"{file}: lines of source {values.get('source')!r}; "
                                 f"move it to the spool of that source")  # fmt: skip
            if _digest(raw) in waiting or erasures.covers(kind, values):
                continue
            waiting.add(_digest(raw))
            order.take(_line(file, kind, raw, values), values)
        done.append(file)
        if not order.waits:
            count += len(order.ready)
            spool.adopt(order.ready, done)
            order, done = _Order(), []
    order.end()
    count += len(order.ready)
    spool.adopt(order.ready, done)
    logger.warning(
        "%s: %d acknowledged lines were in sealed parts that its database does not know of, and "
        "not in the archive; they are archived now. Was %s lost, or taken from a backup?",
        *(spool.folder, count, spool.path.name),
    )


@dataclass(slots=True)
class _Order:
    """Brings lines into an order in which none of the ledger comes before its article."""

    ready: list[SpooledLine] = field(default_factory=list)
    _articles: defaultdict[tuple[str, int], list[SpooledLine]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _told: defaultdict[tuple[str, int], list[SpooledLine]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @property
    def waits(self) -> bool:
        """Whether the other half of a pair is to come."""
        return bool(self._articles or self._told)

    def take(self, line: SpooledLine, values: dict[str, Any]) -> None:
        """Take a line with its values."""
        if line.kind is PartKind.ARTICLE:
            key = (values["article_id"], values["revision"])
            self._articles[key].append(line)
        elif line.kind is PartKind.LEDGER and values["article"] and values["outcome"] in ARCHIVED:
            key = (values["article"]["article_id"], values["article"]["revision"])
            self._told[key].append(line)
        else:
            self.ready.append(line)
            return
        if key in self._articles and key in self._told:
            self.ready += self._articles.pop(key) + self._told.pop(key)

    def end(self) -> None:
        """Let the others go: the other half is in the spool or the archive already."""
        for lines in (*self._articles.values(), *self._told.values()):
            self.ready += lines
        self._articles.clear()
        self._told.clear()


def _archived(store: Store, spool: Spool) -> Iterator[set[str]]:
    """Yield the digests of parts that are or were in the archive: of this writer's last commit,
    which is what a killed process leaves, then of all."""
    cseq, _ = spool.committed()
    if cseq:
        key = keys.commit_key(spool.writer, cseq)
        with suppress(ObjectMissing):  # another archive: `recovery` says so
            yield {entry.sha256 for entry in Commit.decode(key, store.get(key)).add}
    logs = take(store).logs.values()
    yield {entry.sha256 for log in logs for commit in log for entry in commit.add}


def _lines_of(spool: Spool) -> Iterator[bytes]:
    for line in spool.outbox():
        yield line.line
    for part in spool.parts():
        if part.kind is PartKind.CAPTURE:
            continue
        body = read_sealed(spool, part)
        if hashlib.sha256(body).hexdigest() == part.sha256:  # else `shipper` says so
            yield from unpack(body)


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=16).digest()


def _read(file: Path) -> list[bytes]:
    with explained(file):
        body = file.read_bytes()
    try:
        return list(unpack(body))
    except ValueError as error:
        raise _unreadable(file, error) from error


def _values(file: Path, raw: bytes) -> dict[str, Any]:
    try:
        return dict(decode_json(raw))
    except (ValueError, TypeError) as error:
        raise _unreadable(file, error) from error


def _line(file: Path, kind: PartKind, raw: bytes, values: dict[str, Any]) -> SpooledLine:
    try:
        record = values["record"] if kind is PartKind.QUARANTINE else values
        told = values["at"] if kind is PartKind.LEDGER else record["fetch"]["fetched_at"]
        at = parse_rfc3339(told)
        if not isinstance(at, datetime):
            raise ValueError(f"no time: {told!r}")
        return SpooledLine.of(kind, at, str(values["run_id"]), raw)
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> SpoolError:
    return SpoolError(
        f"{file}: damaged ({error!r}), and the spool's database does not know of it. It may hold "
        f"articles that are not archived yet: keep a copy, then move it out of {file.parent}"
    )
