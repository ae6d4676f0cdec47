"""``nordcrawl try URL``: one page, fetched as a crawl would, and what would be archived of it."""

# ruff: noqa: N999 - the command's name

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from nordcrawl.cli import explain_text as listing
from nordcrawl.cli import output
from nordcrawl.cli.explain_columns import WIDE, as_columns, has_room
from nordcrawl.cli.explain_html import as_html
from nordcrawl.config.options import Options
from nordcrawl.errors import ExitCode, UsageError
from nordcrawl.extract.explain import Explanation, explain
from nordcrawl.fetch.answer import READABLE
from nordcrawl.model.article import Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.record import article_json, provenance_json
from nordcrawl.model.url import canonicalize, host_of
from nordcrawl.sources.guessed import source_for
from nordcrawl.sources.source import Source
from nordcrawl.spiders.asking import Unanswered, ask, project_settings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Fetch one page as a crawl would (robots.txt, delay, contact), and show what would be "
        "archived of it, where each field is from, and every line of it that would not be. "
        f"A terminal of {WIDE} columns shows the record's text beside the page. "
        "Archives nothing. Exit code 8: it is no article; 10: it could not be had; 11: robots.txt."
    )
    parser.epilog = "Example: nordcrawl try https://example.org/7 --format html --output a.html"
    parser.add_argument("url", metavar="URL")
    parser.add_argument(
        "--source", help="as a page of this source (default: the one that has its host, if any)"
    )
    parser.add_argument(
        "--format",
        choices=("text", "html", "json"),
        default="text",
        help="html: record and page side by side, one page that needs nothing else",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="a file, written whole or not at all (default: standard output)",
    )


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `try_page`."""
    return try_page(options.url, options.source, options.format, options.output)


def try_page(text: str, name: str | None, layout: str, path: Path | None) -> int:
    """Print what would become of a page; return the exit code that a run of it alone would have.

    Raises:
        UsageError: no http(s) URL, no such source, or a real host without a contact.
    """
    try:
        url = canonicalize(text if "://" in text else f"https://{text}")
    except ValueError as error:
        raise UsageError(f"{shown(text)} is no address of a page: {error}") from error
    if path is not None:
        output.check(path)
    settings = project_settings()
    options = Options.from_settings(settings)
    source = source_of(options, url, name)
    (answer, *_) = ask(settings, options, source, [url], most=1)
    if isinstance(answer, Unanswered):
        print(f"nordcrawl: {shown(answer.url)}: {shown(answer.reason)}", file=sys.stderr)
        return int(ExitCode.ROBOTS if answer.denied else ExitCode.SOURCE_DOWN)
    if answer.status not in READABLE:
        print(f"nordcrawl: {shown(answer.url)}: HTTP {answer.status}", file=sys.stderr)
        return int(ExitCode.SOURCE_DOWN)
    explanation = explain(answer, source.profile)
    with output.opened(path) as out:
        out.write(_form(answer, explanation, source, layout, path).encode(errors="replace"))
    rejected = isinstance(explanation.result, Rejected)
    return int(ExitCode.NOTHING if rejected else ExitCode.WHOLE)


def source_of(options: Options, url: str, name: str | None) -> Source:
    """Return the named source, the one that has the address's host, or one made for it.

    Raises:
        UsageError: no such source, or a real host without a contact.
    """
    if name is not None:
        return options.source(name)
    host = host_of(url)
    for known in options.sources().values():
        if host in known.all_hosts:
            return options.source(known.name)
    made = source_for(host, [host], {"scheme": url.partition(":")[0]})
    options.require_contact(made)
    return made


def _form(
    page: Page, explanation: Explanation, source: Source, layout: str, path: Path | None
) -> str:
    if layout == "html":
        return as_html(explanation)
    result = explanation.result
    if layout == "json":
        told = {"url": page.url, "source": source.name, "status": page.status}
        if isinstance(result, Rejected):
            told["error"] = result.reason
        else:
            told |= article_json(result)
            told |= {"rights": dict(result.rights), "provenance": provenance_json(result)}
        return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
    hops = [*page.redirects, page.url] if page.redirects else [page.url]
    head = (
        f"fetched as {source.name} [{source.family}]: HTTP {page.status}, {len(page.body):,} bytes"
        f"{', by way of ' + ', '.join(map(shown, hops[:-1])) if len(hops) > 1 else ''}\n"
    )
    if path is not None or not sys.stdout.isatty():
        return head + listing.as_text(explanation)
    width = shutil.get_terminal_size().columns
    form = as_columns if has_room(width, os.environ) else listing.as_text
    return head + form(explanation, width)
