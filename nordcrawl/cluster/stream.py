"""Stream: blocks through the machines of a cluster, by Ray Data.

Each block is a row in and a row out, so that a block which is begun anew, since its machine died,
comes whole or not at all, once. They are worked on by tasks, not by actors: a task whose machine
died is begun elsewhere, whereas calls of an actor wait until there is room for that actor again. A
process that works on one keeps what it needs for the next (`nordcrawl.cluster.machine`).
Source: docs.ray.io, "Transforming data", "Execution configurations", "Task fault tolerance".
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from nordcrawl.cluster.join import brief, cpus, ray
from nordcrawl.cluster.machine import Answer, Told, answer
from nordcrawl.errors import NordcrawlError

import ray.data  # isort: skip - behind what is to be set before Ray is loaded

logger = logging.getLogger(__name__)

#: Blocks that the cluster is given at a time. What is to be worked on lies in its memory from the
#: start, so that must have an end; at the end of each window some CPUs have nothing to do.
WINDOW: Final = 1000
#: How often a window is begun anew, in a row, behind the blocks that came.
_TRIES: Final = 3
#: What is raised is told by whoever called for it, in a line.
_LOGS: Final = {
    "ray.data": logging.ERROR,
    "ray.data.exceptions": logging.CRITICAL,
    "ray.data._internal.execution.resource_manager": logging.WARNING,  # there is no room
}
#: What our own code raised there: a second time it would, too.
_OURS: Final = (ray.exceptions.RayTaskError, ray.exceptions.UserCodeException)
_BLOCK: Final = "block"
_KEY: Final = "key"


def mapped(blocks: Iterable[Sequence[Any]], told: Told) -> Generator[list[Any], None, None]:
    """Yield what comes of each block, in their order; some are worked on ahead, and few are held.

    Raises:
        NordcrawlError: what a machine met, and which it told; or the cluster gave up.
    """
    _settings(in_order=True)
    left = iter(blocks)
    while window := [_packed(block) for block in islice(left, WINDOW)]:
        yield from _window(window, told)


def _window(window: list[pa.Table], told: Told) -> Iterator[list[Any]]:
    taken, tries = 0, 0
    while taken < len(window):
        try:
            for values in _streamed(window[taken:], told):
                taken, tries = taken + 1, 0
                yield values
            if taken < len(window):
                raise NordcrawlError(f"the cluster lost {len(window) - taken} blocks of work")
        except ray.exceptions.RayError as error:
            tries += 1
            if tries >= _TRIES or isinstance(error, _OURS):
                raise NordcrawlError(f"the cluster: {brief(error)}") from None
            logger.warning("the cluster: %s; what is left is begun anew", brief(error))


def _streamed(tables: list[pa.Table], told: Told) -> Iterator[list[Any]]:
    work = ray.data.from_arrow(tables).map_batches(
        _map,
        batch_size=None,
        batch_format="pyarrow",
        fn_args=[told.to_json()],
        num_cpus=1,
    )
    for batch in work.iter_batches(batch_size=None, batch_format="pyarrow"):
        for row in batch[_BLOCK]:
            yield _unpacked(row).told()


def _map(table: pa.Table, told: dict[str, Any]) -> pa.Table:
    """Work on a block, or on some that the cluster has put together, on a machine."""
    return _rows(answer(told, block.as_py()) for block in table[_BLOCK])


def folded(
    blocks: Iterable[Sequence[Any]], told: Told, fold: Callable[[list[Any]], Any]
) -> Iterator[Any]:
    """Yield what `fold`, a function of a module, makes on a machine of all values with one key, in
    no order. What comes of the blocks are pairs of a key, a number, and a value.

    Raises:
        NordcrawlError: what a machine met, and which it told; or the cluster.
    """
    _settings(in_order=False)
    try:
        work = (
            ray.data.from_arrow([_packed(block) for block in blocks])
            .map_batches(
                _map_keyed,
                batch_size=None,
                batch_format="pyarrow",
                fn_args=[told.to_json()],
                num_cpus=1,
            )
            .groupby(_KEY, num_partitions=max(1, cpus()))
            .map_groups(_fold, batch_format="pyarrow", fn_args=[fold])
        )
        for batch in work.iter_batches(batch_size=None, batch_format="pyarrow"):
            for row in batch[_BLOCK]:
                (value,) = _unpacked(row).told()
                yield value
    except ray.exceptions.RayError as error:
        raise NordcrawlError(f"the cluster: {brief(error)}") from None


def _map_keyed(table: pa.Table, told: dict[str, Any]) -> pa.Table:
    """Do the same, with a row for each key."""
    pairs: list[tuple[int, Any]] = []
    for block in table[_BLOCK]:
        found = answer(told, block.as_py())
        pairs += found.values if found.error is None else [(0, found.error)]
    keys = pa.array([key for key, _ in pairs], pa.int64())
    return _rows(value for _, value in pairs).append_column(_KEY, keys)


def _fold(table: pa.Table, fold: Callable[[list[Any]], Any]) -> pa.Table:
    """Fold the values of a key, on a machine."""
    values = [pickle.loads(row.as_py()) for row in table[_BLOCK]]  # noqa: S301 - of our own
    error = next((value for value in values if isinstance(value, NordcrawlError)), None)
    try:
        return _rows([Answer([fold(values)]) if error is None else Answer([], error)])
    except NordcrawlError as met:
        return _rows([Answer([], met)])


def _packed(items: Sequence[Any]) -> pa.Table:
    return _rows([[*items]])


def _rows(values: Iterable[Any]) -> pa.Table:
    bodies = [pickle.dumps(value, pickle.HIGHEST_PROTOCOL) for value in values]
    return pa.table({_BLOCK: pa.array(bodies, pa.large_binary())})


def _unpacked(row: Any) -> Answer:
    found: Answer = pickle.loads(row.as_py())  # noqa: S301 - of our own workers
    return found


def _settings(*, in_order: bool) -> None:
    """Set how Ray Data works and what it says."""
    for name, level in _LOGS.items():
        logging.getLogger(name).setLevel(level)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = in_order
