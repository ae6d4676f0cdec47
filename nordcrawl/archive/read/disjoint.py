"""Disjoint: the live parts of a snapshot as whole files, so that no line is in two of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from nordcrawl.archive.log.snapshot import LivePart, Snapshot
from nordcrawl.errors import StoreRefused


def disjoint(snapshot: Snapshot) -> list[LivePart]:
    """Return live parts that hold each segment of a snapshot once, and nothing but these.

    Where two compactions overlapped, one of them is chosen as far as that leaves nothing out.

    Raises:
        StoreRefused: there is no such choice; the next compaction mends it.
    """
    wanted = {piece.segment.origin: piece.segment.sha256 for piece in snapshot.pieces}
    holders: defaultdict[str, list[LivePart]] = defaultdict(list)
    for part in snapshot.live:
        segments = part.segments
        # One with a segment that was erased since can't be given away.
        if all(wanted.get(s.origin) == s.sha256 for s in segments):
            for segment in segments:
                holders[segment.origin].append(part)
    chosen: dict[str, LivePart] = {}
    for group in _groups(wanted, holders):
        found = _cover(group, holders)
        if found is None:
            names = ", ".join(sorted({p.entry.key for o in group for p in holders[o]})[:3])
            raise StoreRefused(
                f"some parts hold the same lines ({names or group[0]}): run nordcrawl compact "
                "first, then no line is in two files"
            )
        chosen |= {part.entry.key: part for part in found}
    return [part for part in snapshot.live if part.entry.key in chosen]


def _origins(part: LivePart) -> set[str]:
    return {segment.origin for segment in part.segments}


def _groups(wanted: dict[str, str], holders: defaultdict[str, list[LivePart]]) -> list[list[str]]:
    """Divide segments into those that hang together by a part that holds two of them."""
    left: dict[str, None] = dict.fromkeys(wanted)
    groups: list[list[str]] = []
    while left:
        group: dict[str, None] = {}
        edge = {next(iter(left))}
        while edge:
            group |= dict.fromkeys(sorted(edge))
            edge = {o for one in edge for part in holders[one] for o in _origins(part)}
            edge -= group.keys()
        groups.append(list(group))
        for origin in group:
            left.pop(origin, None)
    return groups


def _cover(
    origins: Sequence[str], holders: defaultdict[str, list[LivePart]]
) -> list[LivePart] | None:
    """Return parts of which each segment is in exactly one; None if there are none.

    Tries one part after the other for the first segment that is left, so it may take long for
    many that overlap in many ways; two compactions leave few.
    """
    taken: list[LivePart] = []
    left = set(origins)
    tried: list[tuple[int, Iterator[LivePart]]] = []
    """Of each part that is taken which segment it is for, and which others might be."""
    number = 0
    while True:
        while number < len(origins) and origins[number] not in left:
            number += 1
        if number == len(origins):
            return taken
        tried.append((number, iter(holders[origins[number]])))
        while tried:
            number, others = tried[-1]
            part = next((one for one in others if _origins(one) <= left), None)
            if part is not None:
                taken.append(part)
                left -= _origins(part)
                break
            tried.pop()
            if taken:
                left |= _origins(taken.pop())
        else:
            return None
