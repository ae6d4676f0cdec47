"""Signatures on Ray: the ledger's files read on many machines (extra ``ray``), and there folded.

What a line tells of an article goes to one machine with all that others tell of it, by its id, and
what the article is now is decided there by the very rule of `nordcrawl.reading.signatures`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from zlib import crc32

from nordcrawl.archive.format.commit import Heads
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.read.reader import LiveSegment, Reader, Snapshot
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cluster.machine import Told
from nordcrawl.cluster.stream import folded
from nordcrawl.reading.parquet import pack_signatures
from nordcrawl.reading.signatures import Counts, Row, Signed, row_of, signed_of

#: Lines that a machine reads at a time, and that it folds at a time; in memory they take some 2 KB
#: each.
LINES: Final = 20_000

Rows: TypeAlias = list[tuple[str, Row]]
"""Each with its source."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a machine is to do with the lines of a snapshot."""

    heads: Heads
    """Of the snapshot."""
    groups: int
    """Of articles, that are folded together."""


def packed_signatures(
    store: Store, archive: str, retry_s: float, names: Sequence[str], counts: Counts
) -> Iterator[bytes]:
    """Yield the signatures of the articles of these sources, or of all, in no order, for
    `nordcrawl.reading.parquet.write_packed`; count all articles. The cluster is joined already.

    Raises:
        ArchiveDamaged: the ledger is.
        StoreRefused, StoreUnavailable: the store.
        NordcrawlError: the cluster, or what it works on is not to be had there.
    """
    snapshot = Reader(store).snapshot()
    blocks = [*_blocks(snapshot, frozenset(names))]
    lines = sum(piece.segment.records for block in blocks for piece in block)
    asked = Asked(snapshot.heads, math.ceil(lines / LINES))
    if not blocks:
        return
    told = Told.of(store, archive, retry_s, LedgerThere, asked)
    for (signed, short, untold), part in folded(blocks, told, fold):
        counts.signed += signed
        counts.short += short
        counts.untold += untold
        yield part


def _blocks(snapshot: Snapshot, names: frozenset[str]) -> Iterator[list[LiveSegment]]:
    """Yield the ledger's pieces in blocks, those of a part together."""
    pieces = [
        piece
        for piece in snapshot.pieces
        if piece.part.entry.kind is PartKind.LEDGER
        and (not names or piece.part.commit.source in names)
    ]
    pieces.sort(key=lambda piece: (piece.part.entry.key, piece.number))
    block: list[LiveSegment] = []
    lines = 0
    for piece in pieces:
        block.append(piece.alone())
        lines += piece.segment.records
        if lines >= LINES:
            yield block
            block, lines = [], 0
    if block:
        yield block


class LedgerThere:
    """Reads pieces of the ledger; see `nordcrawl.cluster.machine.Worker`."""

    def __init__(self, store: Store, asked: Asked) -> None:
        """Prepare to read the ledger in a store."""
        self._reader = Reader(store)
        self._asked = asked

    def work(self, items: Sequence[LiveSegment]) -> list[tuple[int, Rows]]:
        """Return what the lines tell of articles, by groups of these.

        Raises:
            ArchiveDamaged, StoreRefused, StoreUnavailable: a part can't be read.
        """
        some = Snapshot(tuple(items), {}, self._asked.heads, frozenset())
        groups: defaultdict[int, Rows] = defaultdict(list)
        for entry in self._reader.ledger(snapshot=some):
            if (row := row_of(entry)) is not None:
                number = crc32(f"{entry.source} {row[0]}".encode()) % self._asked.groups
                groups[number].append((entry.source, row))
        return [*groups.items()]

    def close(self) -> None:
        """Nothing is held."""


def fold(values: Iterable[Rows]) -> tuple[tuple[int, int, int], bytes]:
    """Return the counts of a group's articles, and the signatures of what they are now.

    Raises:
        ArchiveDamaged: a signature is none that this nordcrawl knows; names the article.
    """
    by_source: defaultdict[str, list[Row]] = defaultdict(list)
    for rows in values:
        for source, row in rows:
            by_source[source].append(row)
    counts = Counts()

    def all_signed() -> Iterator[Signed]:
        for source in sorted(by_source):
            yield from signed_of(source, by_source[source], counts)

    packed = pack_signatures(all_signed())
    return (counts.signed, counts.short, counts.untold), packed
