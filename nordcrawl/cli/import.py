"""``nordcrawl import``: pages of WARC files that others wrote, as articles of a source."""

# ruff: noqa: N999 - the command's name

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import MARKER_KEY, Store
from nordcrawl.capture.library import NEEDED, is_there
from nordcrawl.cli.environment import archive_option, log_as_asked, options_from_environment
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.leaving import BROKE_OFF, EXIT_S, Watch, obey_signals
from nordcrawl.crawl.run import Run
from nordcrawl.errors import ExitCode, ObjectMissing, UsageError, first_of
from nordcrawl.importing.download import Web
from nordcrawl.importing.dry import look
from nordcrawl.importing.files import check
from nordcrawl.importing.findings import WORDS, Findings
from nordcrawl.importing.gathered import Gathered
from nordcrawl.importing.scan import Scan
from nordcrawl.importing.taking import take
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.printable import counted, shown
from nordcrawl.model.times import utc_now
from nordcrawl.report.summary import print_summary
from nordcrawl.sources.source import Source
from nordcrawl.workers.memory import steady_memory


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Take the pages of a source out of WARC and WACZ files (of browsertrix, wget, Heritrix, "
        "Common Crawl) into the archive, as a crawl would have on the day on which they were "
        "fetched: article addresses of its table, in the order of their dates, what is reserved "
        "left out. Nothing is asked of the site; files of the web are downloaded one at a time, "
        "into the temporary folder, and not kept. A second time, or killed and called again, it "
        "takes what is not there yet."
    )
    parser.epilog = "Example: nordcrawl import warc highnorthnews crawl-*.warc.gz --dry-run"
    parser.add_argument("format", choices=("warc",), help="what the files are")
    parser.add_argument("source", metavar="SOURCE", help="whose articles are taken")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE|URL",
        help=".warc, .warc.gz, .warc.zst or .wacz, here or at an address of http or https",
    )
    archive_option(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="archive nothing, and say what would be"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


_ARGUMENTS: Final = Arguments(urls=("warc",), mode="full", kind="import")
#: Ends of a run after which the next one takes later pages of the same addresses.
_GO_ON: Final = (ExitCode.WHOLE, ExitCode.NOTHING, ExitCode.SUSPECT, ExitCode.DAMAGED)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command is to do."""

    options: Options
    source: Source
    as_json: bool


def run(options: argparse.Namespace) -> int:
    """Carry out the command; return the exit code.

    Raises:
        UsageError: the source is unknown, a file is none of WARC records, the extra is missing.
        NotFetched: a file of the web can't be had; nothing was imported.
        LockHeld: another run works on the source.
        SpoolError: the state folder or the temporary one can't be written.
        StoreError: the archive can't be written or read.
    """
    settings = options_from_environment(NORDCRAWL_ARCHIVE=options.archive)
    source = settings.source(options.source, with_contact=False)
    files = check(options.files, Web(settings.user_agent, settings.proxy))
    if not is_there():
        raise UsageError(NEEDED)
    asked = _Asked(settings, source, options.json)
    steady_memory()
    log_as_asked()
    findings = Findings()
    with Gathered() as gathered:
        # Before lock and lease are taken: it may take long, and nobody need wait for it.
        Scan(source, gathered, findings, utc_now()).files(files)
        code = (_dry if options.dry_run else _real)(asked, gathered, findings)
    return int(code)


def _dry(asked: _Asked, gathered: Gathered, findings: Findings) -> ExitCode:
    store = open_store(asked.options.archive, retry_s=asked.options.store_retry_s)
    begun = store if _is_begun(store) else None
    asyncio.run(look(asked.options, asked.source, begun, gathered, findings))
    _print(asked, findings, None)
    if findings.damaged:
        return ExitCode.DAMAGED
    return ExitCode.WHOLE if findings.taken or findings.known else ExitCode.NOTHING


def _is_begun(store: Store) -> bool:
    """Return whether there is an archive; the import would begin it."""
    if store.uri.startswith("file://") and not Path(unquote(urlsplit(store.uri).path)).exists():
        return False
    try:
        store.get(MARKER_KEY)
    except ObjectMissing:
        return False
    return True


def _real(asked: _Asked, gathered: Gathered, findings: Findings) -> ExitCode:
    """Import in as many runs as it takes: of each address one page a run, the earliest first."""
    codes: list[ExitCode] = []
    watch = Watch()
    while True:
        run = Run.open(asked.options, asked.source, _ARGUMENTS)
        try:
            asyncio.run(_work(run, gathered, findings, watch))
            if run.report is None:
                print(BROKE_OFF.format("import"), file=sys.stderr)
                return ExitCode.INTERRUPTED
            codes.append(run.report.verdict()[0])
            stopped = run.info.stopping.requested or run.report.quarantine.records
            goes_on = codes[-1] in _GO_ON and not stopped and gathered.go_on()
            if not goes_on:
                findings.stopped = len(gathered)
                _print(asked, findings, run)
            if not asked.as_json:
                print_summary(run.report)
            if run.info.stopping.requested:
                with contextlib.suppress(OSError, ValueError):
                    sys.stdout.flush()
                watch.end_within(EXIT_S, codes[-1])
            if not goes_on:
                return first_of(codes)
        finally:
            run.close()


async def _work(run: Run, gathered: Gathered, findings: Findings, watch: Watch) -> None:
    obey_signals(run, asyncio.get_running_loop(), watch, "import")
    await take(run, gathered, findings)


def _print(asked: _Asked, findings: Findings, run: Run | None) -> None:
    if asked.as_json:
        told: dict[str, Any] = {"source": asked.source.name, "dry_run": run is None}
        if run is not None and run.report is not None:
            told |= {"run_id": run.info.run_id, "exit": run.report.verdict()[0].name.lower()}
        print(json.dumps(told | findings.to_json(), ensure_ascii=False), flush=True)
        return
    for line in _lines(asked.source.name, findings):
        print(line)
    if run is None:
        print("\n  nothing was archived: this was a dry run\n")


def _lines(name: str, findings: Findings) -> Iterator[str]:
    """Yield what a person reads: how many records, what was taken, what was left out and why."""
    files = counted(findings.files, "file")
    yield ""
    yield f"  {name}  {counted(findings.records, 'record')} of {files}"
    yield f"  {findings.taken:>9}   taken: {_outcomes(findings)}"
    for why, count in findings.left.most_common():
        if count:
            yield f"  {count:>9}   left out: {WORDS[why]}"
    for count, what in (
        (findings.redirects, "redirects: they tell by which address a page was asked for"),
        (findings.others, "other records: requests, metadata, resources"),
        (findings.stopped, "pages that were not reached"),
    ):
        if count:
            yield f"  {count:>9}   {what}"
    for damage in findings.damaged:
        yield f"  damaged     {shown(damage, 200)}"


def _outcomes(findings: Findings) -> str:
    told = [f"{findings.outcomes[one]} {one}" for one in Outcome if findings.outcomes[one]]
    return ", ".join(told) or "none"
