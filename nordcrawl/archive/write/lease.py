"""Lease: no two machines crawl one source at once, where the store can tell who came first.

For manners, not for the archive: two crawls of one source would ask its hosts twice as often; what
they archive is right without it (docs/archive-format.md). So a store that fails while a lease is
renewed stops no crawl, and one without conditional puts gives none. The hosts of a fleet's shard
are claimed in the same way, and held more strictly (`nordcrawl.fleet.holding`).
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from nordcrawl.archive.format.keys import JSON_TYPE
from nordcrawl.archive.format.lease import SLOT, Holder, claim_key, slot_of
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import LockHeld, NordcrawlError, ObjectConflict, ObjectMissing

logger = logging.getLogger(__name__)

#: How long before its end the next slot is claimed, and how long an end is waited for.
_EARLY: Final = SLOT / 2
_RELEASE_S: Final = 3.0
#: Holders that one slot can have, one after the other.
_HOLDERS: Final = 1000


def _machine() -> str:
    """Return a name of what numbers this process: the running kernel, and the namespace of process
    ids in it. Source: man 4 random (boot_id), man 7 pid_namespaces. Empty where neither is told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def is_dead(pid: int) -> bool:
    """Return whether there is no such process here for sure."""
    return _is_dead(os.kill, pid)


def is_group_dead(pid: int) -> bool:
    """Return whether there is no process here for sure of the group that one led, nor itself."""
    return _is_dead(os.killpg, pid)


def _is_dead(ask: Callable[[int, int], None], pid: int) -> bool:
    if not _machine():
        return False
    try:
        ask(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


class Lease:
    """The claim of one run to crawl a source, or of a shard to ask a host; take it, and release
    it."""

    def __init__(
        self,
        store: Store,
        claimed: str,
        holder: Holder,
        clock: Callable[[], datetime],
        *,
        is_dead: Callable[[int], bool] = is_dead,
    ) -> None:
        """Claim what `of_source` or `of_host` names. A holder on this machine with a process of
        which `is_dead` is true holds nobody up."""
        self.on_lost: Callable[[LockHeld], object] | None = None
        """Called, in a thread of the lease's own, when another has the next slot: this process was
        suspended for longer than a lease lasts."""
        self._store = store
        self._claimed = claimed
        self._holder = holder
        self._clock = clock
        self._is_dead = is_dead
        self._held: dict[datetime, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def take(self) -> None:
        """Claim the slot that it is, and keep claiming the next ones in a thread.

        Raises:
            LockHeld: another run holds it; the text says which, and how long at most.
            StoreRefused, StoreUnavailable: the store.
        """
        try:
            self.renew()
        except LockHeld:
            self.release()  # of two slots it may have had the first
            raise
        self._thread.start()

    def renew(self) -> None:
        """Claim the slots that are to be held now: this one, and the next in its second half."""
        now = self._clock()
        for slot in dict.fromkeys((slot_of(now), slot_of(now + _EARLY))):
            if slot not in self._held:
                self._held[slot] = self._claim(slot)

    @property
    def until(self) -> datetime | None:
        """The end of the last slot that is held, UTC; None before one is."""
        return max(self._held) + SLOT if self._held else None

    def release(self) -> None:
        """Tell the others that this run has ended, within seconds; safe to call again. Where the
        store does not take it, the slots go by."""
        if self._over.is_set():
            return
        self._over.set()
        if self._held:
            telling = threading.Thread(target=self._end, name="lease-end", daemon=True)
            telling.start()
            telling.join(_RELEASE_S)

    def _claim(self, slot: datetime) -> int:
        body = self._holder.encode()
        for number in range(_HOLDERS):
            key = claim_key(self._claimed, slot, number)
            try:
                self._store.put(key, body, content_type=JSON_TYPE)
            except ObjectConflict:
                pass
            else:
                return number
            end = claim_key(self._claimed, slot, number, end=True)
            if self._store.exists(end):
                continue
            if (holder := self._other(key)) is None:
                with suppress(ObjectConflict):  # another saw as much
                    self._store.put(end, body, content_type=JSON_TYPE)
                continue
            raise LockHeld(
                f"{self._store.uri}: run {holder.run_id} (process {holder.pid} on {holder.host}) "
                f"works on this {self._claimed.partition('=')[0]}, or was killed; its lease lasts "
                f"until {slot + SLOT:%H:%M} UTC at least"
            )
        raise LockHeld(f"{self._store.uri}: {_HOLDERS} runs had {slot:%H:%M} UTC already")

    def _other(self, key: str) -> Holder | None:
        """Return who holds a claim; None if that was ours, or is gone for sure."""
        try:
            holder = Holder.decode(self._store.get(key))
        except (ValueError, ObjectMissing):  # whatever it is, no run
            return None
        if holder.writer == self._holder.writer:
            return None  # the spool's lock is ours, so that run has ended
        return (
            None if holder.machine == self._holder.machine and self._is_dead(holder.pid) else holder
        )

    def _keep(self) -> None:
        while not self._over.wait(self._pause().total_seconds()):
            try:
                self.renew()
                if self._over.is_set():  # released meanwhile: what was just claimed ends, too
                    self._end()
            except LockHeld as error:
                if self._over.is_set():
                    return
                logger.error("%s", error)
                if self.on_lost is not None:
                    self.on_lost(error)
                return
            except NordcrawlError as error:  # the crawl goes on; it is tried again
                logger.warning("lease not renewed: %s", error)

    def _pause(self) -> timedelta:
        """Return how long to wait for the next slot's time to be claimed, a bit at least."""
        last = max(self._held)
        return max(last + SLOT - _EARLY - self._clock(), SLOT / 20)

    def _end(self) -> None:
        body, now = self._holder.encode(), self._clock()
        for slot, number in list(self._held.items()):
            if slot + SLOT > now:
                key = claim_key(self._claimed, slot, number, end=True)
                with suppress(NordcrawlError):
                    self._store.put(key, body, content_type=JSON_TYPE)


def this_process(writer: str, run_id: str) -> Holder:
    """Return this process as a holder."""
    return Holder(writer, run_id, socket.gethostname(), _machine(), os.getpid())
