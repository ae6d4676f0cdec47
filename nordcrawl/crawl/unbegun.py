"""Unbegun: the report of a run that could not begin. Whoever looks for one finds it beside the
others, with the exit code and why."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

from nordcrawl._version import __version__
from nordcrawl.archive.store.address import archive_name
from nordcrawl.config.arguments import Arguments, new_run_id
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.crawl.finish import arguments_json, write_report
from nordcrawl.crawl.old_reports import NOT_BEGUN
from nordcrawl.errors import NordcrawlError, UsageError
from nordcrawl.report.run_report import Report
from nordcrawl.sources.source import Source


def report_unbegun(
    options: Options,
    source: Source,
    arguments: Arguments,
    error: NordcrawlError,
    clock: Callable[[], datetime],
) -> str:
    """Write the report and return its path; empty where the disk refuses, which is logged, or
    where no archive is named that it could be of."""
    try:
        archive = archive_name(options.archive)
        folder = archive_folders(options, None)[0] / source.name
    except UsageError:
        return ""
    now = clock()
    report = Report(
        run_id=new_run_id(source.name, now, secrets.token_hex(2)),
        source=source.name,
        nordcrawl=__version__,
        archive=archive,
        started_at=now,
        finished_at=now,
        finish_reason=NOT_BEGUN,
        mode=arguments.told_mode,
        arguments=arguments_json(arguments),
        discovered=0,
        unsettled=[],
        outcomes={},
        fetched=0,
        entries=[],
        hosts=tuple(source.hosts),
        examples={},
        internal_errors=[],
        notes=[],
        pending_records=0,
        committed_lines=0,
        committed_records=0,
        failure=str(error),
        failure_code=error.exit_code,
    )
    write_report(report, folder)
    return report.file
