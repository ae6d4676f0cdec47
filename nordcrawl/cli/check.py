"""``nordcrawl check``: is the archive fresh, for monitors; from any machine, by the store alone.

Exit codes and the first line are those of a monitoring plugin, not of a crawl.
Source: Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" and "Plugin Return
Codes".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import Store
from nordcrawl.cli import output
from nordcrawl.cli.environment import archive_option, options_from_environment, require_archive
from nordcrawl.cli.numbers import span
from nordcrawl.cli.standings import standings
from nordcrawl.errors import NordcrawlError, UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.report.standing import Level, Standing, worst

Judged = tuple[Standing, Level, str]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Say whether each source was crawled lately, by the archive alone, from any machine that "
        "may read it: a job that never started shows, too. Exit codes: 0 fresh; 1 fresh, but the "
        "last run did not do its work; 2 no run did its work for too long, or there is none; 3 "
        "it can't be told."
    )
    parser.epilog = "Example: nordcrawl check --max-age 6h --source highnorthnews"

    def error(message: str) -> NoReturn:
        parser.print_usage(sys.stderr)
        parser.exit(int(Level.UNKNOWN), f"NORDCRAWL UNKNOWN - {message}\n")

    parser.error = error  # type: ignore[method-assign]  # else 2, which is critical to a monitor
    archive_option(parser)
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        dest="sources",
        metavar="SOURCE",
        help="a source that must be there; may be given more than once (default: all that are)",
    )
    parser.add_argument(
        "--max-age",
        type=span,
        default=span("6h"),
        metavar="SPAN",
        help="how old the last run that did its work may be: 90m, 6h, 2d (default: 6h)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--prometheus",
        type=Path,
        metavar="FILE",
        help="also write metrics, for a textfile collector",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; whatever goes wrong is `Level.UNKNOWN`."""
    now = utc_now()
    uri, judged, trouble = "", list[Judged](), ""
    try:
        if options.prometheus is not None:
            output.check(options.prometheus)
        settings = options_from_environment(NORDCRAWL_ARCHIVE=options.archive)
        store = open_store(settings.archive, retry_s=30)
        uri = store.uri
        judged = _judged(options.sources, store, options.max_age, now)
    except NordcrawlError as error:
        trouble = shown(str(error), 300)
    try:
        if options.prometheus is not None:
            output.write(options.prometheus, _metrics(judged, now, readable=not trouble))
    except NordcrawlError as error:
        trouble = trouble or shown(str(error), 300)
    level = Level.UNKNOWN if trouble else worst(level for _, level, _ in judged)
    if options.json:
        _json(uri, judged, level, trouble, now)
    else:
        _plain(judged, level, trouble, options.max_age)
    return int(level)


def _judged(
    sources: Sequence[str], store: Store, max_age: timedelta, now: datetime
) -> list[Judged]:
    require_archive(store)
    found = standings(store, sources, now)
    if not found:
        raise UsageError(f"{store.uri} has no run yet; --source says which there should be")
    return [(one, *one.judge(max_age)) for one in found]


def _metrics(judged: list[Judged], now: datetime, *, readable: bool) -> bytes:
    try:
        from nordcrawl.report.metrics import metrics
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise UsageError(
            "--prometheus needs prometheus-client: pip install 'nordcrawl[metrics]'"
        ) from None
    return metrics(judged, now, readable=readable)


def _plain(judged: list[Judged], level: Level, trouble: str, max_age: timedelta) -> None:
    bad = [one for one in judged if one[1] is not Level.OK]
    told = trouble or (
        f"{len(bad)} of {len(judged)} sources: "
        + "; ".join(f"{one.source}: {shown(why, 200)}" for one, _, why in bad[:3])
        if bad
        else f"{len(judged)} source{' is' if len(judged) == 1 else 's are'} fresh"
    )
    limit = int(max_age.total_seconds())
    ages = [
        f"'age_{one.source}'={int(age.total_seconds())}s;;{limit};0"
        for one, *_ in judged
        if (age := one.age()) is not None
    ]
    # A bar parts the text from the figures, so that there is none in the text.
    print(
        f"NORDCRAWL {level.name} - {told.replace('|', '/')}{' | ' if ages else ''}{' '.join(ages)}"
    )
    for one, level_, why in judged:
        print(f"{level_.name} {one.source}: {shown(why, 300).replace('|', '/')}")


def _json(uri: str, judged: list[Judged], level: Level, trouble: str, now: datetime) -> None:
    rows = [{**one.to_json(), "level": of.name.lower(), "why": why} for one, of, why in judged]
    values = {
        "archive": uri,
        "at": rfc3339(now),
        "level": level.name.lower(),
        "exit_code": int(level),
        "trouble": trouble or None,
        "sources": rows,
    }
    print(json.dumps(values, ensure_ascii=False, indent=2))
