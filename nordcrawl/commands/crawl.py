"""``scrapy crawl <source>``: Scrapy's own command with a preflight before and a verdict after.

Scrapy's exit status says only whether a crawl started (docs/operations.md, "Exit codes"); this
one says how it ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from types import FrameType

from scrapy import signals
from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError as ScrapyUsageError
from scrapy.settings import SETTINGS_PRIORITIES, default_settings

from nordcrawl.config import logs
from nordcrawl.config.options import Options, Settings
from nordcrawl.config.scrapy_kinds import wrong_kinds
from nordcrawl.crawl.leaving import BROKE_OFF, EXIT_S, Watch, obey_signals
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.unbegun import report_unbegun
from nordcrawl.doctor.finding import Status, failed
from nordcrawl.doctor.preflight import Preflight, preflight
from nordcrawl.errors import ExitCode, NordcrawlError, UsageError
from nordcrawl.model.times import utc_now
from nordcrawl.report.summary import print_summary
from nordcrawl.sources.source import LEAST_DELAY_S
from nordcrawl.system import streams
from nordcrawl.system.signals import HANDED_ON, STOP
from nordcrawl.workers.memory import keep_loaded, steady_memory

logger = logging.getLogger(__name__)

#: Notes of the preflight that are worth a line in the log of each run.
_WARNED_OF = frozenset({"clock", "state room", "archive room"})


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


class Command(ScrapyCrawl):
    """Crawl a source into the archive."""

    def __init__(self) -> None:
        super().__init__()
        self._watch = Watch()

    def syntax(self) -> str:
        """Return what follows the command's name."""
        return "[options] <source>"

    def short_desc(self) -> str:
        """Return the line of the command list."""
        return "Crawl a source into the archive (exit code 0 means: all of it)"

    def long_desc(self) -> str:
        """Return the help text."""
        return (
            "Crawl a source into the archive. Arguments by -a NAME=VALUE: since, until (a date, "
            "or a time), limit (pages), urls (a file, or URLs parted by commas), mode "
            "(incremental or full)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add Scrapy's own; the first that Scrapy calls, so that nothing is said before the
        streams are ones that can't fail."""
        streams.prepare_for_crawl()
        super().add_options(parser)
        if parser.prog != "scrapy":
            parser.usage = f"nordcrawl crawl {self.syntax()}"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Take the log level of either name, and keep Scrapy from printing its inner parts to an
        operator, unless asked for at DEBUG."""
        for number in (*STOP, HANDED_ON):
            signal.signal(number, _leave_early)
        super().process_options(args, opts)
        if self.settings is None:
            return
        given = SETTINGS_PRIORITIES["cmdline"]
        level, ours = (self.settings.getpriority(n) for n in ("LOG_LEVEL", "NORDCRAWL_LOG_LEVEL"))
        if ours == given and level != given:
            self.settings.set(
                "LOG_LEVEL", self.settings.get("NORDCRAWL_LOG_LEVEL"), priority="cmdline"
            )
        self._log_ourselves(args)
        if self.settings.get("LOG_LEVEL") != "DEBUG":
            for name in ("addons", "crawler", "middleware", "utils.log", "extensions.memusage"):
                # A filter, because Scrapy sets the levels anew when it configures logging.
                logging.getLogger(f"scrapy.{name}").addFilter(_is_warning)

    def _log_ourselves(self, args: list[str]) -> None:
        """Let no line be written but by `nordcrawl.config.logs`, from Scrapy's first one on."""
        if self.settings is None or not self.settings.getbool("LOG_ENABLED"):
            return
        told = self.settings.get
        level = str(told("LOG_LEVEL"))
        try:
            logs.install(
                form=str(told("NORDCRAWL_LOG")),
                level=level if level in logs.LEVELS else "INFO",  # which the options refuse
                line=told("LOG_FORMAT"),
                dates=told("LOG_DATEFORMAT"),
                path=told("LOG_FILE"),
                append=self.settings.getbool("LOG_FILE_APPEND"),
                always={"source": args[0]} if len(args) == 1 else {},
            )
        except OSError as error:
            raise ScrapyUsageError(
                f"LOG_FILE {told('LOG_FILE')}: {error.strerror}", print_help=False
            ) from error
        for name, value in (("LOG_ENABLED", False), ("LOG_FILE", None)):
            self.settings.set(name, value, priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the crawl and set `exitcode`; every mistake of the operator's is found before the
        first request."""
        if len(args) != 1:
            raise ScrapyUsageError(
                "exactly one source is needed: nordcrawl sources (or scrapy list) names them; "
                "nordcrawl crawl takes several, or --all"
            )
        if self.settings is None or self.crawler_process is None:
            raise RuntimeError("Scrapy did not prepare the command")
        run: Run | None = None
        steady_memory()
        logs.spare_records()
        try:
            found = preflight(self.settings, args[0], opts.spargs, utc_now)
            if wrong := wrong_kinds(self.settings, vars(default_settings)):
                found.findings.insert(0, failed("settings", UsageError("; ".join(wrong))))
            run = _opened(found)
            agent = run.info.options.user_agent
            self.settings.set("USER_AGENT", agent, priority="cmdline")
            memory = run.info.options.budgets.memory_mib
            self.settings.set("MEMUSAGE_LIMIT_MB", memory, priority="cmdline")
            delay = max(run.info.source.delay, LEAST_DELAY_S)
            self.settings.set("DOWNLOAD_DELAY", delay, priority="cmdline")
            crawler = self._create_crawler(args[0])
            # All is loaded by then, and no page was asked for.
            crawler.signals.connect(keep_loaded, signals.engine_started)
            self.crawler_process.crawl(crawler, run=run)
            obey_signals(run, asyncio.get_event_loop(), self._watch)
            self.crawler_process.start(install_signal_handlers=False)
        except NordcrawlError as error:
            for line in error.lines or [str(error)]:
                print(f"nordcrawl: error: {line}", file=sys.stderr)
            self.exitcode = int(error.exit_code)
        else:
            self.exitcode = self._verdict(run)
            if run.info.stopping.requested:
                with contextlib.suppress(OSError, ValueError):
                    sys.stdout.flush()
                self._watch.end_within(EXIT_S, self.exitcode)
        finally:
            if run is not None:
                run.close()
        if run is None or not run.info.stopping.requested:  # whoever stops a run wants it gone
            self._alert(self.settings, args[0])

    def _alert(self, settings: Settings, source: str) -> None:
        options, problems = Options.read(settings)
        if options.alert_after_run and not problems:
            from nordcrawl.alerts.look import after_run  # a room that most runs do not enter

            after_run(options, source)

    def _verdict(self, run: Run) -> int:
        if run.report is None:
            # The engine never came to its end: a crash, or a second signal.
            print(BROKE_OFF.format("crawl"), file=sys.stderr)
            failed = self.crawler_process is not None and self.crawler_process.bootstrap_failed
            return int(ExitCode.FAILED if failed else ExitCode.INTERRUPTED)
        print_summary(run.report)
        if (why := streams.failure(sys.stdout)) is not None:
            print(
                f"nordcrawl: warning: the summary could not be written: {why}; the run's report "
                "has it",
                file=sys.stderr,
            )
        return int(run.report.verdict()[0])


def _opened(found: Preflight) -> Run:
    for finding in found.findings:
        if finding.status is Status.NOTE and finding.name in _WARNED_OF:
            advice = f" ({finding.advice})" if finding.advice else ""
            logger.warning("%s: %s%s", finding.name, finding.seen, advice)
    try:
        return Run.open(*found.require())
    except NordcrawlError as error:
        if found.asked and (file := report_unbegun(*found.asked, error, utc_now)):
            print(f"nordcrawl: the run did not begin; its report: {file}", file=sys.stderr)
        raise


def _leave_early(number: int, _: FrameType | None) -> None:
    """Leave where no page was asked for yet: nothing can be lost."""
    name = signal.Signals(number).name
    text = f"nordcrawl: {name} before the first request: nothing was fetched\n"
    with contextlib.suppress(OSError):
        os.write(2, text.encode())  # what it interrupts may be a print
    raise SystemExit(int(ExitCode.INTERRUPTED))
