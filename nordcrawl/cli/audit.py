"""``nordcrawl audit``: a site's sitemaps against the archive, month by month.

Asks robots.txt and all sitemaps, politely, and no article; archives nothing.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nordcrawl import discover
from nordcrawl.api import Archive
from nordcrawl.archive.store.address import open_store
from nordcrawl.cli import output
from nordcrawl.cli.environment import archive_option, require_archive
from nordcrawl.config.options import Options
from nordcrawl.errors import ExitCode
from nordcrawl.model.page import Page
from nordcrawl.model.printable import shown
from nordcrawl.model.url import canonicalize, path_of
from nordcrawl.reading.audit import Month, compare
from nordcrawl.sources.source import Source
from nordcrawl.spiders.asking import ROBOTS_PATH, Unanswered, ask, project_settings
from nordcrawl.workers.pool import Workers, WorkFailed

#: Source: sitemaps.org, "Specifying the Sitemap location in your robots.txt file".
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
#: Sitemaps asked for.
MOST = 1_000
#: Addresses shown of each kind, unless all are asked for.
SHOWN = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.description = (
        "Compare a source's sitemaps with the archive, month by month: what is missing, extra or "
        "gone. Asks for sitemaps only. To fetch what is missing: nordcrawl audit SOURCE --missing "
        "missing.txt; nordcrawl crawl SOURCE -a urls=missing.txt. Exit code 0: nothing is missing; "
        "1: something is; 10: a sitemap could not be had or read, or none names an article."
    )
    parser.epilog = "Example: nordcrawl audit highnorthnews --missing missing.txt"
    archive_option(parser)
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--all", action="store_true", help="show every address")
    parser.add_argument("--missing", type=Path, metavar="FILE", help="write what is missing there")


def run(options: argparse.Namespace) -> int:
    """Carry out the command; see `audit`."""
    return audit(
        options.source,
        archive=options.archive,
        as_json=options.json,
        everything=options.all,
        missing_file=options.missing,
    )


@dataclass(slots=True)
class _Walk:
    """What is gathered while sitemaps come in."""

    source: Source
    workers: Workers
    named: dict[str, str | None] = field(default_factory=dict)
    """Article address -> the day that a sitemap tells of it."""
    read: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    """Sitemaps that could not be had or read."""
    warnings: list[str] = field(default_factory=list)
    """Entries of sitemaps that were passed over."""

    async def on_page(self, page: Page) -> Iterable[str]:
        """Take what a sitemap names; return the further sitemaps to ask for."""
        url = page.requested_url
        if path_of(url) == ROBOTS_PATH:
            if page.status != 200 or not self.source.robots_sitemaps:
                return ()
            return self._new(_SITEMAP_LINE.findall(page.body.decode(errors="replace")), url)
        if page.status != 200:
            self.problems.append(f"sitemap {shown(url)}: HTTP {page.status}")
            return ()
        try:
            found = await self.workers.call(
                discover.read,
                "sitemap",
                page.body,
                page.url,
                page.header("content-type"),
                self.source.timezone,
            )
        except WorkFailed as error:
            self.problems.append(f"sitemap {shown(url)}: {error}")
            return ()
        if found.problem is not None:
            self.problems.append(f"sitemap {shown(url)}: {found.problem}")
        self.warnings += [f"sitemap {shown(url)}: entry skipped: {text}" for text in found.skipped]
        for link in found.links:
            try:
                sort, kept = self.source.sort(link.url, url)
            except ValueError:
                continue
            if sort == "article":
                self.named[kept] = link.published or self.named.get(kept) or link.lastmod
        return self._new([link.url for link in found.sitemaps], url)

    def _new(self, urls: Iterable[str], base: str) -> list[str]:
        found = []
        for text in urls:
            try:
                url = canonicalize(text, base)
            except ValueError as error:
                self.warnings.append(f"sitemap named by {shown(base)}: {error}")
                continue
            if url not in self.read and self.source.allows(url):
                self.read.add(url)
                found.append(url)
        return found


def audit(
    name: str, *, archive: str | None, as_json: bool, everything: bool, missing_file: Path | None
) -> int:
    """Print the comparison; return 0 if nothing is missing, 1 if something is, 10 if a sitemap
    could not be had or read, or none names an article.

    Raises:
        UsageError: no such source, a real host without a contact (`Options.source`), or
            `missing_file` can't be that of a file that we write, or there is no archive.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive can't be read.
    """
    settings = project_settings()
    if archive is not None:
        settings.set("NORDCRAWL_ARCHIVE", archive, priority="cmdline")
    options = Options.from_settings(settings)
    source = options.source(name)
    if missing_file is not None:
        output.check(missing_file)
    require_archive(open_store(options.archive, retry_s=options.store_retry_s))
    workers = Workers(
        1,
        timeout_s=options.page_timeout_s,
        memory_bytes=options.worker_memory_bytes,
        preload=("nordcrawl.discover",),
    )
    walk = _Walk(source, workers)
    start = [canonicalize(ROBOTS_PATH, source.home(host)) for host in source.hosts]
    start += walk._new(source.entries("sitemap"), start[0])
    try:
        answers = ask(settings, options, source, start, walk.on_page, most=MOST)
    finally:
        workers.close()
    for answer in answers:
        if isinstance(answer, Unanswered) and path_of(answer.url) != ROBOTS_PATH:
            walk.problems.append(f"sitemap {shown(answer.url)}: {answer.reason}")
    months = compare(walk.named, Archive(options.archive).ledger(source=source.name))
    missing = [url for month in months.values() for url in sorted(month.missing)]
    if missing_file is not None:
        output.write(missing_file, "".join(f"{url}\n" for url in missing).encode())
    if as_json:
        report = {
            "source": source.name,
            "sitemaps": sorted(walk.read),
            "problems": walk.problems,
            "warnings": walk.warnings,
            "months": {month: found.to_json() for month, found in months.items()},
        }
        print(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        said = [*walk.problems, *walk.warnings]
        _show(source, months, said, None if everything else SHOWN)
    if walk.problems or not walk.named:
        return int(ExitCode.SOURCE_DOWN)
    return int(ExitCode.FAILED if missing else ExitCode.WHOLE)


def _show(source: Source, months: dict[str, Month], problems: list[str], most: int | None) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table("month", box=None, pad_edge=False)
    for name in ("in sitemaps", "archived", "missing", "extra", "gone"):
        table.add_column(name, justify="right")
    for name, month in months.items():
        counts = (month.named, month.archived, len(month.missing), len(month.extra))
        table.add_row(name, *map(str, (*counts, len(month.gone))))
    console.print(table)
    lists = {
        "missing": [f"{url}  ({last})" for m in months.values() for url, last in m.missing.items()],
        "extra": [url for m in months.values() for url in m.extra],
        "gone": [url for m in months.values() for url in m.gone],
    }
    for name, lines in lists.items():
        for line in sorted(lines)[:most]:
            console.print(f"{name:8} {shown(line)}", markup=False)
        if most is not None and len(lines) > most:
            console.print(f"{name:8} and {len(lines) - most} more; --all shows them")
    for problem in problems[:most]:
        console.print(f"warning  {problem}", markup=False)
    if not months:
        console.print(f"{source.name}: no sitemap names an article, and none is archived")
