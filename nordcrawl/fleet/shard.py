"""Shard: one shard on this machine: hold its hosts, crawl in a subprocess, try again, let go.

The crawl is stopped in order when this is told to (the cluster's worker has gone, or says so), and
when the hosts can't be held any longer; what is left when they are not held any more is killed.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from nordcrawl.archive.store.address import open_store
from nordcrawl.cluster.alike import refuse_another_archive
from nordcrawl.config.options import Options
from nordcrawl.errors import ExitCode, NordcrawlError, gravest
from nordcrawl.fleet.holding import STOP, Holding
from nordcrawl.fleet.order import Order
from nordcrawl.model.printable import counted
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.sources.shards import hosts_of

logger = logging.getLogger(__name__)

#: What asks to be tried again, as in deploy/kubernetes: the store was away, somebody stopped it,
#: another run is at work, or was killed. Whatever was killed is, too.
AGAIN: Final = frozenset({ExitCode.PENDING, ExitCode.INTERRUPTED, ExitCode.LOCKED})
#: Seconds that a store which fails is tried, so that a look at it never takes the time to stop.
_STORE_S: Final = 30.0
_TICK_S: Final = 0.1
_LONGER: Final = 5

#: Kills this process and all that it began.
Kill = Callable[[Mapping[str, Any]], None]


class Shard:
    """One shard, while it is this machine's."""

    def __init__(
        self,
        order: Order,
        options: Options,
        *,
        stop: threading.Event,
        kill: Kill,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare to work on `order` until it is done, or `stop` is set. `kill` is called with what
        has come so far when the crawl does not end in time."""
        self._order = order
        self._options = options
        self._stop = stop
        self._kill = kill
        self._clock = clock
        self._began = clock()
        self._until = None if order.max_seconds is None else time.monotonic() + order.max_seconds
        self._ended: dict[str, dict[str, Any]] = {}
        self._amiss: dict[str, tuple[int, str]] = {}
        """What was amiss with the shard as a whole, at its last try."""
        self._tries = 0

    def run(self) -> dict[str, Any]:
        """Work on the shard, and return how it ended; raises nothing that a store or an operator is
        to blame for."""
        names: Sequence[str] = self._order.sources
        while True:
            self._tries += 1
            self._amiss.clear()
            try:
                self._try(names)
            except NordcrawlError as error:
                self._amiss["shard"] = (int(error.exit_code), str(error))
            names = self._again(names)
            if not names or self._tries >= self._order.tries or not self._paused():
                return self.result()

    def result(self) -> dict[str, Any]:
        """Return how the shard stands, for its machine to tell."""
        code, why = self._verdict()
        return {
            "shard": self._order.number,
            "of": self._order.count,
            "node": socket.gethostname(),
            "exit_code": code,
            "exit": ExitCode(code).name.lower(),
            "why": why,
            "tries": self._tries,
            "started_at": rfc3339(self._began),
            "finished_at": rfc3339(self._clock()),
            "sources": [self._ended[one] for one in self._order.sources if one in self._ended],
        }

    def _verdict(self) -> tuple[int, str | None]:
        codes = [one["exit_code"] for one in self._ended.values()]
        amiss = [*self._amiss.values()]
        if self._stop.is_set() and not self._ended:
            amiss.append((int(ExitCode.INTERRUPTED), "told to stop"))
        code = gravest([*codes, *(one for one, _ in amiss)])
        return code, "; ".join(why for _, why in amiss) or None

    def _again(self, names: Sequence[str]) -> list[str]:
        """Return the sources that ask to be tried again."""
        if self._stop.is_set():
            return []
        whole = [code for code, _ in self._amiss.values()]
        if any(code not in AGAIN for code in whole):
            return []
        codes = {name: self._ended[name]["exit_code"] for name in names if name in self._ended}
        return [name for name in names if (code := codes.get(name)) is None or _asks(code)]

    def _paused(self) -> bool:
        """Wait before another try; return whether there is to be one."""
        pause = self._order.pause_s * (1 if self._tries == 1 else _LONGER)
        if (left := self._left()) is not None and left <= pause:
            return False
        return not self._stop.wait(pause)

    def _left(self) -> float | None:
        return None if self._until is None else self._until - time.monotonic()

    def _try(self, names: Sequence[str]) -> None:
        """Crawl these sources once.

        Raises:
            LockHeld: another holds a host of theirs.
            UsageError: the archive is another one here, or can't keep machines apart.
            StoreRefused, StoreUnavailable: the store.
        """
        known = self._options.sources()
        store = open_store(self._options.archive, retry_s=_STORE_S)
        refuse_another_archive(store, self._order.archive_id)
        hosts = {host for name in names for host in hosts_of(known[name])}
        holding = Holding(store, hosts, self._order.name, self._clock)
        patience = self._order.patience_s
        if (left := self._left()) is not None:
            patience = min(patience, left)
        if not holding.take(self._stop, patience):
            return
        logger.info("shard %s: %s held", self._order.name, counted(len(hosts), "host"))
        try:
            self._crawl(names, holding)
        finally:
            holding.release()

    def _crawl(self, names: Sequence[str], holding: Holding) -> None:
        process = subprocess.Popen(  # noqa: S603 - our own
            self.command(names), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        told: list[str] = []
        reading = threading.Thread(target=_read, args=(process, told), daemon=True)
        reading.start()
        why = self._watched(process, holding)
        reading.join(STOP.total_seconds())
        report = next((line for line in reversed(told) if line.startswith("report: ")), None)
        ended = _sources(report)
        self._ended |= {one["source"]: one for one in ended}
        if why is not None:
            self._amiss["held"] = (int(why[0]), why[1])
        elif not ended:
            code = process.returncode
            name = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._amiss["crawl"] = (
                int(ExitCode.INTERRUPTED if code < 0 else gravest([code])),
                f"the crawl told nothing ({name}): see this machine's log",
            )

    def command(self, names: Sequence[str]) -> list[str]:
        """Return the command that crawls these sources of the shard."""
        order = self._order
        command = [sys.executable, "-m", "nordcrawl", "crawl"]
        if [*names] != [*order.sources]:  # some of them again; parted they are already
            command += names
        elif order.named:
            command += [*names, "--shard", order.name]
        else:
            command += ["--all", "--shard", order.name]
        command += ["--jobs", str(order.jobs)]
        if (left := self._left()) is not None:
            command += ["--max-seconds", f"{max(1.0, left):.0f}"]
        return [*command, *order.arguments]

    def _watched(
        self, process: subprocess.Popen[str], holding: Holding
    ) -> tuple[ExitCode, str] | None:
        """Wait for the crawl's end, stop it where it has to; return why the hosts were lost."""
        lost: tuple[ExitCode, str] | None = None
        told_at: float | None = None
        while process.poll() is None:
            lost = lost or holding.why_stop()
            if told_at is None and (lost is not None or self._stop.is_set()):
                told_at = time.monotonic()
                logger.warning("shard %s: stopping: %s", self._order.name,
                               lost[1] if lost else "told to")  # fmt: skip
                process.send_signal(signal.SIGTERM)
            late = told_at is not None and time.monotonic() - told_at > STOP.total_seconds()
            if late or holding.left_s() <= 0:
                self._amiss["killed"] = (
                    int(ExitCode.FAILED),
                    lost[1] if lost else "the crawl did not stop in time",
                )
                self._kill(self.result())
                process.kill()
                process.wait()
                break
            time.sleep(_TICK_S)
        return lost


def _asks(code: int) -> bool:
    return code < 0 or code in AGAIN


def _read(process: subprocess.Popen[str], told: list[str]) -> None:
    """Keep what a crawl prints, and hand it on to the log."""
    for line in process.stdout or ():
        told.append(line.rstrip("\n"))
        del told[:-100]
        print(line, end="", file=sys.stderr, flush=True)


def _sources(report: str | None) -> list[dict[str, Any]]:
    """Return how the sources ended, by the report of all."""
    if report is None:
        return []
    try:
        told = json.loads(Path(report.removeprefix("report: ")).read_bytes())
        return [*told["sources"]]
    except (OSError, ValueError, KeyError) as error:
        logger.warning("%s: not read: %s", report, error)
        return []


def kill_group() -> None:
    """Kill this process and all that is in its group, where it leads one."""
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
