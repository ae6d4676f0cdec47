"""Verification: is an archive what its log says, by the store alone.

Looks at every object: the marker, the schemas, each log with its chain and seals, each part with
digest, count and every line, the catalogs, reports, checkpoints and erasures, and whatever else
lies there. What is wrong is a finding of `DAMAGE`; what is not wrong but not finished either (a
crawl under way or killed, an erasure without receipt) is one of `UNFINISHED`.

The `facts` are read once; each rule says what they must be like.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, Severity, Verification, damage, note
from nordcrawl.archive.keep.verify_checkpoints import checkpoints
from nordcrawl.archive.keep.verify_lines import LineCheck
from nordcrawl.archive.keep.verify_log import foundations, numbers, rewrites
from nordcrawl.archive.keep.verify_names import (
    SCHEMA_DIGESTS,
    marker_and_id,
    schemas,
    strangers,
)
from nordcrawl.archive.keep.verify_parts import live_parts, other_parts
from nordcrawl.archive.keep.verify_told import catalogs, heads, orders, reports
from nordcrawl.archive.log.pieces import PartMovedError
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import StoreUnavailable

__all__ = ["SCHEMA_DIGESTS", "Severity", "Verification", "verify"]

_LOOKS: Final = 50


def verify(
    store: Store, progress: Callable[[int, int], None] = lambda done, all_: None
) -> Verification:
    """Look at everything; `progress` is told parts done and to do.

    May run beside crawls, compactions and erasures: what they do meanwhile is no finding.

    Raises:
        StoreRefused, StoreUnavailable: the store, or others change the archive faster than it can
            be looked at; nothing is said of it then.
    """
    for _ in range(_LOOKS):
        # Somebody may replace a part meanwhile; the next look is a newer one.
        with suppress(PartMovedError):
            return _look(Facts(store, progress))
    raise StoreUnavailable(f"{store.uri}: others go on changing it faster than it can be verified")


def _look(facts: Facts) -> Verification:
    found = facts.counts
    with LineCheck() as lines:
        for defect in _defects(facts, lines):
            found.tell(defect)
        found.articles, found.copies = lines.articles, lines.copies
    for defect in facts.faults:
        found.tell(defect)
    found.findings.sort(key=lambda f: (f.severity, f.key))
    return found


def _defects(facts: Facts, lines: LineCheck) -> Iterator[Defect]:
    """Apply all rules, those that others need first."""
    yield from marker_and_id(facts)
    yield from schemas(facts)
    for rule in (foundations, rewrites, numbers):
        for key, what in rule(facts.logs):
            yield damage(key, what)
    yield from live_parts(facts, lines)
    for key, what in lines.unpaired():
        yield damage(key, what)
    for key, what in lines.forks():
        yield note(key, what)
    yield from other_parts(facts)
    yield from heads(facts)
    yield from catalogs(facts)
    yield from reports(facts, lines)
    yield from orders(facts, lines)
    yield from checkpoints(facts, lines)
    yield from strangers(facts)
