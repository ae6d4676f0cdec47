"""Verdict: the exit code of a run, and why. Pure.

The rules are I4 of ARCHITECTURE.md: failure never looks like success. Each cause that holds is
found by itself; which one is told is `nordcrawl.errors.PRECEDENCE` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from nordcrawl.errors import PRECEDENCE, ExitCode
from nordcrawl.model.ledger import ARCHIVED, Outcome
from nordcrawl.report.by_cause import by_cause
from nordcrawl.report.coverage import uncovered
from nordcrawl.report.entry import EntryReport
from nordcrawl.report.facts import Facts

#: Outcomes that say that a page was understood and is safe, now or before.
_GOOD: Final = ARCHIVED | {
    Outcome.UNCHANGED, Outcome.DUPLICATE, Outcome.SKIPPED_FRESH, Outcome.OUT_OF_RANGE,
    Outcome.OVER_BUDGET, Outcome.QUARANTINED,
}  # fmt: skip
#: Outcomes of pages that were kept out by order or left, and say nothing of the site.
_LEFT: Final = (
    Outcome.OUT_OF_RANGE, Outcome.OVER_BUDGET, Outcome.ROBOTS_DENIED, Outcome.RIGHTS_DENIED,
)  # fmt: skip
#: Outcomes without which a run is not said to have archived everything.
_NOT_ARCHIVED: Final = (
    Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED, Outcome.BLOCKED, Outcome.NOT_ARTICLE,
    Outcome.QUARANTINED, *_LEFT,
)  # fmt: skip
#: Scrapy's words for the end of a run that was told to stop.
_STOPPED: Final = ("shutdown", "interrupted")
#: How a run ended whose budget was spent, in our words and Scrapy's.
_SPENT: Final = {
    "out_of_time": (ExitCode.OUT_OF_TIME, "its time is over (NORDCRAWL_BUDGET_TIME_S)"),
    "out_of_bytes": (ExitCode.OUT_OF_BYTES, "enough was fetched (NORDCRAWL_BUDGET_MIB)"),
    "memusage_exceeded": (
        ExitCode.OUT_OF_MEMORY, "it holds too much memory (NORDCRAWL_BUDGET_MEMORY_MIB)",
    ),
    "stalled": (ExitCode.STALLED, "nothing came of it for too long (NORDCRAWL_STALL_S)"),
}  # fmt: skip

Cause = tuple[ExitCode, str]
"""A code that holds, and a sentence that says why."""


def causes(report: Facts) -> list[Cause]:
    """Return all that holds of a run, what is told first being the first; one cause a code.

    It is never empty: a run of which nothing else holds is whole.
    """
    found: dict[ExitCode, str] = {}
    for code, why in _of_the_run(report):
        found.setdefault(code, why)
    if report.failure_code is None and report.finish_reason not in (*_STOPPED, *_SPENT):
        # Else it did not see all of the site.
        for code, why in _of_the_site(report):
            found.setdefault(code, why)
    if not found:
        found[ExitCode.WHOLE] = f"{_heard(report)}, and {_done(report)}"
    return sorted(found.items(), key=lambda cause: PRECEDENCE.index(cause[0]))


def _of_the_run(report: Facts) -> Iterator[Cause]:
    """Yield what is wrong with the run itself, whatever the site did."""
    failed = report.failure_code
    if failed is not None and not (failed is ExitCode.PENDING and report.pending_records):
        yield failed, report.failure or ""
    if report.pending_records:
        yield (
            ExitCode.PENDING,
            (
                f"{report.pending_records} lines are safe in the spool and not in the archive yet; "
                f"the next run ships them first ({report.failure or 'the store was slow'})"
            ),
        )
    told = sum(report.outcomes.values())
    not_due = report.outcomes.get(Outcome.SKIPPED_FRESH, 0)
    due_lines = told - not_due + bool(not_due)
    lines, records = report.committed_lines, report.committed_records
    # A run that could not go on, or whose lines wait, has not committed all.
    same = (due_lines, report.archived) == (lines, records)
    if failed is None and not report.pending_records and not same:
        yield (
            ExitCode.LEDGER,
            (
                f"{due_lines} outcomes with {report.archived} records were told, "
                f"{lines} ledger lines with {records} records are in the archive"
            ),
        )
    if damaged := _imported(report).get("damaged"):
        more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        why = f"{damaged[0]}{more}; what was whole before that is archived"
        yield ExitCode.DAMAGED, why
    if held := report.quarantine.told:
        run_id = report.run_id
        yield (
            ExitCode.SUSPECT,
            f"{held}; look at them (nordcrawl quarantine show {run_id}), then release or drop them",
        )
    if report.finish_reason in _STOPPED:
        yield ExitCode.INTERRUPTED, "stopped by a signal; all that was fetched is archived"
    if report.finish_reason in _SPENT:
        code, why = _SPENT[report.finish_reason]
        left = report.outcomes.get(Outcome.OVER_BUDGET, 0) + len(report.unsettled)
        yield code, f"{why}; what was fetched is archived, {left} URLs are left for another run"
    if report.internal_errors:
        yield ExitCode.FAILED, f"{len(report.internal_errors)} internal errors; see warnings"
    # What has no outcome after one of these has it in the next run; else it was lost.
    excused = failed is not None or report.pending_records or report.internal_errors
    cut = report.finish_reason in (*_STOPPED, *_SPENT)
    if not (excused or cut) and (report.unsettled or told != report.discovered):
        yield (
            ExitCode.LEDGER,
            (
                f"{len(report.unsettled)} of {report.discovered} discovered URLs have no outcome, "
                f"such as {', '.join(report.unsettled[:3])}"
            ),
        )


def _imported(report: Facts) -> dict[str, Any]:
    """Return what an import tells of its files; empty of any other run."""
    found: dict[str, Any] = report.more.get("import") or {}
    return found


def _of_the_site(report: Facts) -> Iterator[Cause]:
    """Yield what the site did, as far as the run came to see it, and what was left."""
    # A run of given URLs asks no edition; each of its hosts is wanted.
    if report.silent_hosts or not report.hosts:
        for entry in report.entries:
            if entry.robots:
                yield ExitCode.ROBOTS, f"{entry.url}: {entry.problem}"
            if entry.down:
                yield ExitCode.SOURCE_DOWN, f"{entry.url}: {entry.problem}"
    good = sum(count for outcome, count in report.outcomes.items() if outcome in _GOOD)
    if not good and not _imported(report).get("known"):
        seen = [*_ended(report), *by_cause(report.warnings)][:3]
        why = "; ".join(seen) or "no article was found"
        yield ExitCode.NOTHING, f"nothing archived: {why}"
    # Where nothing is good, a list that is empty or that we may not ask is no outage.
    failed = [entry for entry in report.entries if entry.failed]
    if good or failed:
        yield from _uncovered(report, failed)
    if good:
        named = report.discovered - sum(report.outcomes.get(outcome, 0) for outcome in _LEFT)
        if (suspicion := report.health.suspicion(named)) is not None:
            why = f"{suspicion}; look at the site and at what was archived"
            yield ExitCode.SUSPECT, why
    if report.silence is not None:
        why = f"{report.silence}; look at the site and its sitemaps and feeds"
        yield ExitCode.SUSPECT, why
    if left := report.outcomes.get(Outcome.OVER_BUDGET):
        yield ExitCode.LIMIT, f"{left} URLs were left for another run"
    if report.sitemaps_unread:
        yield ExitCode.LIMIT, f"{report.sitemaps_unread} sitemaps were not read"
    if report.finish_reason != "finished":
        yield ExitCode.LIMIT, f"the run was ended: {report.finish_reason}"


def _ended(report: Facts) -> Iterator[str]:
    """Yield how pages ended, the most first, with the first reason that is known of each."""
    for outcome, count in sorted(report.outcomes.items(), key=lambda one: -one[1]):
        known = [one.reason for one in report.examples.get(outcome, []) if one.reason]
        yield f"{count} {outcome}{f' ({known[0]})' if known else ''}"


def _uncovered(report: Facts, failed: list[EntryReport]) -> Iterator[Cause]:
    """Yield the editions and lists that did not answer, and that nothing else stood in for."""
    if report.silent_hosts:
        why = f": {failed[0].problem}" if failed else ""
        yield (
            ExitCode.SOURCE_DOWN,
            (f"no sitemap, feed or listing of {', '.join(report.silent_hosts)} answered{why}"),
        )
    if open_ := uncovered(report.entries, report.mode, len(report.unread)):
        more = f", and {len(open_) - 1} more" if len(open_) > 1 else ""
        yield (
            ExitCode.SOURCE_DOWN,
            (f"{open_[0].kind} {open_[0].url}: {open_[0].problem}{more}; nothing else covered it"),
        )


def _heard(report: Facts) -> str:
    """Say which entries answered."""
    if report.mode == "import":
        return "the files were read to their end"
    if report.mode == "reextract":
        return "the pages that are kept were read again"
    if not report.entries:
        return "no sitemap, feed or listing was asked"
    silent = [entry for entry in report.entries if not entry.is_heard]
    words = "every source answered"
    if silent:
        parts = []
        for kind in dict.fromkeys(entry.kind for entry in silent):
            count = sum(entry.kind == kind for entry in silent)
            total = sum(entry.kind == kind for entry in report.entries)
            parts.append(f"{count} of {total} {kind}s")
        words = f"{', '.join(parts)} did not answer and others covered what they name"
    if skipped := sum(bool(entry.skipped) for entry in report.entries if entry.kind != "listing"):
        words += f", of {skipped} of them some entries were skipped"
    if report.unread:
        words += f", {len(report.unread)} listings were not read"
    return words


def _done(report: Facts) -> str:
    """Say what was not archived."""
    if lost := [
        f"{report.outcomes[outcome]} {outcome}"
        for outcome in _NOT_ARCHIVED
        if report.outcomes.get(outcome)
    ]:
        due = " that was due" if report.outcomes.get(Outcome.SKIPPED_FRESH) else ""
        return f"everything{due} is archived but {', '.join(lost)}"
    if set(report.outcomes) == {Outcome.SKIPPED_FRESH}:
        return "no page was due"
    if report.outcomes.get(Outcome.SKIPPED_FRESH):
        return "everything that was due is archived"
    return "everything is archived"
