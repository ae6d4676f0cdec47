"""A store in memory with a clock of its own, and the ways in which stores are worse than that."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from nordcrawl.archive.store.protocol import (
    MARKER_BODY,
    MARKER_KEY,
    Capabilities,
    ObjectEntry,
    Put,
)
from nordcrawl.errors import ObjectConflict, ObjectMissing, StoreUnavailable
from tests.support.archive_builders import START


class MemoryStore:
    """Objects in a dict. Each call takes a second of the store's own time."""

    def __init__(
        self,
        *,
        conditional: bool = True,
        lag: timedelta = timedelta(0),
        spurious: float = 0.0,
        late: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.objects: dict[str, tuple[bytes, datetime]] = {}
        self.now = START
        self.conditional = conditional
        """Whether a put of other bytes under a key that is there is refused, not done."""
        self.lag = lag
        """How long a new object is not listed."""
        self.spurious = spurious
        """How likely an object is said to be missing though it is there."""
        self.late = late
        """How likely a put ends without an answer, and lands later or not at all."""
        self.random = random.Random(seed)
        self.under_way: list[tuple[datetime, str, bytes]] = []
        """Puts that will land, and when."""
        self.missing: Counter[str] = Counter()
        """How often a key is still said to be missing though it is there."""
        self.deleted: list[str] = []
        self.overwritten: list[str] = []
        self._lock = threading.Lock()

    @property
    def uri(self) -> str:
        return "memory://archive"

    def probe(self) -> Capabilities:
        self.put(MARKER_KEY, MARKER_BODY, content_type="application/json")
        return Capabilities(conditional_put=self.conditional, checksum=True)

    def tick(self, seconds: float = 1.0) -> None:
        self.now += timedelta(seconds=seconds)
        due = [put for put in self.under_way if put[0] <= self.now]
        self.under_way = [put for put in self.under_way if put[0] > self.now]
        for _, key, body in due:
            with suppress(ObjectConflict):
                self._put(key, body)

    def put(self, key: str, body: bytes, *, content_type: str) -> Put:
        with self._lock:
            self.tick()
            if self.random.random() < self.late:
                if self.random.random() < 0.8:
                    after = timedelta(seconds=self.random.choice((1, 5, 30, 120, 600)))
                    self.under_way.append((self.now + after, key, body))
                raise StoreUnavailable(f"put {key}: no answer")
            return self._put(key, body)

    def _put(self, key: str, body: bytes) -> Put:
        if key in self.objects:
            if self.objects[key][0] == body:
                return Put.ALREADY
            if self.conditional:
                raise ObjectConflict(f"put {key}")
            self.overwritten.append(key)
        self.objects[key] = (body, self.now)
        return Put.CREATED

    def get(self, key: str) -> bytes:
        with self._lock:
            self.tick()
            if self.missing[key] > 0:
                self.missing[key] -= 1
                raise ObjectMissing(f"get {key}")
            if key not in self.objects or self.random.random() < self.spurious:
                raise ObjectMissing(f"get {key}")
            return self.objects[key][0]

    def exists(self, key: str) -> bool:
        try:
            self.get(key)
        except ObjectMissing:
            return False
        return True

    def list(self, prefix: str) -> Iterator[ObjectEntry]:
        with self._lock:
            self.tick()
            found = [
                ObjectEntry(key, len(body), at)
                for key, (body, at) in sorted(self.objects.items())
                if key.startswith(prefix) and at + self.lag <= self.now
            ]
        yield from found

    def folders(self, prefix: str) -> Iterator[str]:
        names = {e.key.removeprefix(prefix).partition("/")[0] for e in self.list(prefix)}
        yield from sorted(names)

    def strangers(self) -> Iterator[str]:
        return iter(())

    def sweep(self) -> None:
        pass

    def delete(self, key: str) -> None:
        with self._lock:
            self.tick()
            if self.objects.pop(key, None) is not None:
                self.deleted.append(key)

    def settle(self) -> None:
        """End all that makes this store worse than a good one."""
        self.spurious = self.late = 0.0
        self.missing.clear()
        self.tick(3600)
