"""A real cluster of Ray on loopback, with tokens: a head and some nodes, as processes."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.jobs import Job
from tests.support.processes import descendants
from tests.support.waiting import until

#: Few of everything, so that some nodes fit on a small machine.
_SMALL = (
    "--object-store-memory", "100000000", "--min-worker-port", "0", "--max-worker-port", "0",
    "--dashboard-agent-listen-port", "0", "--block",
)  # fmt: skip


class Nodes:
    """Each has an address of its own, from 127.0.0.20 on, and a state folder as machines have."""

    def __init__(self, folder: Path) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # sockets' names are short
        token = self.place / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        self.variables = {
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(token),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_worker_niceness": "0",
            # A node that does not answer is given up after seconds, not after half a minute.
            "RAY_health_check_initial_delay_ms": "0",
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_timeout_ms": "1000",
            "RAY_health_check_failure_threshold": "5",
            # So does the caller, by the connection to its task: after 7 minutes otherwise.
            "RAY_grpc_client_keepalive_time_ms": "2000",
            "RAY_grpc_client_keepalive_timeout_ms": "4000",
        }
        self.address = ""
        self.nodes: list[subprocess.Popen[bytes]] = []
        self.states: list[Path] = []
        """The state folder of each."""
        self._folder = folder
        self._started = 0

    def begin(self, count: int, cpus: int) -> None:
        """Start the head, which works on nothing, and so many nodes."""
        head = ("--head", "--port", "0", "--temp-dir", str(self.place / "t"))
        log = self._start(*head, "--num-cpus", "0", "--include-dashboard", "false")
        told = re.search(r"--address='([0-9.:]+)'", log)
        assert told, "the head says where it is"
        self.address = told[1]
        for _ in range(count):
            self._start("--address", self.address, "--num-cpus", str(cpus))

    def _start(self, *options: str) -> str:
        """Start a node and return what it said; it gives itself 30 s, which a busy machine may not
        have."""
        for _ in range(4):
            log = self._folder / f"node-{self._started}.log"
            if self._is_started(log, *options):
                return log.read_text()
            self.nodes.pop().wait()
            self.states.pop()
        pytest.fail(log.read_text())

    def _is_started(self, log: Path, *options: str) -> bool:
        address = f"127.0.0.{20 + self._started}"
        self._started += 1
        self.states.append(log.with_suffix(""))
        job = Job(self._folder, "", {"NORDCRAWL_STATE_DIR": str(self.states[-1])})
        with log.open("wb") as out:
            node = subprocess.Popen(
                [
                    *(Path(sys.executable).with_name("ray"), "start"),
                    *("--node-ip-address", address, *options, *_SMALL),
                ],
                env=job.environment | self.variables,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.nodes.append(node)
        until(
            lambda: b"Ray runtime started" in log.read_bytes() or node.poll() is not None,
            f"{address} is there",
        )
        return node.poll() is None

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """Kill all of a node at once, as a power cut does."""
        below = descendants(node.pid) if node.poll() is None else []
        for pid in (node.pid, *below):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        node.wait()

    @contextmanager
    def cut_off(self, node: subprocess.Popen[bytes]) -> Iterator[None]:
        """Stop all of a node that speaks with the others; shards that it has begun work on. Whoever
        is cut off by a network is in no other state."""
        below = descendants(node.pid)
        shards = {
            pid for pid in below if b"fleet_shard" in Path(f"/proc/{pid}/cmdline").read_bytes()
        }
        works_on = shards.union(*(descendants(pid) for pid in shards))
        stopped = [pid for pid in below if pid not in works_on]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        """End all of it."""
        for node in self.nodes:
            if node.poll() is None:
                self.kill(node)
        shutil.rmtree(self.place, ignore_errors=True)
