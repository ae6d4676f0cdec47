"""Join: the way into a cluster and out of it, and the one module that imports Ray."""

from __future__ import annotations

import logging
import os
import signal

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # before it is loaded: it tells its makers
# Without it, what asks Ray for something after the cluster was left begins a cluster of its own.
os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")

import ray
import ray.exceptions

from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.words import reason

__all__ = ["brief", "connect", "cpus", "leave", "ray"]


def connect(address: str | None) -> int:
    """Join a cluster, or begin one of this machine alone; return its CPUs. What a signal does to
    this process stays as it was. Of the main thread.

    Raises:
        UsageError: it can't be joined.
    """
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            namespace="nordcrawl",
            logging_level=logging.ERROR,
            include_dashboard=False,  # of one that is begun here
        )
        return cpus()
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        where = address or os.environ.get("RAY_ADDRESS") or "of this machine"
        raise UsageError(
            f"the Ray cluster {shown(where)} can't be joined: {reason(error)}"
        ) from None
    finally:
        # Ray's own handler ends the process with 15, which says something else here.
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def cpus() -> int:
    """Return how many CPUs the cluster has now."""
    return int(ray.cluster_resources().get("CPU", 0))


def leave() -> None:
    """Leave the cluster; what is still at work there is told to stop."""
    ray.shutdown()


def brief(error: Exception) -> str:
    """Return the last line of what Ray says, which is long: there stands what was raised."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return shown(lines[-1].strip(), 200) if lines else type(error).__name__
