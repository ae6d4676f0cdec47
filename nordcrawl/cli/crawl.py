"""``nordcrawl crawl``: the same job, options and exit codes as ``scrapy crawl``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nordcrawl.archive.store.protocol import MARKER_KEY
from nordcrawl.cli.crawl_all import crawl_all, names_in
from nordcrawl.cli.numbers import number, whole
from nordcrawl.config.logs import LEVELS
from nordcrawl.errors import ExitCode, UsageError

#: Options that are for several sources.
_OF_SEVERAL = frozenset({"--all", "--jobs", "--shard", "--max-seconds"})
#: Pages of a sandbox.
_FEW = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command, for its help and for completion; it is Scrapy that parses it."""
    parser.description = (
        "Crawl sources into the archive: the same job, options and exit codes as scrapy crawl. "
        "Arguments by -a: since and until (a date, or a time), limit (pages), urls (a file, or a "
        "comma list), mode (incremental or full). The exit code 0 says: all of it."
    )
    parser.epilog = "Example: nordcrawl crawl highnorthnews -a since=2026-11-01 -a limit=10"
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="several: one after the other")
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="five pages (or -a limit=N) of one source into an archive of its own in a temporary "
        "folder, and a table of them",
    )
    parser.add_argument(
        "--replay",
        choices=("captures",),
        help="ask nobody: run one source's spider against the captures that the archive has of it "
        "(-a limit=N: the newest N), into an archive of its own in a temporary folder, and compare "
        "what comes out with the archive's records; exit code 14: something is not the same",
    )
    parser.add_argument("--json", action="store_true", help="of a replay: for programs")
    parser.add_argument("--all", action="store_true", help="all sources, with one exit code")
    parser.add_argument("--jobs", type=whole, metavar="N", help="so many of them at a time")
    parser.add_argument(
        "--shard",
        metavar="K/N",
        help="of several sources only the K-th of N shards: each host is in one, whatever N is",
    )
    parser.add_argument(
        "--max-seconds",
        type=number,
        metavar="S",
        help="end the crawls of several sources when so much time is over",
    )
    scrapy = parser.add_argument_group("of Scrapy, which has more (scrapy crawl --help)")
    scrapy.add_argument("-a", action="append", metavar="NAME=VALUE", help="an argument, see above")
    scrapy.add_argument(
        "-s", "--set", action="append", metavar="NAME=VALUE", help="a setting for this run"
    )
    scrapy.add_argument("-L", "--loglevel", choices=LEVELS, help="how much is logged")
    scrapy.add_argument(
        "--logfile", type=Path, metavar="FILE", help="the log goes there, not to standard error"
    )


def run_scrapy(arguments: Sequence[str]) -> int:
    """Give Scrapy a command line of ``scrapy crawl``; return its exit code.

    Raises:
        UsageError: an option that is not for this kind of crawl.
    """
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    if "--replay" in {one.partition("=")[0] for one in arguments}:
        from nordcrawl.cli.crawl_replay import crawl_replayed  # which most crawls do not need

        return crawl_replayed(arguments, _scrapy_crawl)
    if "--json" in arguments:
        raise UsageError(
            "--json is for --replay; the summary of a crawl names its report, which is JSON"
        )
    if _OF_SEVERAL & {one.partition("=")[0] for one in arguments} or _several(arguments):
        return crawl_all(arguments)
    if "--sandbox" in arguments:
        return crawl_sandboxed([one for one in arguments if one != "--sandbox"])
    return _scrapy_crawl(arguments)


def _several(arguments: Sequence[str]) -> bool:
    """Say whether more than one source is named."""
    return len(names_in(arguments)) > 1


def crawl_sandboxed(arguments: Sequence[str]) -> int:
    """Crawl a few pages into an archive of their own, show them, and return the exit code; that
    pages were left is none there."""
    folder = Path(tempfile.mkdtemp(prefix="nordcrawl-sandbox-"))
    archive = folder / "archive"
    places: dict[str, object] = {
        "NORDCRAWL_ARCHIVE": archive,
        "NORDCRAWL_STATE_DIR": folder / "state",
    }
    places["NORDCRAWL_ALERT_AFTER_RUN"] = "0"
    given = [part for name, path in places.items() for part in ("-s", f"{name}={path}")]
    if not any(one.startswith("limit=") for one in arguments):
        given += ["-a", f"limit={_FEW}"]
    code = _scrapy_crawl([*arguments, *given])
    if (archive / MARKER_KEY).exists():
        # By a process of its own: this one has settings and streams of a crawl.
        command = [sys.executable, "-m", "nordcrawl", "read", "--archive", str(archive)]
        command += ["--format", "table"]
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
        print(f"\nsandbox: all of it lies in {folder}, to be deleted when you have seen it")
    # That a few pages are not all of them is what was asked for.
    return int(ExitCode.WHOLE) if code == ExitCode.LIMIT else code


def _scrapy_crawl(arguments: Sequence[str]) -> int:
    from scrapy.cmdline import execute

    try:
        execute(["scrapy", "crawl", *arguments])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return int(ExitCode.WHOLE)
