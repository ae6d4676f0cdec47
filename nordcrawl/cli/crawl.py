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
from nordcrawl.cli.crawl_all import crawl_all
from nordcrawl.errors import ExitCode

#: Pages of a sandbox.
_FEW = 5


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command; what it takes is Scrapy's to parse."""
    parser.description = (
        "The same job, options and exit codes as: scrapy crawl SOURCE [-a since=DATE] "
        "[-a until=DATE] [-a limit=N] [-a urls=FILE|LIST] [-a mode=incremental|full] "
        "[-s SETTING=VALUE]. And: --sandbox, five pages (or -a limit=N) into an archive of its own "
        "in a temporary folder, and a table of them; --all, each source after the other (or "
        "--jobs N at a time), with one exit code for all."
    )
    parser.epilog = "Example: nordcrawl crawl highnorthnews -a since=2026-11-01 -a limit=10"


def run_scrapy(arguments: Sequence[str]) -> int:
    """Give Scrapy a command line of ``scrapy crawl``; return its exit code."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    if {"--all", "--jobs"} & {one.partition("=")[0] for one in arguments}:
        return crawl_all(arguments)
    if "--sandbox" in arguments:
        return crawl_sandboxed([one for one in arguments if one != "--sandbox"])
    return _scrapy_crawl(arguments)


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
