"""The demo: the real job against our own site, and an archive that agrees with what the site's
stories are known to say."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from nordcrawl.demo.site import DemoSite
from nordcrawl.model.times import rfc3339
from tests.support.in_process import LocalJob
from tests.support.waiting import HANG_S, until


@pytest.fixture
def site():
    with DemoSite() as site:
        yield site


@pytest.fixture
def hnn(tmp_path, site):
    return LocalJob(tmp_path, "highnorthnews", {"NORDCRAWL_HOSTS": site.host_map})


def crawled(job, *arguments):
    done = job.crawl(*arguments, "-s", "LOG_LEVEL=WARNING")
    assert done.code == 0, done.text
    return job.report()["outcomes"]


def by_key(records):
    """Records by CMS id, or by path where there is none."""
    keyed = {}
    for record in records:
        name = record["article_id"].partition(":")[2]
        keyed[name if name.isdigit() else "/" + record["url"].split("/", 3)[3]] = record
    return keyed


@pytest.mark.slow
def test_the_demo_runs_and_shows_what_it_promises(tmp_path):
    done = LocalJob(tmp_path, "highnorthnews").nordcrawl("demo")
    assert done.code == 0, done.text
    for words in (
        "First run", "archived as new", "could not be fetched", "HTTP 404", "read it",
        '"schema": 1', "Second run", "archived as a new revision", "not due yet",
        "32 articles, each archived once",
    ):  # fmt: skip
        assert words in done.out, words
    (tmp_path / "mine" / "thing").mkdir(parents=True)
    refused = LocalJob(tmp_path, "highnorthnews").nordcrawl("demo", "--dir", "mine")
    assert refused.code == 2
    assert (tmp_path / "mine" / "thing").is_dir()


def start_demo(job):
    return subprocess.Popen(
        [sys.executable, "-m", "nordcrawl", "demo"],
        env=job.environment,
        cwd=job.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_demo(job, pattern):
    """Kill a demo as soon as there is such a file in its folder."""
    process = start_demo(job)
    folder = job.folder / "demo-archive"
    until(lambda: list(folder.glob(pattern)) or process.poll() is not None, pattern)
    process.kill()
    process.wait()


def demo_of_32(job):
    done = job.nordcrawl("demo")
    assert done.code == 0, done.text
    ids = [r["article_id"] for r in job.records("--archive", "demo-archive/archive", "--latest")]
    assert len(ids) == len(set(ids)) == 32


@pytest.mark.slow
def test_a_killed_demo_does_not_spoil_the_next(tmp_path):
    """Before its crawl, when that begins, and when it archives."""
    demo = LocalJob(tmp_path, "highnorthnews")
    for pattern in (".lock", "state/*/*/lock", "archive/commits/*/*"):
        killed_demo(demo, pattern)
    demo_of_32(demo)


@pytest.mark.slow
def test_a_killed_demo_takes_its_crawl_along(tmp_path):
    demo = LocalJob(tmp_path, "highnorthnews")
    process = start_demo(demo)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: children.read_text().split(), "the crawl's process")
    command = Path(f"/proc/{children.read_text().split()[0]}/cmdline")
    state = tmp_path / "demo-archive" / "state"
    until(lambda: list(state.glob("*/*/lock")), "the crawl")
    process.kill()
    process.wait()

    def is_gone():
        return not (command.exists() and command.read_bytes())  # of a zombie it is empty

    until(is_gone, "the end of the crawl")
    assert not list(state.glob("*/*/reports/*")), "it did not come to its own end"


@pytest.mark.slow
def test_a_demo_waits_for_the_crawl_of_a_killed_one_however_slow_that_is(tmp_path):
    demo = LocalJob(tmp_path, "highnorthnews")
    process = start_demo(demo)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: children.read_text().split(), "the crawl's process")
    crawl = int(children.read_text().split()[0])
    os.kill(crawl, signal.SIGSTOP)
    process.kill()
    process.wait()
    theirs = tmp_path / "demo-archive" / "theirs"
    theirs.mkdir()
    following = start_demo(demo)
    try:
        time.sleep(1)  # it can only pass too easily
        assert theirs.is_dir(), "the next demo has not begun"
    finally:
        os.kill(crawl, signal.SIGCONT)
    assert following.wait(HANG_S) == 0
    assert not theirs.exists()
    assert len(demo.records("--archive", "demo-archive/archive", "--latest")) == 32


def test_a_crawl_ends_with_its_demo(tmp_path):
    with DemoSite(delay_s=0.2) as site:
        job = LocalJob(tmp_path, "highnorthnews", {"NORDCRAWL_HOSTS": site.host_map})
        crawl = subprocess.Popen(
            [sys.executable, "-m", "nordcrawl.cli.demo_crawl", "highnorthnews"],
            env=job.environment,
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            text=True,
        )
        assert crawl.stdin is not None
        job.wait(crawl, lambda: site.requests, "a request")
        assert crawl.poll() is None
        crawl.stdin.close()
        assert crawl.wait(HANG_S) == 6
    assert list(tmp_path.glob("state/*/*/lock"))
    assert not list(tmp_path.glob("state/*/*/reports/*")), "it did not come to its own end"


def test_the_archive_says_what_the_stories_say(site, hnn):
    assert crawled(hnn) == {"new": 32, "duplicate": 3, "fetch_failed": 1}
    records = by_key(hnn.records("--latest"))
    expected = {s.cms_id or s.url_path: s for s in site.expected()}
    assert records.keys() == expected.keys()
    for key, story in expected.items():
        record = records[key]
        assert record["title"] == story.title, key
        assert record["text"] == story.text, key
        assert record["authors"] == list(story.authors), key
        assert record["language"] == story.language, key
        assert record["published_at"] == rfc3339(story.published_at), key
        assert record["modified_at"] == rfc3339(story.modified_at), key
        captions = [(i["caption"], i["credit"]) for i in record["images"] if i["caption"]]
        assert captions == list(story.captions), key
        assert sorted(record["tags"]) == sorted(story.tags), key
        blocks = [(b["kind"], b["text"]) for b in record["blocks"]]
        assert blocks == list(story.blocks_text), key


@pytest.mark.slow
def test_only_the_changed_article_becomes_a_revision(site, hnn):
    crawled(hnn)
    site.publish_changes()
    site.clear_requests()
    assert crawled(hnn) == {"updated": 1, "skipped_fresh": 34, "fetch_failed": 1}
    (changed,) = [r for r in hnn.records("--latest") if r["revision"] == 2]
    assert changed["article_id"] == "highnorthnews:1117230"
    assert changed["change"] == "updated"
    assert len(hnn.records()) == 33
    pages = [seen.path for seen in site.requests if seen.path.rpartition("/")[2].isdigit()]
    assert len(pages) == 2, "the changed article and the one that was not there"


@pytest.mark.slow
def test_a_full_run_over_turning_widgets_makes_no_revision(hnn):
    crawled(hnn)
    outcomes = crawled(hnn, "-a", "mode=full")
    # An alias that answers 304 is unchanged; one that redirects is seen to be a duplicate again.
    assert outcomes["unchanged"] + outcomes.pop("duplicate") == 35
    assert outcomes.keys() == {"unchanged", "fetch_failed"}
    assert len(hnn.records()) == 32


@pytest.mark.slow
def test_pairs_of_languages_are_linked_and_never_merged(hnn):
    crawled(hnn)
    records = by_key(hnn.records("--latest"))
    english, norwegian = records["1117201"], records["1117222"]
    assert [t["url"] for t in english["translations"]] == [norwegian["url"]]
    assert [t["url"] for t in norwegian["translations"]] == [english["url"]]


@pytest.mark.slow
def test_others_tools_read_the_parts_as_they_lie(hnn):
    crawled(hnn)
    glob = f"{hnn.archive}/articles-v1/**/*.jsonl.gz"
    query = f"select source, language, count(*) n from read_json('{glob}') group by all order by n"
    rows = duckdb.execute(query).fetchall()
    assert sum(n for *_, n in rows) == 32
    assert {source for source, *_ in rows} == {"highnorthnews"}
    if not (shutil.which("jq") and shutil.which("zcat")):
        pytest.skip("jq or zcat is not on this machine")
    titles = subprocess.run(
        f"zcat {hnn.archive}/articles-v1/*/*/*.jsonl.gz | jq .title",
        shell=True, text=True, capture_output=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(set(titles)) == 32


@pytest.mark.slow
def test_killed_and_run_again_every_story_is_archived_once(site, hnn):
    for share in (1, 10, 25):
        site.clear_requests()
        process = hnn.start()
        hnn.wait(process, lambda: len(site.requests) >= share, "requests")  # noqa: B023
        hnn.kill(process)
    crawled(hnn)
    ids = [r["article_id"] for r in hnn.records()]
    assert len(ids) == len(set(ids)) == 32


@pytest.mark.slow
def test_manifest_and_files_are_extracted_alike(site, hnn, tmp_path):
    import urllib.request

    story = next(s for s in site.expected() if s.cms_id == "1117201")
    request = urllib.request.Request(
        f"http://127.0.0.1:{site.port}{story.url_path}",
        headers={"Host": f"en.highnorthnews.localhost:{site.port}"},
    )
    page = tmp_path / "page.html"
    page.write_bytes(urllib.request.urlopen(request).read())
    url = "https://en.highnorthnews.com" + story.url_path
    lines = [
        {"id": "good", "url": url, "html": "page.html"},
        {"id": "gone", "url": url, "html": "none.html"},
        {"id": "empty", "url": url, "html": "/dev/null"},
    ]
    manifest = tmp_path / "pages.jsonl"
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = hnn.nordcrawl("extract", "--manifest", str(manifest))
    assert done.code == 0, done.text
    good, gone, empty = (json.loads(line) for line in done.out.splitlines())
    assert good["title"] == story.title
    assert good["paragraphs"] == [line for line in story.text.split("\n") if line]
    assert good["published"].startswith(story.published_at.isoformat()[:16])
    assert (gone["id"], empty["id"]) == ("gone", "empty")
    assert "none.html" in gone["error"]
    assert empty["error"]

    single = hnn.nordcrawl("extract", str(page), "--url", url, "--source", "highnorthnews")
    assert single.code == 0
    assert json.loads(single.out)["text"] == story.text
    missing = hnn.nordcrawl("extract", str(tmp_path / "none.html"))
    assert missing.code == 2
    assert "none.html" in missing.err
