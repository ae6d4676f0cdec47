"""Whole runs with reports and checkpoints, and a look at every byte of what they leave."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from nordcrawl.archive.keep.erase import Erased, finish, put_order
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.log.checkpoint import CheckpointPolicy
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.limits import Limits
from nordcrawl.model.record import Record
from tests.support.archive_builders import LIMITS, SOURCE, accept, make_record, open_writer

CHECKPOINTS = replace(LIMITS, checkpoints=CheckpointPolicy(lines=1, lines_per_url=0))
"""Limits by which every run that has a line ends with a checkpoint."""


def now() -> datetime:
    return datetime.now(UTC)


def run(
    store: Store,
    folder: Path,
    run_id: str,
    *numbers: int,
    make: Callable[..., Record] = make_record,
    limits: Limits = LIMITS,
    captures: bool = False,
) -> bool:
    """A whole run of a few new articles; tells whether it left a checkpoint."""
    with open_writer(store, folder, run_id, limits=limits) as writer:
        made = (make(number, run_id=run_id) for number in numbers)
        accept(writer, *made, captures=captures)
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.pending_records) == (None, 0)
        writer.put_run({"run_id": run_id, "source": SOURCE, "nordcrawl": "0.2.0"})
        return writer.checkpoint()


def maintainer(store: Store, folder: Path) -> Maintainer:
    return Maintainer.open(store, folder / "maintenance", now)


def erase(store: Store, folder: Path, *urls: str) -> Erased:
    plan = plan_erasure(store, urls, [])
    with maintainer(store, folder) as kept:
        order = plan.order("a test", now())
        put_order(store, order)
        return finish(kept, order)


def ids(store: Store) -> list[str]:
    return [record["article_id"] for record in Reader(store).records()]


def lines(store: Store) -> list[bytes]:
    reader = Reader(store)
    return list(reader.lines_of(reader.snapshot()))


def holding(folder: Path, *texts: str) -> list[str]:
    """Return the files below a folder in which a text stands, gzipped or not."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            body = file.read_bytes()
            if body.startswith(b"\x1f\x8b"):
                body = gzip.decompress(body)
            if any(text.encode() in body for text in texts):
                found.append(str(file.relative_to(folder)))
    return found
