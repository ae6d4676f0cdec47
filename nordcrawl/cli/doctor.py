"""``nordcrawl doctor``: is everything there that a crawl needs, and what to do if not."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nordcrawl._version import __version__
from nordcrawl.cli.environment import archive_option, options_from_environment
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.doctor.archive import examine_archive
from nordcrawl.doctor.finding import Clock, Finding, Status, exit_code, fail, failed, note, ok
from nordcrawl.doctor.machine import examine_clock, examine_state
from nordcrawl.doctor.preflight import examine_source
from nordcrawl.doctor.spools import examine_spools
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.times import utc_now
from nordcrawl.model.words import reason

_COLOURS = {Status.OK: "green", Status.NOTE: "yellow", Status.FAIL: "red"}
_LONGEST = 600


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Look at everything that a crawl needs, in seconds, and say what to do about what is "
        "missing: settings, store (rights, conditional puts, checksums, clock), spools."
    )
    parser.epilog = "Example: nordcrawl doctor highnorthnews --archive s3://bucket/prefix"
    parser.add_argument("source", nargs="?", help="also look at what a crawl of this source needs")
    archive_option(parser)
    parser.add_argument("--json", action="store_true", help="the findings as JSON")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `examine`."""
    return examine(options.archive, source=options.source, as_json=options.json)


def examine(
    archive: str | None, *, source: str | None = None, as_json: bool, clock: Clock = utc_now
) -> int:
    """Look at settings, machine and archive, and at one source if it is named; say what was seen,
    and return the exit code: 0 means ready to crawl.
    """
    findings = list(_findings(archive, source, clock))
    code = exit_code(findings)
    if as_json:
        values = {
            "nordcrawl": __version__,
            "exit_code": int(code),
            "findings": [finding.to_json() for finding in findings],
        }
        print(json.dumps(values, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _table(findings, code)
    else:
        _plain(findings, code)
    return int(code)


def _findings(archive: str | None, source: str | None, clock: Clock) -> Iterator[Finding]:
    try:
        options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    except UsageError as error:
        yield failed("settings", error)
        address = archive or os.environ.get("NORDCRAWL_ARCHIVE")
        if address:
            yield from _guarded("archive", lambda: examine_archive(address, clock))
        return
    yield ok("settings", "all are known and in range")
    yield from _guarded("sources", lambda: _sources(options))
    if source is not None:
        yield from _guarded("source", lambda: examine_source(options, source))
    yield from _guarded("time", lambda: examine_clock(clock))
    yield from _guarded("state", lambda: examine_state(options.state_dir))
    yield from _guarded("spools", lambda: _spools(options))
    yield from _guarded("archive", lambda: examine_archive(options.archive, clock))


def _sources(options: Options) -> Iterator[Finding]:
    names = ", ".join(options.sources())
    yield ok("sources", names)
    if options.contact:
        yield ok("contact", options.contact)
    else:
        yield note(
            "contact",
            "none: only hosts of this machine are crawled",
            "set NORDCRAWL_CONTACT to a mail address or URL at which publishers reach you",
        )


def _spools(options: Options) -> Iterator[Finding]:
    try:
        own = archive_folders(options, None)
    except UsageError:  # the archive's address, of which more below
        own = []
    for folder in own:
        yield from examine_spools(folder)
    for folder in sorted(options.state_dir.glob("*/")):
        if folder not in own:
            yield from examine_spools(folder, of=folder.name)


def _guarded(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Turn whatever a look ends with into a finding: a failed look must not stop the others."""
    try:
        yield from look()
    except NordcrawlError as error:
        yield failed(name, error)
    except Exception as error:  # noqa: BLE001 (a bug of ours, or of a library's)
        text = reason(error)
        yield fail(name, text, "an error of nordcrawl itself; report it", ExitCode.FAILED)


def _verdict(findings: list[Finding], code: ExitCode) -> str:
    failures = sum(finding.status is Status.FAIL for finding in findings)
    if not failures:
        return f"exit {int(code)}: ready to crawl"
    return f"exit {int(code)} {code.name.lower()}: {failures} of {len(findings)} looks failed"


def _plain(findings: list[Finding], code: ExitCode) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{finding.status:<5} {finding.name:<{width}}  {shown(finding.seen, _LONGEST)}")
        if finding.advice:
            print(f"{'':<5} {'':<{width}}  -> {shown(finding.advice, _LONGEST)}")
    print(_verdict(findings, code))


def _table(findings: list[Finding], code: ExitCode) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("seen", overflow="fold")
    table.add_column("what to do", overflow="fold")
    for finding in findings:
        colour = _COLOURS[finding.status]
        table.add_row(
            f"[{colour}]{finding.status}[/]",
            finding.name,
            escape(shown(finding.seen, _LONGEST)),
            escape(shown(finding.advice, _LONGEST)),
        )
    console = Console()
    console.print(table)
    console.print(_verdict(findings, code), highlight=False)
