"""Commit: what a writer says is in the archive.

Each writer has a log of its own, ``commits/<writer>/000000000001.json`` and on; an object there
is never changed. What no commit lists is not in the archive. `nordcrawl.archive.log.follow` reads.
"""

from __future__ import annotations

import hashlib
import marshal
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from sys import intern
from types import MappingProxyType
from typing import Any, Final, Self, TypeAlias

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.format.sealed import check_seal, encode_sealed, readable, time_of
from nordcrawl.model.times import parse_rfc3339, rfc3339

COMMIT_FORMAT = "nordcrawl-commit"
COMMIT_VERSION = 2
CAPTURE_VERSION = 3
"""Of a commit that adds captures: who does not know them could not erase them."""


Heads: TypeAlias = Mapping[str, tuple[int, str | None]]
"""Of each writer the seq and digest of its last known commit; the digest None if not known."""


@dataclass(frozen=True, slots=True)
class KnownCommit:
    """A commit of which something else tells that it must be there, and so all before it."""

    seq: int
    sha256: str | None
    """None if that is not told."""
    why: str
    """What tells of it, as the end of a sentence."""
    last: bool = False
    """The log ends with it."""


class CommitKind(StrEnum):
    """What a commit does."""

    APPEND = "append"
    """Brings new lines."""
    COMPACT = "compact"
    """Puts parts together; no line comes or goes."""
    ERASE = "erase"
    """Takes lines out, and brings tombstones for them."""
    RELEASE = "release"
    """Takes lines out of quarantine, and brings what they hold as articles."""
    DROP = "drop"
    """Takes lines out of quarantine for good; ledger lines say so."""


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
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"committed_at": rfc3339(self.committed_at)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read back `to_json`; `ValueError`, `KeyError` or `TypeError` for anything else."""
        if not (keys.is_part_key(values["origin"]) and keys.is_writer(values["writer"])):
            raise ValueError(f"no segment: {values['origin']!r} of {values['writer']!r}")
        return cls(
            origin=intern(values["origin"]),
            writer=intern(values["writer"]),
            seq=_number(values, "seq", 1),
            committed_at=time_of(values, "committed_at"),
            sha256=values["sha256"],
            bytes=_number(values, "bytes"),
            records=_number(values, "records"),
        )


def is_copy(one: Segment, other: Segment) -> bool:
    """Return whether readers take two segments for copies of one, be they erased in or not."""
    return (one.origin, one.writer, one.seq) == (other.origin, other.writer, other.seq)


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
        values = {name: getattr(self, name) for name in self.__slots__ if name != "segments"}
        if self.segments:
            values["segments"] = [segment.to_json() for segment in self.segments]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read back `to_json`; `ValueError`, `KeyError` or `TypeError` for anything else."""
        if not keys.is_part_key(values["key"]):
            raise ValueError(f"no key of a part: {values['key']!r}")
        return cls(
            key=values["key"],
            kind=PartKind(values["kind"]),
            sha256=values["sha256"],
            bytes=_number(values, "bytes"),
            records=_number(values, "records"),
            first_seq=int(values["first_seq"]),
            last_seq=int(values["last_seq"]),
            min_at=_moment(values["min_at"]),
            max_at=_moment(values["max_at"]),
            segments=tuple(Segment.from_json(x) for x in values.get("segments", ())),
        )


def _number(values: Mapping[str, Any], name: str, least: int = 0) -> int:
    if (number := int(values[name])) < least:
        raise ValueError(f"its {name} is {number}")
    return number


def _moment(text: str) -> str:
    """Return a time as it is, or nothing; raise for what is neither, or can't be reckoned with."""
    at = parse_rfc3339(text) if text != "" else None
    if text is None or (at is not None and not 1 < at.year < 9999):
        raise ValueError(f"no time: {text!r}")
    return text


class Appended(Sequence[PartEntry]):
    """The parts that an append brought, in few bytes: whoever looks at an archive holds the commits
    of every writer that ever was. A look makes the entries anew, but for the latest ones."""

    __slots__ = ("_packed", "_source", "_writer")

    def __init__(self, source: str, writer: str, entries: Iterable[PartEntry]) -> None:
        """Take entries whose keys are of this source and, but for captures, of this writer, and
        that have no segments.

        Raises:
            ValueError: a digest is none.
        """
        self._source, self._writer = source, writer
        press = zlib.compressobj(wbits=_WINDOW, memLevel=1, zdict=_LIKE)
        self._packed = press.compress(marshal.dumps(list(map(_row, entries)))) + press.flush()

    def __len__(self) -> int:
        return len(self._entries())

    def __getitem__(self, index: Any) -> Any:
        return self._entries()[index]

    def __iter__(self) -> Iterator[PartEntry]:
        return iter(self._entries())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # it equals tuples, which hash otherwise

    def _entries(self) -> tuple[PartEntry, ...]:
        return _unpacked(self._packed, self._source, self._writer)


@lru_cache(maxsize=16)  # whoever reads a part asks for its entry a dozen times
def _unpacked(body: bytes, source: str, writer: str) -> tuple[PartEntry, ...]:
    raw = zlib.decompressobj(_WINDOW, _LIKE).decompress(body)
    rows: list[tuple[Any, ...]] = marshal.loads(raw)  # noqa: S302  # made in this very process
    return tuple(_entry(row, source, writer) for row in rows)


def _entry(row: tuple[Any, ...], source: str, writer: str) -> PartEntry:
    name, date, number, sha256, *values = row
    try:
        kind = PartKind(name)
    except ValueError:
        kind, writer = PartKind.CAPTURE, name
    key = keys.part_key(kind, source, date, writer, number)
    return PartEntry(key, kind, sha256.hex(), *values)


def _row(entry: PartEntry) -> tuple[Any, ...]:
    key = entry.key
    # Of a capture the id in its key, which is ten hex digits and so no kind.
    kind = keys.id_of(key) if entry.kind is PartKind.CAPTURE else entry.kind.value
    return (
        *(kind, keys.date_of(key), keys.number_of(key)),
        *(bytes.fromhex(entry.sha256), entry.bytes, entry.records),
        *(entry.first_seq, entry.last_seq, entry.min_at, entry.max_at),
    )


_WINDOW: Final = -9
"""For zlib: 512 bytes, and nothing around them."""
_TIME: Final = "2026-10-26T08:38:00.123456Z"
#: What one is likely to hold, for zlib to have seen it already.
_LIKE: Final = marshal.dumps([("article", _TIME[:10], 1, bytes(32), 9, 1, 1, 2, _TIME, _TIME)] * 2)


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
    add: Sequence[PartEntry]
    remove: tuple[str, ...] = ()
    kind: CommitKind = CommitKind.APPEND
    base: Mapping[str, int] = field(default_factory=dict)
    """Of each writer whose parts it removes or carries on, the last commit that it knew: who
    has seen this commit must have seen those."""
    closed: bool = False
    """This writer will never commit again."""
    sha256: str = field(default="", compare=False)
    """Of the object's bytes; empty before it is written."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return keys.commit_key(self.writer, self.seq)

    @property
    def has_captures(self) -> bool:
        """Whether it adds any."""
        return any(part.kind is PartKind.CAPTURE for part in self.add)

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
            "version": CAPTURE_VERSION if self.has_captures else COMMIT_VERSION,
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
        if self.closed:
            values["closed"] = True
        return encode_sealed(values)

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a commit; one of version 1 is an append, and not sealed.

        Raises:
            ArchiveDamaged: it is none, was changed, is of a later format, or stands under a wrong
                key.
        """
        with readable(key, "a commit"):
            values = decode_json(body)
            version, kind = values["version"], values["kind"]
            source, writer = intern(values["source"]), intern(values["writer"])
            if values["format"] != COMMIT_FORMAT or (version, kind) not in _KNOWN:
                raise ValueError(
                    f"version {version!r}, kind {kind!r}: this nordcrawl can't read it"
                )
            if version > 1 or "sha256" in values:
                check_seal(body)
            commit = cls(
                writer=writer,
                seq=values["seq"],
                prev_sha256=values["prev_sha256"],
                source=source,
                run_id=values["run_id"],
                committed_at=time_of(values, "committed_at"),
                add=_added(source, writer, CommitKind(kind), values["add"]),
                remove=tuple(map(intern, values["remove"])),
                kind=CommitKind(kind),
                base={w: int(seq) for w, seq in values.get("base", {}).items()} or _NO_BASE,
                closed=values.get("closed") is True,
                sha256=hashlib.sha256(body).hexdigest(),
            )
            if commit.key != key:
                raise ValueError(f"it says that it is {commit.key}")
            _check_names(commit)
        return commit


Logs: TypeAlias = Mapping[str, Sequence[Commit]]
"""Commits of each writer, in order."""


_KNOWN: Final = {(1, "append")} | {
    (version, str(kind)) for version in (COMMIT_VERSION, CAPTURE_VERSION) for kind in CommitKind
}
_NO_BASE: Final[Mapping[str, int]] = MappingProxyType({})


def _added(
    source: str, writer: str, kind: CommitKind, values: Iterable[Mapping[str, Any]]
) -> Sequence[PartEntry]:
    """Read what a commit adds; raises `ValueError` for what none of this writer can."""
    entries = tuple(map(PartEntry.from_json, values))
    for part in entries:
        named = keys.parse_part_key(part.key)
        own = writer if part.kind is not PartKind.CAPTURE or named is None else named[2]
        if named != (part.kind, source, own):
            raise ValueError(f"adds {part.key}, which is not of its kind, source and writer")
        if part.segments and kind is CommitKind.APPEND:
            raise ValueError(f"an append, but {part.key} is made of other parts")
    return Appended(source, writer, entries) if kind is CommitKind.APPEND else entries


def _check_names(commit: Commit) -> None:
    """Raise `ValueError` for what no commit of this writer can say, whoever wrote it."""
    if commit.remove and commit.kind is CommitKind.APPEND:
        raise ValueError(f"an append, but it removes {commit.remove[0]}")
    for key in commit.remove:
        if not keys.is_part_key(key):
            raise ValueError(f"removes {key!r}, which is no part")
    for writer in commit.base:
        if not keys.is_writer(writer):
            raise ValueError(f"builds on {writer!r}, which is no writer")
    for part in commit.add if commit.kind is not CommitKind.APPEND else ():
        for segment in part.segments:
            # Else who has seen it may never hear of a commit that is not there.
            if segment.seq > commit.base.get(segment.writer, 0):
                raise ValueError(f"has lines of {segment.writer}, {segment.seq}, but not its base")
