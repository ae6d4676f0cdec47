"""The table of exit codes: documented, in one order, and each provoked end to end."""

import ast
import re
from pathlib import Path

import pytest

from nordcrawl.errors import PRECEDENCE, ExitCode

HERE = Path(__file__).parents[1]
DOCS = HERE.parent / "docs" / "exit-codes.md"

#: The test that provokes each code with a real run (13: with a real archive).
PROVOKED = {
    ExitCode.WHOLE: (
        "crawl/test_crawl.py",
        "test_both_commands_are_one_job",
    ),
    ExitCode.FAILED: (
        "crawl/test_run.py",
        "test_a_page_that_is_lost_before_the_archive_holds_up_no_other",
    ),
    ExitCode.USAGE: (
        "crawl/test_crawl.py",
        "test_mistakes_end_before_the_first_request",
    ),
    ExitCode.SPOOL: (
        "crawl/test_crawl.py",
        "test_mistakes_end_before_the_first_request",
    ),
    ExitCode.STORE: (
        "crawl/test_crawl.py",
        "test_mistakes_end_before_the_first_request",
    ),
    ExitCode.PENDING: (
        "archive/store/test_full_spool.py",
        "test_a_store_that_takes_nothing_ends_it_with_what_fits",
    ),
    ExitCode.INTERRUPTED: (
        "crawl/test_crawl.py",
        "test_sigterm_archives_what_was_fetched_and_says_so",
    ),
    ExitCode.LIMIT: (
        "crawl/test_sitemap_index.py",
        "test_a_run_that_left_sitemaps_unread_is_not_whole",
    ),
    ExitCode.NOTHING: (
        "crawl/test_crawl.py",
        "test_empty_is_not_success",
    ),
    ExitCode.LOCKED: (
        "crawl/test_crawl.py",
        "test_a_second_run_of_the_source_leaves_at_once",
    ),
    ExitCode.SOURCE_DOWN: (
        "crawl/test_crawl.py",
        "test_a_silent_edition_is_a_failure_though_another_answered",
    ),
    ExitCode.ROBOTS: (
        "crawl/test_crawl.py",
        "test_unreachable_robots_stop_the_host",
    ),
    ExitCode.LEDGER: (
        "spiders/test_discovery.py",
        "test_a_ledger_that_does_not_add_up_fails_the_run",
    ),
    ExitCode.DAMAGED: (
        "cli/test_exit_codes.py",
        "test_a_run_that_cant_begin_has_a_report",
    ),
    ExitCode.SUSPECT: (
        "report/test_health.py",
        "test_a_crawl_of_one_text_under_every_address_says_so",
    ),
    ExitCode.OUT_OF_TIME: (
        "extensions/test_budgets.py",
        "test_a_budget_of_time_ends_the_run_cleanly",
    ),
    ExitCode.OUT_OF_BYTES: (
        "extensions/test_budgets.py",
        "test_a_budget_of_bytes_ends_the_run_cleanly",
    ),
    ExitCode.OUT_OF_MEMORY: (
        "extensions/test_budgets.py",
        "test_a_budget_of_memory_ends_the_run_cleanly",
    ),
    ExitCode.STALLED: (
        "extensions/test_budgets.py",
        "test_a_budget_of_progress_ends_the_run_cleanly",
    ),
}


def source_of(file: str, name: str) -> str:
    text = (HERE / file).read_text(encoding="utf-8")
    (found,) = [
        node for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]  # fmt: skip
    first = min([found.lineno, *(mark.lineno for mark in found.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : found.end_lineno])


@pytest.mark.parametrize("code", ExitCode)
def test_a_test_provokes_each_code(code):
    assert re.search(rf"(?:\.code == |\}}, )(?:code|{int(code)})\b", source_of(*PROVOKED[code]))


def test_the_table_says_name_number_and_rank_of_each():
    rows = re.findall(
        r"^\| (\d+) \| (\w+) \| (\d+) \| ([^|]+) \| ([^|]+) \|$",
        DOCS.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert [(int(number), name, int(rank)) for number, name, rank, *_ in rows] == [
        (int(code), code.name.lower(), PRECEDENCE.index(code) + 1) for code in ExitCode
    ]
    assert sorted(PRECEDENCE) == sorted(ExitCode)


@pytest.mark.parametrize("command", ["scrapy", "nordcrawl"])
def test_a_run_that_cant_begin_has_a_report(paper, job, command):
    crawl = job()
    crawl.archive.mkdir()
    (crawl.archive / "_nordcrawl.json").write_text('{"format": "something else"}')
    done = getattr(crawl, command)("crawl", crawl.source)
    assert done.code == 13, done.text
    report = crawl.report()
    assert (report["exit_code"], report["exit"], report["complete"]) == (13, "damaged", False)
    assert report["why"] in done.err
    assert report["run_id"] in done.err
    assert paper.requests == []
