"""Keys: how objects of the archive are named. Pure; docs/archive-format.md is the description."""

from __future__ import annotations

import re
from enum import StrEnum
from sys import intern

PART_TYPE = "application/gzip"
INDEX_TYPE = "text/plain; charset=utf-8"
JSON_TYPE = "application/json"


_WRITER = re.compile(r"[0-9a-f]{10}")
_LAYER = re.compile(r"[0-9a-f]{18}")
_SOURCE = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_RUN_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"commits/([0-9a-f]{10})/(\d{12})\.json")
_PART = re.compile(
    r"(?:(articles|ledger|quarantine)|captures)-v1/source=([a-z0-9_-][a-z0-9._-]*)/"
    r"date=(\d{4}-\d\d-\d\d)/([0-9a-f]{10})-\d{12}\.(?(1)jsonl|warc)\.gz",
    re.ASCII,
)
_CHECKPOINT = re.compile(
    r"(checkpoints/source=[a-z0-9_-][a-z0-9._-]*/[a-z0-9-]+)(?:\.json|/\d{6}\.jsonl\.gz)"
)


class PartKind(StrEnum):
    """What a part holds: lines of one kind, or WARC records."""

    ARTICLE = "article"
    LEDGER = "ledger"
    QUARANTINE = "quarantine"
    CAPTURE = "capture"

    @property
    def folder(self) -> str:
        """The archive's top folder of such parts, with the version of what they hold."""
        return _FOLDERS[self]

    @property
    def suffix(self) -> str:
        """How the names of such parts end."""
        return ".warc.gz" if self is PartKind.CAPTURE else ".jsonl.gz"


_FOLDERS = {
    PartKind.ARTICLE: "articles-v1",
    PartKind.LEDGER: "ledger-v1",
    PartKind.QUARANTINE: "quarantine-v1",
    PartKind.CAPTURE: "captures-v1",
}
PART_FOLDERS = tuple(f"{folder}/" for folder in _FOLDERS.values())


def part_key(kind: PartKind, source: str, date: str, writer: str, first_seq: int) -> str:
    """Name a part by its writer and first line, so that no two parts share a key.

    >>> part_key(PartKind.ARTICLE, "example", "2026-10-26", "00aa11bb22", 7)
    'articles-v1/source=example/date=2026-10-26/00aa11bb22-000000000007.jsonl.gz'
    """
    return f"{kind.folder}/source={source}/date={date}/{writer}-{first_seq:012d}{kind.suffix}"


def index_key(part: str) -> str | None:
    """Return the key of the index that lies beside a part, None beside one that has none.

    >>> index_key("captures-v1/source=a/date=2026-10-26/00aa11bb22-000000000007.warc.gz")
    'captures-v1/source=a/date=2026-10-26/00aa11bb22-000000000007.cdxj'
    """
    stem = part.removesuffix(PartKind.CAPTURE.suffix)
    return None if stem == part else f"{stem}.cdxj"


def indexed_part(key: str) -> str | None:
    """Return the key of the part beside which an index lies, None if this is the key of none."""
    part = f"{key.removesuffix('.cdxj')}{PartKind.CAPTURE.suffix}"
    return part if key.endswith(".cdxj") and is_part_key(part) else None


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
    return (intern(match[1]), int(match[2])) if match else None


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


def decision_key(run_id: str, what: str) -> str:
    """Name what was decided of a run's quarantine, ``release`` or ``drop``.

    >>> decision_key("20261026T083800Z-example-3fa2", "drop")
    'quarantine/20261026t083800z-example-3fa2/drop.json'
    """
    return f"quarantine/{run_id.lower()}/{what}.json"


def checkpoint_key(source: str, name: str) -> str:
    """Name the manifest of a checkpoint; names sort by time."""
    return f"checkpoints/source={source}/{name}.json"


def checkpoint_part_key(source: str, name: str, number: int) -> str:
    """Name a part of a checkpoint, by its number from 1."""
    return f"checkpoints/source={source}/{name}/{number:06d}.jsonl.gz"


def catalog_key(name: str) -> str:
    """Name a catalog by its last layer; names sort by time."""
    return f"catalog/{name}.json"


def is_layer(name: str) -> bool:
    """Return whether this can be the name of a catalog's layer: seconds since 1970, eight hex
    digits, and ten at random."""
    return _LAYER.fullmatch(name) is not None


def is_writer(name: str) -> bool:
    """Return whether this is a writer's id: ten hex digits."""
    return _WRITER.fullmatch(name) is not None


def is_part_key(key: str) -> bool:
    """Return whether this can be the key of a part; what a commit names is not trusted blindly."""
    return _PART.fullmatch(key) is not None


def parse_part_key(key: str) -> tuple[PartKind, str, str] | None:
    """Return kind, source and writer of the part that a key names, None if it names none. Of
    captures the third is no writer's id, but one that is made for the keys.

    >>> parse_part_key("ledger-v1/source=a/date=2026-10-26/00aa11bb22-000000000007.jsonl.gz")
    (<PartKind.LEDGER: 'ledger'>, 'a', '00aa11bb22')
    """
    match = _PART.fullmatch(key)
    if match is None:
        return None
    return _KINDS[match[1]], match[2], match[4]


_KINDS = {
    "articles": PartKind.ARTICLE,
    "ledger": PartKind.LEDGER,
    "quarantine": PartKind.QUARANTINE,
    None: PartKind.CAPTURE,
}


def manifest_of(key: str) -> str | None:
    """Return the key of the checkpoint manifest that an object belongs to, the manifest itself
    included; None if it is of no checkpoint.

    >>> manifest_of("checkpoints/source=a/20261026t0z-00aa11bb22/000001.jsonl.gz")
    'checkpoints/source=a/20261026t0z-00aa11bb22.json'
    """
    match = _CHECKPOINT.fullmatch(key)
    return f"{match[1]}.json" if match else None


def check_names(source: str, run_id: str) -> None:
    """Raise `ValueError` for a source or run id that can't stand in a key."""
    if not _SOURCE.fullmatch(source):
        raise ValueError(f"source {source!r}: must be of a-z, 0-9, '_', '.', '-', not led by '.'")
    if not _RUN_ID.fullmatch(run_id):
        raise ValueError(f"run id {run_id!r}: must be of a-z, 0-9, '_', '.', '-', not led by '.'")


def date_of(key: str) -> str:
    """Return the date in a part's key."""
    return key.partition("/date=")[2].partition("/")[0]


def id_of(key: str) -> str:
    """Return the id in a part's key: its writer's, but for captures."""
    return key.rpartition("/")[2].partition("-")[0]


def number_of(key: str) -> int:
    """Return the number of the first line in a part's key."""
    return int(key.rpartition("-")[2].partition(".")[0])
