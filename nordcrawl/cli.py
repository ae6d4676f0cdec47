"""The ``nordcrawl`` command: parse, call, set the exit code. Scrapy is loaded only to crawl."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nordcrawl import __version__
from nordcrawl.errors import NordcrawlError
from nordcrawl.exitcodes import ExitCode


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit status."""
    parser = _parser()
    # What stands behind `crawl` is Scrapy's to parse, so that both commands take the same.
    options, rest = parser.parse_known_args(argv)
    if rest and options.command != "crawl":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return int(options.function(options, rest))
    except NordcrawlError as error:
        print(f"nordcrawl: error: {error}", file=sys.stderr)
        return int(error.exit_code)
    except BrokenPipeError:
        # `nordcrawl read | head` is no failure; keep the interpreter from saying so at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.WHOLE)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="nordcrawl",
        description="Crawl news sites, extract clean articles, archive them as JSON Lines.",
    )
    parser.add_argument("--version", action="version", version=f"nordcrawl {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    crawl = commands.add_parser(
        "crawl",
        help="crawl a source into the archive; the same as scrapy crawl",
        description="The same job, options and exit codes as: scrapy crawl SOURCE "
        "[-a since=DATE] [-a until=DATE] [-a limit=N] [-a urls=FILE|LIST] "
        "[-a mode=incremental|full] [-s SETTING=VALUE]",
    )
    crawl.set_defaults(function=_crawl)

    listed = commands.add_parser("sources", help="list the sources that can be crawled")
    listed.set_defaults(function=_sources)

    extract = commands.add_parser(
        "extract",
        help="print the record of saved pages",
        description="Print what nordcrawl reads out of saved pages (HTML, or gzipped HTML), one "
        "JSON object a line. With --manifest, one prediction for each line of a JSON Lines file "
        "with id, url and html (a path, relative to the manifest or to here).",
    )
    extract.add_argument("files", nargs="*", type=Path, metavar="FILE")
    extract.add_argument("--url", help="where the page came from")
    extract.add_argument("--source", help="read it as a page of this source")
    extract.add_argument("--manifest", type=Path, metavar="PAGES.jsonl")
    extract.add_argument("--pretty", action="store_true", help="indent the JSON")
    extract.set_defaults(function=_extract)

    read = commands.add_parser(
        "read",
        help="print the archive's articles",
        description="Print articles from the archive, hash-checked. The cursor for the next "
        "--since goes to standard error.",
    )
    _archive_option(read)
    read.add_argument("--format", choices=("jsonl", "table"), default="jsonl")
    read.add_argument("--latest", action="store_true", help="only the latest revision of each")
    read.add_argument("--since", metavar="CURSOR", help="only what came after this cursor")
    read.add_argument("--source", help="only this source")
    read.set_defaults(function=_read)

    ship = commands.add_parser("ship", help="ship what earlier runs left in the spool")
    _archive_option(ship)
    ship.add_argument("sources", nargs="*", metavar="SOURCE", help="all that have a spool")
    ship.set_defaults(function=_ship)

    demo = commands.add_parser(
        "demo", help="run the whole job against a small news site on this machine"
    )
    demo.add_argument("what", nargs="?", choices=("run", "site"), default="run")
    demo.add_argument("--dir", type=Path, default=Path("demo-archive"), metavar="FOLDER",
                      help="where the demo's archive goes (default: demo-archive)")  # fmt: skip
    demo.add_argument("--port", type=int, default=None, help="the site's port (default: a free "
                      "one; 8017 for demo site)")  # fmt: skip
    demo.set_defaults(function=_demo)
    return parser


def _archive_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--archive",
        metavar="PATH|URI",
        help="a folder, file:// or s3://bucket/prefix (default: NORDCRAWL_ARCHIVE)",
    )


def _crawl(options: argparse.Namespace, rest: list[str]) -> int:
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    from scrapy.cmdline import execute

    try:
        execute(["scrapy", "crawl", *rest])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return int(ExitCode.WHOLE)


def _sources(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.commandline.sources import list_sources

    return list_sources()


def _extract(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.commandline.extract import extract_files, extract_manifest

    if options.manifest is not None:
        return extract_manifest(options.manifest, options.source)
    return extract_files(options.files, options.url, options.source, options.pretty)


def _read(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.commandline.read import read_archive

    return read_archive(
        options.archive,
        layout=options.format,
        latest=options.latest,
        since=options.since,
        source=options.source,
    )


def _ship(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.commandline.ship import ship_spools

    return ship_spools(options.archive, options.sources)


def _demo(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.commandline.demo import run_demo, serve_site

    if options.what == "site":
        return serve_site(8017 if options.port is None else options.port)
    return run_demo(options.dir, options.port or 0)
