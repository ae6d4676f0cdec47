"""Rules of verification that look at commits alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from nordcrawl.archive.format.commit import Commit, CommitKind, Segment, is_copy
from nordcrawl.archive.format.keys import PartKind, parse_part_key
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, damage
from nordcrawl.archive.log.snapshot import LivePart


def rewrites(facts: Facts) -> Iterator[Defect]:
    """Commits add nothing that is not theirs to add: compactions change no line, and erasures take
    only lines away. A copy may be taken over from any of the parts that go."""
    added: set[str] = set()
    for commit in facts.commits():
        for entry in commit.add:
            # A copied spool puts the captures that it had under the same keys.
            if entry.key in added and entry.kind is not PartKind.CAPTURE:
                yield damage(commit.key, f"adds {entry.key}, which another commit added")
            added.add(entry.key)
    for commit in facts.commits():
        for key in commit.remove:
            if key not in added:
                yield damage(commit.key, f"removes {key}, which no commit added")
    for commit, before, after in _replaced(facts):
        if commit.kind is CommitKind.COMPACT and not (
            {segment.origin for segment in after} == before.keys()
            and all(segment in before[segment.origin] for segment in after)
        ):
            yield damage(commit.key, "a compaction, but not of the same lines")
        for segment in after:
            same = [one for one in before.get(segment.origin, []) if is_copy(one, segment)]
            if segment.records > _most(same):
                what = f"has lines of {segment.origin} that it did not take over"
                yield damage(commit.key, what)


def taken_out(facts: Facts) -> Counter[str]:
    """Return how many ledger lines of each run erasures took out, by what their commits say."""
    runs = {(commit.writer, commit.seq): commit.run_id for commit in facts.commits()}
    found: Counter[str] = Counter()
    for commit, before, after in _replaced(facts):
        if commit.kind is not CommitKind.ERASE:
            continue
        left = {segment.origin: segment.records for segment in after}
        for origin, segments in before.items():
            named = parse_part_key(origin)
            if named is not None and named[0] is PartKind.LEDGER:
                run_id = runs.get((segments[0].writer, segments[0].seq), "")
                found[run_id] += _most(segments) - left.get(origin, 0)
    return found


def numbers(facts: Facts) -> Iterator[Defect]:
    """Parts can have the numbers of lines that they say: a writer's lines are numbered in the order
    in which they are committed, so no number comes twice."""
    for log in facts.logs.values():
        before = 0
        for commit in log:
            if commit.kind is not CommitKind.APPEND:
                continue
            lines = [entry for entry in commit.add if entry.kind is not PartKind.CAPTURE]
            for entry in lines:
                # Kinds and days take turns in one batch, so a part's numbers may have gaps. One of
                # which an erasure took lines before it was put has a new first number.
                room = entry.last_seq - entry.first_seq + 1
                if entry.first_seq <= before or 0 < room < entry.records:
                    what = f"{entry.key}: can't have lines {entry.first_seq} to {entry.last_seq}"
                    yield damage(commit.key, what)
            before = max([before, *(entry.last_seq for entry in lines)])


def _replaced(
    facts: Facts,
) -> Iterator[tuple[Commit, Mapping[str, list[Segment]], list[Segment]]]:
    """Yield each commit with the segments of the parts that it removes, by origin, and those that
    it takes over."""
    parts = {
        entry.key: LivePart(commit, number)
        for commit in facts.commits()
        for number, entry in enumerate(commit.add)
    }
    for commit in facts.commits():
        before: defaultdict[str, list[Segment]] = defaultdict(list)
        for key in commit.remove:
            for segment in parts[key].segments if key in parts else ():
                before[segment.origin].append(segment)
        yield commit, before, [segment for entry in commit.add for segment in entry.segments]


def _most(segments: list[Segment]) -> int:
    return max((segment.records for segment in segments), default=0)
