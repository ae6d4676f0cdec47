"""`nordcrawl reextract` as its users call it: whole processes, beside a site that counts what it is
asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nordcrawl.config.arguments import Arguments
from tests.reextract.kept_pages import Paper, html
from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.news_site import WORDS, article_html
from tests.support.recording_site import RecordingSite

HTML = b"Content-Type: text/html; charset=utf-8"
NOTE = '<p class="note">Read also what we wrote of the harbour in the spring of last year.</p>'


@pytest.fixture
def site() -> Iterator[RecordingSite]:
    with RecordingSite() as found:
        yield found


def job_of(site: RecordingSite, folder: Path, *lines: str) -> Job:
    """A job whose source keeps its pages; `lines` are more of its table."""
    file = folder / "paper.toml"
    text = [
        "[sources.paper]",
        'title = "The Paper"',
        f'hosts = {{ "{site.host}" = "en" }}',
        'sitemaps = ["/sitemap.xml"]',
        "article_urls = ['^/news/']",
        "capture = true",
        *lines,
    ]
    file.write_text("\n".join(text) + "\n")
    return LocalJob(folder, "paper", {"NORDCRAWL_SOURCES": str(file)})


def publish(site: RecordingSite, count: int) -> None:
    """Pages of which each third has a note, with validators."""
    for number in range(count):
        extra = NOTE if number % 3 == 0 else ""
        body = article_html(f"Story number {number}", f"Of {number}.\n{WORDS * 3}")
        body = body.replace(b"</div></article>", f"{extra}</div></article>".encode())
        site.publish(f"/news/{number}", body, HTML, b'ETag: "%d"' % number)
        head = b'HTTP/1.1 304 Not Modified\r\nETag: "%d"\r\n\r\n' % number
        site.not_modified[f"/news/{number}"] = head
    site.list_pages(*(f"/news/{number}" for number in range(count)))


@pytest.mark.slow
def test_a_changed_table_read_over_the_pages_of_the_archive(
    site: RecordingSite, tmp_path: Path
) -> None:
    publish(site, 4)
    assert job_of(site, tmp_path).crawl().code == 0
    asked = {path: len(heads) for path, heads in site.asked.items()}
    job = job_of(site, tmp_path, 'prune = [".note"]')

    dry = job.nordcrawl("reextract", "--dry-run", "--json")
    assert dry.code == 0, dry.text
    told = json.loads(dry.out)
    assert (told["source"], told["dry_run"], told["planned"], told["changed"]) == (
        "paper", True, 4, 2,
    )  # fmt: skip
    removed = {edit["old"] for one in told["examples"] for edit in one["difference"]["text"]}
    assert removed == {"Read also what we wrote of the harbour in the spring of last year."}
    assert {record["revision"] for record in job.records()} == {1}, "a dry run archives nothing"

    done = job.nordcrawl("reextract", "paper")
    assert done.code == 0, done.text
    assert "2   other content: get a revision" in done.out
    assert "fields      text 2, blocks 2" in done.out
    assert "- Read also what we wrote" in done.out
    assert "read again  4 pages of the archive" in done.out
    assert "exit 0      whole" in done.out
    revised = {r["url"] for r in job.records() if r["change"] == "reextracted"}
    assert revised == {f"{site.url}/news/0", f"{site.url}/news/3"}
    assert {path: len(heads) for path, heads in site.asked.items()} == asked, "nothing is asked"
    assert job.nordcrawl("verify").code == 0

    status = json.loads(job.nordcrawl("status", "--json").out)
    (stands,) = status["sources"]
    assert stands["last_run"]["outcomes"] == {"new": 4}, "what reads again is no crawl"
    runs = [json.loads(line) for line in job.nordcrawl("runs", "--json").out.splitlines()]
    assert [run["mode"] for run in runs] == ["reextract", "incremental"]

    done = job.crawl("-a", "mode=full")
    assert done.code == 0, done.text
    assert job.report()["outcomes"] == {"unchanged": 4}
    heads = [site.asked[f"/news/{number}"][-1] for number in range(4)]
    assert all(b"If-None-Match" in head for head in heads), "all were asked with their validators"


def test_the_command_archives_what_a_dry_run_told(tmp_path: Path) -> None:
    paper = Paper(tmp_path)
    paper.crawl({f"/news/{n}": html(f"Story number {n}", NOTE * (n == 1)) for n in range(3)})
    table = tmp_path / "pier.toml"
    table.write_text(
        '[sources.pier]\ntitle = "The Pier"\nhosts = { "127.0.0.1" = "en" }\n'
        "article_urls = ['^/news/']\nprune = ['.note']\n"
    )
    job = LocalJob(tmp_path, "pier", {"NORDCRAWL_SOURCES": str(table)})
    dry = job.nordcrawl("reextract", "--dry-run", "--json")
    assert (dry.code, len(paper.records())) == (0, 3), dry.text
    done = job.nordcrawl("reextract", "pier")
    assert done.code == 0, done.text
    assert "1   other content: get a revision" in done.out
    assert "- Read also what we wrote" in done.out
    assert "read again  3 pages of the archive" in done.out
    told = json.loads(dry.out)
    assert (told["read"], told["changed"], told["fields"]) == (3, 1, {"text": 1, "blocks": 1})
    revised = [record["url"] for record in paper.records() if record["revision"] == 2]
    assert revised == ["http://127.0.0.1/news/1"]


@pytest.mark.slow
def test_what_can_not_be_done_is_told(tmp_path: Path) -> None:
    paper = Paper(tmp_path, keeps=False)
    paper.crawl({"/news/1": html("A story")})
    table = tmp_path / "pier.toml"
    table.write_text('[sources.pier]\ntitle = "The Pier"\nhosts = { "127.0.0.1" = "en" }\n')
    job = LocalJob(tmp_path, "pier", {"NORDCRAWL_SOURCES": str(table)})
    wrong: list[tuple[tuple[str, ...], str]] = [
        ((), "keeps no pages as they were fetched; capture = true"),
        (("pier",), "keeps no pages as they were fetched; capture = true"),
    ]
    for arguments, said in wrong:
        done = job.nordcrawl("reextract", *arguments)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    paper.keeps = True
    paper.crawl({"/news/1": html("A story")})
    wrong = [
        (("quay",), "keeps no pages of 'quay', only of pier"),
        (("--since", "soon"), "--since soon: a date 2026-01-31 or a time"),
    ]
    for arguments, said in wrong:
        done = job.nordcrawl("reextract", *arguments)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
    held = paper.opened(Arguments(urls=("given",), mode="full"))
    try:
        done = job.nordcrawl("reextract", "pier")
    finally:
        held.close()
    assert done.code == 9, done.text
    assert "lock" in done.err or "another" in done.err
