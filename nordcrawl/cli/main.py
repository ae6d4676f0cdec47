"""The ``nordcrawl`` command: parse, call, set the exit code. Scrapy is loaded only to crawl."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nordcrawl._version import __version__
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.system import streams


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit status; what is on standard output is written when
    this returns, or the status says that it is not."""
    streams.prepare()
    code = int(ExitCode.WHOLE)
    try:
        try:
            code = _run(argv)
        except SystemExit as end:  # of argparse: help, version, usage
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
    except BrokenPipeError:  # `nordcrawl read | head` is no failure
        streams.drop_output()
    except streams.OutputFailed as error:
        streams.drop_output()
        why = error.strerror or str(error)
        print(f"nordcrawl: error: can't write standard output: {why}", file=sys.stderr)
        return int(ExitCode.FAILED)
    return code


def _run(argv: Sequence[str] | None) -> int:
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

    rights = commands.add_parser("rights", help="say what a source's site says of its rights")
    rights.add_argument("source", metavar="SOURCE")
    rights.add_argument("--json", action="store_true", help="for programs")
    rights.set_defaults(function=_rights)

    audit = commands.add_parser(
        "audit",
        help="compare a source's sitemaps with the archive, month by month",
        description="Compare a source's sitemaps with the archive, month by month: what is "
        "missing, extra or gone. Asks for sitemaps only. To fetch what is missing: "
        "nordcrawl audit SOURCE --missing missing.txt; "
        "nordcrawl crawl SOURCE -a urls=missing.txt",
    )
    audit.add_argument("source", metavar="SOURCE")
    audit.add_argument("--json", action="store_true", help="for programs")
    audit.add_argument("--all", action="store_true", help="show every address")
    audit.add_argument("--missing", type=Path, metavar="FILE", help="write what is missing there")
    audit.set_defaults(function=_audit)

    _add_extract(commands)

    _add_reading(commands)

    _add_keeping(commands)

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


def _add_extract(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    extract = commands.add_parser(
        "extract",
        help="print the record of saved pages, a view of it, or why a line is not in it",
        description="Print what nordcrawl reads out of saved pages (HTML, or gzipped HTML), one "
        "JSON object a line. With --manifest, one prediction for each line of a JSON Lines file "
        "with id, url and html (a path, relative to the manifest or to here). Exit code 1: a page "
        "is no article.",
    )
    extract.add_argument("files", nargs="*", type=Path, metavar="FILE")
    extract.add_argument("--url", help="where the page came from")
    extract.add_argument("--source", help="read it as a page of this source")
    shown = extract.add_mutually_exclusive_group()
    shown.add_argument("--manifest", type=Path, metavar="PAGES.jsonl")
    shown.add_argument(
        "--view",
        choices=("record", "text", "markdown", "full", "blocks"),
        default="record",
        help="record: the JSON object (default); text: standfirst and body; markdown; full: also "
        "headline and captions, as printed; blocks: a JSON object a line",
    )
    shown.add_argument(
        "--explain",
        action="store_true",
        help="list every run of text on the page: the block that has it, or the rule that took it "
        "out; and where each field is from",
    )
    extract.add_argument(
        "--format",
        choices=("text", "json", "html"),
        help="of --explain (default: text); html is one page that needs nothing else",
    )
    extract.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a file, written whole or not at all (default: standard output)",
    )
    extract.add_argument("--pretty", action="store_true", help="indent the JSON")
    extract.set_defaults(function=_extract)


def _add_reading(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    read = commands.add_parser(
        "read",
        help="print the archive's articles",
        description="Print articles from the archive, hash-checked: every revision in the order "
        "of commits, or the latest of each. The cursor for the next --since goes to standard "
        "error. A DATE is a whole day in UTC, both ends included; a TIME has its zone: "
        "2026-01-31T06:00Z.",
    )
    _archive_option(read)
    read.add_argument("--latest", action="store_true", help="each article once, as it is now")
    read.add_argument("--as-of", metavar="DATE|TIME", help="what the archive held by then")
    read.add_argument("--since", metavar="CURSOR", help="only what came after this cursor")
    read.add_argument("--cursor-file", type=Path, metavar="FILE", help="keep the cursor there: "
                      "read it, and write the next one when all is written")  # fmt: skip
    chosen = read.add_argument_group("filters; one that is given again widens, --text narrows")
    chosen.add_argument("--source", action="append", help="only this source")
    chosen.add_argument("--language", action="append", help="e.g. en, which is en-GB too")
    chosen.add_argument("--section", action="append", help="only this section of the site")
    for name in ("published", "fetched"):
        chosen.add_argument(f"--{name}-from", metavar="DATE|TIME")
        chosen.add_argument(f"--{name}-to", metavar="DATE|TIME")
    chosen.add_argument("--text", action="append", metavar="WORDS",
                        help="in title, subtitle or text, whatever the case")  # fmt: skip
    read.add_argument("--format", choices=("jsonl", "csv", "parquet", "table"), default="jsonl")
    read.add_argument("--fields", metavar="A,B.C", help="only these, e.g. title,fetch.fetched_at")
    read.add_argument("--output", type=Path, metavar="FILE", help="a file, written whole or not "
                      "at all (default: standard output)")  # fmt: skip
    read.add_argument("--keep-going", action="store_true",
                      help="read past damaged parts, and say so in the exit code")  # fmt: skip
    read.set_defaults(function=_read)

    history = commands.add_parser(
        "history",
        help="show the revisions of an article, and what differs between two",
        description="Show the revisions of the article that has, or had, an address, or that an "
        "id names: what each changed and when. With --diff, what differs between two of them: "
        "removed words struck and red, added ones underlined and green, or [-removed-] {+added+} "
        "without colour.",
        epilog="Example: nordcrawl history https://example.org/news/7 --diff 1..3",
    )
    history.add_argument("name", metavar="URL|ARTICLE_ID", help="e.g. highnorthnews:1117230")
    _archive_option(history)
    history.add_argument("--diff", nargs="?", const="", metavar="A..B",
                         help="what differs between two revisions (default: the last)")  # fmt: skip
    history.add_argument("--format", choices=("text", "json"), default="text",
                         help="json: a line a revision, or one for the diff")  # fmt: skip
    history.add_argument("--color", choices=("auto", "always", "never"), default="auto",
                         help="auto: on a terminal, unless NO_COLOR is set (default)")  # fmt: skip
    history.add_argument("--no-color", dest="color", action="store_const", const="never",
                         help="the same as --color never")  # fmt: skip
    history.set_defaults(function=_history)

    files = commands.add_parser(
        "files",
        help="list the archive's parts, for other engines to read",
        description="Print the path or URI of each part that is in the archive now. A glob would "
        "also give parts that are on their way in or out.",
    )
    _archive_option(files)
    files.add_argument("--kind", choices=("article", "ledger"), default="article")
    files.add_argument("--source", help="only this source")
    files.add_argument("--json", action="store_true", help="with digest, bytes and records")
    files.set_defaults(function=_files)

    schema = commands.add_parser(
        "schema",
        help="print the JSON Schema of the archive's lines, or column types for an engine",
        description="Print what a line of the archive is: as JSON Schema, or as the column types "
        "that an engine needs in order not to guess them from the first lines.",
    )
    schema.add_argument("kind", nargs="?", choices=("article", "ledger"), default="article")
    schema.add_argument("--format", default="json",
                        choices=("json", "duckdb", "polars", "pyarrow", "spark"))  # fmt: skip
    schema.set_defaults(function=_schema)


def _add_keeping(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="examine settings, store and spools",
        description="Look at everything that a crawl needs, in seconds, and say what to do about "
        "what is missing: settings, store (rights, conditional puts, checksums, clock), spools.",
    )
    _archive_option(doctor)
    doctor.add_argument("--json", action="store_true", help="the findings as JSON")
    doctor.set_defaults(function=_doctor)

    ship = commands.add_parser("ship", help="ship what earlier runs left in the spool")
    _archive_option(ship)
    ship.add_argument("sources", nargs="*", metavar="SOURCE", help="all that have a spool")
    ship.set_defaults(function=_ship)

    state = commands.add_parser(
        "state",
        help="make the local state anew from the archive",
        description="The local state is a cache of the archive's ledger. Rebuild ships what waits, "
        "forgets the state, and folds it again.",
    )
    state.add_argument("what", choices=("rebuild",))
    state.add_argument("sources", nargs="+", metavar="SOURCE")
    _archive_option(state)
    state.add_argument("--from-ledger", action="store_true",
                       help="from the first line on, whatever checkpoints there are")  # fmt: skip
    state.set_defaults(function=_state)

    verify = commands.add_parser(
        "verify",
        help="prove the archive, by the store alone",
        description="Look at every object of the archive: is each there, unchanged and whole, is "
        "nothing doubled, nothing foreign. Exit code 0: all is well; 13: damage; 5: nothing is "
        "wrong, but something was begun and not ended.",
    )
    _archive_option(verify)
    verify.add_argument("--json", action="store_true", help="the report as JSON")
    verify.set_defaults(function=_verify)

    compact = commands.add_parser(
        "compact",
        help="put small parts together",
        description="Put the parts of each source and day together without changing a line, and "
        "delete what is not needed any more. Cursors stay valid; crawls and readers may go on.",
    )
    compact.add_argument("sources", nargs="*", metavar="SOURCE", help="all by default")
    _archive_option(compact)
    compact.add_argument("--dry-run", action="store_true", help="only say what would be done")
    compact.add_argument("--grace", type=float, default=0.0, metavar="HOURS",
                         help="keep replaced parts so long, for engines that have a list of files "
                         "in hand (default: 0)")  # fmt: skip
    compact.add_argument("--orphans", type=float, metavar="HOURS",
                         help="delete parts, too, that no log lists and that were put so long ago "
                         "by the store's clock, 24 at the least; without it they stay")  # fmt: skip
    compact.set_defaults(function=_compact)

    erase = commands.add_parser(
        "erase",
        help="take articles out of the archive, for good",
        description="Erase articles with all revisions, addresses and traces: in parts, ledger, "
        "checkpoints, reports, local state and spools. A tombstone without content is left, and "
        "they are not archived again. Without --execute it only says what would be erased.",
    )
    _archive_option(erase)
    erase.add_argument("--url", action="append", default=[], help="an address of the article")
    erase.add_argument("--article", action="append", default=[], metavar="ID",
                       help="an article id, e.g. highnorthnews:1117230")  # fmt: skip
    erase.add_argument("--reason", default="", help="kept with the order; name nobody in it")
    erase.add_argument("--execute", action="store_true", help="do it; it can't be undone")
    erase.add_argument("--resume", action="store_true", help="finish what was begun")
    erase.set_defaults(function=_erase)


def _archive_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--archive",
        metavar="PATH|URI",
        help="a folder, file:// or s3://bucket/prefix (default: NORDCRAWL_ARCHIVE)",
    )


def _audit(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.audit import audit

    return audit(
        options.source,
        as_json=options.json,
        everything=options.all,
        missing_file=options.missing,
    )


def _rights(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.rights import show_rights

    return show_rights(options.source, as_json=options.json)


def _crawl(options: argparse.Namespace, rest: list[str]) -> int:
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "nordcrawl.settings")
    from scrapy.cmdline import execute

    try:
        execute(["scrapy", "crawl", *rest])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return int(ExitCode.WHOLE)


def _sources(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.sources import list_sources

    return list_sources()


def _extract(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.extract import ExtractRequest, extract_files, extract_manifest

    if options.format is not None and not options.explain:
        raise UsageError("extract: --format goes with --explain")
    if options.manifest is not None:
        if options.files or options.output or options.url:
            raise UsageError("extract: --manifest goes without FILE, --url and --output")
        return extract_manifest(options.manifest, options.source)
    explained = (options.format or "text") if options.explain else None
    wanted = ExtractRequest(options.view, explained, options.pretty, options.output)
    return extract_files(options.files, options.url, options.source, wanted)


def _read(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.read import ReadRequest, read_archive

    asked = (
        *("latest", "as_of", "source", "language", "section", "text"),
        *("published_from", "published_to", "fetched_from", "fetched_to"),
    )
    wanted = ReadRequest(
        layout=options.format,
        query={name: getattr(options, name) for name in asked},
        fields=options.fields,
        since=options.since,
        cursor_file=options.cursor_file,
        output=options.output,
        keep_going=options.keep_going,
    )
    return read_archive(options.archive, wanted)


def _history(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.history import HistoryRequest, show_history

    return show_history(
        options.archive, HistoryRequest(options.name, options.diff, options.format, options.color)
    )


def _files(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.files import list_files

    return list_files(options.archive, options.kind, options.source, options.json)


def _schema(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.schema import print_schema

    return print_schema(options.kind, options.format)


def _ship(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.ship import ship_spools

    return ship_spools(options.archive, options.sources)


def _doctor(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.doctor import examine

    return examine(options.archive, as_json=options.json)


def _state(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.ship import rebuild_states

    return rebuild_states(options.archive, options.sources, from_ledger=options.from_ledger)


def _verify(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.verify import verify_archive

    return verify_archive(options.archive, as_json=options.json)


def _compact(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.compact import compact_archive

    return compact_archive(
        options.archive,
        options.sources,
        grace_hours=options.grace,
        dry_run=options.dry_run,
        orphans_hours=options.orphans,
    )


def _erase(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.erase import erase_articles

    return erase_articles(
        options.archive,
        urls=options.url,
        articles=options.article,
        reason=options.reason,
        execute=options.execute,
        resume=options.resume,
    )


def _demo(options: argparse.Namespace, rest: list[str]) -> int:
    from nordcrawl.cli.demo import run_demo, serve_site

    if options.what == "site":
        return serve_site(8017 if options.port is None else options.port)
    return run_demo(options.dir, options.port or 0)
