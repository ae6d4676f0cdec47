"""Erase parts: puts live parts anew without what erasure orders cover, and tombstones for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from nordcrawl.archive.format.commit import CommitKind, PartEntry
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import encode_line, pack
from nordcrawl.archive.format.order import ERASED, Order, tombstone
from nordcrawl.archive.keep.maintainer import Maintainer
from nordcrawl.archive.log.erasures import Erasures
from nordcrawl.archive.log.pieces import part_body, slices, told
from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.model.times import rfc3339, utc_date


@dataclass(slots=True)
class Erased:
    """What an erasure did."""

    order_id: str
    lines: int = 0
    captures: int = 0
    """Pages as they were fetched."""
    parts: int = 0
    tombstones: int = 0
    deleted: int = 0
    """Objects deleted."""
    reports: int = 0
    checkpoints: int = 0
    left: list[str] = field(default_factory=list)
    """Why it is not finished; empty if it is."""


@dataclass(slots=True)
class _Found:
    """What a look through the live parts found."""

    parts: list[LivePart] = field(default_factory=list)
    """Those that hold a line that is to go."""
    revisions: dict[tuple[str, str], int] = field(default_factory=dict)
    """The highest revision of each erased article that is there."""
    buried: set[tuple[str, str]] = field(default_factory=set)
    """Erased articles that have a tombstone."""
    strangers: set[tuple[str, str]] = field(default_factory=set)
    """Articles in no order at an address that this order names."""


class Rewriter:
    """Rewrites for one order, and for all others that there are."""

    def __init__(
        self, maintainer: Maintainer, order: Order, all_orders: Erasures, done: Erased
    ) -> None:
        """`all_orders` has this one in it; what is done is counted in `done`."""
        self._maintainer = maintainer
        self._store = maintainer.store
        self._order = order
        self._all = all_orders
        self._own = Erasures.of([order])
        self._done = done

    def rewrite(self, snapshot: Snapshot) -> bool:
        """Replace the parts that hold erased lines; return whether there were any.

        Nothing is replaced if a line of an article is covered by an address that is in no order.
        """
        found = _Found()
        for part in snapshot.live:
            self._look(part, found)
        if found.strangers:
            self._done.left += [
                f"{article_id} of {source} has an address that the order names, and is not in it: "
                f"nothing was changed; look at it, then erase it by --article"
                for source, article_id in sorted(found.strangers)
            ]
            return True
        add: defaultdict[str, list[PartEntry]] = defaultdict(list)
        remove: defaultdict[str, list[LivePart]] = defaultdict(list)
        for part in found.parts:
            remove[part.commit.source].append(part)
            if (entry := self._without(part)) is not None:
                add[part.commit.source].append(entry)
        for source in sorted({source for source, _ in found.revisions} | remove.keys()):
            add[source] += self._tombstones(source, found)
            if add[source] or remove[source]:
                self._maintainer.commit(
                    CommitKind.ERASE, source, self._order.order_id, add[source], remove[source]
                )
        return bool(found.parts)

    def _look(self, part: LivePart, found: _Found) -> None:
        kind = part.entry.kind
        holds = False
        for _, piece in slices(part, part_body(self._store, part)):
            for _, values in told(part, piece):
                if not values:
                    continue
                key = (values.get("source", ""), values.get("article_id") or "")
                if kind is PartKind.ARTICLE and key in self._all.articles:
                    found.revisions[key] = max(found.revisions.get(key, 0), values["revision"])
                    if values.get("change") == ERASED:
                        found.buried.add(key)
                if self._goes(kind, values):
                    holds = True
                elif key[1] and self._own.covers(kind, values):
                    found.strangers.add(key)
        if holds:
            found.parts.append(part)

    def _goes(self, kind: PartKind, values: Mapping[str, Any]) -> bool:
        """Return whether a line is to be taken out: it is covered, and what it tells of is an
        article that an order names, or none."""
        article_id = values.get("article_id")
        known = article_id is None or self._all.covers_article(values.get("source", ""), article_id)
        return known and self._all.covers(kind, values)

    def _without(self, part: LivePart) -> PartEntry | None:
        """Put a part anew without what is erased; None if nothing is left of it."""
        kind = part.entry.kind
        entry, gone = self._maintainer.put_without(part, partial(self._goes, kind))
        if kind is PartKind.CAPTURE:
            self._done.captures += gone
        else:
            self._done.lines += gone
        self._done.parts += 1
        return entry

    def _tombstones(self, source: str, found: _Found) -> list[PartEntry]:
        """Put a part with the tombstones of this source's erased articles that have none yet."""
        now = self._maintainer.clock()
        records = [
            tombstone(key, revision + 1, self._order_of(key), now)
            for key, revision in sorted(found.revisions.items())
            if key[0] == source and key not in found.buried
        ]
        if not records:
            return []
        self._done.tombstones += len(records)
        body = pack(encode_line(record) for record in records)
        day, times = utc_date(now), [rfc3339(now) or ""]
        put = self._maintainer.put_part
        return [put(PartKind.ARTICLE, source, day, body, len(records), times)]

    def _order_of(self, key: tuple[str, str]) -> Order:
        if key in self._order.articles:
            return self._order
        return next(order for order in self._all.orders if key in order.articles)
