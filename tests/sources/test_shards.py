"""Shards: whatever their number, each source is in one, and no host in two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.sources.shards import groups, in_shard, shard_of
from nordcrawl.sources.source import Source


def source(name: str, *hosts: str, aliases: tuple[str, ...] = ()) -> Source:
    of = dict.fromkeys(hosts, "en")
    return Source(name=name, title=name, hosts=of, alias_hosts=aliases)


def names(found: list[list[Source]]) -> list[list[str]]:
    return [[one.name for one in group] for group in found]


def test_sources_with_a_host_in_common_are_together() -> None:
    found = groups(
        [
            source("a", "a.example"),
            source("b", "b.example", aliases=("old.example",)),
            source("c", "c.example"),
            source("d", "www.a.example:8443", "old.example:80"),
        ]
    )
    assert names(found) == [["a", "b", "d"], ["c"]]


def test_addresses_are_hosts_too() -> None:
    found = groups([source("a", "[::1]:80"), source("b", "[::1]:81"), source("c", "127.0.0.1:80")])
    assert names(found) == [["a", "b"], ["c"]]


numbers = st.lists(st.sets(st.integers(0, 30), min_size=1, max_size=3), min_size=1, max_size=12)


@given(numbers, st.integers(1, 9))
def test_each_source_is_in_one_shard_and_no_host_in_two(hosts: list[set[int]], count: int) -> None:
    sources = {
        f"s{n}": source(f"s{n}", *(f"h{number}.example" for number in of))
        for n, of in enumerate(hosts)
    }
    shards = [in_shard(sources, number, count) for number in range(1, count + 1)]
    assert sorted(name for shard in shards for name in shard) == sorted(sources)
    asked = [{host for name in shard for host in sources[name].hosts} for shard in shards]
    for number, one in enumerate(asked):
        for other in asked[number + 1 :]:
            assert not one & other
    assert in_shard(sources, 1, 1) == [*sources], "in their order"
    backwards = dict(reversed(sources.items()))
    assert [set(in_shard(backwards, n + 1, count)) for n in range(count)] == [*map(set, shards)]


def test_a_new_source_moves_no_other() -> None:
    before = {f"s{n}": source(f"s{n}", f"h{n}.example") for n in range(40)}
    after = before | {"new": source("new", "new.example")}
    for number in range(1, 9):
        kept = [name for name in in_shard(after, number, 8) if name != "new"]
        assert kept == in_shard(before, number, 8)
    counts = [len(in_shard(before, number, 8)) for number in range(1, 9)]
    assert max(counts) <= 10, "some are fuller than others, none has most"
    assert 1 <= shard_of([before["s0"]], 8) <= 8
