"""The archive's keys, lines and parts as bytes: how things are named and written.

Pure functions; knows neither a store nor a disk. docs/archive-format.md is the description.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

PART_TYPE = "application/gzip"
JSON_TYPE = "application/json"
SCHEMA_TYPE = "application/schema+json"
SCHEMAS = ("article-1", "ledger-1")

#: Raw bytes of a gzip member, unless a single line is longer: small enough for a range request of
#: one article, large enough to cost no compression (17.71 against 17.62 MiB in one stream).
MEMBER_BYTES = 1 << 20
#: Fixed, so that the same lines give the same bytes.
LEVEL = 6

_WRITER = re.compile(r"[0-9a-f]{10}")
_SOURCE = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_RUN_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
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


def run_key(run_id: str) -> str:
    """Name a run's manifest; keys have lower case only.

    >>> run_key("20261026T083800Z-example-3fa2")
    'runs/20261026t083800z-example-3fa2.json'
    """
    return f"runs/{run_id.lower()}.json"


def schema_key(name: str) -> str:
    """Name a JSON Schema in the archive, by its name in `SCHEMAS`."""
    return f"schema/{name}.json"


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


def encode_json(values: Mapping[str, Any]) -> bytes:
    """Return one JSON object as a line: UTF-8, compact, keys in their order, ended by LF.

    Raises:
        ValueError: it has NaN, an infinity or a lone surrogate in it, which are no JSON.
    """
    text = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def pack(lines: Iterable[bytes], member_bytes: int = MEMBER_BYTES) -> bytes:
    """Compress lines into gzip members of at most `member_bytes` raw, each line whole in one.

    A line longer than that gets a member of its own.
    """
    members: list[bytes] = []
    held: list[bytes] = []
    size = 0
    for line in lines:
        if held and size + len(line) > member_bytes:
            members.append(gzip.compress(b"".join(held), LEVEL, mtime=0))
            held, size = [], 0
        held.append(line)
        size += len(line)
    if held:
        members.append(gzip.compress(b"".join(held), LEVEL, mtime=0))
    return b"".join(members)


def unpack(body: bytes) -> Iterator[bytes]:
    """Yield the lines of a part, each with its LF.

    Raises:
        ValueError: these are not whole gzip members.
    """
    try:
        yield from gzip.GzipFile(fileobj=BytesIO(body))
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"not a whole gzip file: {error}") from error


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
