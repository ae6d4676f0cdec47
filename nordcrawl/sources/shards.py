"""Shards: sources parted among machines, so that each host is asked by one of them. Pure.

Two sources that share a host belong together, and so do those that share one with either. A group
goes to the shard that its first host's name is hashed to: whoever has the same sources parts them
in the same way, without asking anybody, and a new source moves no other (but those it joins).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from nordcrawl.model.url import machine_of
from nordcrawl.sources.source import Source


def hosts_of(source: Source) -> set[str]:
    """Return the hosts of a source: names, or addresses, without port and a leading ``www.``."""
    return {machine_of(f"//{host}") for host in source.all_hosts}


def groups(sources: Iterable[Source]) -> list[list[Source]]:
    """Return the sources in groups without a host in common; the groups, and those in each, in the
    order in which they came.

    A host is a name without port and a leading ``www.``: what is one machine to a crawler's delay.
    """
    ordered = list(sources)
    group_of: dict[str, list[int]] = {}
    for number, source in enumerate(ordered):
        hosts = hosts_of(source)
        joined = sorted({number, *(one for host in hosts for one in group_of.get(host, ()))})
        for one in joined:
            group_of.update(dict.fromkeys(hosts_of(ordered[one]), joined))
    numbers = sorted({tuple(group) for group in group_of.values()})
    return [[ordered[number] for number in group] for group in numbers]


def shard_of(group: Iterable[Source], count: int) -> int:
    """Return which of `count` shards a group belongs to, from 1."""
    first = min(host for source in group for host in hosts_of(source))
    return int.from_bytes(hashlib.sha256(first.encode()).digest()[:8], "big") % count + 1


def in_shard(sources: Mapping[str, Source], number: int, count: int) -> list[str]:
    """Return the names of the sources of one shard, `number` from 1 to `count`, in their order."""
    kept = {
        source.name
        for group in groups(sources.values())
        if shard_of(group, count) == number
        for source in group
    }
    return [name for name in sources if name in kept]
