"""A run to be killed: ``python -m tests.support.killed_run ROOT RUN_ID FIRST COUNT DIE_AT``;
with ``--captures`` behind, each page is kept, too.

Counts everything that lasts (puts before and after, fsyncs, renames, deletions, each statement
that begins or ends a transaction) and kills itself at the DIE_AT-th; 0 is never. Writes the
number of each record to standard output once it is acknowledged.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from nordcrawl.archive.local import database, outbox_file, state_file
from nordcrawl.archive.store.protocol import Put
from nordcrawl.archive.write.limits import Limits
from tests.support.archive_builders import (
    START,
    FileStore,
    make_draft,
    make_entry,
    make_record,
    open_writer,
)

_steps = itertools.count(1)
_die_at = 0


def step() -> None:
    if next(_steps) == _die_at:
        os.kill(os.getpid(), signal.SIGKILL)


class Deadly(FileStore):
    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        step()
        result = super().put(key, body, content_type=content_type)
        step()
        return result


def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **more: Any) -> Any:
        step()
        return call(*args, **more)

    return wrapped


def connect(path: Path, **more: Any) -> sqlite3.Connection:
    db = database.connect(path, **more)
    db.set_trace_callback(lambda sql: step() if sql.split()[0] in ("BEGIN", "COMMIT") else None)
    return db


def main() -> None:
    global _die_at
    root, run_id, first, count, _die_at = (read(x) for read, x in zip(
        (Path, str, int, int, int), sys.argv[1:6], strict=True))  # fmt: skip
    outbox_file.connect = state_file.connect = connect  # type: ignore[attr-defined]
    for name in ("replace", "fsync", "unlink"):
        setattr(os, name, deadly(getattr(os, name)))
    limits = Limits(group_s=0.0, free_bytes=0, part_bytes=6000)
    with open_writer(Deadly(root / "archive"), root / "spool", run_id, limits=limits) as writer:
        for number in range(first, first + count):
            at = START + timedelta(hours=8 * number)
            record = make_record(number, run_id=run_id, at=at)
            page = make_draft(record) if "--captures" in sys.argv else None
            writer.accept(make_entry(record), record, page).result(timeout=300)
            os.write(1, b"%d\n" % number)
        report = writer.finish(deadline_s=300)
        assert (report.failure, report.pending_records) == (None, 0)
    os.write(2, b"%d" % next(_steps))


if __name__ == "__main__":
    main()
