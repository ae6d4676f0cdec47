"""Cluster: the shards as tasks of Ray (extra ``ray``). The one module of the fleet that knows Ray.

What Ray does for us: it chooses a machine for each shard, and another one when a worker or a
machine dies. What it does not do: it can't tell whether a machine that it has lost still crawls;
that is what `nordcrawl.fleet.holding` is for.
Source: docs.ray.io, "Task Fault Tolerance", "ray.cancel", "Ray token authentication".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from nordcrawl.cluster.join import brief, connect, leave, ray
from nordcrawl.errors import ExitCode
from nordcrawl.fleet.gather import Ended
from nordcrawl.fleet.order import Order
from nordcrawl.fleet.worker import run_order

__all__ = ["connect", "leave", "run"]

#: A crawl waits more than it works, and its extraction has processes of its own.
_shard: Final = ray.remote(num_cpus=1, retry_exceptions=False, scheduling_strategy="SPREAD")(
    run_order
)
#: Seconds between two looks whether somebody wants an end.
_LOOK_S: Final = 0.5
#: Seconds in which shards that were told to stop tell how they ended.
STOPPED_S: Final = 75.0


def run(
    orders: Sequence[Order],
    *,
    retries: int,
    stopping: Callable[[], int],
) -> Iterator[Ended]:
    """Run each order on a machine of the cluster, and yield how it ended, as they end.

    A shard whose worker or machine dies is begun anew elsewhere, `retries` times at most.
    `stopping` tells how often this was told to stop: once, and the shards are stopped in order;
    twice, and they are left to stop by themselves.
    """
    waiting = {
        _shard.options(name=f"shard {one.name}", max_retries=retries).remote(one.to_json()): one
        for one in orders
    }
    told_at: float | None = None
    while waiting:
        if stopping() and told_at is None:
            told_at = time.monotonic()
            for task in waiting:
                ray.cancel(task, force=False)
        late = told_at is not None and time.monotonic() - told_at > STOPPED_S
        if stopping() > 1 or late:
            for order in waiting.values():
                yield _untold(order, ExitCode.INTERRUPTED, "stopped; it did not tell how it ended")
            return
        done, _ = ray.wait([*waiting], num_returns=1, timeout=_LOOK_S)
        for task in done:
            yield _ended(task, waiting.pop(task))


def _ended(task: Any, order: Order) -> Ended:
    try:
        return Ended.of(ray.get(task))
    except ray.exceptions.TaskCancelledError:
        return _untold(order, ExitCode.INTERRUPTED, "stopped before it began")
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError) as error:
        why = f"its machine died, and those that it was begun on anew: {brief(error)}"
        return _untold(order, ExitCode.FAILED, why)
    except ray.exceptions.RayError as error:
        return _untold(order, ExitCode.FAILED, brief(error))


def _untold(order: Order, code: ExitCode, why: str) -> Ended:
    return Ended.untold(order.number, order.count, code, why)
