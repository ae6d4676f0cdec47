"""``nordcrawl crawl``: the same job, options and exit codes as ``scrapy crawl``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from nordcrawl.errors import ExitCode


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe the command; what it takes is Scrapy's to parse."""
    parser.description = (
        "The same job, options and exit codes as: scrapy crawl SOURCE [-a since=DATE] "
        "[-a until=DATE] [-a limit=N] [-a urls=FILE|LIST] [-a mode=incremental|full] "
        "[-s SETTING=VALUE]"
    )
    parser.epilog = "Example: nordcrawl crawl highnorthnews -a since=2026-11-01 -a limit=10"


def run_scrapy(arguments: Sequence[str]) -> int:
    """Give Scrapy a command line of ``scrapy crawl``; return its exit code."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    from scrapy.cmdline import execute

    try:
        execute(["scrapy", "crawl", *arguments])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return int(ExitCode.WHOLE)
