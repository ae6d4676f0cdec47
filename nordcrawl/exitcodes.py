"""The exit codes, the same under ``scrapy crawl``, ``nordcrawl crawl`` and every other command.

docs/operations.md explains each to an operator.
"""

from __future__ import annotations

from enum import IntEnum


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
