"""Rules of verification for parts: the live ones, to the line, and those that were replaced."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from nordcrawl.archive.format import keys
from nordcrawl.archive.format.commit import CommitKind, Segment
from nordcrawl.archive.format.lines import decode_json
from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, damage, unfinished
from nordcrawl.archive.keep.verify_captures import captures_in, index_of
from nordcrawl.archive.keep.verify_lines import LineCheck, Place
from nordcrawl.archive.log.pieces import MISTAKES, PartMovedError, check_part, segment_lines
from nordcrawl.archive.log.snapshot import LivePart, LiveSegment, take
from nordcrawl.errors import ArchiveDamaged


def live_parts(facts: Facts) -> Iterator[Defect]:
    """Each live part is what its commit says; what its lines say goes to `facts.lines`.

    Raises:
        PartMovedError: somebody replaced a part meanwhile.
    """
    pieces = facts.snapshot.pieces
    chosen = {(piece.part.entry.key, piece.segment.origin) for piece in pieces}
    is_clean = facts.erasures.looked_at(facts.snapshot.heads)
    whole = partial(_whole, facts, chosen, is_clean)
    live = facts.snapshot.live
    missing: list[LivePart] = []
    for number, part in enumerate(live):
        facts.progress(number, len(live))
        entry = part.entry
        if not entry.key.endswith(f"-{entry.first_seq:012d}{entry.kind.suffix}"):
            yield damage(entry.key, f"first_seq {entry.first_seq} is not that of its key")
        body = facts.get(entry.key)
        if body is None:
            if not missing:
                _look_for_newer(facts, [part])
            missing.append(part)
        else:
            yield from whole(part, body)
    yield from _missing(facts, missing, whole)
    facts.progress(len(live), len(live))
    facts.counts.parts = len(live)


def _missing(
    facts: Facts, parts: list[LivePart], whole: Callable[[LivePart, bytes], Iterator[Defect]]
) -> Iterator[Defect]:
    """Tell which parts are lost: somebody may have replaced them since the logs were read, and a
    store may say "missing" by mistake. All are asked for together, as each look at the newest logs
    reads them all: one commit that is lost may be missed by thousands of parts."""
    for _ in range(MISTAKES):
        if parts:
            _look_for_newer(facts, parts)
        still = []
        for part in parts:
            body = facts.get(part.entry.key)
            if body is None:
                still.append(part)
            else:
                yield from whole(part, body)
        parts = still
    if parts:
        _look_for_newer(facts, parts)
    for part in parts:
        yield damage(part.entry.key, f"missing, with {part.entry.records} lines, but committed")


def _look_for_newer(facts: Facts, parts: Iterable[LivePart]) -> None:
    """Raise `PartMovedError` if one of the parts was replaced by now. A hole in the newest log is
    told by the facts, if it is one of theirs."""
    removed = take(facts.store, damaged=lambda error: None).removed
    for part in parts:
        if part.entry.key in removed:
            raise PartMovedError(part.entry.key)


def _whole(
    facts: Facts,
    chosen: set[tuple[str, str]],
    is_clean: Callable[[LivePart, Segment], bool],
    part: LivePart,
    body: bytes,
) -> Iterator[Defect]:
    """Yield what is wrong with a part that is there."""
    entry = part.entry
    try:
        check_part(entry, body)
    except ArchiveDamaged as error:
        yield _of(entry.key, error)
        return
    yield from index_of(facts, entry, body)
    what = "capture" if entry.kind is keys.PartKind.CAPTURE else "line"
    for piece in part.pieces():
        segment = piece.segment
        check = facts.lines if (entry.key, segment.origin) in chosen else None
        for number_in_it in _piece(facts, piece, body, check):
            if isinstance(number_in_it, Defect):
                yield number_in_it
            elif is_clean(part, segment):
                yield damage(
                    entry.key, f"{what} {number_in_it}: still there, though an erasure covers it"
                )
            else:
                yield unfinished(
                    entry.key,
                    f"{what} {number_in_it}: came in spite of an erasure; nobody reads it, and "
                    "nordcrawl erase --resume takes it out",
                )
    if sum(segment.bytes for segment in part.segments) != len(body):
        yield damage(entry.key, "its segments are not all of it")


def _piece(
    facts: Facts, piece: LiveSegment, body: bytes, lines: LineCheck | None
) -> Iterator[Defect | int]:
    """Yield what is wrong with a segment, and the numbers of its lines that an erasure covers."""
    entry, segment = piece.part.entry, piece.segment
    key, place = entry.key, Place(entry, piece.commit.source, segment.writer)
    part = body[piece.offset : piece.offset + segment.bytes]
    if hashlib.sha256(part).hexdigest() != segment.sha256:
        yield damage(key, f"not the bytes of {segment.origin}")
    if entry.kind is keys.PartKind.CAPTURE:
        yield from captures_in(facts, piece, part, counts=lines is not None)
        return
    try:
        for number, line in enumerate(segment_lines(piece, body), start=1):
            if facts.erasures and _is_covered(facts, entry.kind, line):
                yield number
                continue
            if lines is None:
                continue
            if entry.kind is keys.PartKind.ARTICLE:
                facts.counts.article_lines += 1
            elif entry.kind is keys.PartKind.QUARANTINE:
                facts.counts.quarantine_lines += 1
            else:
                facts.counts.ledger_lines += 1
            if what := lines.problem(place, line):
                yield damage(key, f"line {number}: {what}")
    except ArchiveDamaged as error:
        yield _of(key, error)


def _is_covered(facts: Facts, kind: keys.PartKind, line: bytes) -> bool:
    try:
        return facts.erasures.covers(kind, decode_json(line))
    except (ValueError, AttributeError, TypeError):  # `LineCheck` says so
        return False


def other_parts(facts: Facts) -> Iterator[Defect]:
    """Parts that count no more are what they were, and gone where an erasure replaced them, listed
    or not; parts that no commit lists may still come to count."""
    removed = {
        entry.key: entry
        for commit in facts.commits()
        for entry in commit.add
        if entry.key in facts.snapshot.removed
    }
    erased = {
        key
        for commit in facts.commits()
        if commit.kind is CommitKind.ERASE and commit.run_id in facts.done
        for key in commit.remove
    }
    for key in sorted(erased):
        for one in filter(None, (key, keys.index_key(key))):
            if facts.store.exists(one):
                yield damage(one, "still there, though an erasure replaced it")
    for key in facts.objects:
        if key in facts.known or not keys.is_part_key(key):
            continue
        if key in removed:
            facts.counts.superseded += 1
            if (body := facts.get(key)) is not None:
                try:
                    check_part(removed[key], body)
                except ArchiveDamaged as error:
                    yield _of(key, error)
        elif facts.store.exists(key):
            facts.known.add(key)
            yield unfinished(
                key, "in no commit: a crawl is under way or was killed, or its commit is lost"
            )


def _of(key: str, error: ArchiveDamaged) -> Defect:
    return damage(key, str(error).removeprefix(f"{key}: "))
