"""Opening: what a run holds from its first moment to its last: lock, store, spool, lease."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nordcrawl.archive.format.lease import of_source
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import Limits, Writer, ship_left_over
from nordcrawl.archive.write.lease import Lease, this_process
from nordcrawl.config.arguments import Arguments, new_run_id
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders, spool_folders
from nordcrawl.crawl.info import RunInfo
from nordcrawl.errors import LockHeld, StoreError
from nordcrawl.quarantine.watch import Watch
from nordcrawl.sources.source import Source

logger = logging.getLogger(__name__)

_NO_LEASE = "no lease: only runs on this machine are kept from crawling the same source"


@dataclass(frozen=True, slots=True)
class Opened:
    """What is held, and given back by `close`."""

    info: RunInfo
    store: Store
    writer: Writer
    store_stop: threading.Event
    folder: Path
    """The run's part of the state folder."""
    lease: Lease | None
    """None where the store can't tell who came first."""
    watch: Watch
    """What is archived, held against what the source gave before."""

    @classmethod
    def open(
        cls,
        options: Options,
        source: Source,
        arguments: Arguments,
        clock: Callable[[], datetime],
    ) -> Opened:
        """Take lock and lease, prove the store, ship what an earlier run left, and catch up.

        Raises:
            LockHeld: another run works on this source and archive.
            SpoolError: the state folder can't be written.
            StoreError: the archive can't be written or read.
            UsageError: the archive's address is wrong.
        """
        stop = threading.Event()
        store = open_store(options.archive, retry_s=options.store_retry_s, stop=stop)
        run_id = new_run_id(source.name, clock(), secrets.token_hex(2))
        limits = Limits(
            part_bytes=options.part_bytes,
            part_age_s=options.part_age_s,
            spool_bytes=options.spool_bytes,
        )
        watch = Watch(store, source.name, options.quarantine, clock)
        folder, *others = spool_folders(options, store, source.name)
        for other in others:  # made by crawlers that took it for another archive's
            ship_left_over(store, other, source.name, limits=limits, clock=clock, judge=watch)
        writer = Writer.open(
            store, folder, source.name, run_id, limits=limits, clock=clock, judge=watch
        )
        watch.begin()
        try:
            info = RunInfo(
                options, source, arguments, run_id, clock, started_at=clock(), notes=writer.notes
            )
            archive_folders(options, store, mark=True)  # by now the archive has an id
            lease = _lease(store, writer, info)
        except BaseException:
            writer.close()
            raise
        return cls(info, store, writer, stop, folder, lease, watch)

    def close(self) -> None:
        """Give all back; safe to call more than once. What is not shipped stays in the spool, and
        whoever still waits for the store is let go."""
        if self.lease is not None:
            self.lease.release()
        self.store_stop.set()
        self.writer.close()


def _lease(store: Store, writer: Writer, info: RunInfo) -> Lease | None:
    if not writer.can.conditional_put:
        logger.warning("%s: the store has no conditional puts", _NO_LEASE)
        info.notes.append(f"{_NO_LEASE} (the store has no conditional puts)")
        return None
    holder = this_process(writer.name, info.run_id)
    lease = Lease(store, of_source(info.source.name), holder, info.clock)
    try:
        lease.take()
    except LockHeld:
        raise
    except StoreError as error:  # which stops a crawl where it matters, and it does not here
        logger.warning("%s: %s", _NO_LEASE, error)
        info.notes.append(f"{_NO_LEASE} ({error})")
        return None
    return lease
