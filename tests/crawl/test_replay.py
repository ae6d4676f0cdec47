"""A source's spider against the captures of the archive: nobody is asked, and what comes out is
what the archive has, unless the table, its rules or the extractor are others."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.jobs import Done, Job
from tests.support.news_site import WORDS, article_html
from tests.support.recording_site import RecordingSite

HTML = b"Content-Type: text/html; charset=utf-8"
TABLE = """[sources.paper]
title = "The Paper"
hosts = { "HOST" = "en" }
sitemaps = ["/sitemap.xml"]
article_urls = ['^/news/']
capture = true
"""
BARE = f"<html lang='en'><body><main><article><p>{'</p><p>'.join([WORDS * 2] * 3)}</p></article>"
#: Writes down what of the net a process asks for; loaded by Python as it begins.
WATCH = """
import os, sys
def told(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto"):
        where = arguments[-1] if event == "socket.connect" else arguments[0]
        if event != "socket.connect" or isinstance(where, tuple):
            file = os.open(os.environ["NET_WATCH"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(file, f"{event} {where}\\n".encode())
            os.close(file)
sys.addaudithook(told)
"""


@pytest.fixture
def site() -> Iterator[RecordingSite]:
    with RecordingSite() as found:
        yield found


def job_of(site: RecordingSite, folder: Path, *lines: str) -> Job:
    table = folder / "paper.toml"
    table.write_text(TABLE.replace("HOST", site.host) + "\n".join(lines) + "\n")
    (folder / "sitecustomize.py").write_text(WATCH)
    return Job(
        folder,
        "paper",
        {
            "NORDCRAWL_SOURCES": str(table),
            "PYTHONPATH": str(folder),
            "NET_WATCH": str(folder / "net"),
        },
    )


def net(job: Job) -> list[str]:
    """What was asked of the net since the last call."""
    file = job.folder / "net"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def replay(job: Job, *arguments: str) -> tuple[Done, dict[str, Any], list[dict[str, Any]]]:
    """How it ended, what it told, and the records that came out."""
    done = job.nordcrawl("crawl", "paper", "--replay", "captures", "--json", *arguments)
    assert done.out.startswith("{"), done.text
    told = json.loads(done.out)
    assert told["exit_code"] == done.code
    records = job.records("--archive", str(Path(told["folder"], "archive")), "--latest")
    shutil.rmtree(told["folder"])
    return done, told, records


def page(title: str, extra: str = "") -> bytes:
    return article_html(title, f"{title}. {WORDS * 3}", extra=extra)


def files(*folders: Path) -> dict[str, str]:
    """Each file below some folders with its digest."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_what_the_archive_has_comes_out_again_and_nobody_is_asked(
    site: RecordingSite, tmp_path: Path
) -> None:
    site.publish("/news/plain", page("A plain story"), HTML, b'ETag: "1"')
    site.not_modified["/news/plain"] = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
    packed = gzip.compress(page("A packed story"), mtime=0)
    site.publish("/news/packed", packed, HTML, b"Content-Encoding: gzip", chunked=True)
    site.publish("/news/bare", BARE.encode(), HTML)
    site.answers["/news/from"] = (
        b"HTTP/1.1 301 Moved Permanently\r\nLocation: /news/to\r\nContent-Length: 0\r\n\r\n"
    )
    site.publish("/news/to", page("A story elsewhere"), HTML)
    site.answers["/robots.txt"] = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 54\r\n\r\n"
        b"User-agent: *\nContent-Signal: search=yes, ai-train=yes"
    )
    first = [f"<url><loc>{site.url}/news/{name}</loc></url>" for name in ("plain", "packed")]
    told = (
        f"<url><loc>{site.url}/news/bare</loc><n:news><n:publication_date>2026-11-02T06:00+01:00"
        "</n:publication_date><n:title>Told by a sitemap</n:title></n:news></url>"
    )
    namespace = "http://www.google.com/schemas/sitemap-news/0.9"
    more = f"<url><loc>{site.url}/news/from</loc></url>"
    for urls in ([*first, told, more], first):  # the second time it has forgotten two
        body = f'<urlset xmlns:n="{namespace}">{"".join(urls)}</urlset>'
        site.publish("/sitemap.xml", body.encode(), b"Content-Type: application/xml")
        job = job_of(site, tmp_path)
        done = job.crawl("-a", "mode=full")
        assert done.code == 0, done.text
    kinds = [r["fetch"]["capture"]["type"] for r in job.records()]
    assert kinds == ["response"] * 4
    before = {record["article_id"]: record for record in job.records("--latest")}
    assert any(line.startswith("socket.connect") for line in net(job)), "the watch sees a crawl"
    asked, there = {path: len(all_) for path, all_ in site.asked.items()}, files(tmp_path)

    done, result, records = replay(job)
    assert done.code == 0, done.text
    assert {path: len(all_) for path, all_ in site.asked.items()} == asked
    assert net(job) == []
    assert files(tmp_path) == there, "archive and state are only read"
    assert (result["addresses"], result["same"], result["not_compared"]) == (4, 4, {})
    after = {record["article_id"]: record for record in records}
    assert after.keys() == before.keys()
    for article_id, record in before.items():
        for name in ("url", "title", "published_at", "text", "links", "provenance"):
            if name != "provenance" or not record["url"].endswith("/bare"):
                assert after[article_id][name] == record[name]
        assert after[article_id]["fetch"]["body_sha256"] == record["fetch"]["body_sha256"]
    (bare,) = (record for record in records if record["url"].endswith("/bare"))
    assert (bare["title"], bare["published_at"]) == ("Told by a sitemap", "2026-11-02T05:00:00Z")
    fetched_at = {record["url"]: record["fetch"]["fetched_at"] for record in records}
    times: dict[str, list[str]] = {}
    for index in sorted(job.archive.glob("captures-v1/*/*/*.cdxj")):
        for line in index.read_text().splitlines():
            _, at, values = line.split(" ", 2)
            times.setdefault(json.loads(values)["url"], []).append(at)
    for url, at in fetched_at.items():
        # A 304 is no page: the one before it is; of a page that was sent again it is the later.
        kept = min(times[url]) if url.endswith("/plain") else max(times[url])
        assert len(times[url]) == 2
        assert re.sub(r"\D", "", at)[:14] == kept


@pytest.mark.slow
def test_what_comes_out_otherwise_is_told(site: RecordingSite, tmp_path: Path) -> None:
    zoneless = page("A story of noon").replace(b"2026-11-01T08:30:00+01:00", b"2026-11-01T12:00:00")
    site.publish("/news/noon", zoneless, HTML)
    site.publish("/news/kept", page("A story that is kept"), HTML)
    site.publish("/news/blog/1", page("A story of a blog"), HTML)
    denied = page("A denied story").replace(
        b"</head>", b'<meta name="robots" content="noai"></head>'
    )
    site.publish("/news/denied", denied, HTML)
    site.list_pages("/news/noon", "/news/kept", "/news/blog/1", "/news/denied")
    job = job_of(site, tmp_path, 'rights = "record"')
    assert job.crawl().code == 0
    site.__exit__()  # whoever asks now finds nobody
    job_of(site, tmp_path, 'timezone = "Europe/Oslo"', "deny_urls = ['/blog/']")
    done, told, records = replay(job)
    assert done.code == 14, done.text
    assert (told["same"], told["differ"], told["no_article"]) == (1, 1, 2)
    assert told["fields"] == {"published_at": 1}
    assert sorted(told["reasons"]) == [
        "not asked for: the table does not take the address for an article's",
        "rights_denied: noai (meta)",
    ]
    assert len(records) == 2
    examples = {one["url"].removeprefix(site.url): one["fields"] for one in told["examples"]}
    assert examples == {"/news/noon": ["published_at"], "/news/blog/1": [], "/news/denied": []}

    shown = job.nordcrawl("crawl", "paper", "--replay", "captures", "-a", "limit=2")
    counts = re.findall(r"^  (?:same|differ|no article) +(\d) articles?\b", shown.out, re.MULTILINE)
    assert sum(map(int, counts)) == 2, shown.text
    folder = Path(shown.out.rpartition("lies in ")[2].partition(",")[0])
    assert not (folder / "replayed.warc.gz").exists()
    shutil.rmtree(folder)
