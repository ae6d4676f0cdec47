"""``nordcrawl crawl --all``: each source in a process of its own, one exit code for all."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nordcrawl.cli.environment import options_from_environment
from nordcrawl.errors import PRECEDENCE, ExitCode, UsageError


@dataclass(frozen=True, slots=True)
class Ended:
    """How the crawl of one source ended."""

    source: str
    code: int

    @property
    def words(self) -> str:
        """The code's name; of a process that was killed its signal."""
        if self.code < 0:
            return f"killed by signal {-self.code}"
        return ExitCode(self.code).name.lower() if self.code in [*ExitCode] else "unknown"


def crawl_all(arguments: Sequence[str]) -> int:
    """Crawl the sources that are named, or all that there are; return the gravest exit code.

    What is no option of this command is given to each crawl as it is.

    Raises:
        UsageError: a source is unknown, or an option is wrong.
    """
    parser = argparse.ArgumentParser(prog="nordcrawl crawl --all", add_help=False)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--sandbox", action="store_true")
    wanted, rest = parser.parse_known_args(arguments)
    if wanted.jobs < 1:
        raise UsageError(f"--jobs {wanted.jobs}: 1 or more is allowed")
    if wanted.sandbox:
        raise UsageError("--sandbox is for one source: give its name instead of --all")
    known = options_from_environment().sources()
    named = [] if wanted.all else [one for one in rest if one in known]
    sources = named or [*known]
    given = [one for one in rest if one not in named]

    def crawl(source: str) -> Ended:
        command = [sys.executable, "-m", "nordcrawl", "crawl", source, *given]
        # Standard input stays the terminal's, so that a signal from it reaches each of them.
        return Ended(source, subprocess.run(command, check=False).returncode)  # noqa: S603 - our own

    with ThreadPoolExecutor(wanted.jobs) as pool:
        ended = list(pool.map(crawl, sources))
    width = max(len(one.source) for one in ended)
    for one in ended:
        print(f"{one.source:<{width}}  exit {one.code:<3} {one.words}")
    return gravest(one.code for one in ended)


def gravest(codes: Iterable[int]) -> int:
    """Return the code that stands for several: the first of `PRECEDENCE`; what is no code of ours,
    as of a process that was killed, is a failure.

    >>> gravest([0, 14, 10, 7]), gravest([0, 0]), gravest([0, -9, 14])
    (10, 0, 1)
    """
    found = [ExitCode(code) if code in [*ExitCode] else ExitCode.FAILED for code in codes]
    return int(min(found, key=PRECEDENCE.index))
