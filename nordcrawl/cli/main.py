"""The ``nordcrawl`` command: find the command's module, parse, call, set the exit code.

Each command is a module of this folder with that name, with ``add_options(parser)`` and
``run(options) -> int``. Only the one that is asked for is loaded, so that a command pays for
nothing but its own work: Scrapy is loaded only to crawl, trafilatura only to extract.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from nordcrawl._version import __version__
from nordcrawl.errors import ExitCode, NordcrawlError
from nordcrawl.system import streams

COMMANDS: Final = {
    "crawl": "crawl a source into the archive; the same as scrapy crawl",
    "fleet": "crawl all sources on the machines of a Ray cluster",
    "try": "fetch one page, and show what would be archived of it and what not",
    "sources": "list the sources that can be crawled, check one, or suggest one for a site",
    "rights": "say what a source's site says of its rights",
    "audit": "compare a source's sitemaps with the archive, month by month",
    "extract": "print the record of saved pages, a view of it, or why a line is not in it",
    "read": "print the archive's articles",
    "history": "show the revisions of an article, and what differs between two",
    "report": "say what a run did, as a page, Markdown or JSON",
    "files": "list the archive's parts, for other engines to read",
    "capture": "write the page of an address as it was fetched, as WARC",
    "reextract": "read the pages that the archive keeps again, by today's extractor",
    "import": "take WARC and WACZ files of others into the archive, as articles of a source",
    "schema": "print the JSON Schema of the archive's lines, or column types for an engine",
    "signatures": "write the signatures of all texts as Parquet, to find near duplicates",
    "status": "say in ten lines how each source stands",
    "runs": "list the runs of an archive, newest first",
    "check": "say whether the archive is fresh, for monitors, from any machine",
    "alert": "tell by mail, chat or webhook what is amiss, once, and when it ends",
    "doctor": "examine settings, store and spools",
    "ship": "ship what earlier runs left in the spool",
    "state": "make the local state anew from the archive",
    "verify": "prove the archive, by the store alone",
    "compact": "put small parts together",
    "erase": "take articles out of the archive, for good",
    "quarantine": "look at records that were held back, release or drop them",
    "demo": "run the whole job against a small news site on this machine",
    "completion": "print a script that completes all this in a shell",
}
"""Each command, in the order of ``--help``, and what it does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit status; what is on standard output is written when
    this returns, or the status says that it is not."""
    streams.prepare()
    code = int(ExitCode.WHOLE)
    try:
        try:
            code = _run(sys.argv[1:] if argv is None else argv)
        except SystemExit as end:  # of argparse: help, version, usage
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:  # `nordcrawl read | head` is no failure
        streams.drop_output()
    except streams.OutputFailed as error:
        streams.drop_output()
        why = error.strerror or str(error)
        print(f"nordcrawl: error: can't write standard output: {why}", file=sys.stderr)
        return int(ExitCode.FAILED)
    return code


def _run(argv: Sequence[str]) -> int:
    parser, asked = parsers(*argv[:1])
    if not argv:
        parser.print_help(sys.stderr)
        return int(ExitCode.USAGE)
    # What stands behind `crawl` is Scrapy's to parse, so that both commands take the same.
    crawls = argv[0] == "crawl" and not {"-h", "--help"}.intersection(argv)
    options, rest = parser.parse_known_args(argv[:1] if crawls else argv)
    if rest:
        asked.get(options.command, parser).error(f"unrecognized arguments: {' '.join(rest)}")
    command = import_module(f"nordcrawl.cli.{options.command}")
    try:
        return int(command.run_scrapy(argv[1:]) if crawls else command.run(options))
    except NordcrawlError as error:
        print(f"nordcrawl: error: {error}", file=sys.stderr)
        return int(error.exit_code)


def parsers(*asked: str) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser of the command line, and those of the commands that are asked for: with
    their options, and of the others no more than the names."""
    parser = argparse.ArgumentParser(
        prog="nordcrawl",
        description="Crawl news sites, extract clean articles, archive them as JSON Lines.",
    )
    parser.add_argument("--version", action="version", version=f"nordcrawl {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    found = {}
    for name, what in COMMANDS.items():
        command = commands.add_parser(name, help=what)
        if name in asked:
            import_module(f"nordcrawl.cli.{name}").add_options(command)
            found[name] = command
    return parser, found
