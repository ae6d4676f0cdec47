"""The commit log: what a writer says is in the archive, and how a reader follows it.

Each writer has a log of its own, ``commits/<writer>/000000000001.json`` and on; an object there
is never changed. What no commit lists is not in the archive. Knows nothing of the spool.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self, TypeAlias

from nordcrawl.archive import layout
from nordcrawl.archive.layout import PartKind
from nordcrawl.archive.store import Store
from nordcrawl.article import parse_rfc3339, rfc3339
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, UsageError

COMMIT_FORMAT = "nordcrawl-commit"
COMMIT_VERSION = 2
_CURSOR_PREFIX = "c1."
_AT_ONCE: Final = 16
"""Gets under way side by side: a log is many small objects, and a store answers in milliseconds."""
_WINDOW: Final = 64
"""Most commits of one log that are asked for ahead."""

_PATIENCE_S: Final = (0.1, 0.4)
"""Pauses before a commit is called missing that must be there."""

Heads: TypeAlias = Mapping[str, tuple[int, str | None]]
"""Of each writer the seq and digest of its last known commit; the digest None if not known."""


@dataclass(frozen=True, slots=True)
class Known:
    """A commit of which something else tells that it must be there, and so all before it."""

    seq: int
    sha256: str | None
    """None if that is not told."""
    why: str
    """What tells of it, as the end of a sentence."""


class CommitKind(StrEnum):
    """What a commit does."""

    APPEND = "append"
    """Brings new lines."""
    COMPACT = "compact"
    """Puts parts together; no line comes or goes."""
    ERASE = "erase"
    """Takes lines out, and brings tombstones for them."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines as one commit once brought them, wherever they lie now.

    A part that an append brought is one segment. Compaction joins segments into a part without
    touching their bytes; erasure rewrites the ones that hold an erased line. Who knows the origin
    knows whether a reader has had these lines, and that two copies of them are one.
    """

    origin: str
    """Key of the part that first brought these lines."""
    writer: str
    seq: int
    """Writer and number of the commit that first brought them."""
    committed_at: datetime
    sha256: str
    """Of its bytes within the part: whole gzip members."""
    bytes: int
    records: int

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in ``segments``."""
        return {
            "origin": self.origin,
            "writer": self.writer,
            "seq": self.seq,
            "committed_at": rfc3339(self.committed_at),
            "sha256": self.sha256,
            "bytes": self.bytes,
            "records": self.records,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read back `to_json`; `ValueError`, `KeyError` or `TypeError` for anything else."""
        committed_at = parse_rfc3339(values["committed_at"])
        if committed_at is None or not layout.is_part_key(values["origin"]):
            raise ValueError(f"no segment: {values['origin']!r}")
        return cls(
            origin=values["origin"],
            writer=values["writer"],
            seq=int(values["seq"]),
            committed_at=committed_at,
            sha256=values["sha256"],
            bytes=int(values["bytes"]),
            records=int(values["records"]),
        )


@dataclass(frozen=True, slots=True)
class PartEntry:
    """A part as a commit lists it."""

    key: str
    kind: PartKind
    sha256: str
    """Of the compressed object."""
    bytes: int
    """Of the compressed object."""
    records: int
    """Lines."""
    first_seq: int
    last_seq: int
    min_at: str
    """Earliest fetched_at (articles) or at (ledger) of the lines, RFC 3339."""
    max_at: str
    segments: tuple[Segment, ...] = ()
    """What it was put together of, in the order of its bytes; empty for what an append brought."""

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in ``add``."""
        values: dict[str, Any] = {
            "key": self.key,
            "kind": str(self.kind),
            "sha256": self.sha256,
            "bytes": self.bytes,
            "records": self.records,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "min_at": self.min_at,
            "max_at": self.max_at,
        }
        if self.segments:
            values["segments"] = [segment.to_json() for segment in self.segments]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read back `to_json`; `ValueError`, `KeyError` or `TypeError` for anything else."""
        if not layout.is_part_key(values["key"]):
            raise ValueError(f"no key of a part: {values['key']!r}")
        return cls(
            key=values["key"],
            kind=PartKind(values["kind"]),
            sha256=values["sha256"],
            bytes=int(values["bytes"]),
            records=int(values["records"]),
            first_seq=int(values["first_seq"]),
            last_seq=int(values["last_seq"]),
            min_at=values["min_at"],
            max_at=values["max_at"],
            segments=tuple(Segment.from_json(x) for x in values.get("segments", ())),
        )


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of a writer's log: parts that are in the archive from here on, and parts that are
    no longer."""

    writer: str
    seq: int
    prev_sha256: str | None
    source: str
    run_id: str
    committed_at: datetime
    add: tuple[PartEntry, ...]
    remove: tuple[str, ...] = ()
    kind: CommitKind = CommitKind.APPEND
    base: Mapping[str, int] = field(default_factory=dict)
    """Of each writer whose parts it removes or carries on, the last commit that it knew: who
    has seen this commit must have seen those."""
    sha256: str = field(default="", compare=False)
    """Of the object's bytes; empty before it is written."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return layout.commit_key(self.writer, self.seq)

    def segments(self, part: PartEntry) -> tuple[Segment, ...]:
        """Return what one of its parts is made of."""
        return part.segments or (
            Segment(
                origin=part.key,
                writer=self.writer,
                seq=self.seq,
                committed_at=self.committed_at,
                sha256=part.sha256,
                bytes=part.bytes,
                records=part.records,
            ),
        )

    def encode(self) -> bytes:
        """Return the object's bytes."""
        values: dict[str, Any] = {
            "format": COMMIT_FORMAT,
            "version": COMMIT_VERSION,
            "writer": self.writer,
            "seq": self.seq,
            "prev_sha256": self.prev_sha256,
            "kind": str(self.kind),
            "source": self.source,
            "run_id": self.run_id,
            "committed_at": rfc3339(self.committed_at),
            "add": [part.to_json() for part in self.add],
            "remove": list(self.remove),
        }
        if self.base:
            values["base"] = dict(sorted(self.base.items()))
        return layout.encode_sealed(values)

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a commit; one of version 1 is an append, and not sealed.

        Raises:
            ArchiveDamaged: it is none, was changed, is of a later format, or stands under a wrong
                key.
        """
        try:
            values = layout.decode_json(body)
            version, kind = values["version"], values["kind"]
            if values["format"] != COMMIT_FORMAT or (version, kind) not in _KNOWN:
                raise ValueError(
                    f"version {version!r}, kind {kind!r}: this nordcrawl can't read it"
                )
            if version > 1 or "sha256" in values:
                layout.decode_sealed(body)
            committed_at = parse_rfc3339(values["committed_at"])
            if committed_at is None:
                raise ValueError("no committed_at")
            commit = cls(
                writer=values["writer"],
                seq=values["seq"],
                prev_sha256=values["prev_sha256"],
                source=values["source"],
                run_id=values["run_id"],
                committed_at=committed_at,
                add=tuple(PartEntry.from_json(part) for part in values["add"]),
                remove=tuple(values["remove"]),
                kind=CommitKind(kind),
                base={writer: int(seq) for writer, seq in values.get("base", {}).items()},
                sha256=hashlib.sha256(body).hexdigest(),
            )
            if commit.key != key:
                raise ValueError(f"it says that it is {commit.key}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveDamaged(f"{key}: not a commit that can be read: {error}") from error
        return commit


_KNOWN: Final = {(1, "append")} | {(2, str(kind)) for kind in CommitKind}


def writers(store: Store) -> list[str]:
    """Return the ids of all writers that ever committed, sorted."""
    return sorted(name for name in store.folders("commits/") if layout.is_writer(name))


def listed(store: Store, writer: str = "") -> dict[str, Known]:
    """Return of each writer, or of one, the last commit that a listing names; a listing may lag.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    found: dict[str, int] = {}
    for entry in store.list(f"commits/{writer}/" if writer else "commits/"):
        if (named := layout.parse_commit_key(entry.key)) is not None:
            found[named[0]] = max(named[1], found.get(named[0], 0))
    return {
        name: Known(seq, None, f"{layout.commit_key(name, seq)} is there")
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
    known: Known
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
        count = min(max(self.known.seq - self.seq, 0) + self.ahead, _WINDOW)
        return [layout.commit_key(self.writer, self.seq + n) for n in range(1, count + 1)]

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
    known: Mapping[str, Known] = MappingProxyType({}),
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
    nothing = Known(0, None, "")
    trails = {
        writer: Trail(writer, *head, known.get(writer, nothing), damaged=damaged)
        for writer, head in heads.items()
    }
    open_trails = list(trails.values())
    with ThreadPoolExecutor(_AT_ONCE, "log") as pool:
        while open_trails:
            asked = [(trail, trail.next_keys()) for trail in open_trails]
            bodies = pool.map(lambda key: _get(store, key), [k for _, keys in asked for k in keys])
            found = [(trail, [(key, next(bodies)) for key in keys]) for trail, keys in asked]
            open_trails = [trail for trail, pairs in found if _go_on(store, trail, pairs)]
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
                trail.known = Known(seq, None, f"{later} is there")
        if trail.known.seq <= trail.seq:
            return False
        # It may have been put after it was asked for, and the later one before that was; some
        # stores go on saying "missing" for a moment. Behind a hole there is no need to be patient.
        body = _look_again(store, key) if not trail.holes else None
        if body is None:
            trail.miss(key)
        else:
            trail.take(key, body)
        return True
    trail.ahead = min(2 * trail.ahead, _WINDOW)
    return True


def _look_again(store: Store, key: str) -> bytes | ArchiveDamaged | None:
    for wait_s in _PATIENCE_S:
        if (body := _get(store, key)) is not None:
            return body
        time.sleep(wait_s)
    return _get(store, key)


def _get(store: Store, key: str) -> bytes | ArchiveDamaged | None:
    try:
        return store.get(key)
    except ObjectMissing:
        return None
    except ArchiveDamaged as error:
        return error


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader has come: the last commit seen of each writer.

    As text it is opaque and fit for URLs, file names and arguments:

    >>> Cursor.parse(str(Cursor({"00aa11bb22": 300}))).seen
    {'00aa11bb22': 300}
    """

    seen: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        packed = b"".join(
            bytes.fromhex(writer) + _varint(seq) for writer, seq in sorted(self.seen.items())
        )
        token = base64.urlsafe_b64encode(packed + hashlib.sha256(packed).digest()[:4])
        return _CURSOR_PREFIX + token.decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `str` wrote.

        Raises:
            UsageError: it is no cursor, or was changed.
        """
        wrong = UsageError(f"not a cursor: {text[:80]!r}; give one as nordcrawl printed it")
        token = text.removeprefix(_CURSOR_PREFIX)
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error) as error:
            raise wrong from error
        packed, check = raw[:-4], raw[-4:]
        if token == text or len(raw) < 4 or hashlib.sha256(packed).digest()[:4] != check:
            raise wrong
        seen: dict[str, int] = {}
        position = 0
        while position < len(packed):
            writer = packed[position : position + 5].hex()
            position += 5
            seq = shift = 0
            more = True
            while more:
                if position >= len(packed):
                    raise wrong
                byte = packed[position]
                position += 1
                seq |= (byte & 0x7F) << shift
                shift += 7
                more = byte >= 0x80
            seen[writer] = seq
        return cls(seen)


def _varint(value: int) -> bytes:
    """Write a number as little-endian groups of seven bits, LEB128."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
