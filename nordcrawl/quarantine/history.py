"""History: what earlier runs of a source archived, out of their reports in the archive.

Nothing is learnt on this machine, so a fresh one judges as any other. Reports are read only once a
batch is large enough to be judged, and no more of them than are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final

from nordcrawl.archive.format.keys import decision_key
from nordcrawl.archive.format.quarantine import Choice
from nordcrawl.archive.store.protocol import Store
from nordcrawl.quarantine.figures import Figures
from nordcrawl.reading.runs import PastRun, past_run, run_names
from nordcrawl.system.side_by_side import side_by_side

#: Runs with articles that are looked at; and after how many of them so many articles are enough.
_RUNS: Final = 60
_LEAST_RUNS: Final = 10
_ARTICLES: Final = 1_000
#: Reports that are read at most: a source that is asked each hour and has three articles a day.
_REPORTS: Final = 500
_AT_ONCE: Final = 8


def history(store: Store, source: str, now: datetime) -> list[Figures]:
    """Return the figures of a source's last runs, the earliest first: of what they archived, and of
    what they held and somebody released since. So a release says that this is how it is now.

    Raises:
        StoreRefused, StoreUnavailable: the store.
    """
    names = (name for name in run_names(store, now) if name.source == source)
    found: list[Figures] = []
    told = side_by_side(partial(past_run, store), islice(names, _REPORTS), _AT_ONCE)
    for run in told:
        if run is not None:
            found += _of_run(store, run)
        articles = sum(one.articles for one in found)
        if len(found) >= _RUNS or (len(found) >= _LEAST_RUNS and articles >= _ARTICLES):
            break
    told.close()
    return found[::-1]


def _of_run(store: Store, run: PastRun) -> Iterator[Figures]:
    if (passed := Figures.from_json(run.told.get("texts"))) is not None and passed.articles:
        yield passed
    held = (run.told.get("quarantine") or {}).get("texts")
    if (
        held is not None
        and (figures := Figures.from_json(held)) is not None
        and figures.articles
        and store.exists(decision_key(run.run_id, Choice.RELEASE))
    ):
        yield figures
