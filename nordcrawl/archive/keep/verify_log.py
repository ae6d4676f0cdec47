"""Rules of verification that look at commits alone. Pure: (key, what) of each fault."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.catalog import Catalog
from nordcrawl.archive.format.commit import Commit, CommitKind, PartEntry, Segment

Logs = Mapping[str, list[Commit]]
"""The commits of each writer that can be read."""


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


def misjudged(logs: Logs, catalogs: Iterable[Catalog]) -> Iterator[tuple[str, str]]:
    """Yield the catalogs that say of a log that it ended where it did not: readers who believe it
    miss what came behind."""
    for catalog in catalogs:
        for writer, seq in catalog.closed.items():
            log = logs.get(writer)
            if not log or log[-1].seq < seq:
                continue  # missing or damaged, which is told already
            key = keys.commit_key(writer, seq)
            if log[-1].seq > seq:
                yield catalog.key, f"says that {key} is the last, but {log[-1].key} is there"
            elif not log[-1].closed:
                yield catalog.key, f"says that {key} is the last, but that does not say so"


def _commits(logs: Logs) -> Iterator[Commit]:
    for log in logs.values():
        yield from log
