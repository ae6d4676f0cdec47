"""Sieve: what a reader has had, so that it gives each line once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import orjson
from zlib_ng import zlib_ng

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.snapshot import LiveSegment, Snapshot
from nordcrawl.archive.read.firsts import Firsts

Passes: TypeAlias = Callable[[bytes, Mapping[str, Any]], bool]
"""Says of a line, given as bytes and as values, whether it goes out."""

#: What makes two records the same, beside who they are and their text: what they say.
_CONTENT: Final = (
    "title", "subtitle", "kicker", "authors", "published_at", "language", "kind", "section",
    "tags", "blocks",
)  # fmt: skip
#: Where these stand in a line: from one key up to another, twice. No string holds such a key, as
#: quotes in it are escaped; nor does an object before the key.
_SPANS: Final = (b',"title":', b',"modified_at":', b',"language":', b',"images":')


class Sieve:
    """Holds back what another writer has written too, and what an order covers.

    Keeps nothing where there is only one writer; else some 30 bytes a line of the sources that
    have several, most of them in a temporary file.
    """

    def __init__(self, snapshot: Snapshot, erasures: Erasures) -> None:
        by_source: defaultdict[str, set[str]] = defaultdict(set)
        for piece in snapshot.pieces:
            by_source[piece.commit.source].add(piece.writer)
        self._shared = {source for source, names in by_source.items() if len(names) > 1}
        self._erasures = erasures
        self._is_clean = erasures.looked_at(snapshot.heads)
        self._firsts = Firsts()

    def of(self, piece: LiveSegment) -> Passes | None:
        """Return what the lines of a piece have to pass; None if all do."""
        kind = piece.part.entry.kind
        first = self._first(kind, piece) if piece.commit.source in self._shared else None
        if self._is_clean(piece.part, piece.segment):
            return first
        covers = self._erasures.covers

        def passes(line: bytes, values: Mapping[str, Any]) -> bool:
            return not covers(kind, values) and (first is None or first(line, values))

        return passes

    def _first(self, kind: PartKind, piece: LiveSegment) -> Passes:
        """Return what says of a line whether no other writer's was the same and came before."""
        is_first = self._firsts.is_first
        identity = _of_article if kind is PartKind.ARTICLE else _of_ledger
        writer = int(piece.writer, 16)

        def passes(line: bytes, values: Mapping[str, Any]) -> bool:
            return is_first(*identity(line, values), writer)

        return passes


def _of_article(line: bytes, values: Mapping[str, Any]) -> tuple[int, int]:
    """Return what `Firsts` asks for."""
    text = values.get("text")
    begin = line.find(_SPANS[0])
    end = line.find(_SPANS[1], begin)
    again = line.find(_SPANS[2], end)
    # The text stands before it, so need not be searched.
    last = line.find(_SPANS[3], again + len(text)) if isinstance(text, str) else -1
    if min(begin, end, again, last) < 0:  # not as nordcrawl writes it
        return _number(values, orjson.dumps([values.get(name) for name in _CONTENT]))
    return _number(values, line[begin:end], line[again:last])


def _of_ledger(line: bytes, values: Mapping[str, Any]) -> tuple[int, int]:
    return hash(line), zlib_ng.crc32(line)


def _number(values: Mapping[str, Any], *content: bytes) -> tuple[int, int]:
    crc = 0
    for piece in content:
        crc = zlib_ng.crc32(piece, crc)
    told = crc << 24 ^ sum(map(len, content))
    who = (values["source"], values["article_id"], values["revision"], values["change"])
    return hash((*who, values["text_sha256"], told)), told
