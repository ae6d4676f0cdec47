"""Worker: the end of the line at which a cluster's worker sits.

It starts the shard's process and keeps the writing end of a pipe that process reads: whatever
happens to the worker, the pipe closes, and the shard stops in order. By the same pipe the shard is
sent its order, so that nothing of it stands in a list of processes or an environment.

The shard's process is no child of the worker's, but a grandchild: a cluster that ends a worker
kills the worker's children first, and what they began would be left without anybody to stop it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from nordcrawl.errors import ExitCode

#: The module that runs a shard: see `nordcrawl.cli.fleet_shard`.
COMMAND: Final = (sys.executable, "-m", "nordcrawl.cli.fleet_shard")
#: Seconds that a shard which is told to stop may take before it is killed.
_GONE_S: Final = 60.0
_TICK_S: Final = 0.2


def run_order(order: Mapping[str, Any]) -> dict[str, Any]:
    """Run a shard to its end and return what it told. Told to stop (SIGINT, which is how a cluster
    cancels a task), it tells the shard so, and returns how that ended."""
    with _interrupted() as interrupted:
        return _run(order, interrupted)


def _run(order: Mapping[str, Any], interrupted: threading.Event) -> dict[str, Any]:
    process = subprocess.Popen(  # noqa: S603 - our own
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    lines: list[dict[str, Any]] = []
    reading = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reading.start()
    try:
        _send(process, order)
        while reading.is_alive() and not interrupted.is_set():
            reading.join(_TICK_S)  # the shard lives, and its parent with it or not
        _close(process)
        reading.join(_GONE_S)
    finally:
        _close(process)
        _kill_rest(lines)
        process.wait()
    told = next((line for line in reversed(lines) if "exit_code" in line), None)
    return told or {
        "shard": order["number"],
        "of": order["count"],
        "exit_code": int(ExitCode.FAILED),
        "exit": ExitCode.FAILED.name.lower(),
        "why": "the shard's process was killed, or broke off: see this machine's log",
        "sources": [],
    }


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Take SIGINT as a note. As an exception it would break off the wait for the thread that reads,
    which Python 3.11 takes for ended from then on (github.com/python/cpython/issues/90882)."""
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = signal.signal(signal.SIGINT, lambda *_: told.set())
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, before)


def _send(process: subprocess.Popen[bytes], order: Mapping[str, Any]) -> None:
    if process.stdin is None:
        raise RuntimeError("no pipe")
    with suppress(BrokenPipeError):  # it has ended, and says so
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _read(process: subprocess.Popen[bytes], lines: list[dict[str, Any]]) -> None:
    for line in process.stdout or ():
        with suppress(ValueError):
            told = json.loads(line)
            if isinstance(told, dict):
                lines.append(told)


def _kill_rest(lines: list[dict[str, Any]]) -> None:
    """Kill what is left of a shard that has ended, or did not end in time."""
    for line in lines:
        if isinstance(group := line.get("group"), int) and group > 1:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
