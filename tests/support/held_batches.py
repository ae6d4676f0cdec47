"""Batches that are held in quarantine, by a judge of a test's own, and a look at what is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json, unpack
from nordcrawl.archive.keep.verify import Severity, verify
from nordcrawl.archive.log.pieces import part_body
from nordcrawl.archive.log.snapshot import take
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.limits import Limits
from nordcrawl.archive.write.writer import Writer
from nordcrawl.model.ledger import LedgerEntry, Outcome
from nordcrawl.model.record import Record
from nordcrawl.model.sighting import Sighting
from tests.support.archive_builders import LIMITS, SOURCE, make_entry, make_record

START_LATER = datetime(2026, 10, 27, tzinfo=UTC)
BAD = "Vi bruker informasjonskapsler."


class Suspicious:
    """Holds each batch in which the text of a wall stands."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.seen: list[int] = []

    def judge(self, batch: Sequence[Sighting]) -> list[str]:
        self.seen.append(len(batch))
        if self.error is not None:
            raise self.error
        digest = bad(0).reading.text_sha256
        return ["one text on all"] if any(x.text_sha256 == digest for x in batch) else []

    def passed(self, batch: Sequence[Sighting]) -> None:
        pass

    def held(self, batch: Sequence[Sighting]) -> None:
        pass


def bad(number: int, **more: object) -> Record:
    return make_record(number, text=BAD, **more)  # type: ignore[arg-type]


def opened(
    store: Store, folder: Path, run_id: str, *, limits: Limits = LIMITS, judge: object = None
) -> Writer:
    return Writer.open(
        store,
        folder,
        SOURCE,
        run_id,
        limits=limits,
        clock=lambda: datetime.now(UTC),
        judge=judge or Suspicious(),  # type: ignore[arg-type]
    )


def finished(writer: Writer) -> None:
    report = writer.finish(deadline_s=300)
    assert (report.failure, report.pending_records) == (None, 0)


def duplicate(number: int, of: Record, run_id: str) -> LedgerEntry:
    return replace(
        make_entry(number=number, outcome=Outcome.DUPLICATE, run_id=run_id),
        article_id=of.article_id,
        revision=of.revision,
        weak_alias=True,
        fetched_at=of.page.fetched_at,
    )


def held(store: Store) -> list[str]:
    return sorted(
        decode_json(line)["url"]
        for part in take(store).live
        if part.entry.kind is PartKind.QUARANTINE
        for line in unpack(part_body(store, part))
    )


def ledger(store: Store, run_id: str) -> dict[str, str]:
    return {e.url: str(e.outcome) for e in Reader(store).ledger() if e.run_id == run_id}


def archived(store: Store) -> list[str]:
    return sorted(f"{r['article_id']} {r['revision']}" for r in Reader(store).records())


def check(store: Store) -> None:
    found = [f for f in verify(store).findings if f.severity is Severity.DAMAGE]
    assert found == []
