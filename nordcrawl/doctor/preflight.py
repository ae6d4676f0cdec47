"""Preflight: all that may be wrong before a run's first request, found at once, within seconds.

What is found here is no more than what the run itself would end with; but there it ends at the
first, and here all of it is told. A look that takes too long is left: the run looks itself, with
more patience (a store that is away is tried for ``NORDCRAWL_STORE_RETRY_S``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from nordcrawl.archive.store.address import open_store
from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options, Settings
from nordcrawl.config.state_folder import spool_folders
from nordcrawl.doctor.archive import examine_archive
from nordcrawl.doctor.finding import Clock, Finding, Status, failed, note, ok
from nordcrawl.doctor.machine import examine_clock, examine_state
from nordcrawl.doctor.spools import examine_lock
from nordcrawl.errors import ExitCode, NordcrawlError, StoreError, UsageError, first_of
from nordcrawl.model.words import reason
from nordcrawl.sources.source import Source

Look = Callable[[], Iterator[Finding]]

#: Seconds that all looks have together.
LONGEST_S: Final = 4.0


class NotReady(NordcrawlError):
    """What keeps a run from its first request."""

    def __init__(self, findings: list[Finding]) -> None:
        self.lines = [
            f"{found.seen}{f' ({found.advice})' if found.advice else ''}" for found in findings
        ]
        self.exit_code = first_of(found.exit_code for found in findings)
        super().__init__("; ".join(self.lines))


@dataclass(slots=True)
class Preflight:
    """What was found, and what a run is made of as far as that is known."""

    findings: list[Finding] = field(default_factory=list)
    options: Options | None = None
    source: Source | None = None
    arguments: Arguments | None = None

    @property
    def asked(self) -> tuple[Options, Source, Arguments] | None:
        """What a run would be made of, whether it may begin or not; None where it is not known."""
        if self.options is None or self.source is None or self.arguments is None:
            return None
        return self.options, self.source, self.arguments

    def require(self) -> tuple[Options, Source, Arguments]:
        """Return what a run is made of.

        Raises:
            NotReady: something is wrong; its text has all of it.
        """
        # A store that gives no answer now is the run's to wait for.
        wrong = [
            found
            for found in self.findings
            if found.status is Status.FAIL and found.exit_code is not ExitCode.PENDING
        ]
        if wrong or (asked := self.asked) is None:
            raise NotReady(wrong)
        return asked


def preflight(
    settings: Settings,
    name: str,
    given: Mapping[str, str],
    clock: Clock,
    *,
    longest_s: float = LONGEST_S,
) -> Preflight:
    """Look at all that a run of the source `name` with spider arguments `given` needs; never
    raises for what is wrong."""
    found = Preflight()
    options, problems = Options.read(settings)
    if problems:
        found.findings.append(failed("settings", UsageError("; ".join(problems))))
    else:
        found.options = options

    def is_right(setting: str) -> bool:
        return not any(problem.startswith(f"{setting} ") for problem in problems)

    if is_right("NORDCRAWL_SOURCES"):
        try:
            source = options.source(name, with_contact=False)
        except UsageError as error:
            found.findings.append(failed("source", error))
        else:
            # Of a contact or hosts that are wrong it is told that they are, and no more.
            known = is_right("NORDCRAWL_CONTACT") and is_right("NORDCRAWL_HOSTS")
            _take(found, options, source, given, with_contact=known)
    looks: dict[str, Look] = {"clock": lambda: examine_clock(clock)}
    if is_right("NORDCRAWL_STATE_DIR"):
        looks["state"] = lambda: examine_state(options.state_dir)
        if options.archive:
            looks["lock"] = lambda: _lock(options, name)
    if options.archive:
        looks["archive"] = lambda: examine_archive(options.archive, clock, brief=True)
    found.findings += _at_once(looks, longest_s)
    return found


def _take(
    found: Preflight,
    options: Options,
    source: Source,
    given: Mapping[str, str],
    *,
    with_contact: bool,
) -> None:
    """Take the source and its arguments; what is wrong with either is told beside the other."""
    wrong: list[str] = []
    try:
        if with_contact:
            options.require_means(source)
        found.source = source
    except UsageError as error:
        wrong.append(str(error))
    try:
        found.arguments = Arguments.parse(given, source)
    except UsageError as error:
        wrong.append(str(error))
    found.findings += [failed("source", UsageError(text)) for text in wrong]


def _lock(options: Options, name: str) -> Iterator[Finding]:
    try:
        store = open_store(options.archive, retry_s=LONGEST_S)
        folders = spool_folders(options, store, name)
    except (UsageError, StoreError):  # the archive, of which another look tells
        return
    yield examine_lock(folders[0])


def _at_once(looks: Mapping[str, Look], longest_s: float) -> list[Finding]:
    """Take all looks side by side and return what was found by then, in their order."""
    found: dict[str, list[Finding]] = {name: [] for name in looks}

    def take(name: str, look: Look) -> None:
        try:
            for finding in look():
                found[name].append(finding)
        except NordcrawlError as error:
            found[name].append(failed(name, error))
        except Exception as error:  # noqa: BLE001 (a bug of ours; the run would meet it as well)
            found[name].append(note(name, f"could not be looked at: {reason(error)}"))

    until = time.monotonic() + longest_s
    # Daemons: what hangs in them does not keep the process.
    threads = {
        name: threading.Thread(target=take, args=(name, look), name=f"look-{name}", daemon=True)
        for name, look in looks.items()
    }
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            found[name].append(note(name, f"gave no answer within {longest_s:g} s"))
    return [finding for findings in found.values() for finding in list(findings)]


def examine_source(options: Options, name: str) -> Iterator[Finding]:
    """Look at one source as a crawl would take it."""
    source = options.source(name)
    hosts = ", ".join(source.all_hosts)
    yield ok("source", f"{name}: {hosts}; {source.delay:g} s between two requests to a host")
