"""The archive's keys, lines and parts as bytes: how things are named and written.

Pure functions; knows neither a store nor a disk. docs/archive-format.md is the description.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from zlib_ng import zlib_ng

PART_TYPE = "application/gzip"
JSON_TYPE = "application/json"
SCHEMA_TYPE = "application/schema+json"
SCHEMAS = ("article-1", "ledger-1")

#: Raw bytes of a gzip member, unless a single line is longer: small enough for a range request of
#: one article, large enough to cost no compression (17.71 against 17.62 MiB in one stream).
MEMBER_BYTES = 1 << 20
#: Of zlib-ng: half the time of its level 6 for 5 % more bytes; 4 % more than zlib at its level 6.
LEVEL = 5

#: Window bits that make zlib read and write gzip members; without a file name or time in them.
_GZIP = 31

_WRITER = re.compile(r"[0-9a-f]{10}")
_SOURCE = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_RUN_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"commits/([0-9a-f]{10})/(\d{12})\.json")
_PART = re.compile(
    r"(articles|ledger)-v1/source=[a-z0-9_-][a-z0-9._-]*/date=\d{4}-\d\d-\d\d/"
    r"[0-9a-f]{10}-\d{12}\.jsonl\.gz"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class PartKind(StrEnum):
    """What the lines of a part are."""

    ARTICLE = "article"
    LEDGER = "ledger"

    @property
    def folder(self) -> str:
        """The archive's top folder of such parts, with the version of their lines."""
        return "articles-v1" if self is PartKind.ARTICLE else "ledger-v1"


def part_key(kind: PartKind, source: str, date: str, writer: str, first_seq: int) -> str:
    """Name a part by its writer and first line, so that no two parts share a key.

    >>> part_key(PartKind.ARTICLE, "example", "2026-10-26", "00aa11bb22", 7)
    'articles-v1/source=example/date=2026-10-26/00aa11bb22-000000000007.jsonl.gz'
    """
    return f"{kind.folder}/source={source}/date={date}/{writer}-{first_seq:012d}.jsonl.gz"


def commit_key(writer: str, seq: int) -> str:
    """Name a commit.

    >>> commit_key("00aa11bb22", 1)
    'commits/00aa11bb22/000000000001.json'
    """
    return f"commits/{writer}/{seq:012d}.json"


def parse_commit_key(key: str) -> tuple[str, int] | None:
    """Return writer and number of the commit that a key names, None if it names none.

    >>> parse_commit_key("commits/00aa11bb22/000000000007.json")
    ('00aa11bb22', 7)
    """
    match = _COMMIT.fullmatch(key)
    return (match[1], int(match[2])) if match else None


def run_key(run_id: str) -> str:
    """Name a run's manifest; keys have lower case only.

    >>> run_key("20261026T083800Z-example-3fa2")
    'runs/20261026t083800z-example-3fa2.json'
    """
    return f"runs/{run_id.lower()}.json"


def schema_key(name: str) -> str:
    """Name a JSON Schema in the archive, by its name in `SCHEMAS`."""
    return f"schema/{name}.json"


def erasure_key(order_id: str, name: str) -> str:
    """Name an erasure's ``order`` or ``receipt``."""
    return f"erasures/{order_id}/{name}.json"


def checkpoint_key(source: str, name: str) -> str:
    """Name the manifest of a checkpoint; names sort by time."""
    return f"checkpoints/source={source}/{name}.json"


def checkpoint_part_key(source: str, name: str, number: int) -> str:
    """Name a part of a checkpoint, by its number from 1."""
    return f"checkpoints/source={source}/{name}/{number:06d}.jsonl.gz"


def is_writer(name: str) -> bool:
    """Tell whether this is a writer's id: ten hex digits."""
    return _WRITER.fullmatch(name) is not None


def is_part_key(key: str) -> bool:
    """Tell whether this can be the key of a part; what a commit names is not trusted blindly."""
    return _PART.fullmatch(key) is not None


def check_names(source: str, run_id: str) -> None:
    """Raise `ValueError` for a source or run id that can't stand in a key."""
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"source {source!r}: must be of a-z, 0-9, '_', '.', '-', not led by '.'")
    if not _RUN_ID.fullmatch(run_id):
        raise ValueError(f"run id {run_id!r}: must be of a-z, 0-9, '_', '.', '-', not led by '.'")


def micros(at: datetime) -> int:
    """Return an aware time as microseconds since 1970, which sort as the times do.

    The written form doesn't: ``00.5Z`` sorts before ``00Z``.

    Raises:
        TypeError: the time is naive.
    """
    return (at - _EPOCH) // _MICROSECOND


def utc_date(at: datetime) -> str:
    """Return the UTC date that a line's part is filed under.

    >>> utc_date(datetime.fromisoformat("2026-10-27T00:30:00+02:00"))
    '2026-10-26'
    """
    return at.astimezone(UTC).date().isoformat()


def from_micros(value: int) -> datetime:
    """Read back `micros`."""
    return _EPOCH + timedelta(microseconds=value)


def encode_line(values: Mapping[str, Any]) -> bytes:
    """Return one JSON object as a line: UTF-8, compact, keys in their order, ended by LF.

    For values without floats, as records and ledger lines are: NaN would become null. Half of a
    surrogate pair is no character and can't be UTF-8; it becomes U+FFFD, so that one in a headline
    costs that character and not the article. Source: RFC 3629 section 3.

    Raises:
        TypeError: it has something in it that is no JSON.
    """
    try:
        return orjson.dumps(values, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a lone surrogate, or a number beyond 64 bits
        text: str = json.dumps(values, **_COMPACT)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode() + b"\n"


def encode_json(values: Mapping[str, Any]) -> bytes:
    """Return the same for any JSON object; floats are checked.

    Raises:
        ValueError: it has NaN, an infinity or a lone surrogate in it, which are no JSON.
        TypeError: it has something else in it that is no JSON.
    """
    return json.dumps(values, **_COMPACT).encode() + b"\n"


_COMPACT: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}


def decode_json(line: bytes) -> Any:
    """Read a JSON text.

    Raises:
        ValueError: it is none.
    """
    return orjson.loads(line)


def encode_sealed(values: Mapping[str, Any]) -> bytes:
    """Return a JSON object that proves itself: its last key ``sha256`` is the digest of all
    bytes before that key's comma."""
    body = encode_json(values)[:-2]
    return body + _SEAL % hashlib.sha256(body).hexdigest().encode()


_SEAL = b',"sha256":"%b"}\n'
_SEAL_BYTES = len(_SEAL) - 2 + 64


def decode_sealed(body: bytes) -> dict[str, Any]:
    """Read what `encode_sealed` wrote.

    Raises:
        ValueError: it is no JSON object, or not the one that was written.
    """
    head = body[:-_SEAL_BYTES]
    if body[-_SEAL_BYTES:] != _SEAL % hashlib.sha256(head).hexdigest().encode():
        raise ValueError("changed since it was written: its sha256 is another")
    values = decode_json(body)
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    return values


def pack(lines: Iterable[bytes], member_bytes: int = MEMBER_BYTES) -> bytes:
    """Compress lines into gzip members of at most `member_bytes` raw, each line whole in one.

    A line longer than that gets a member of its own.
    """
    return b"".join(members(lines, member_bytes))


def members(lines: Iterable[bytes], member_bytes: int = MEMBER_BYTES) -> Iterator[bytes]:
    """Yield the gzip members of `pack`, one by one."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        if held and size + len(line) > member_bytes:
            yield zlib_ng.compress(b"".join(held), LEVEL, _GZIP)
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        yield zlib_ng.compress(b"".join(held), LEVEL, _GZIP)


def unpack(body: bytes) -> Iterator[bytes]:
    """Yield the lines of a part, each with its LF; a member at a time is in memory.

    Raises:
        ValueError: these are not whole gzip members, or a line goes over the end of one.
    """
    view = memoryview(body)
    position = 0
    while position < len(body):
        raw, position = _member(view, position)
        if raw and not raw.endswith(b"\n"):
            raise ValueError("a line is not ended by LF")
        for line in raw.split(b"\n")[:-1]:
            yield line + b"\n"


def _member(view: memoryview, start: int) -> tuple[bytes, int]:
    """Return the raw bytes of the gzip member that begins at `start`, and where it ends."""
    inflate = zlib_ng.decompressobj(_GZIP)
    pieces = []
    position = start
    try:
        while not inflate.eof and position < len(view):
            pieces.append(inflate.decompress(view[position : position + _STEP]))
            position = min(position + _STEP, len(view))
    except zlib_ng.error as error:  # type: ignore[misc]  # its stub says too little
        raise ValueError(f"not a whole gzip file: {error}") from error
    if not inflate.eof:
        raise ValueError("not a whole gzip file: it ends within a member")
    return b"".join(pieces), position - len(inflate.unused_data)


#: Bytes given to zlib at a time: what is beyond a member's end is copied back.
_STEP = 1 << 16


@cache
def schema_bytes(name: str) -> bytes:
    """Return a JSON Schema of `SCHEMAS` as it is put into every archive.

    Raises:
        KeyError: there is no such schema.
    """
    if name not in SCHEMAS:
        raise KeyError(name)
    return (files("nordcrawl.archive") / "schema" / f"{name}.json").read_bytes()


def schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema (2020-12) as a dict: ``article-1`` or ``ledger-1``.

    Raises:
        KeyError: there is no such schema.
    """
    values: dict[str, Any] = json.loads(schema_bytes(name))
    return values
