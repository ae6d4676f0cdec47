"""Rules of verification for captures: the WARC files, their indexes, and what lines say of them."""

from __future__ import annotations

from collections.abc import Iterator

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind, PartEntry
from nordcrawl.archive.format.keys import PartKind, date_of
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, damage, note, unfinished
from nordcrawl.archive.log.follow import is_there
from nordcrawl.archive.log.snapshot import LiveSegment
from nordcrawl.capture.cdxj import index
from nordcrawl.capture.read import Unit, problem, units_of
from nordcrawl.model.times import parse_rfc3339, utc_date


def captures_in(
    facts: Facts, piece: LiveSegment, body: bytes, *, counts: bool
) -> Iterator[Defect | int]:
    """Yield what is wrong with a segment of captures, and the numbers of those that an erasure
    covers. What `counts` is kept for `named_captures`."""
    entry, segment = piece.part.entry, piece.segment
    number = 0
    try:
        for unit in units_of(body):
            if unit.is_erased:
                facts.lines.erased(segment.origin, unit.offset)
            for record in unit.records:
                if what := problem(record):
                    yield damage(entry.key, f"record at byte {record.offset}: {what}")
            if not unit.is_capture:
                continue
            number += 1
            values = unit.values()
            if facts.erasures.covers(PartKind.CAPTURE, values):
                yield number
                continue
            if what := _misplaced(unit, entry, piece.commit.source):
                yield damage(entry.key, f"record at byte {unit.offset}: {what}")
            if counts:
                facts.counts.captures += 1
                first = unit.records[0]
                facts.lines.capture(segment.origin, unit.offset, first.length, first.url)
    except ValueError as error:
        yield damage(entry.key, str(error))
        return
    if number != segment.records:
        yield damage(entry.key, f"{number} captures, but {segment.records} committed")


def _misplaced(unit: Unit, entry: PartEntry, source: str) -> str | None:
    values = unit.values()
    if values["source"] != source:
        return f"of source {values['source']!r} among those of {source!r}"
    at = values["fetch"]["fetched_at"]
    try:
        time = parse_rfc3339(at)
    except ValueError:
        time = None
    if time is None or utc_date(time) != date_of(entry.key):
        return f"of {at}, which is not the day of its folder"
    return None


def index_of(facts: Facts, entry: PartEntry, body: bytes) -> Iterator[Defect]:
    """The index beside a part of captures is the one that follows from it."""
    key = keys.index_key(entry.key)
    if key is None:
        return
    found = facts.get(key)
    try:
        wanted = index(body, entry.key)
    except ValueError:
        return  # told already
    if found is None:
        yield damage(key, f"missing, beside {entry.key}")
    elif found != wanted:
        yield damage(key, f"not the index of {entry.key}")


def named_captures(facts: Facts) -> Iterator[Defect]:
    """Each capture that a line names is there, of the address that the line tells of; those that
    none names come of a kill."""
    erased = _erased_parts(facts)
    for key, named, what in facts.lines.dangling():
        if named not in erased:
            yield damage(key, what)
    for key, count in facts.lines.unnamed():
        yield note(
            key,
            f"{count} captures that no line names: a crawl was killed between the capture and its "
            "line, or an erasure took the line; does no harm",
        )


def stray_indexes(facts: Facts) -> Iterator[Defect]:
    """No index is left where its part went."""
    for key in sorted(facts.objects.keys() - facts.known):
        part = keys.indexed_part(key)
        if part is None or not facts.store.exists(key):
            continue
        facts.known.add(key)
        if not is_there(facts.store, part):
            yield unfinished(
                key, "an index without its part: nordcrawl compact --orphans 0 deletes it"
            )


def _erased_parts(facts: Facts) -> set[str]:
    """Return the parts that an erasure took away, whole or to put them anew."""
    return {
        key
        for commit in facts.commits()
        if commit.kind is CommitKind.ERASE
        for key in _origins(facts, commit.remove)
    } - {s.origin for part in facts.snapshot.live for s in part.segments}


def _origins(facts: Facts, removed: tuple[str, ...]) -> Iterator[str]:
    wanted = set(removed)
    for commit in facts.commits():
        for entry in commit.add:
            if entry.key in wanted and entry.kind is PartKind.CAPTURE:
                yield from (segment.origin for segment in commit.segments(entry))
