"""Standings: how the sources of an archive stand, for the commands that say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.store.protocol import Store
from nordcrawl.reading.runs import past_run, run_names
from nordcrawl.report.standing import Standing

#: Reports of one source that are read to find its last run that did its work.
_READ: Final = 100


def standings(store: Store, sources: Sequence[str], now: datetime) -> list[Standing]:
    """Return how each of `sources` stands, or each that the archive has anything of, by name.

    No more reports are read than it takes; of a source that has failed for long, the latest 100.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    wanted = set(sources) or {
        name.removeprefix("source=") for name in store.folders(f"{PartKind.LEDGER.folder}/")
    }
    found = {name: Standing(name, now=now) for name in sorted(wanted)}
    read = dict.fromkeys(found, 0)
    for name in run_names(store, now):
        if not sources and name.source not in found:  # it never archived a line
            found[name.source] = Standing(name.source, now=now)
            read[name.source] = 0
        if (standing := found.get(name.source)) is None:
            continue
        recent = (now - name.started_at).total_seconds() < 86_400
        if read[name.source] < _READ and (recent or not standing.is_settled):
            read[name.source] += 1
            if (run := past_run(store, name)) is not None and run.is_crawl:
                standing.add(run)
        elif all(read[n] >= _READ or one.is_settled for n, one in found.items()) and not recent:
            break
    return [found[name] for name in sorted(found)]
