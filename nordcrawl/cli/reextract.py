"""``nordcrawl reextract``: the pages that the archive keeps, read again by today's extractor."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TextIO

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cli.environment import (
    archive_option,
    log_as_asked,
    options_from_environment,
    require_archive,
)
from nordcrawl.cli.on_cluster import engine_options, joined
from nordcrawl.config.arguments import Arguments, moment
from nordcrawl.config.options import Options
from nordcrawl.crawl.leaving import BROKE_OFF, EXIT_S, Watch, obey_signals
from nordcrawl.crawl.run import Run
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError, first_of
from nordcrawl.model.printable import counted, shown
from nordcrawl.reextract.archive import reextract
from nordcrawl.reextract.dry import look
from nordcrawl.reextract.engine import Engine
from nordcrawl.reextract.findings import Findings
from nordcrawl.reextract.plan import Plan
from nordcrawl.reextract.progress import Progress
from nordcrawl.report.summary import print_summary
from nordcrawl.sources.source import Source
from nordcrawl.workers.memory import steady_memory

#: Examples and fields that are shown.
_SHOWN = 5
#: Characters of an edit that are shown.
_WIDE = 60
#: Seconds, instead of `EXIT_S`, for a process that has a cluster to leave.
_LEAVE_S: Final = 5.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Read the pages that the archive keeps (capture = true) again, by today's extractor and "
        "table of the source, the latest page of each article. Where the content is another one "
        "now, the article gets a revision (change reextracted); nothing is asked of the site. "
        "Killed or stopped, it goes on where it was the next time. With --engine ray the "
        "machines of a cluster read the pages; all else is done here."
    )
    parser.epilog = "Example: nordcrawl reextract highnorthnews --dry-run"
    archive_option(parser)
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE", help="all that the archive keeps pages of"
    )
    parser.add_argument(
        "--since", metavar="DATE", help="only pages that were fetched on that day or later"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="archive nothing, and say what would be"
    )
    parser.add_argument(
        "--from-start",
        action="store_true",
        help="read what an interrupted run had done with again, too",
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    engine_options(parser)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command is to do with each source."""

    options: Options
    store: Store
    since: str | None
    dry: bool
    from_start: bool
    as_json: bool
    on_ray: bool
    out: TextIO

    def engine(self, source: Source) -> Engine | None:
        """Return what reads the pages of a source; None where that is this machine."""
        if not self.on_ray:
            return None
        from nordcrawl.reextract.on_ray import OnRay

        return OnRay(self.store, self.options, source.profile)


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `reextract_sources`."""
    settings = options_from_environment(NORDCRAWL_ARCHIVE=options.archive)
    store = open_store(settings.archive, retry_s=settings.store_retry_s)
    require_archive(store)
    with joined(options, "nordcrawl reextract") as out:
        asked = _Asked(
            *(settings, store, options.since, options.dry_run, options.from_start, options.json),
            *(options.engine == "ray", out),
        )
        return reextract_sources(asked, options.sources)


def reextract_sources(asked: _Asked, names: list[str]) -> int:
    """Read the pages of each source again, one source after the other; return the exit code, of
    several the one that says most.

    Raises:
        UsageError: a source is unknown, or the archive keeps no pages.
        StoreRefused, StoreUnavailable, ArchiveDamaged: the archive.
    """
    kept = asked.store.folders(f"{PartKind.CAPTURE.folder}/")
    there = sorted(name.removeprefix("source=") for name in kept)
    for name in names:
        if there and name not in there:
            raise UsageError(
                f"{asked.store.uri} keeps no pages of {shown(name)!r}, only of "
                f"{', '.join(there)}; capture = true in its table keeps them"
            )
    if not there:
        raise UsageError(
            f"{asked.store.uri} keeps no pages as they were fetched; capture = true in a source's "
            "table keeps them from then on"
        )
    sources = [asked.options.source(name, with_contact=False) for name in names or there]
    steady_memory()
    log_as_asked()
    codes = []
    for source in sources:
        try:
            codes.append(_dry(asked, source) if asked.dry else _real(asked, source))
        except NordcrawlError as error:
            if len(sources) == 1:
                raise
            print(f"nordcrawl: error: {source.name}: {error}", file=sys.stderr)
            codes.append(error.exit_code)
        if codes[-1] is ExitCode.INTERRUPTED:
            break
    return int(first_of(codes))


def _since(asked: _Asked, source: Source) -> datetime | None:
    if asked.since is None:
        return None
    try:
        return moment(asked.since, source.zone, end=False)
    except ValueError as error:
        raise UsageError(f"--since {shown(asked.since)}: {error}") from None


def _plan(asked: _Asked, source: Source, store: Store) -> Plan:
    return Plan(Reader(store).ledger(source=source.name), _since(asked, source))


def _dry(asked: _Asked, source: Source) -> ExitCode:
    with _plan(asked, source, asked.store) as plan:
        engine = asked.engine(source)
        findings = asyncio.run(look(asked.options, source, asked.store, plan, engine))
    _print(asked, source, findings, None)
    return ExitCode.WHOLE if findings.planned else ExitCode.NOTHING


def _real(asked: _Asked, source: Source) -> ExitCode:
    since = _since(asked, source)
    arguments = Arguments(urls=("captures",), mode="full", kind="reextract")
    run = Run.open(asked.options, source, arguments)
    watch = Watch()
    try:
        # What the run has caught up with is what the plan is made of: nobody else writes now.
        with _plan(asked, source, asked.store) as plan:
            progress = Progress.open(
                run.folder, source, str(since), anew=asked.from_start
            )  # fmt: skip
            findings = asyncio.run(_work(asked, run, progress, plan, watch))
        if run.report is None:
            print(BROKE_OFF.format("re-extraction"), file=sys.stderr)
            return ExitCode.INTERRUPTED
        _print(asked, source, findings, run)
        code = run.report.verdict()[0]
        if run.info.stopping.requested:
            with contextlib.suppress(OSError, ValueError):
                asked.out.flush()
            watch.end_within(_LEAVE_S if asked.on_ray else EXIT_S, code)
        return code
    finally:
        run.close()


async def _work(asked: _Asked, run: Run, progress: Progress, plan: Plan, watch: Watch) -> Findings:
    obey_signals(run, asyncio.get_running_loop(), watch, "re-extraction")
    engine = asked.engine(run.info.source)
    return await reextract(run, asked.store, progress, plan, engine)


def _print(asked: _Asked, source: Source, findings: Findings, run: Run | None) -> None:
    if asked.as_json:
        told: dict[str, Any] = {"source": source.name, "dry_run": run is None}
        if run is not None and run.report is not None:
            told |= {"run_id": run.info.run_id, "exit": run.report.verdict()[0].name.lower()}
        print(json.dumps(told | findings.to_json(), ensure_ascii=False), file=asked.out, flush=True)
        return
    for line in _lines(source.name, findings, dry=run is None):
        print(line, file=asked.out)
    if run is not None and run.report is not None:
        print_summary(run.report, asked.out)
    elif findings.changed:
        print("\n  nothing was archived: this was a dry run\n", file=asked.out)


def _lines(name: str, findings: Findings, *, dry: bool) -> Iterator[str]:
    """Yield what a person reads: how many, which fields, coverage, examples."""
    left = findings.left
    would = "would get" if dry else "get"
    yield ""
    yield f"  {name}  {counted(findings.read, 'page')} read again of {findings.planned} planned"
    yield f"  {findings.changed:>9}   other content: {would} a revision"
    yield f"  {findings.unchanged:>9}   same content"
    for outcome, count in findings.refused.items():
        yield f"  {count:>9}   {outcome}: the archived revision stays as it is"
    for count, why in (
        (left.not_kept, "articles of which no page was kept"),
        (left.later_page, "articles whose latest page was not kept, only an earlier one"),
        (left.earlier, "pages fetched before --since"),
        (left.gone, "articles that their publisher took down"),
    ):
        if count:
            yield f"  {count:>9}   left: {why}"
    if findings.fields:
        told = ", ".join(f"{field} {count}" for field, count in findings.fields.most_common())
        yield f"  fields      {told}"
        yield f"  words       {findings.words_before} before, {findings.words_after} now"
    moved = {n: c for n, c in findings.coverage.items() if c.before != c.after}
    for field, of in sorted(moved.items()):
        yield f"  coverage    {field}: {of.before} of {findings.read} before, {of.after} now"
    for one in findings.examples[:_SHOWN]:
        yield f"  changed     {shown(one.url, 90)}  ({shown(one.why, 70)})"
        for edit in ((one.difference or {}).get("text") or [])[:_SHOWN]:
            old, new = (shown(edit.get(side) or "", _WIDE) for side in ("old", "new"))
            yield f"                {'- ' + old if old else ''}{'  ' if old and new else ''}" + (
                f"+ {new}" if new else ""
            )
    for one in findings.refusals[:_SHOWN]:
        yield f"  refused     {shown(one.url, 90)}  ({shown(one.why, 70)})"
