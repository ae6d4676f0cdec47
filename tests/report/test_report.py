"""The exit code: 0 only when nothing at all is amiss."""

import io
import re
from datetime import timedelta

import pytest

from nordcrawl.errors import ExitCode
from nordcrawl.model.ledger import Outcome
from nordcrawl.report.facts import Quarantine
from nordcrawl.report.health import Health, Pages
from nordcrawl.report.run_report import EntryReport, Example
from nordcrawl.report.silence import silence
from nordcrawl.report.summary import print_summary, summary
from tests.support.run_reports import STARTED as T
from tests.support.run_reports import report


def entry(host, status=200, problem=None, **more):
    return EntryReport("sitemap", f"https://{host}/s", status, problem=problem, **more)


HELD = Quarantine(3, ("0 of 3 articles have authors",))
FAILING = Health(new=Pages(asked=20, failed=19))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ExitCode.WHOLE),
        ({"outcomes": {Outcome.SKIPPED_FRESH: 3}}, ExitCode.WHOLE),
        ({"outcomes": {Outcome.NEW: 2, Outcome.FETCH_FAILED: 1}}, ExitCode.WHOLE),
        ({"outcomes": {Outcome.FETCH_FAILED: 3}}, ExitCode.NOTHING),
        ({"outcomes": {Outcome.NOT_ARTICLE: 3}}, ExitCode.NOTHING),
        ({"outcomes": {}, "discovered": 0}, ExitCode.NOTHING),
        ({"outcomes": {Outcome.NEW: 2}, "unsettled": ["u"]}, ExitCode.LEDGER),
        ({"outcomes": {Outcome.NEW: 2}}, ExitCode.LEDGER),
        ({"outcomes": {Outcome.NEW: 2, Outcome.OVER_BUDGET: 1}}, ExitCode.LIMIT),
        ({"committed_lines": 2}, ExitCode.LEDGER),
        ({"committed_lines": 4}, ExitCode.LEDGER),
        ({"committed_records": 2}, ExitCode.LEDGER),
        ({"committed_lines": 2, "finish_reason": "shutdown"}, ExitCode.LEDGER),
        ({"committed_lines": 2, "pending_records": 1}, ExitCode.PENDING),
        ({"finish_reason": "memusage_exceeded"}, ExitCode.OUT_OF_MEMORY),
        ({"finish_reason": "shutdown"}, ExitCode.INTERRUPTED),
        ({"internal_errors": ["x"]}, ExitCode.FAILED),
        ({"pending_records": 2}, ExitCode.PENDING),
        ({"pending_records": 2, "finish_reason": "shutdown"}, ExitCode.PENDING),
        ({"failure": "disk", "failure_code": ExitCode.SPOOL, "pending_records": 2}, ExitCode.SPOOL),
        ({"hosts": ("a.example", "b.example")}, ExitCode.SOURCE_DOWN),
        (
            {
                "hosts": ("a.example", "b.example"),
                "entries": [entry("a.example"), entry("b.example", 200, "HTML"),
                            EntryReport("feed", "https://b.example/f", 200)],
            },
            ExitCode.SOURCE_DOWN,
        ),
        (
            {"entries": [entry("a.example", None, "robots.txt: HTTP 503", robots=True)],
             "outcomes": {}, "discovered": 0},
            ExitCode.ROBOTS,
        ),
        (
            {"entries": [entry("a.example", None, "robots.txt: connection refused", down=True)],
             "outcomes": {}, "discovered": 0},
            ExitCode.SOURCE_DOWN,
        ),
        ({"entries": [], "hosts": ()}, ExitCode.WHOLE),
        ({"entries": [entry("a.example", None, "x", robots=True)], "hosts": ()}, ExitCode.ROBOTS),
        ({"health": FAILING}, ExitCode.SUSPECT),
        ({"health": FAILING, "outcomes": {Outcome.FETCH_FAILED: 3}}, ExitCode.NOTHING),
        ({"silence": "no article for 9 days"}, ExitCode.SUSPECT),
        ({"quarantine": HELD}, ExitCode.SUSPECT),
        (
            {"quarantine": HELD, "outcomes": {Outcome.QUARANTINED: 3}, "committed_records": 0},
            ExitCode.SUSPECT,
        ),
        ({"quarantine": HELD, "finish_reason": "out_of_time"}, ExitCode.OUT_OF_TIME),
        ({"quarantine": Quarantine(idle="no history")}, ExitCode.WHOLE),
        ({"health": FAILING, "hosts": ("a.example", "b.example")}, ExitCode.SOURCE_DOWN),
        (
            {"health": FAILING, "outcomes": {Outcome.NEW: 2, Outcome.OVER_BUDGET: 1}},
            ExitCode.SUSPECT,
        ),
    ],
)  # fmt: skip
def test_the_code_says_how_it_ended(changes, code):
    done = report(**changes)
    assert done.verdict()[0] is code
    written = done.to_json()
    assert written["complete"] is (code is ExitCode.WHOLE)
    assert written["exit_code"] == code
    assert f"exit {int(code)}" in "\n".join(summary(done))


def test_the_command_that_reads_the_archive_can_be_typed():
    lines = summary(report(archive="file:///home/a%20b/archive"), "venv/bin/nordcrawl")
    (told,) = [line for line in lines if "read it" in line]
    assert "venv/bin/nordcrawl read --archive '/home/a b/archive' --latest" in told
    (told,) = [line for line in summary(report(archive="s3://b/p")) if "read it" in line]
    assert " nordcrawl read --archive s3://b/p " in told


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "every source answered, and everything is archived"),
        (
            {"outcomes": {Outcome.NEW: 1, Outcome.FETCH_FAILED: 1, Outcome.NOT_ARTICLE: 1}},
            "every source answered, and everything is archived but 1 fetch_failed, 1 not_article",
        ),
        ({"outcomes": {Outcome.SKIPPED_FRESH: 3}}, "every source answered, and no page was due"),
        (
            {"outcomes": {Outcome.SKIPPED_FRESH: 2, Outcome.NEW: 1}},
            "every source answered, and everything that was due is archived",
        ),
        (
            {"outcomes": {Outcome.SKIPPED_FRESH: 2, Outcome.BLOCKED: 1}},
            "and everything that was due is archived but 1 blocked",
        ),
        (
            {"entries": [EntryReport("feed", "https://a.example/f", 200, links=3, skipped=["x"])]},
            "every source answered, of 1 of them some entries were skipped, and everything",
        ),
        ({"unread": ("a", "b")}, "every source answered, 2 listings were not read, and everything"),
        ({"entries": [], "hosts": ()}, "no sitemap, feed or listing was asked, and everything"),
        (
            {"entries": [entry("a.example", links=3, spared="index tells the same")]},
            "every source answered",
        ),
        (
            {"entries": [EntryReport("sitemap", "https://a.example/s", 200, links=3),
                         EntryReport("feed", "https://a.example/f", 404, problem="HTTP 404")]},
            "1 of 1 feeds did not answer and others covered what they name, and everything",
        ),
    ],
)  # fmt: skip
def test_the_words_claim_no_more_than_was_seen(changes, says):
    code, why = report(**changes).verdict()
    assert code is ExitCode.WHOLE
    assert says in why


A = "https://a.example"


def of(kind, path, *, parent=None, links=3, status=200, **more):
    parent = parent and A + parent
    return EntryReport(kind, A + path, status, parent=parent, links=links, **more)


@pytest.mark.parametrize(
    ("entries", "covered"),
    [
        # A sitemap by another whole one, not by a sibling, nor by one that lacks a part.
        ([of("sitemap", "/s", problem="HTTP 500", unnamed=0), of("sitemap", "/t")], True),
        ([of("sitemap", "/s", problem="HTTP 500", unnamed=0), of("sitemap", "/t", links=0)], False),
        # Known to have its scope by what it named the last time, or nothing ever was there.
        ([of("sitemap", "/s", problem="HTTP 500"), of("sitemap", "/t")], False),
        ([of("sitemap", "/s", problem="HTTP 500", unnamed=2), of("sitemap", "/t")], False),
        ([of("sitemap", "/s", problem="cut short", unnamed=0), of("sitemap", "/t")], True),
        ([of("sitemap", "/s", problem="cut short"), of("sitemap", "/t")], False),
        ([of("sitemap", "/s", status=404, problem="HTTP 404"), of("sitemap", "/t")], True),
        ([of("sitemap", "/s", problem="names nothing"), of("sitemap", "/t")], True),
        (
            [of("sitemap", "/s", status=410, problem="HTTP 410", unnamed=9), of("sitemap", "/t")],
            False,
        ),
        # One of the latest two days has not the scope of one of all years.
        (
            [of("sitemap", "/s", problem="HTTP 500", unnamed=0), of("sitemap", "/t", latest=True)],
            False,
        ),
        (
            [of("sitemap", "/s", problem="HTTP 500"), of("sitemap", "/t", latest=True, known=1)],
            True,
        ),
        ([of("sitemap", "/s", problem="HTTP 500", latest=True), of("sitemap", "/t")], True),
        (
            [
                of("sitemap", "/i", links=0),
                of("sitemap", "/1", parent="/i", problem="HTTP 404"),
                of("sitemap", "/2", parent="/i"),
            ],
            False,
        ),
        (
            [
                of("sitemap", "/s", problem="HTTP 500", unnamed=0),
                of("sitemap", "/i", links=0),
                of("sitemap", "/1", parent="/i", problem="HTML instead of a sitemap"),
                of("sitemap", "/2", parent="/i"),
            ],
            False,
        ),
        # By a feed or front page that goes on from what is known.
        ([of("sitemap", "/s", problem="HTTP 500"), of("feed", "/f", known=1)], True),
        ([of("sitemap", "/s", problem="HTTP 500"), of("feed", "/f")], False),
        # By the listings behind the front page, if all were read.
        (
            [
                of("sitemap", "/s", problem="names nothing"),
                of("listing", "/"),
                of("listing", "/tag/a", parent="/"),
            ],
            True,
        ),
        (
            [
                of("sitemap", "/s", problem="names nothing"),
                of("listing", "/"),
                of("listing", "/tag/a", parent="/"),
                of("listing", "/tag/b", parent="/", problem="HTTP 500"),
            ],
            False,
        ),
        # A feed by anything that names articles.
        ([of("feed", "/f", problem="HTTP 404"), of("listing", "/")], True),
        ([of("feed", "/f", problem="HTTP 404"), of("listing", "/", links=0)], False),
        ([of("feed", "/f", problem="HTTP 404"), of("sitemap", "/t")], True),
        # But not by the part that is left of a sitemap.
        (
            [
                of("feed", "/f", problem="HTTP 404"),
                of("sitemap", "/i", links=0),
                of("sitemap", "/1", parent="/i", problem="HTTP 500"),
                of("sitemap", "/2", parent="/i"),
            ],
            False,
        ),
    ],
)
def test_a_failed_entry_fails_the_run_unless_another_covers_it(entries, covered):
    done = report(entries=entries)
    code, why = done.verdict()
    assert code is (ExitCode.WHOLE if covered else ExitCode.SOURCE_DOWN)
    failed = next(e for e in entries if e.problem)
    assert any(failed.url in line for line in done.warnings)
    assert covered or str(failed.problem) in why or "more" in why


def test_only_a_run_for_what_is_new_is_covered_by_a_feed():
    entries = [of("sitemap", "/s", problem="HTTP 500"), of("feed", "/f", known=1)]
    assert report(entries=entries, mode="full").verdict()[0] is ExitCode.SOURCE_DOWN


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({"TERM": "xterm-256color"}, True), ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
     ({"TERM": "dumb"}, False)],
)  # fmt: skip
def test_colour_is_for_terminals_that_want_it(monkeypatch, environment, coloured):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = Terminal()
    print_summary(report(), out)
    assert ("\x1b[1;32m  exit 0" in out.getvalue()) is coloured
    assert "32m" not in out.getvalue().replace("\x1b[1;32m", "", coloured)
    plain = io.StringIO()
    print_summary(report(), plain)
    assert re.sub(r"\x1b\[[\d;]*m", "", out.getvalue()) == plain.getvalue()


def test_a_silence_is_told_by_the_sources_own_history():
    daily = [T - timedelta(days=n, hours=n % 5) for n in range(40)]
    assert silence(daily, T + timedelta(days=2)) is None
    assert "no article for 4 days" in (silence(daily, T + timedelta(days=4)) or "")
    holidays = [at for at in daily if not 10 <= (T - at).days < 17]
    assert silence(holidays, T + timedelta(days=14)) is None
    assert "longer than" in (silence(holidays, T + timedelta(days=40)) or "")
    weekly = [T - timedelta(weeks=n) for n in range(13)]
    assert silence(weekly, T + timedelta(days=13)) is None
    assert silence(weekly, T + timedelta(days=22))


def test_what_tells_no_rhythm_expects_nothing():
    assert silence([], T) is None
    assert silence([T] * 100, T + timedelta(days=30)) is None
    assert silence([T - timedelta(days=n) for n in range(9)], T + timedelta(days=30)) is None
    assert silence([T - timedelta(days=n) for n in range(40)], T + timedelta(days=85)) is None
    assert silence([T + timedelta(days=n) for n in range(40)], T) is None


def test_where_nothing_came_of_it_the_reason_says_how_pages_ended():
    done = report(
        outcomes={Outcome.NOT_ARTICLE: 1, Outcome.FETCH_FAILED: 24}, discovered=25,
        examples={Outcome.FETCH_FAILED: [Example("https://a.example/0", "HTTP 500")]},
        entries=[entry("a.example", 200), entry("a.example", 200, "names nothing")],
    )  # fmt: skip
    code, why = done.verdict()
    assert code is ExitCode.NOTHING
    assert why.startswith("nothing archived: 24 fetch_failed (HTTP 500); 1 not_article; sitemap ")


def test_what_an_order_keeps_out_is_not_said_to_be_reserved_by_the_site():
    done = report(
        outcomes={Outcome.NEW: 2, Outcome.RIGHTS_DENIED: 1},
        examples={Outcome.RIGHTS_DENIED: [Example("ni:///sha-256;x", "erased by order")]},
    )
    lines = [line.strip() for line in summary(done)]
    assert "1   rights_denied     reserved, or erased by order" in lines
    assert "ni:///sha-256;x  (erased by order)" in lines


def test_alike_failures_are_one_line_that_says_how_many_more_there_are():
    failed = [Example(f"https://a.example/{n}", "HTTP 503") for n in range(4)]
    failed += [Example(f"https://a.example/x{n}", f"odd {n}") for n in range(3)]
    done = report(
        outcomes={Outcome.NEW: 1, Outcome.FETCH_FAILED: 60}, discovered=61,
        examples={Outcome.FETCH_FAILED: failed},
        entries=[entry(f"{name}.example", None, "robots.txt: DNS lookup failed") for name in "abc"],
        file="/state/reports/r.json",
    )  # fmt: skip
    lines = [line.strip() for line in summary(done)]
    assert "https://a.example/0  (HTTP 503), 3 more like it" in lines
    assert "https://a.example/x1  (odd 1)" in lines
    assert "and 54 more, see the report" in lines
    (warning,) = [line for line in lines if line.startswith("warning")]
    assert warning.endswith("sitemap https://a.example/s and 2 more: robots.txt: DNS lookup failed")
    assert "report      /state/reports/r.json" in lines


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"pending_records": 2, "internal_errors": ["x"]}, [ExitCode.FAILED, ExitCode.PENDING]),
        (
            {"failure": "no", "failure_code": ExitCode.STORE, "pending_records": 1,
             "finish_reason": "shutdown"},
            [ExitCode.STORE, ExitCode.PENDING, ExitCode.INTERRUPTED],
        ),
        (
            {"outcomes": {}, "discovered": 0, "entries": [entry("a.example", 503, "HTTP 503")]},
            [ExitCode.SOURCE_DOWN, ExitCode.NOTHING],
        ),
        (
            {"outcomes": {}, "discovered": 0,
             "entries": [entry("a.example", 200, "names nothing")]},
            [ExitCode.NOTHING],
        ),
        (
            {"outcomes": {}, "discovered": 0,
             "entries": [entry("a.example", None, "robots.txt: HTTP 503", robots=True),
                         entry("b.example", None, "connection refused", down=True)]},
            [ExitCode.ROBOTS, ExitCode.SOURCE_DOWN, ExitCode.NOTHING],
        ),
        (
            {"health": FAILING, "outcomes": {Outcome.NEW: 2, Outcome.OVER_BUDGET: 1}},
            [ExitCode.SUSPECT, ExitCode.LIMIT],
        ),
    ],
)  # fmt: skip
def test_what_else_holds_stands_in_the_report_in_the_order_of_the_table(changes, codes):
    done = report(**changes)
    written = done.to_json()
    told = [written["exit"], *(also["exit"] for also in written["also"])]
    assert told == [code.name.lower() for code in codes]
    assert all(also["why"] for also in written["also"])
