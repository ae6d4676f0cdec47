"""The commit log: what a writer says is in the archive, and how a reader follows it.

Each writer has a log of its own, ``commits/<writer>/000000000001.json`` and on; an object there
is never changed. What no commit lists is not in the archive. Knows nothing of the spool.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from nordcrawl.archive import layout
from nordcrawl.archive.layout import PartKind
from nordcrawl.archive.store import Store
from nordcrawl.article import parse_rfc3339, rfc3339
from nordcrawl.errors import ArchiveDamaged, ObjectMissing, UsageError

COMMIT_FORMAT = "nordcrawl-commit"
COMMIT_VERSION = 1
_CURSOR_PREFIX = "c1."


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

    def to_json(self) -> dict[str, Any]:
        """Return the object that stands in ``add``."""
        return {
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
        )


@dataclass(frozen=True, slots=True)
class Commit:
    """One entry of a writer's log: parts that are in the archive from here on."""

    writer: str
    seq: int
    prev_sha256: str | None
    source: str
    run_id: str
    committed_at: datetime
    add: tuple[PartEntry, ...]
    remove: tuple[str, ...] = ()
    sha256: str = field(default="", compare=False)
    """Of the object's bytes; empty before it is written."""

    @property
    def key(self) -> str:
        """Where it lies."""
        return layout.commit_key(self.writer, self.seq)

    def encode(self) -> bytes:
        """Return the object's bytes."""
        return layout.encode_json(
            {
                "format": COMMIT_FORMAT,
                "version": COMMIT_VERSION,
                "writer": self.writer,
                "seq": self.seq,
                "prev_sha256": self.prev_sha256,
                "kind": "append",
                "source": self.source,
                "run_id": self.run_id,
                "committed_at": rfc3339(self.committed_at),
                "add": [part.to_json() for part in self.add],
                "remove": list(self.remove),
            }
        )

    @classmethod
    def decode(cls, key: str, body: bytes) -> Self:
        """Read a commit.

        Raises:
            ArchiveDamaged: it is none, is of a later format, or stands under a wrong key.
        """
        try:
            values = json.loads(body)
            found = (values["format"], values["version"], values["kind"])
            committed_at = parse_rfc3339(values["committed_at"])
            if found != (COMMIT_FORMAT, COMMIT_VERSION, "append") or committed_at is None:
                raise ValueError(f"{found}: this nordcrawl can't read such a commit")
            commit = cls(
                writer=values["writer"],
                seq=values["seq"],
                prev_sha256=values["prev_sha256"],
                source=values["source"],
                run_id=values["run_id"],
                committed_at=committed_at,
                add=tuple(PartEntry.from_json(part) for part in values["add"]),
                remove=tuple(values["remove"]),
                sha256=hashlib.sha256(body).hexdigest(),
            )
            if commit.key != key:
                raise ValueError(f"it says that it is {commit.key}")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveDamaged(f"{key}: not a commit: {error!r}") from error
        return commit


def writers(store: Store) -> list[str]:
    """Return the ids of all who ever committed, sorted; foreign folders are passed over."""
    return sorted(name for name in store.folders("commits/") if layout.is_writer(name))


def chain(
    store: Store, writer: str, after: int = 0, prev_sha256: str | None = None
) -> Iterator[Commit]:
    """Yield a writer's commits from ``after + 1`` on, until one is missing.

    The chain of hashes is checked where the one before is known: by `prev_sha256`, or as there is
    none before the first.

    Raises:
        ArchiveDamaged: an object is no commit, or not the successor of the one before.
    """
    known = after == 0 or prev_sha256 is not None
    while True:
        after += 1
        key = layout.commit_key(writer, after)
        try:
            body = store.get(key)
        except ObjectMissing:
            return
        commit = Commit.decode(key, body)
        if known and commit.prev_sha256 != prev_sha256:
            raise ArchiveDamaged(f"{key}: does not follow the commit before it (prev_sha256)")
        yield commit
        known, prev_sha256 = True, commit.sha256


def read_part(store: Store, part: PartEntry) -> Iterator[bytes]:
    """Yield a part's lines, after its size and digest agreed with the commit.

    Raises:
        ArchiveDamaged: it is missing, or bytes or count of lines are not as committed.
    """
    try:
        body = store.get(part.key)
    except ObjectMissing as error:
        raise ArchiveDamaged(f"{part.key}: missing, but committed") from error
    if len(body) != part.bytes or hashlib.sha256(body).hexdigest() != part.sha256:
        raise ArchiveDamaged(
            f"{part.key}: {len(body)} bytes that are not the {part.bytes} bytes committed (sha256)"
        )
    count = 0
    try:
        for line in layout.unpack(body):
            count += 1
            yield line
    except ValueError as error:
        raise ArchiveDamaged(f"{part.key}: {error}") from error
    if count != part.records:
        raise ArchiveDamaged(f"{part.key}: {count} lines, but {part.records} committed")


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
