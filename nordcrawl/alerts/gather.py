"""Gather: histories of sources out of the archive, and of this machine's state where it has any.

Of the archive no more is read than the conditions look at: the names of all runs, the reports of 28
days and of the same hours in the weeks before, the articles of the last runs.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from nordcrawl.alerts.condition import DAY, SLACK, WEEK, History, Seen
from nordcrawl.alerts.runs import DAYS, RHYTHM, WEEKS
from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.keep.quarantine import batches
from nordcrawl.archive.read.reader import NOT_SHOWN, Reader, Snapshot, Wanted
from nordcrawl.archive.store.protocol import Store
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.doctor.spools import Waiting, waiting
from nordcrawl.model.times import parse_rfc3339
from nordcrawl.reading.runs import PastRun, RunName, past_run, run_name, run_names, run_of
from nordcrawl.report.overview.values import FIELDS
from nordcrawl.system.side_by_side import side_by_side

#: Reports of a source's last 28 days that are read, the latest: all of an hourly one.
MOST_REPORTS: Final = 700
#: Articles go back so far at least, where they are looked at, so that each weekday is among them.
_ARTICLE_DAYS: Final = timedelta(days=8)
#: And so many of them at most.
_MOST_ARTICLES: Final = 2_000
#: Reports that are asked for at once.
_AT_ONCE: Final = 8
#: Local reports that are read: of runs that could not begin, or whose archive was away.
_LOCAL: Final = 20
#: Lines shorter than this are headings and credits; of longer ones so much is kept.
_LINE: Final = (24, 80)


@dataclass(slots=True)
class Gathered:
    """What was read."""

    histories: list[History] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    """What is damaged and was left out, in words."""


def gather(
    store: Store, options: Options | None, sources: Sequence[str], now: datetime
) -> Gathered:
    """Return the histories of `sources`, or of all that the archive has anything of, by name; with
    `options` with what this machine knows of them.

    Raises:
        StoreRefused, StoreUnavailable: the store.
        ArchiveDamaged: the archive's log can't be followed.
    """
    found = Gathered()
    names = _names(store, sources, now)
    folders = [] if options is None else archive_folders(options, store)
    reader = Reader(store, damaged=lambda error: found.damage.append(str(error)))
    snapshot = reader.snapshot()
    held = _held(snapshot)
    wanted = [name for of_source in names.values() for name in _wanted(of_source, now)]
    runs: defaultdict[str, list[PastRun]] = defaultdict(list)
    for run in side_by_side(partial(past_run, store), wanted, _AT_ONCE):
        if run is not None and run.is_crawl:
            runs[run.source].append(run)
    there = set(sources) or set(_with_lines(store)) | set(runs)
    for source in sorted(there):
        of_source = [*_local(folders, source, names.get(source, ())), *runs[source]]
        of_source.sort(key=lambda run: (run.started_at, run.run_id), reverse=True)
        articles, archived_at = _articles(reader, snapshot, source, names.get(source, ()), now)
        found.histories.append(
            History(
                source=source,
                now=now,
                runs=tuple(of_source),
                articles=articles,
                archived_at=archived_at,
                waiting=_waiting(folders, source),
                held=held.get(source),
            )
        )
    return found


def _names(store: Store, sources: Sequence[str], now: datetime) -> dict[str, list[RunName]]:
    """Return the names of each source's runs, the latest first, as far back as they are of use."""
    found: dict[str, list[RunName]] = {name: [] for name in sources or _with_lines(store)}
    oldest = now - WEEKS * WEEK - DAY
    for name in run_names(store, now):
        if not sources:
            found.setdefault(name.source, [])
        if (of_source := found.get(name.source)) is not None and (
            name.started_at >= oldest or len(of_source) <= RHYTHM
        ):
            of_source.append(name)
        elif name.started_at < oldest and all(len(one) > RHYTHM for one in found.values()):
            break
    return found


def _with_lines(store: Store) -> list[str]:
    """Return the sources that have a line in the archive's ledger."""
    folders = store.folders(f"{PartKind.LEDGER.folder}/")
    return [name.removeprefix("source=") for name in folders]


def _wanted(names: Sequence[RunName], now: datetime) -> Iterator[RunName]:
    """Yield the runs of a source whose reports are read."""
    read = 0
    for number, name in enumerate(names):
        age = now - name.started_at
        lately = age <= DAYS * DAY and read < MOST_REPORTS
        if number <= RHYTHM or (age + SLACK) % WEEK < DAY or lately:
            read += 1
            yield name


def _local(folders: Sequence[Path], source: str, known: Sequence[RunName]) -> list[PastRun]:
    """Return this machine's runs that the archive does not have, as far as they are later than all
    that it has; an unreadable file is passed over."""
    last = known[0].started_at if known else None
    ids = {name.run_id for name in known}
    found = []
    for folder in folders:
        for file in sorted((folder / source / "reports").glob("*.json"), reverse=True)[:_LOCAL]:
            name = run_name(f"runs/{file.name}")
            if name is None or name.run_id in ids or (last and name.started_at <= last):
                continue
            try:
                values = json.loads(file.read_text(encoding="utf-8"))
                found.append(run_of(name, values))
            except (OSError, ValueError, TypeError, KeyError, AttributeError):
                continue
    return found


def _waiting(folders: Sequence[Path], source: str) -> Waiting | None:
    """Return what waits in the spools of a source; None where there is none."""
    found = [one for folder in folders if (one := waiting(folder / source)) is not None]
    if not found:
        return None
    return Waiting(
        sum(one.lines for one in found),
        min((one.since for one in found if one.since), default=""),
        any(one.held for one in found),
    )


def _held(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    """Return, of each source that has records in quarantine, the latest such run, and how many."""
    found: dict[str, tuple[str, int]] = {}
    for batch in batches(snapshot):
        _, count = found.get(batch.source, ("", 0))
        found[batch.source] = (batch.run_id, count + batch.records)
    return found


def _articles(
    reader: Reader, snapshot: Snapshot, source: str, names: Sequence[RunName], now: datetime
) -> tuple[tuple[Seen, ...], datetime | None]:
    """Return what the last 30 runs archived, and those of the last eight days, in the order of
    commits; the latest ones, where there are too many. And when the latest was archived."""
    runs = names[: RHYTHM + 1]
    since = min([now - _ARTICLE_DAYS, *(name.started_at for name in runs)])
    wanted = Wanted(frozenset([source]), fetched_from=since)
    found: deque[Seen] = deque(maxlen=_MOST_ARTICLES)
    last: datetime | None = None
    for record in reader.records_of(snapshot, wanted):
        at = parse_rfc3339(record.get("archived_at"))
        last = max(filter(None, (last, at)), default=None)
        if record["change"] not in NOT_SHOWN:
            found.append(_seen(record))
    return tuple(found), last


def _seen(record: dict[str, Any]) -> Seen:
    text = record.get("text") or ""
    size = record["fetch"].get("bytes")
    least, most = _LINE
    return Seen(
        run_id=record["run_id"],
        fields=frozenset(name for name in FIELDS if record.get(name)),
        share=min(1.0, len(text.encode(errors="replace")) / size) if size else None,
        lines=frozenset(
            line[:most] for line in map(str.strip, text.splitlines()) if len(line) >= least
        ),
    )
