"""``nordcrawl fleet``: the shards of all sources on the machines of a Ray cluster (extra
``ray``)."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import FrameType
from typing import Any, TextIO

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.write import give_id
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.cli.numbers import number, whole
from nordcrawl.config.options import Options
from nordcrawl.errors import UsageError
from nordcrawl.fleet.gather import FOLDER, Ended, report, table
from nordcrawl.fleet.order import Order, orders
from nordcrawl.model.printable import counted
from nordcrawl.model.times import utc_now
from nordcrawl.report.several import write
from nordcrawl.sources.shards import groups
from nordcrawl.system.signals import STOP, Orders


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Crawl all sources, or those that are named, on the machines of a Ray cluster (extra ray): "
        "as nordcrawl crawl --all --shard K/N for each K, a task each, begun anew elsewhere when a "
        "machine dies. A host is asked by one machine at a time. The exit code is the gravest of "
        "all; Ctrl-C stops all in order, a second one leaves at once. What belongs to a machine "
        "(state folder, proxy, keys of the store) it takes from its own environment."
    )
    parser.epilog = "Example: nordcrawl fleet --address 10.0.0.5:6379 --shards 16"
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="(default: all that are)")
    archive_option(parser)
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the cluster's head (default: RAY_ADDRESS; without it a cluster of this machine)",
    )
    parser.add_argument(
        "--shards", type=whole, metavar="N", help="so many of them (default: the cluster's CPUs)"
    )
    parser.add_argument(
        "--max-seconds", type=number, metavar="S", help="end each shard when so much time is over"
    )
    parser.add_argument(
        "--jobs",
        type=whole,
        default=1,
        metavar="N",
        help="sources of a shard at a time (default: 1)",
    )
    parser.add_argument(
        "--retries",
        type=whole,
        default=3,
        metavar="N",
        help="so often is a shard begun anew whose machine died (default: 3)",
    )
    parser.add_argument("--json", action="store_true", help="the report of all, for programs")
    parser.add_argument("-a", action="append", metavar="NAME=VALUE", help="an argument of crawls")
    parser.add_argument(
        "-s", "--set", action="append", metavar="NAME=VALUE", help="a setting of crawls"
    )


def run(asked: argparse.Namespace) -> int:
    """Carry out the command.

    Raises:
        UsageError: an option or source is wrong, Ray is not there, or no cluster.
        StoreRefused, StoreUnavailable: the store.
    """
    for name, least in (("shards", 1), ("jobs", 1), ("retries", 0)):
        if (value := getattr(asked, name)) is not None and value < least:
            raise UsageError(f"--{name} {value}: {least} or more is allowed")
    if asked.max_seconds is not None and not asked.max_seconds > 0:
        raise UsageError(f"--max-seconds {asked.max_seconds:g}: more than 0 is allowed")
    options = options_from_environment(NORDCRAWL_ARCHIVE=asked.archive)
    cluster = _cluster()
    options.sources()  # what is wrong with them is told before anything is begun
    store = open_store(options.archive, retry_s=options.store_retry_s)
    store.probe()
    archive_id = give_id(store)
    out = sys.stdout
    with redirect_stdout(
        sys.stderr
    ):  # where Ray prints what it has to say, from threads of its own
        return _in_cluster(cluster, asked, options, archive_id, out)


def _in_cluster(
    cluster: Any, asked: argparse.Namespace, options: Options, archive_id: str, out: TextIO
) -> int:
    cpus = cluster.connect(asked.address)
    try:
        if cpus < 1:
            raise UsageError("the Ray cluster has no CPU for a task (ray status)")
        parts = orders(
            options,
            asked.sources,
            asked.shards or _most(options, cpus),
            archive_id,
            arguments=_arguments(asked),
            jobs=asked.jobs,
            max_seconds=asked.max_seconds,
        )
        with _told() as stopping:  # from now on: Ray sets handlers of its own as it is joined
            return _run(cluster, parts, asked, options, stopping, out)
    finally:
        cluster.leave()


class _Stopping:
    """How often this was told to stop."""

    def __init__(self) -> None:
        self.times = 0
        self._orders = Orders()

    def tell(self, _: int, __: FrameType | None) -> None:
        """Be told, by a signal."""
        if not self._orders.is_echo():
            self.times += 1

    def __call__(self) -> int:
        return self.times


def _run(
    cluster: Any,
    parts: list[Order],
    asked: argparse.Namespace,
    options: Options,
    stopping: _Stopping,
    out: TextIO,
) -> int:
    lines = sys.stderr if asked.json else out
    began = utc_now()
    ended: list[Ended] = []
    sources = sum(len(one.sources) for one in parts)
    told = f"{counted(sources, 'source')} in {counted(len(parts), 'shard')}"
    print(told, file=lines, flush=True)
    for one in cluster.run(parts, retries=asked.retries, stopping=stopping):
        ended.append(one)
        print(one.line, file=lines, flush=True)
    for line in table(ended):
        print(line, file=lines)
    whole = report(ended, began, utc_now())
    try:
        print(f"report: {write(options.state_dir / FOLDER, began, whole)}", file=lines)
    except OSError as error:
        why = f"no report of all in {options.state_dir / FOLDER}: {error.strerror}"
        print(f"nordcrawl: warning: {why}", file=sys.stderr)
    if asked.json:
        print(json.dumps(whole, ensure_ascii=False, indent=2), file=out)
    return int(whole["exit_code"])


def _arguments(asked: argparse.Namespace) -> list[str]:
    given = [("-a", one) for one in asked.a or ()] + [("-s", one) for one in asked.set or ()]
    return [part for pair in given for part in pair]


def _most(options: Options, cpus: int) -> int:
    """Return so many shards as there are CPUs, and no more than there are groups of hosts."""
    return max(1, min(cpus, len(groups(options.sources().values()))))


def _cluster() -> Any:
    try:
        from nordcrawl.fleet import cluster
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise UsageError("a fleet runs on Ray: pip install 'nordcrawl[ray]'") from None
    return cluster


@contextmanager
def _told() -> Iterator[_Stopping]:
    """Count the signals to stop."""
    stopping = _Stopping()
    before = {number: signal.signal(number, stopping.tell) for number in STOP}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
