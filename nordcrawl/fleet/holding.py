"""Holding: the hosts of a shard, held in the store, so that no two machines ask one at once.

A lease for each host (`nordcrawl.archive.write.lease`), in slots of ten minutes. It is stricter
than the lease of a source: who can't take it does not crawl, and who can't renew it must have
ended before the slot has, for then another may hold the host. Told from outside a machine that is
cut off can't be; so it has to know by itself, and it does: it has a clock, and what it holds.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from nordcrawl.archive.format.lease import of_host
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write.lease import Lease, is_group_dead, this_process
from nordcrawl.errors import ExitCode, LockHeld, StoreError, UsageError

logger = logging.getLogger(__name__)

#: How long before the end of what is held nobody may ask a host any more: the clocks of two
#: machines may be so far apart.
SKEW: Final = timedelta(seconds=60)
#: What a crawl that is told to stop may take (`nordcrawl.crawl.stopping`), and some more.
STOP: Final = timedelta(seconds=30)
#: Between two looks whether something is to be renewed, and whether another has let go.
_RENEW_S: Final = 10.0
_LOOK_S: Final = 5.0
#: Seconds that letting go may take.
_RELEASE_S: Final = 10.0


class Holding:
    """The hosts of one shard."""

    def __init__(
        self, store: Store, hosts: Iterable[str], name: str, clock: Callable[[], datetime]
    ) -> None:
        """Prepare to hold `hosts` for the shard of that `name`, in this process and its group."""
        token = secrets.token_hex(5)
        run_id = f"shard-{name.replace('/', '-of-')}-{token}"
        # Dead it is when all of its group is: what it began may outlive it.
        holder = replace(this_process(token, run_id), pid=os.getpgid(0))
        # In one order, whoever takes them: two that want the same ones never wait for each other.
        claims = sorted({of_host(host) for host in hosts})
        self._leases = [
            Lease(store, claim, holder, clock, is_dead=is_group_dead) for claim in claims
        ]
        self._store = store
        self._clock = clock
        self._lost: LockHeld | None = None
        self._failed: StoreError | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="hosts", daemon=True)

    def take(self, stop: threading.Event, patience_s: float) -> bool:
        """Take all hosts, wait for those that another holds, and keep them from then on.

        Returns:
            False if it was told to `stop` before it had them.

        Raises:
            LockHeld: another holds one for longer than `patience_s` seconds.
            UsageError: the store has no conditional puts.
            StoreRefused, StoreUnavailable: the store.
        """
        if not self._store.probe().conditional_put:
            raise UsageError(
                f"{self._store.uri}: the store has no conditional puts, so it can't keep two "
                "machines from one host: crawl --all --shard, without a fleet, is for such a one"
            )
        until = time.monotonic() + patience_s
        taken: list[Lease] = []
        try:
            for lease in self._leases:
                while not self._is_taken(lease, taken, until):
                    if stop.wait(_LOOK_S):
                        self.release()
                        return False
                taken.append(lease)
        except BaseException:
            self.release()
            raise
        self._thread.start()
        return True

    def _is_taken(self, lease: Lease, taken: list[Lease], until: float) -> bool:
        for one in taken:  # may take a while
            one.renew()
        try:
            lease.renew()
        except LockHeld as error:
            if time.monotonic() >= until:
                raise
            logger.info("waiting: %s", error)
            return False
        return True

    @property
    def until(self) -> datetime:
        """When the first of what is held ends, unless it is renewed; UTC."""
        ends = [lease.until for lease in self._leases if lease.until is not None]
        return min(ends)

    def left_s(self) -> float:
        """Return the seconds after which nothing may be left of the crawl."""
        return (self.until - SKEW - self._clock()).total_seconds()

    def why_stop(self) -> tuple[ExitCode, str] | None:
        """Return why the crawl is to be stopped now, with its exit code; None if it may go on."""
        if self._lost is not None:
            return self._lost.exit_code, str(self._lost)
        if self.left_s() > STOP.total_seconds():
            return None
        why = f": {self._failed}" if self._failed is not None else ""
        return (
            self._failed.exit_code if self._failed is not None else ExitCode.PENDING,
            f"the hosts are held until {self.until:%H:%M} UTC only, and could not be renewed{why}",
        )

    def release(self) -> None:
        """Let the hosts go; safe to call again."""
        self._over.set()
        if self._thread.is_alive():  # what it is just claiming is to be let go, too
            self._thread.join(_RELEASE_S)
        until = time.monotonic() + _RELEASE_S
        for lease in self._leases:
            if time.monotonic() < until:  # the others' go by
                lease.release()

    def _keep(self) -> None:
        while not self._over.wait(_RENEW_S):
            try:
                for lease in self._leases:
                    if self._over.is_set():
                        return
                    lease.renew()
            except LockHeld as error:
                self._lost = error
                return
            except StoreError as error:
                logger.warning("hosts not renewed, tried again: %s", error)
                self._failed = error
            else:
                self._failed = None


def lead_group() -> None:
    """Make this process the leader of a session and a group of its own, so that whether anything
    is left of it and of what it began can be seen by its number."""
    if os.getpgid(0) != os.getpid():
        os.setsid()
