"""A re-extraction that is killed twenty times ends as one that is not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.reextract.kept_pages import NOTE, Paper, html
from tests.support.jobs import Job
from tests.support.waiting import HANG_S

PAGES = 24
KILLS = 20


def content(paper: Paper) -> list[list[Any]]:
    names = ("article_id", "revision", "change", "text", "fetch")
    return [[record[name] for name in names] for record in paper.records()]


@pytest.mark.slow
def test_killed_twenty_times_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = Paper(tmp_path / "whole")
    whole.folder.mkdir()
    for first in range(0, PAGES, 4):
        numbers = range(first, first + 4)
        whole.crawl({f"/news/{n}": html(f"Story number {n}", NOTE * (n % 2)) for n in numbers})
    killed = Paper(tmp_path / "killed", days=whole.days)
    shutil.copytree(whole.folder / "archive", killed.folder / "archive")
    whole.table = {"prune": (".note",)}
    findings, _ = whole.reextract()
    assert findings.changed == PAGES // 2

    table = tmp_path / "pier.toml"
    table.write_text(
        '[sources.pier]\ntitle = "The Pier"\nhosts = { "127.0.0.1" = "en" }\n'
        "article_urls = ['^/news/']\nprune = ['.note']\n"
    )
    job = Job(killed.folder, "pier", {"NORDCRAWL_SOURCES": str(table)})
    command = [sys.executable, "-m", "nordcrawl", "reextract", "pier"]
    for number in range(KILLS):
        process = subprocess.Popen(
            command, env=job.environment, cwd=killed.folder, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert process.stderr is not None
        settled = 0
        for line in process.stderr:
            settled += " nordcrawl.crawl.outcomes: " in line
            if settled > number % 7:
                break
        process.kill()
        process.communicate(timeout=HANG_S)
    done = job.nordcrawl("reextract", "pier")
    assert done.code == 0, done.text
    assert content(killed) == content(whole)
    assert job.nordcrawl("verify").code == 0
