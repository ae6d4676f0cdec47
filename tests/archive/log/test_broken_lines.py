"""A line that is committed and is none, as another program may write it, is damage that names its
part to everyone who reads, and never an error of ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import encode_line, pack
from nordcrawl.archive.format.quarantine import Choice, held_line
from nordcrawl.archive.keep.compact import compact
from nordcrawl.archive.keep.erase_plan import plan_erasure
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.keep.quarantine import held
from nordcrawl.archive.keep.settle import settle
from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.read.reader import Reader
from nordcrawl.errors import ArchiveDamaged, UsageError
from tests.support.archive_builders import (
    SOURCE,
    START,
    make_entry,
    make_record,
    open_writer,
    url_of,
)
from tests.support.archive_runs import erase, run
from tests.support.memory_store import MemoryStore

RECORD = make_record(9, run_id="x").to_json()
ENTRY = make_entry(make_record(9, run_id="x")).to_json()
LINES: dict[PartKind, dict[str, Any]] = {
    PartKind.ARTICLE: RECORD,
    PartKind.LEDGER: ENTRY,
    PartKind.QUARANTINE: held_line(RECORD, ENTRY, ["a wall"]),
}
WRONG: list[tuple[PartKind, dict[str, Any]]] = [
    (PartKind.ARTICLE, {"source": []}),
    (PartKind.ARTICLE, {"article_id": None}),
    (PartKind.ARTICLE, {"revision": {}}),
    (PartKind.ARTICLE, {"url": 7}),
    (PartKind.ARTICLE, {"aliases": [7]}),
    (PartKind.ARTICLE, {"fetch": {"fetched_at": "yesterday"}}),
    (PartKind.LEDGER, {"source": []}),
    (PartKind.LEDGER, {"url": 7}),
    (PartKind.LEDGER, {"reason": 7}),
    (PartKind.LEDGER, {"article": {"article_id": []}}),
    (PartKind.QUARANTINE, {"why": [{}]}),
    (PartKind.QUARANTINE, {"record": {}}),
    (PartKind.QUARANTINE, {"ledger": []}),
]


def keeper(store: MemoryStore) -> Maintainer:
    return Maintainer(store, lambda: store.now, pause=store.tick)


WAYS: dict[str, Callable[[MemoryStore, Path], object]] = {
    "records": lambda store, _: list(Reader(store).records()),
    "latest": lambda store, _: list(Reader(store).latest()),
    "ledger": lambda store, _: list(Reader(store).ledger()),
    "plan": lambda store, _: plan_erasure(store, [url_of(1)], []),
    "compact": lambda store, _: compact(keeper(store)),
    "held": lambda store, _: held(store),
    "drop": lambda store, _: settle(keeper(store), "x", Choice.DROP, "me", "why"),
    "release": lambda store, _: settle(keeper(store), "x", Choice.RELEASE, "me", "why"),
    "crawl": lambda store, root: open_writer(store, root / "new", "run-9").close(),
}


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        *((kind, line) for kind in LINES for line in (b"nonsense\n", b"[]\n", b"7\n")),
        *((kind, encode_line({**LINES[kind], **wrong})) for kind, wrong in WRONG),
    ],
)
def test_it_is_damage(tmp_path: Path, kind: PartKind, line: bytes) -> None:
    store = MemoryStore()
    run(store, tmp_path / "spool", "run-1", 1, 2)
    assert erase(store, tmp_path, url_of(2)).left == []
    body = pack([line])
    key = keys.part_key(kind, SOURCE, "2026-10-26", "00aa11bb22", 1)
    entry = PartEntry(key, kind, hashlib.sha256(body).hexdigest(), len(body), 1, 1, 1, "", "")
    commit = Commit("00aa11bb22", 1, None, SOURCE, "x", START, (entry,))
    store.put(key, body, content_type=keys.PART_TYPE)
    store.put(commit.key, commit.encode(), content_type=keys.JSON_TYPE)
    before = dict(store.objects)
    told = 0
    for way in WAYS.values():
        try:
            way(store, tmp_path)
        except ArchiveDamaged as error:
            assert key in str(error)  # noqa: PT017 (several may, and none may raise another)
            told += 1
        except UsageError:
            assert kind is not PartKind.QUARANTINE, "the run has something there"
    assert told
    assert [f.key for f in verify(store).findings if f.key == key] == [key]
    assert all(store.objects.get(one) == before[one] for one in before if keys.is_part_key(one))
