"""Machine: what a machine of a cluster is told, and what it holds between blocks.

No secret is in what it is told: keys and endpoint of the store it takes from its own environment.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol, Self

from nordcrawl._version import __version__
from nordcrawl.archive.store.address import archive_name, open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.archive.write import read_id
from nordcrawl.cluster.alike import refuse_another_archive, refuse_another_release
from nordcrawl.errors import NordcrawlError


class Worker(Protocol):
    """Works on blocks, one at a time, in one process; made by the store and what it is told."""

    def work(self, items: Sequence[Any]) -> list[Any]:
        """Return what comes of a block's items."""

    def close(self) -> None:
        """Let go of what it holds: other work has come."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a machine is told, beside the items."""

    archive: str
    """As `nordcrawl.archive.store.address.archive_name` spells it."""
    archive_id: str | None
    retry_s: float
    """Of the store."""
    worker: str
    """Module and class of a `Worker`."""
    what: bytes
    """What the worker is told, pickled."""
    release: str = __version__

    @classmethod
    def of(cls, store: Store, archive: str, retry_s: float, worker: type, what: Any) -> Self:
        """Tell what `worker` is to be told, of the archive in a store.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: the archive's id.
        """
        name = f"{worker.__module__}:{worker.__qualname__}"
        told = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
        return cls(archive_name(archive), read_id(store), retry_s, name, told)

    def to_json(self) -> dict[str, Any]:
        """Return it as values that any release can read."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave.

        Raises:
            UsageError: it is of another release.
        """
        refuse_another_release(values)
        return cls(**values)

    def store(self) -> Store:
        """Return the archive's store, as this machine sees it.

        Raises:
            UsageError: it is another archive here.
            ArchiveDamaged, StoreRefused, StoreUnavailable: the archive's id can't be read.
        """
        store = open_store(self.archive, retry_s=self.retry_s)
        refuse_another_archive(store, self.archive_id)
        return store


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a block: values, or why there are none."""

    values: list[Any]
    error: NordcrawlError | None = None

    def told(self) -> list[Any]:
        """Return the values, or raise what the machine met."""
        if self.error is not None:
            raise self.error
        return self.values


#: The worker of this process and what it was told; there is one at a time.
_held: Final[dict[str, tuple[Mapping[str, Any], Worker]]] = {}
_ONE: Final = "worker"


def answer(values: Mapping[str, Any], block: bytes) -> Answer:
    """Work on a block, as `Told.to_json` says; what is ours to raise comes back as a value, for
    a cluster tells errors in words of its own."""
    try:
        return Answer(_worker(values).work(pickle.loads(block)))  # noqa: S301 - of our own driver
    except NordcrawlError as error:
        return Answer([], error)


def _worker(values: Mapping[str, Any]) -> Worker:
    if _ONE in _held:
        before, held = _held[_ONE]
        if before == values:
            return held
        del _held[_ONE]
        held.close()
    told = Told.from_json(values)
    module, _, name = told.worker.partition(":")
    store, what = told.store(), pickle.loads(told.what)  # noqa: S301 - of our own driver
    worker: Worker = getattr(importlib.import_module(module), name)(store, what)
    _held[_ONE] = dict(values), worker
    return worker
