"""Every exception of nordcrawl, and the exit code that each one means.

::

    NordcrawlError                    1   anything else
    ├── UsageError                    2   the operator's input: argument, setting
    │   └── SourceError               2   a source file
    ├── SpoolError                    3   the local disk refuses the spool
    ├── LockHeld                      9   another run works on this source and archive
    └── StoreError                    1   the archive's store
        ├── StoreRefused              4   credentials, permission, bucket: retrying can't help
        ├── StoreUnavailable          5   down, slow, busy: nothing is lost, run again
        ├── ObjectMissing             1   a key that should be there is not
        ├── ObjectConflict            1   a key of ours holds somebody else's bytes (cloned spool)
        └── ArchiveDamaged           13   hash, count or log do not agree

What a page does wrong is no exception but a value (`nordcrawl.model.ledger.Outcome` with a reason).
The codes' table is in docs/exit-codes.md; `ExitCode` names the other ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple


class ExitCode(IntEnum):
    """One process exit status each; 0 is said only when nothing at all is amiss."""

    WHOLE = 0
    FAILED = 1
    USAGE = 2
    SPOOL = 3
    STORE = 4
    PENDING = 5
    INTERRUPTED = 6
    LIMIT = 7
    NOTHING = 8
    LOCKED = 9
    SOURCE_DOWN = 10
    ROBOTS = 11
    LEDGER = 12
    DAMAGED = 13
    SUSPECT = 14
    OUT_OF_TIME = 15
    OUT_OF_BYTES = 16
    OUT_OF_MEMORY = 17
    STALLED = 18


PRECEDENCE: Final = (
    # The operator's to mend: nothing else that was seen says anything before it is.
    ExitCode.USAGE, ExitCode.LOCKED, ExitCode.SPOOL, ExitCode.STORE, ExitCode.DAMAGED,
    # Ours, and what became of the lines.
    ExitCode.FAILED, ExitCode.PENDING, ExitCode.LEDGER, ExitCode.INTERRUPTED,
    # A budget ended it: the site was not seen to the end.
    ExitCode.STALLED, ExitCode.OUT_OF_MEMORY, ExitCode.OUT_OF_TIME, ExitCode.OUT_OF_BYTES,
    # The site, from what explains most to what explains least.
    ExitCode.ROBOTS, ExitCode.SOURCE_DOWN, ExitCode.NOTHING, ExitCode.SUSPECT,
    # What was left on purpose.
    ExitCode.LIMIT,
    ExitCode.WHOLE,
)  # fmt: skip
"""Of several codes that apply, the one that stands first here is told."""


class Meaning(NamedTuple):
    """What a code says of a run, and what it asks of the operator; Markdown of one line each."""

    means: str
    do: str


MEANINGS: Final[Mapping[ExitCode, Meaning]] = {
    ExitCode.WHOLE: Meaning(
        "every edition answered, every discovered URL has an outcome, everything is "
        "committed; the last line of the summary says what was not archived, if "
        "anything",
        "nothing",
    ),
    ExitCode.FAILED: Meaning(
        "anything else, an error of nordcrawl's own included",
        "read the warnings, report it",
    ),
    ExitCode.USAGE: Meaning(
        "a wrong argument, setting or source file; nothing was fetched",
        "mend what is named",
    ),
    ExitCode.SPOOL: Meaning(
        "the state folder can't be written (full, read-only); fetching stopped at once",
        "make room; the next run archives what was acknowledged",
    ),
    ExitCode.STORE: Meaning(
        "the archive refuses: credentials, permission, bucket, clock",
        "mend it; nothing acknowledged is lost",
    ),
    ExitCode.PENDING: Meaning(
        "the store was away; acknowledged lines that wait in the spool for it are "
        "counted in the message",
        "run again, or `nordcrawl ship`",
    ),
    ExitCode.INTERRUPTED: Meaning(
        "stopped by a signal; what was fetched is archived",
        "run again",
    ),
    ExitCode.LIMIT: Meaning(
        "`limit` or a budget was reached: URLs, or sitemaps beyond the first 500 (the "
        "newest are read first), were left",
        "run again, or as wanted",
    ),
    ExitCode.NOTHING: Meaning(
        "nothing archived and nothing known confirmed, though something was expected "
        "and the site answered",
        "look at the site and the warnings",
    ),
    ExitCode.LOCKED: Meaning(
        "another run works on this source and archive, on this machine or on another one",
        "wait for it",
    ),
    ExitCode.SOURCE_DOWN: Meaning(
        "a sitemap, feed or listing failed, and nothing else covered it "
        "([how](revisiting.md)), or a host could not be connected to (no address, "
        "refused, no network); or a file that is to be imported could not be downloaded",
        "look at the site, or mend the source's table",
    ),
    ExitCode.ROBOTS: Meaning(
        "a host answers, and its robots.txt could not be had (5xx, 429, reset, silence, "
        "redirect loop), so the host was not crawled (RFC 9309)",
        "wait",
    ),
    ExitCode.LEDGER: Meaning(
        "outcomes do not add up to what was discovered, or to the ledger lines and "
        "records that were committed",
        "report it",
    ),
    ExitCode.DAMAGED: Meaning(
        "the archive does not hold what its log says, or a commit is missing in a log; "
        "the key is named. Until it is mended nothing is compacted or erased. Of an import: a "
        "given file is damaged, and what was whole before that is archived "
        "([import](captures.md#import))",
        "`nordcrawl verify`, then restore that object from a copy; `nordcrawl read "
        "--keep-going` reads the rest. Of an import: get the file anew",
    ),
    ExitCode.SUSPECT: Meaning(
        "most pages failed, were no article, or had one and the same text: a site that "
        "is down, rebuilt, or behind a wall; or nothing new has come for much longer "
        "than ever; or records were held back ([quarantine](operations.md#quarantine)); of a "
        "replay: not everything came out as it is in the archive "
        "([replay](captures.md#replay))",
        "look at the site; `nordcrawl quarantine list`; `nordcrawl erase` what was archived "
        "by mistake; the next run asks again for what failed",
    ),
    ExitCode.OUT_OF_TIME: Meaning(
        "`NORDCRAWL_BUDGET_TIME_S` is over; what was fetched is archived, URLs were left",
        "nothing; the next run goes on",
    ),
    ExitCode.OUT_OF_BYTES: Meaning(
        "`NORDCRAWL_BUDGET_MIB` was fetched; what was fetched is archived, URLs were left",
        "nothing; the next run goes on",
    ),
    ExitCode.OUT_OF_MEMORY: Meaning(
        "the crawler's process holds more than `NORDCRAWL_BUDGET_MEMORY_MIB`; what was "
        "fetched is archived",
        "look at what grew, report it",
    ),
    ExitCode.STALLED: Meaning(
        "for `NORDCRAWL_STALL_S` no answer came and no page was settled; what was "
        "fetched is archived",
        "look at the log's last lines",
    ),
}
"""The words of docs/exit-codes.md, which is made of them; links are relative to that page."""


def first_of(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that is told where several apply; of none, `WHOLE`.

    >>> first_of([ExitCode.LIMIT, ExitCode.ROBOTS]).name
    'ROBOTS'
    """
    return min(codes, key=PRECEDENCE.index, default=ExitCode.WHOLE)


def gravest(codes: Iterable[int]) -> int:
    """Return the code that stands for several: the first of `PRECEDENCE`; what is no code of ours,
    as of a process that was killed, is a failure.

    >>> gravest([0, 14, 10, 7]), gravest([0, 0]), gravest([0, -9, 14])
    (10, 0, 1)
    """
    found = [ExitCode(code) if code in [*ExitCode] else ExitCode.FAILED for code in codes]
    return int(first_of(found))


class NordcrawlError(Exception):
    """Base of all; its text is one line that a person can act on."""

    exit_code: ExitCode = ExitCode.FAILED
    lines: Sequence[str] = ()
    """The same in several lines, where it is of several things."""


class UsageError(NordcrawlError):
    """Bad argument, setting or file of the operator's; names it and what is allowed."""

    exit_code = ExitCode.USAGE


class SourceError(UsageError):
    """A source file is wrong; the text names file, key and what is allowed."""


class SpoolError(NordcrawlError):
    """The spool can't be written: disk full, read-only, or damaged."""

    exit_code = ExitCode.SPOOL


class LockHeld(NordcrawlError):
    """Another live process holds this spool."""

    exit_code = ExitCode.LOCKED


class StoreError(NordcrawlError):
    """The store failed; the text names the operation and the key."""


class StoreRefused(StoreError):
    """The store says no: credentials, permission, bucket, clock."""

    exit_code = ExitCode.STORE


class StoreUnavailable(StoreError):
    """The store gave no usable answer within the time allowed; it may later."""

    exit_code = ExitCode.PENDING


class ObjectMissing(StoreError):
    """No object under this key."""


class ObjectConflict(StoreError):
    """The key exists with other bytes: two processes write as one writer."""


class ArchiveDamaged(StoreError):
    """What the archive holds does not agree with its log."""

    exit_code = ExitCode.DAMAGED
