"""Follow: a writer's commits, from a known one to the newest."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from nordcrawl.archive.format import keys as layout
from nordcrawl.archive.format.commit import Commit, Heads, KnownCommit
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import ArchiveDamaged, ObjectMissing

_AT_ONCE: Final = 16
"""Gets under way side by side: a log is many small objects, and a store answers in milliseconds."""


_WINDOW: Final = 64
"""Most commits of one log that are asked for ahead."""


_LOGS: Final = 500
"""Logs that are read at a time: there may be 100,000s, and all their commits don't fit."""


_PATIENCE_S: Final = (0.1, 0.4)
"""Pauses before a commit is called missing that must be there."""


_LAG_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 20)


def writers(store: Store) -> list[str]:
    """Return the ids of all writers that ever committed, sorted."""
    return sorted(name for name in store.folders("commits/") if layout.is_writer(name))


def listed(store: Store, writer: str = "") -> dict[str, KnownCommit]:
    """Return of each writer, or of one, the last commit that a listing names; a listing may lag.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    found: dict[str, int] = {}
    for entry in store.list(f"commits/{writer}/" if writer else "commits/"):
        if (named := layout.parse_commit_key(entry.key)) is not None:
            found[named[0]] = max(named[1], found.get(named[0], 0))
    return {
        name: KnownCommit(seq, None, f"{layout.commit_key(name, seq)} is there")
        for name, seq in found.items()
    }


def chain(
    store: Store, writer: str, after: int = 0, prev_sha256: str | None = None
) -> list[Commit]:
    """Return a writer's commits after a seq; see `follow`."""
    return follow(store, {writer: (after, prev_sha256)}, listed(store, writer))[writer].commits


@dataclass(slots=True)
class Trail:
    """How far a writer's log was followed."""

    writer: str
    seq: int
    """The last commit that was looked at; the head it began with, if there was none."""
    sha256: str | None
    """Its digest; None if it is not known, or could not be read."""
    known: KnownCommit
    """A commit that must be there."""
    commits: list[Commit] = field(default_factory=list)
    ahead: int = 1
    """How many commits beyond the known one are asked for at once."""
    damaged: Callable[[ArchiveDamaged], None] | None = None
    holes: int = 0

    @property
    def head(self) -> tuple[int, str | None]:
        """As `Heads` have it."""
        return self.seq, self.sha256

    def next_keys(self) -> list[str]:
        """Return the keys to ask for."""
        ahead = 0 if self.known.last else self.ahead
        count = min(max(self.known.seq - self.seq, 0) + ahead, _WINDOW)
        return [layout.commit_key(self.writer, self.seq + n) for n in range(1, count + 1)]

    @property
    def ended(self) -> bool:
        """Whether there will never be more than was seen."""
        closed = self.known.last or (bool(self.commits) and self.commits[-1].closed)
        return closed and self.seq >= self.known.seq

    def take(self, key: str, body: bytes | ArchiveDamaged) -> None:
        """Go one commit on."""
        commit: Commit | None = None
        try:
            if isinstance(body, ArchiveDamaged):
                raise body
            commit = Commit.decode(key, body)
            is_known = self.seq == 0 or self.sha256 is not None
            if is_known and commit.prev_sha256 != self.sha256:
                raise ArchiveDamaged(f"{key}: does not follow the commit before it (prev_sha256)")
        except ArchiveDamaged as error:
            self._tell(error)
        self.seq, self.sha256 = self.seq + 1, None
        if commit is not None:
            self.commits.append(commit)
            self.sha256 = commit.sha256

    def miss(self, key: str) -> None:
        """Pass over a commit that is not there, though a later one is."""
        self.holes += 1
        self._tell(ArchiveDamaged(f"{key}: missing in the log, but {self.known.why}"))
        self.seq, self.sha256 = self.seq + 1, None

    def _tell(self, error: ArchiveDamaged) -> None:
        if self.damaged is None:
            raise error
        self.damaged(error)


def follow(
    store: Store,
    heads: Heads,
    known: Mapping[str, KnownCommit] = MappingProxyType({}),
    damaged: Callable[[ArchiveDamaged], None] | None = None,
) -> dict[str, Trail]:
    """Return the commits of several writers, of each those after its head.

    No listing is relied upon for what there is: commits are numbered without gap, and are asked
    for until one is missing, several at once. But `known` are commits that must be there: if the
    one that is missing comes before, the log has a hole. So it has if a later one came along.

    Raises:
        ArchiveDamaged: there is a hole, or an object is no commit, or not the successor of the one
            before. With `damaged` that is told to it, and what comes behind is followed.
        StoreRefused, StoreUnavailable: the store.
    """
    nothing = KnownCommit(0, None, "")
    trails = {
        writer: Trail(writer, *head, known.get(writer, nothing), damaged=damaged)
        for writer, head in heads.items()
    }
    waiting = deque(trails.values())
    with ThreadPoolExecutor(_AT_ONCE, "log") as pool:
        while waiting:
            some = [waiting.popleft() for _ in range(min(_LOGS, len(waiting)))]
            asked = [(trail, trail.next_keys()) for trail in some]
            bodies = pool.map(partial(_read, store.get), [k for _, keys in asked for k in keys])
            for trail, keys in asked:
                if _go_on(store, trail, [(key, next(bodies)) for key in keys]):
                    waiting.append(trail)
    return trails


def _go_on(
    store: Store, trail: Trail, pairs: list[tuple[str, bytes | ArchiveDamaged | None]]
) -> bool:
    """Take the commits that came, up to the first that did not; tell whether the log goes on."""
    for number, (key, body) in enumerate(pairs):
        if body is not None:
            trail.take(key, body)
            continue
        for seq, (later, there) in enumerate(pairs[number + 1 :], start=trail.seq + 2):
            if there is not None and seq > trail.known.seq:
                trail.known = KnownCommit(seq, None, f"{later} is there")
        if trail.known.seq <= trail.seq:
            return False
        # It may have been put after it was asked for, and the later one before that was; some
        # stores go on saying "missing" for a moment. Behind a hole there is no need to be patient.
        body = _read(partial(get_patiently, store), key) if not trail.holes else None
        if body is None:
            trail.miss(key)
        else:
            trail.take(key, body)
        return True
    trail.ahead = min(2 * trail.ahead, _WINDOW)
    return not trail.ended


def get_patiently(store: Store, key: str) -> bytes:
    """Return an object that must be there; some stores say "missing" for a moment.

    Raises:
        ObjectMissing: it is not there after some tries either.
        StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
    """
    for wait_s in _PATIENCE_S:
        with suppress(ObjectMissing):
            return store.get(key)
        time.sleep(wait_s)
    return store.get(key)


def is_there(store: Store, key: str) -> bool:
    """Return whether there is an object, asked again before it is called missing.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    for wait_s in _PATIENCE_S:
        if store.exists(key):
            return True
        time.sleep(wait_s)
    return store.exists(key)


def got(store: Store, key: str) -> bytes | None:
    """Return an object, None if there is none.

    Raises:
        StoreRefused, StoreUnavailable, ArchiveDamaged: the store.
    """
    try:
        return store.get(key)
    except ObjectMissing:
        return None


def tries(pause: Callable[[float], object]) -> Iterator[None]:
    """Yield at once, and again after each of some pauses, for a minute: how long a listing may lag
    before what it lacks is left for the next time."""
    yield
    for wait_s in _LAG_S:
        pause(wait_s)
        yield


def _read(get: Callable[[str], bytes], key: str) -> bytes | ArchiveDamaged | None:
    try:
        return get(key)
    except ObjectMissing:
        return None
    except ArchiveDamaged as error:
        return error
