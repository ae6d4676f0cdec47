"""Weaving: several actors on one store, and a seed that says whose single call is next."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Self

import pytest

from nordcrawl.archive.log import catalog, follow, wholeness
from tests.support.memory_store import MemoryStore

_STUCK_S = 600.0
_SLEEPY = 0.05
"""How likely somebody falls asleep at a call."""
_NAPS = (20, 100, 400)
"""For how many calls of others."""


class StoppedError(BaseException):
    """Another actor failed, so this one needs not go on."""


class KilledError(BaseException):
    """Stands for a kill before a call of the store: nobody handles it but who starts again."""


class Turns:
    """A store as one actor has it: it waits for its turn before each call."""

    def __init__(self, store: MemoryStore, wait: Callable[[], None]) -> None:
        self._store = store
        self._wait = wait
        self.kill = 0.0
        """How likely the actor is killed before a call."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._store, name)
        if name not in _CALLS:
            return value

        def call(*args: Any, **more: Any) -> Any:
            self._wait()
            if self._store.random.random() < self.kill:
                raise KilledError
            found = value(*args, **more)
            return list(found) if name in ("list", "folders", "strangers") else found

        return call


_CALLS = ("probe", "put", "get", "exists", "list", "folders", "strangers", "delete")


class Weave:
    """Threads of which one runs at a time, between two calls of the store."""

    def __init__(self, store: MemoryStore, seed: int) -> None:
        self._store = store
        self._random = random.Random(seed)
        self._waiting: dict[str, threading.Semaphore] = {}
        self._idle = threading.Semaphore(0)
        self._stopped = False
        self.failures: list[BaseException] = []
        self.calls = 0

    def run(self, actors: dict[str, Callable[[Any], None]]) -> None:
        """Run all to their end; raises what the first of them raised."""
        threads = []
        for name, act in actors.items():
            turn = threading.Semaphore(0)
            thread = threading.Thread(target=self._act, args=(name, act, turn), name=name)
            threads.append(thread)
            thread.daemon = True
            thread.start()
            self._take_idle()
        asleep: dict[str, int] = {}
        while self._waiting:
            # One that sleeps between two calls while others do all of their work finds more than
            # an even mixture does.
            if self._random.random() < _SLEEPY:
                asleep[self._random.choice(sorted(self._waiting))] = self._random.choice(_NAPS)
            asleep = {name: left - 1 for name, left in asleep.items() if left > 1}
            awake = self._waiting.keys() - asleep.keys() or self._waiting.keys()
            name = self._random.choice(sorted(awake))
            self.calls += 1
            self._waiting.pop(name).release()
            self._take_idle()
        for thread in threads:
            thread.join(_STUCK_S)
        if self.failures:
            raise self.failures[0]

    def _take_idle(self) -> None:
        if not self._idle.acquire(timeout=_STUCK_S):
            raise AssertionError("an actor is stuck")

    def _act(self, name: str, act: Callable[[Any], None], turn: threading.Semaphore) -> None:
        def wait() -> None:
            if self._stopped:
                raise StoppedError
            self._waiting[name] = turn
            self._idle.release()
            turn.acquire()
            if self._stopped:
                raise StoppedError

        try:
            act(Turns(self._store, wait))
        except StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001 (raised again by `run`)
            error.add_note(f"in {name}, after {self.calls} calls")
            self.failures.append(error)
            self._stopped = True
        finally:
            self._idle.release()


class _Serial:
    """Stands for a pool of threads: an actor is one thread here."""

    def __init__(self, *_: Any) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[[Any], Any], values: Iterable[Any]) -> Iterator[Any]:
        return map(function, list(values))


@contextmanager
def woven_time(store: MemoryStore) -> Iterator[None]:
    """Pauses pass on the store's clock, and nothing runs in a thread of its own. Two ended logs are
    worth a catalog."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follow, "ThreadPoolExecutor", _Serial)
        patch.setattr(wholeness, "side_by_side", lambda function, values, _: map(function, values))
        patch.setattr(catalog, "WORTH", 2)
        patch.setattr(follow, "time", SimpleNamespace(sleep=store.tick))
        yield
