"""On a cluster: the options of commands that may work on one, and how it is joined."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from nordcrawl.errors import UsageError

#: What the extra brings, and Ray itself needs for its data.
_BROUGHT = ("ray", "pyarrow", "pandas", "fsspec")


def engine_options(parser: argparse.ArgumentParser) -> None:
    """Declare ``--engine`` and ``--address``."""
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="what does the work: this machine (default), or a Ray cluster (extra ray)",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="of the cluster's head (default: RAY_ADDRESS; without it a cluster of this machine)",
    )


@contextmanager
def joined(asked: argparse.Namespace, what: str) -> Iterator[TextIO]:
    """Join the cluster that is asked for, if one is, and leave it behind the block; gives where
    `what`, the command, may print its results. Standard output is not that while a cluster is
    joined: Ray prints there what it has to say, from threads of its own.

    Raises:
        UsageError: an option is wrong, Ray is not there, or no cluster.
    """
    if asked.engine == "local":
        if asked.address is not None:
            raise UsageError(f"--address {asked.address}: it is of --engine ray")
        yield sys.stdout
        return
    try:
        from nordcrawl.cluster import join
        from nordcrawl.cluster import stream as _  # noqa: F401 - with all that it needs
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _BROUGHT:
            raise
        raise UsageError(f"{what} --engine ray needs Ray: pip install 'nordcrawl[ray]'") from None
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        try:
            if join.connect(asked.address) < 1:
                raise UsageError("the Ray cluster has no CPU for a task (ray status)")
            yield out
        finally:
            join.leave()
