"""`nordcrawl import warc` as its users call it: whole processes."""

from __future__ import annotations

import argparse
import fcntl
import json
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from nordcrawl.config.arguments import Arguments
from nordcrawl.errors import UsageError
from tests.importing.warc_files import HOST, Library, Warc, day
from tests.reextract.kept_pages import html
from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.waiting import HANG_S

#: So many that not all of their log lines fit into a pipe and its reader's buffer.
STORIES = 120


def job_of(folder: Path) -> Job:
    table = folder / "pier.toml"
    table.write_text(
        '[sources.pier]\ntitle = "The Pier"\nhosts = { "127.0.0.1" = "en" }\n'
        "article_urls = ['^/news/']\n"
    )
    return LocalJob(folder, "pier", {"NORDCRAWL_SOURCES": str(table)})


def test_files_are_taken_in_once(tmp_path: Path) -> None:
    file = Warc()
    for number in (1, 2):
        file.response(f"/news/{number}", html(f"Story number {number}"), day(number))
    file.response("/news/1", html("Story number 1", "<p>Edited since.</p>"), day(5))
    file.response("/about", html("Who we are"), day(1))
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(file.body)
    job = job_of(tmp_path)

    dry = job.nordcrawl("import", "warc", "pier", str(path), "--dry-run", "--json")
    assert dry.code == 0, dry.text
    told = json.loads(dry.out)
    assert (told["dry_run"], told["taken"], told["outcomes"]) == (True, 3, {"new": 2, "updated": 1})
    assert not (tmp_path / "archive").exists(), "nothing is written"

    done = job.nordcrawl("import", "warc", "pier", str(path))
    assert done.code == 0, done.text
    assert "pier  4 records of 1 file" in done.out
    assert "3   taken: 2 new, 1 updated" in done.out
    assert "1   left out: no article's address by the source's table" in done.out
    assert "exit 0      whole: the files were read to their end, and everything" in done.out
    found = sorted((r["url"], r["revision"]) for r in job.records())
    assert found == [(f"{HOST}/news/1", 1), (f"{HOST}/news/1", 2), (f"{HOST}/news/2", 1)]
    assert job.nordcrawl("verify").code == 0
    runs = [json.loads(line) for line in job.nordcrawl("runs", "--json").out.splitlines()]
    assert [run["mode"] for run in runs] == ["import", "import"]
    assert "(pages of WARC files," in job.nordcrawl("runs").out
    (stands,) = json.loads(job.nordcrawl("status", "--json").out)["sources"]
    assert stands["last_run"] is None, "what takes files in is no crawl"

    path.write_bytes(file.body[:-20])
    again = job.nordcrawl("import", "warc", "pier", str(path), "--json")
    assert again.code == 13, again.text
    told = json.loads(again.out)
    assert (told["exit"], told["taken"], told["known"]) == ("damaged", 0, 3)
    assert told["damaged"][0].startswith("crawl.warc.gz: at byte ")
    assert len(job.records()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_ended_on_its_way_it_comes_to_the_same_the_next_time(
    tmp_path: Path, number: signal.Signals
) -> None:
    file = Warc()
    for story in range(STORIES):
        body = html(f"Story number {story}", f"<p>It is of day {story} of the year.</p>")
        file.response(f"/news/{story}", body, day(story))
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(file.body)
    job = job_of(tmp_path)
    command = [sys.executable, "-m", "nordcrawl", "import", "warc", "pier", str(path)]
    process = subprocess.Popen(
        command, env=job.environment, cwd=tmp_path, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    # So that it waits with its next lines for whoever reads them, and is still at work when told.
    fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
    for line in process.stderr:
        if " nordcrawl.crawl.outcomes: " in line:
            break
    process.send_signal(number)
    process.communicate(timeout=HANG_S)
    assert process.returncode == (6 if number is signal.SIGTERM else -number)
    done = job.nordcrawl("import", "warc", "pier", str(path))
    assert done.code == 0, done.text
    records = job.records()
    wanted = sorted(f"{HOST}/news/{n}" for n in range(STORIES))
    assert sorted(record["url"] for record in records) == wanted
    assert {record["revision"] for record in records} == {1}
    assert job.nordcrawl("verify").code == 0


@pytest.mark.slow
def test_what_can_not_be_done_is_told(tmp_path: Path) -> None:
    file, page = tmp_path / "a.warc.gz", tmp_path / "page.html"
    made = Warc()
    made.response("http://elsewhere.example/news/1", html("A story"))
    file.write_bytes(made.body)
    page.write_bytes(b"<html>")
    job = job_of(tmp_path)
    for arguments, said in (
        (("peer", str(file)), "no source 'peer': did you mean pier?"),
        (("pier", str(page)), "page.html: no WARC or WACZ file"),
        (("pier", "s3://bucket/a.warc.gz"), "what lies elsewhere is to be copied first"),
    ):
        done = job.nordcrawl("import", "warc", *arguments)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    done = job.nordcrawl("import", "warc", "pier", str(file))
    assert done.code == 8, done.text
    assert "1   left out: on a host that is not the source's" in done.out
    held = Library(tmp_path).opened(Arguments(urls=("given",), mode="full"))
    try:
        done = job.nordcrawl("import", "warc", "pier", str(file))
    finally:
        held.close()
    assert done.code == 9, done.text


def test_without_the_extra_its_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.warc.gz").write_bytes(Warc(packed=False).body + b"WARC/1.0")
    job = job_of(tmp_path)
    for name, value in job.settings.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setattr(f"nordcrawl.settings.{name}", value)
    command = import_module("nordcrawl.cli.import")
    monkeypatch.setattr(command, "is_there", lambda: False)
    options = argparse.Namespace(
        archive=None, source="pier", files=[str(tmp_path / "a.warc.gz")], dry_run=False, json=False
    )
    with pytest.raises(UsageError, match=r"pip install 'nordcrawl\[capture\]'"):
        command.run(options)
