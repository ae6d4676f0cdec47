"""Summary: a run's report as a person reads it at the end, on a terminal or in a log file."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import Final, TextIO
from urllib.parse import unquote

from rich.console import Console
from rich.text import Text

from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import Outcome
from nordcrawl.model.printable import shown
from nordcrawl.report.by_cause import by_cause
from nordcrawl.report.run_report import Example, Report
from nordcrawl.system.calling import as_called

#: Outcomes in the order and words of the summary.
_WORDS = {
    Outcome.NEW: "archived as new",
    Outcome.UPDATED: "archived as a new revision",
    Outcome.MOVED: "moved",
    Outcome.REMOVED: "removed by the publisher",
    Outcome.UNCHANGED: "looked at, unchanged",
    Outcome.DUPLICATE: "another address of an article",
    Outcome.SKIPPED_FRESH: "not due yet",
    Outcome.OUT_OF_RANGE: "outside since/until",
    Outcome.OVER_BUDGET: "left for another run",
    Outcome.NOT_ARTICLE: "no article",
    Outcome.FETCH_FAILED: "could not be fetched",
    Outcome.EXTRACTION_FAILED: "could not be read",
    Outcome.BLOCKED: "refused",
    Outcome.ROBOTS_DENIED: "denied by robots.txt",
    Outcome.RIGHTS_DENIED: "reserved, or erased by order",
    Outcome.QUARANTINED: "held back, in quarantine",
}
_SHOW_EXAMPLES = (
    Outcome.UPDATED, Outcome.NOT_ARTICLE, Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED,
    Outcome.BLOCKED, Outcome.ROBOTS_DENIED, Outcome.RIGHTS_DENIED,
)  # fmt: skip

#: Reasons shown of an outcome, and warnings.
_EXAMPLES: Final = 3
_WARNINGS: Final = 8


def summary(report: Report, program: str = "nordcrawl") -> list[str]:
    """Return the lines of the summary, plain text; `program` is how the reader calls us."""
    code, why = report.verdict()
    seconds = (report.finished_at - report.started_at).total_seconds()
    lines = [
        "",
        f"  {report.source}  run {report.run_id}  {seconds:.1f} s",
        *_asked(report),
    ]
    for outcome, words in _WORDS.items():
        count = report.outcomes.get(outcome, 0)
        if count:
            lines.append(f"  {count:>9}   {outcome:<17} {words}")
            if outcome in _SHOW_EXAMPLES:
                lines += [f"              {line}" for line in _examples(report, outcome, count)]
    if report.captures:
        lines.append(f"  captures    {report.captures} pages kept as they were fetched")
    warnings = by_cause(report.warnings)
    lines += [f"  warning     {shown(text)}" for text in warnings[:_WARNINGS]]
    if len(warnings) > _WARNINGS:
        lines.append(f"  warning     and {len(warnings) - _WARNINGS} more, see the report")
    if report.file:
        lines.append(f"  report      {report.file}")
    lines += [
        f"  archive     {report.archive}",
        f"  read it     {program} read --archive {_typed(report.archive)} --latest --format table",
        f"  exit {int(code):<6} {code.name.lower()}: {shown(why, 400)}",
        "",
    ]
    return lines


def _examples(report: Report, outcome: Outcome, count: int) -> Iterator[str]:
    """Yield a line for each reason that an outcome had, the first few, and how many more there
    are; a new revision has a line of its own."""
    of_reason: dict[str, list[Example]] = {}
    for number, example in enumerate(report.examples.get(outcome, [])):
        key = str(number) if outcome is Outcome.UPDATED else example.reason
        of_reason.setdefault(key, []).append(example)
    told = 0
    for alike in [*of_reason.values()][:_EXAMPLES]:
        more = f", {len(alike) - 1} more like it" if len(alike) > 1 else ""
        yield f"{shown(alike[0].url, 90)}  ({shown(alike[0].reason, 70)}){more}"
        told += len(alike)
    if told < count:
        yield f"and {count - told} more, see the report"


def _asked(report: Report) -> Iterator[str]:
    """Yield what was asked of the site, if it was."""
    if report.mode == "reextract":
        yield f"  read again  {report.discovered} pages of the archive"
        return
    if report.mode == "import":
        yield f"  imported    {report.discovered} pages of WARC files were read"
        return
    yield f"  sources     {_sources(report)}"
    yield f"  found       {report.discovered} URLs, {report.fetched} pages answered"


def _sources(report: Report) -> str:
    parts = []
    for kind in ("sitemap", "feed", "listing"):
        of_kind = [entry for entry in report.entries if entry.kind == kind]
        if of_kind:
            good = sum(entry.answered for entry in of_kind)
            spared = sum(entry.is_heard for entry in of_kind) - good
            not_due = f" ({spared} not due)" if spared else ""
            parts.append(f"{good} of {len(of_kind)} {kind}s{not_due}")
    return ", ".join(parts) + " answered" if parts else "none asked (argument urls)"


def _typed(archive: str) -> str:
    """Return an archive's address as a person would type it in a shell."""
    path = unquote(archive.removeprefix("file://")) if archive.startswith("file:///") else archive
    return shlex.quote(path)


def print_summary(report: Report, stream: TextIO | None = None) -> None:
    """Print the summary to `stream` (standard output)."""
    code, _ = report.verdict()
    out = stream or sys.stdout
    lines = summary(report, as_called("nordcrawl"))
    if not out.isatty():
        print("\n".join(lines), file=out, flush=True)
        return
    console = Console(file=out, highlight=False)  # which obeys NO_COLOR and TERM
    for line in lines:
        text = Text(line)
        text.highlight_regex(r"^  exit \d+", "bold green" if code is ExitCode.WHOLE else "bold red")
        console.print(text, soft_wrap=True)
    out.flush()
