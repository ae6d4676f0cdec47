"""``nordcrawl report``: one run for a person who was not there, as a page, Markdown or JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from nordcrawl.archive.store.address import open_store
from nordcrawl.cli import output
from nordcrawl.cli.environment import archive_option, options_from_environment, require_archive
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.reading.forms import as_json
from nordcrawl.reading.selection import Selection
from nordcrawl.report.overview.gather import gather
from nordcrawl.report.overview.markdown import as_markdown
from nordcrawl.report.overview.values import Overview

FORMATS = ("html", "markdown", "json")
_STDOUT = Path("-")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Say what a run did: outcomes, how each sitemap, feed and listing answered, new and "
        "changed articles with what differs, what failed and why, fields beside the 30 runs "
        "before, and charts of the source's last 91 days. Reads the archive only, on any machine."
    )
    parser.epilog = "Example: nordcrawl report --source highnorthnews --output today.html"
    parser.add_argument("run", nargs="?", metavar="RUN", help="its id (default: the latest)")
    archive_option(parser)
    parser.add_argument("--source", help="the latest run of this source")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="html",
        help="html: one page that needs nothing else (default; extra 'report')",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a file, written whole or not at all; - is standard output (default: RUN.html here, "
        "of the other forms standard output)",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `write_report`."""
    return write_report(
        options.archive, options.run, options.source, options.format, options.output
    )


def write_report(
    archive: str | None, run_id: str | None, source: str | None, layout: str, path: Path | None
) -> int:
    """Write the overview of a run; return the exit code.

    Raises:
        UsageError: there is no archive or no such run, the output can't be that of a file, or the
            libraries of the page are not installed.
        ArchiveDamaged: a part is missing or not what its commit says.
    """
    if path is not None and path != _STDOUT:
        output.check(path)
    as_html = _page() if layout == "html" else None
    options = options_from_environment(NORDCRAWL_ARCHIVE=archive)
    store = open_store(options.archive, retry_s=30)
    require_archive(store)
    overview = gather(Selection(store).reader, run_id, source)
    body = _body(overview, layout) if as_html is None else as_html(overview)
    if path is None and layout == "html":
        path = Path(f"{overview.run['run_id']}.html")
    target = None if path == _STDOUT else path
    with output.opened(target) as out:
        out.write(body.encode(errors="replace"))
    if target is not None:
        print(f"nordcrawl: written to {target}", file=sys.stderr)
    return int(ExitCode.WHOLE)


def _body(overview: Overview, layout: str) -> str:
    return as_json(overview.to_json()) + "\n" if layout == "json" else as_markdown(overview)


def _page() -> Callable[[Overview], str]:
    try:
        from nordcrawl.report.overview.page import as_html
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "markupsafe", "vl_convert"):
            raise
        raise UsageError(
            f"--format html needs {error.name}: pip install 'nordcrawl[report]'; --format markdown "
            "and json need nothing more"
        ) from error
    return as_html
