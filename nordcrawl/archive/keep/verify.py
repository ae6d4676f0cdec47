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
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from nordcrawl.archive.keep.facts import Facts
from nordcrawl.archive.keep.findings import Defect, Severity, Verification
from nordcrawl.archive.keep.verify_captures import named_captures, stray_indexes
from nordcrawl.archive.keep.verify_checkpoints import checkpoints
from nordcrawl.archive.keep.verify_lines import LineCheck
from nordcrawl.archive.keep.verify_log import numbers, rewrites
from nordcrawl.archive.keep.verify_names import (
    SCHEMA_DIGESTS,
    marker_and_id,
    schemas,
    strangers,
)
from nordcrawl.archive.keep.verify_parts import live_parts, other_parts
from nordcrawl.archive.keep.verify_quarantine import quarantine
from nordcrawl.archive.keep.verify_told import catalogs, heads, orders, reports, revisions
from nordcrawl.archive.log.pieces import PartMovedError
from nordcrawl.archive.store.protocol import Store
from nordcrawl.errors import StoreUnavailable
from nordcrawl.system.lock import explained

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
        SpoolError: the disk for temporary files.
    """
    for _ in range(_LOOKS):
        # Somebody may replace a part meanwhile; the next look is a newer one.
        with suppress(PartMovedError), explained(Path(gettempdir())), LineCheck() as lines:
            return _look(Facts(store, progress, lines))
    raise StoreUnavailable(f"{store.uri}: others go on changing it faster than it can be verified")


_RULES: Final[tuple[Callable[[Facts], Iterator[Defect]], ...]] = (
    marker_and_id,
    schemas,
    rewrites,
    numbers,
    live_parts,
    revisions,
    named_captures,
    other_parts,
    stray_indexes,
    heads,
    catalogs,
    reports,
    orders,
    quarantine,
    checkpoints,
    strangers,
)
"""Those first that others need."""


def _look(facts: Facts) -> Verification:
    found = facts.counts
    for rule in _RULES:
        for defect in rule(facts):
            found.tell(defect)
    found.articles, found.copies = facts.lines.articles, facts.lines.copies
    for defect in facts.faults:
        found.tell(defect)
    found.findings.sort(key=lambda f: (f.severity, f.key))
    return found
