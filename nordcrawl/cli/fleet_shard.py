"""``python -m nordcrawl.cli.fleet_shard``: one shard of a fleet on this machine.

For `nordcrawl.fleet.worker`, not for people. Standard input: the order, a line of JSON, and then
nothing; its end says stop. Standard output, lines of JSON: first the number of the group of
processes, last how the shard ended. The log goes to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nordcrawl.errors import ExitCode, NordcrawlError
from nordcrawl.fleet.holding import lead_group
from nordcrawl.fleet.order import Order
from nordcrawl.fleet.shard import Shard, kill_group
from nordcrawl.system.signals import STOP


def main() -> int:
    """Read the order, run the shard, tell how it ended; return its exit code."""
    if (child := os.fork()) != 0:
        # Whoever kills the children of a worker with it kills this one; the shard is told by the
        # pipe, and ends in order.
        os.close(0)
        os.close(1)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) & 0xFF
    lead_group()
    tell({"group": os.getpid()})
    line = sys.stdin.buffer.readline()
    stop = threading.Event()
    threading.Thread(target=_until_closed, args=(stop,), name="pipe", daemon=True).start()
    for number in STOP:
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="nordcrawl-fleet-") as folder:
        told = _run(json.loads(line or b"{}"), Path(folder), stop)
    tell(told)
    return int(told["exit_code"])


def tell(values: Mapping[str, Any]) -> None:
    """Say something to the worker, if it is still there."""
    left = json.dumps(values).encode() + b"\n"
    try:
        while left:  # a signal may come when a part of a long line is in the pipe
            left = left[os.write(1, left) :]
    except BrokenPipeError:
        return


def _until_closed(stop: threading.Event) -> None:
    while os.read(0, 4096):  # not by a buffer, whose lock would be held as the interpreter ends
        pass
    stop.set()


def _run(values: dict[str, Any], folder: Path, stop: threading.Event) -> dict[str, Any]:
    try:
        order = Order.from_json(values)
        for name, text in order.tables.items():
            (folder / name).write_text(text, "utf-8")
        # Before the settings are read; and what the crawl is given.
        os.environ |= order.settings
        os.environ["NORDCRAWL_SOURCES"] = str(folder) if order.tables else ""
        from nordcrawl.cli.environment import log_as_asked, options_from_environment

        log_as_asked()
        return Shard(order, options_from_environment(), stop=stop, kill=_kill).run()
    except NordcrawlError as error:
        code = error.exit_code
        return {
            "shard": values.get("number"), "of": values.get("count"), "exit_code": int(code),
            "exit": ExitCode(code).name.lower(), "why": str(error), "sources": [],
        }  # fmt: skip


def _kill(told: Mapping[str, Any]) -> None:
    tell(told)
    kill_group()


if __name__ == "__main__":
    sys.exit(main())
