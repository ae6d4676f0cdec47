"""Gather: an overview out of the archive alone, so that it can be made on any machine.

The source's records are read once, as a stream; what is kept of them is counts, and the records of
the run with the revisions before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, Final

from nordcrawl.archive.read.reader import NOT_SHOWN, Reader, of_source
from nordcrawl.errors import UsageError
from nordcrawl.identity.changes import compare
from nordcrawl.identity.passages import Passage, render
from nordcrawl.model.ledger import LedgerEntry, Outcome
from nordcrawl.model.printable import shown
from nordcrawl.model.times import parse_rfc3339
from nordcrawl.report.overview.values import (
    FIELDS,
    Covered,
    Ended,
    Overview,
    Past,
    Published,
    Shown,
)

#: Runs before, with which this one is compared.
RUNS: Final = 30
#: Days before the run that the figures go back.
DAYS: Final = 91
#: Records that are shown; of a first run there may be thousands.
MOST_SHOWN: Final = 200
#: Changed ones whose difference is shown.
MOST_DIFFS: Final = 60
_EXAMPLES: Final = 5
#: Changes that are shown first, in this order.
_FIRST: Final = ("silent_edit", "updated", "removed", "moved", "linked", "new", "reextracted")
_FAILED: Final = (
    Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED, Outcome.BLOCKED, Outcome.NOT_ARTICLE,
)  # fmt: skip
_NO_TIME: Final = "day"


def gather(reader: Reader, run_id: str | None = None, source: str | None = None) -> Overview:
    """Return the overview of a run: of the named one, else of the latest (of a source).

    Raises:
        UsageError: there is no such run; the text names the latest ones that there are.
        ArchiveDamaged, StoreRefused, StoreUnavailable: see `Reader`.
    """
    reports = sorted(reader.runs(), key=began)
    run = _asked(reports, run_id, source)
    its_reports = [one for one in reports if one.get("source") == run.get("source")]
    before = its_reports[: its_reports.index(run)][-RUNS:]
    lines = [*reader.ledger(run_id=run["run_id"], source=run.get("source"))]
    until = parse_rfc3339(run.get("finished_at")) or max(
        (line.at for line in lines), default=datetime.now(UTC)
    )
    wanted = {
        (line.article_id, line.revision) for line in lines if line.article_id and line.revision
    }
    seen = _Seen(run["run_id"], [one["run_id"] for one in before], until, wanted)
    for record in reader.records_of(reader.snapshot(), of_source(run.get("source"))):
        seen.add(record)
    articles = sorted(seen.articles(), key=_place)
    return Overview(
        run=run,
        ended=tuple(_ended(lines)),
        articles=tuple(articles[:MOST_SHOWN]),
        coverage=tuple(seen.coverage()),
        published=tuple(seen.published()),
        latency_h=tuple(seen.latency_h),
        kept=tuple(sorted((day, median(shares)) for day, shares in seen.kept.items())),
        past=tuple(map(_past, [*before, run])),
        days=DAYS,
        more=Counter(one.change for one in articles[MOST_SHOWN:]),
    )


def began(run: dict[str, Any]) -> str:
    """Return when a run began, for sorting: of one that was killed its id alone says it, in another
    form.

    >>> began({"run_id": "20261128t072224z-coast-d3bf"})
    '20261128t072224zcoastd3bf'
    >>> began({"run_id": "x", "started_at": "2026-11-28T07:23:53Z"})
    '20261128t072353z'
    """
    told = str(run.get("started_at") or run["run_id"])
    return told.lower().replace("-", "").replace(":", "")


def _asked(
    reports: Sequence[dict[str, Any]], run_id: str | None, source: str | None
) -> dict[str, Any]:
    found = [
        one
        for one in reports
        if run_id in (None, one["run_id"]) and source in (None, one.get("source"))
    ]
    if found:
        return found[-1]
    there = ", ".join(one["run_id"] for one in reports[-3:]) or "none"
    what = f"run {shown(run_id)}" if run_id is not None else f"run of {shown(source or '')}"
    if run_id is None and source is None:
        what = "run"
    raise UsageError(f"no {what} in this archive; the latest are: {there}")


def _past(run: Mapping[str, Any]) -> Past:
    started, finished = (parse_rfc3339(run.get(key)) for key in ("started_at", "finished_at"))
    outcomes = run.get("outcomes") or {}
    return Past(
        run_id=run["run_id"],
        started_at=run.get("started_at") or "",
        seconds=(finished - started).total_seconds() if started and finished else 0.0,
        archived=int(run.get("archived") or 0),
        failed=sum(int(outcomes.get(str(outcome), 0)) for outcome in _FAILED),
        exit=str(run.get("exit") or run.get("finish_reason") or "killed"),
    )


def _ended(lines: Iterable[LedgerEntry]) -> Iterator[Ended]:
    counts: Counter[tuple[str, str]] = Counter()
    examples: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        key = (str(line.outcome), line.reason or "")
        counts[key] += line.count or 1
        # The line that stands for many has no address.
        if line.count is None and len(examples[key]) < _EXAMPLES:
            examples[key].append(line.url)
    for (outcome, reason), count in counts.most_common():
        yield Ended(outcome, reason, count, tuple(examples[outcome, reason]))


def _place(article: Shown) -> tuple[int, str]:
    first = _FIRST.index(article.change) if article.change in _FIRST else len(_FIRST)
    return first, article.url


class _Seen:
    """What a stream of a source's records comes to."""

    def __init__(
        self,
        run_id: str,
        before: Sequence[str],
        until: datetime,
        wanted: set[tuple[str, int]],
    ) -> None:
        self.kept: defaultdict[date, list[float]] = defaultdict(list)
        self.latency_h: list[float] = []
        self._run_id, self._until = run_id, until
        self._since = until - timedelta(days=DAYS)
        self._wanted = wanted | {(name, number - 1) for name, number in wanted}
        self._records: dict[tuple[str, int], dict[str, Any]] = {}
        self._shares: dict[str, Counter[str]] = {one: Counter() for one in (*before, run_id)}
        self._published: dict[str, tuple[date, str, str] | None] = {}

    def add(self, record: dict[str, Any]) -> None:
        """Take note of a record, in the order of commits."""
        archived_at = parse_rfc3339(record.get("archived_at"))
        if archived_at is None or archived_at > self._until + timedelta(days=1):
            return
        name, revision = record["article_id"], record["revision"]
        if (name, revision) in self._wanted:
            self._records[name, revision] = record
        gone = record["change"] in NOT_SHOWN
        if (shares := self._shares.get(record["run_id"])) is not None and not gone:
            shares.update(["", *(field for field in FIELDS if record.get(field))])
        published = parse_rfc3339(record.get("published_at"))
        if gone:
            self._published[name] = None
        elif published is not None and self._since <= published <= self._until:
            section, language = record.get("section") or "", record.get("language") or ""
            self._published[name] = published.date(), language, section
            precision = (record.get("provenance") or {}).get("published_at", {}).get("precision")
            if record["change"] == "new" and precision != _NO_TIME:
                self.latency_h.append(max(0.0, (archived_at - published).total_seconds() / 3600))
        fetched_at, size = parse_rfc3339(record["fetch"]["fetched_at"]), record["fetch"]["bytes"]
        if not gone and size and fetched_at and fetched_at >= self._since:
            text = (record.get("text") or "").encode(errors="replace")
            self.kept[fetched_at.date()].append(min(1.0, len(text) / size))

    def articles(self) -> Iterator[Shown]:
        """Yield the records of the run."""
        diffs = 0
        for (name, revision), record in self._records.items():
            if record["run_id"] != self._run_id:
                continue
            before = self._records.get((name, revision - 1))
            told = record.get("changed") or {}
            fields: tuple[str, ...] = tuple(told.get("fields") or ())
            passages: tuple[Passage, ...] = ()
            if before is not None and record["change"] not in NOT_SHOWN:
                fields = compare(before, record).fields
                if diffs < MOST_DIFFS:
                    diffs += 1
                    passages = tuple(render(before, record))
            yield Shown(
                change=record["change"],
                article_id=name,
                revision=revision,
                url=record["url"],
                title=record.get("title"),
                language=record.get("language"),
                section=record.get("section"),
                published_at=record.get("published_at"),
                words=len((record.get("text") or "").split()),
                fields=fields,
                passages=passages,
            )

    def coverage(self) -> Iterator[Covered]:
        """Yield the share of each field in the run, beside the runs before that brought any."""
        *before, now = self._shares.values()
        for field in FIELDS:
            usual = [shares[field] / shares[""] for shares in before if shares[""]]
            yield Covered(
                field,
                now[field] / now[""] if now[""] else None,
                median(usual) if usual else None,
                min(usual, default=None),
            )

    def published(self) -> Iterator[Published]:
        """Yield how many articles were published on each day, by language and section."""
        counts = Counter(one for one in self._published.values() if one is not None)
        for (day, language, section), count in sorted(counts.items()):
            yield Published(day, language, section, count)
