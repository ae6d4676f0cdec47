"""Rules of verification that look at commits alone. Pure: (key, what) of each fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import Commit, CommitKind, Logs, PartEntry, Segment


def foundations(logs: Logs) -> Iterator[tuple[str, str]]:
    """Yield the commits that others build on and that are not there."""
    seqs = {writer: {commit.seq for commit in log} for writer, log in logs.items()}
    for commit in _commits(logs):
        for writer, seq in commit.base.items():
            if seq not in seqs.get(writer, ()):
                key = keys.commit_key(writer, seq)
                yield key, f"missing or damaged, and {commit.key} builds on it"


def rewrites(logs: Logs) -> Iterator[tuple[str, str]]:
    """Yield the commits that add what is not theirs to add: compactions change no line, and
    erasures take only lines away. A copy may be taken over from any of the parts that go."""
    entries: dict[str, tuple[Commit, PartEntry]] = {}
    for commit in _commits(logs):
        for entry in commit.add:
            if entry.key in entries:
                yield commit.key, f"adds {entry.key}, which another commit added"
            entries[entry.key] = (commit, entry)
    for commit in _commits(logs):
        before: defaultdict[str, list[Segment]] = defaultdict(list)
        for key in commit.remove:
            if key not in entries:
                yield commit.key, f"removes {key}, which no commit added"
                continue
            of, entry = entries[key]
            for segment in of.segments(entry):
                before[segment.origin].append(segment)
        after = [segment for entry in commit.add for segment in entry.segments]
        if commit.kind is CommitKind.COMPACT and not (
            {segment.origin for segment in after} == before.keys()
            and all(segment in before[segment.origin] for segment in after)
        ):
            yield commit.key, "a compaction, but not of the same lines"
        for segment in after:
            most = max((one.records for one in before.get(segment.origin, ())), default=0)
            if segment.records > most:
                yield commit.key, f"has lines of {segment.origin} that it did not take over"


def numbers(logs: Logs) -> Iterator[tuple[str, str]]:
    """Yield the commits whose parts can't have the numbers of lines that they say: a writer's lines
    are numbered in the order in which they are committed, so no number comes twice."""
    for log in logs.values():
        before = 0
        for commit in log:
            if commit.kind is not CommitKind.APPEND:
                continue
            for entry in commit.add:
                # Kinds and days take turns in one batch, so a part's numbers may have gaps. One of
                # which an erasure took lines before it was put has a new first number.
                room = entry.last_seq - entry.first_seq + 1
                if entry.first_seq <= before or 0 < room < entry.records:
                    yield (
                        commit.key,
                        (f"{entry.key}: can't have lines {entry.first_seq} to {entry.last_seq}"),
                    )
            before = max([before, *(entry.last_seq for entry in commit.add)])


def _commits(logs: Logs) -> Iterator[Commit]:
    for log in logs.values():
        yield from log
