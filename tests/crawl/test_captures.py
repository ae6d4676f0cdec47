"""Pages kept as they were fetched: what a server sent is what stands in the archive.

Read back by a parser of our own of a few lines, and by another WARC library than wrote it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from tests.support.in_process import LocalJob
from tests.support.jobs import Job
from tests.support.news_site import WORDS, article_html
from tests.support.recording_site import RecordingSite

HTML = b"Content-Type: text/html; charset=utf-8"


@pytest.fixture
def site() -> Iterator[RecordingSite]:
    with RecordingSite() as found:
        yield found


def job_of(site: RecordingSite, folder: Path, *lines: str, **settings: str) -> Job:
    file = folder / "paper.toml"
    text = [
        "[sources.paper]",
        'title = "The Paper"',
        f'hosts = {{ "{site.host}" = "en" }}',
        'sitemaps = ["/sitemap.xml"]',
        "article_urls = ['^/news/']",
        *lines,
    ]
    file.write_text("\n".join(text) + "\n")
    return LocalJob(folder, "paper", {"NORDCRAWL_SOURCES": str(file), **settings})


def page(title: str, extra: str = "") -> bytes:
    return article_html(title, f"{title}. {WORDS * 3}", extra=extra)


def members(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Where each gzip member begins, and what is in it; by the standard library's zlib."""
    offset = 0
    while offset < len(body):
        inflate = zlib.decompressobj(31)
        raw = inflate.decompress(body[offset:])
        assert inflate.eof
        yield offset, raw
        offset = len(body) - len(inflate.unused_data)


def parsed(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and block of a record."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    version, *lines = head.decode().split("\r\n")
    assert version == "WARC/1.1"
    headers = dict(line.split(": ", 1) for line in lines)
    size = int(headers["Content-Length"])
    assert rest[size:] == b"\r\n\r\n"
    block = rest[:size]
    assert headers["WARC-Block-Digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"
    return headers, block


def records(job: Job) -> list[tuple[str, int, dict[str, str], bytes]]:
    """Key, offset, headers and block of each record of the archive."""
    return [
        (str(file.relative_to(job.archive)), offset, *parsed(raw))
        for file in sorted(job.archive.glob("captures-v1/*/*/*.warc.gz"))
        for offset, raw in members(file.read_bytes())
    ]


def of(found: list[Any], kind: str, url: str) -> list[tuple[str, int, dict[str, str], bytes]]:
    return [x for x in found if x[2]["WARC-Type"] == kind and x[2].get("WARC-Target-URI") == url]


def http(block: bytes) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    head, _, body = block.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    pairs = [line.split(b": ", 1) for line in lines]
    return first, [(name.lower(), value) for name, value in pairs], body


def values(headers: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


@pytest.mark.slow
def test_what_was_sent_is_what_is_kept(site: RecordingSite, tmp_path: Path) -> None:
    plain, packed = page("A plain story"), gzip.compress(page("A packed story"), mtime=0)
    site.publish("/news/plain", plain, HTML, b'ETag: "1"', b"X-Two: first", b"x-two: second",
                 b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"X-Latin: \xe6\xf8\xe5")  # fmt: skip
    site.not_modified["/news/plain"] = (
        b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nX-Now: yes\r\n\r\n'
    )
    site.publish("/news/packed", packed, HTML, b"Content-Encoding: gzip", chunked=True)
    denied = page("No archive").replace(b"</head>", b'<meta name="robots" content="noarchive">')
    site.publish("/news/denied", denied, HTML)
    site.publish("/news/short", b"<html><body>no article</body></html>", HTML)
    site.list_pages("/news/plain", "/news/packed", "/news/denied", "/news/short")
    job = job_of(site, tmp_path, "capture = true")
    done = job.crawl()
    assert done.code in (0, 14), done.text
    assert "  captures    2 pages kept as they were fetched" in done.text

    found = records(job)
    assert {x[2]["WARC-Type"] for x in found} == {"warcinfo", "response", "request", "metadata"}
    named = {r["url"]: r["fetch"]["capture"] for r in job.records()}
    assert set(named) == {f"{site.url}/news/plain", f"{site.url}/news/packed"}
    for url, body in ((f"{site.url}/news/plain", plain), (f"{site.url}/news/packed", packed)):
        ((key, offset, headers, block),) = of(found, "response", url)
        first, sent_headers, sent_body = http(block)
        assert first == b"HTTP/1.1 200 OK"
        assert sent_body == body, "before content decoding, behind the transfer coding"
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert headers["WARC-Payload-Digest"] == digest
        assert headers["WARC-IP-Address"] == "127.0.0.1"
        capture = named[url]
        assert (capture["object"], capture["offset"]) == (key, offset)
        assert (capture["type"], capture["payload_digest"]) == ("response", digest)
        assert f"<{capture['record_id']}>" == headers["WARC-Record-ID"]
        body_of_part = (job.archive / key).read_bytes()
        alone = gzip.decompress(body_of_part[offset : offset + capture["length"]])
        assert parsed(alone) == (headers, block)
        ((_, _, asked, request),) = of(found, "request", url)
        assert asked["WARC-Concurrent-To"] == headers["WARC-Record-ID"]
        assert request.startswith(b"GET /news/")
    _, kept, _ = http(of(found, "response", f"{site.url}/news/plain")[0][3])
    assert values(kept, b"x-two") == [b"first", b"second"]
    assert values(kept, b"set-cookie") == [b"a=1", b"b=2"]
    assert values(kept, b"x-latin") == [b"\xe6\xf8\xe5"]
    assert values(kept, b"content-length") == [b"%d" % len(plain)]
    _, request_headers, _ = http(of(found, "request", f"{site.url}/news/plain")[0][3])
    (asked_head,) = site.asked["/news/plain"]
    for name, value in request_headers:
        assert name + b": " + value in asked_head.lower() or value in asked_head

    done = job.crawl("-a", "mode=full")
    assert done.code in (0, 14), done.text
    assert job.report()["outcomes"]["unchanged"] == 2, done.text
    again = records(job)
    ((_, _, headers, block),) = of(again, "revisit", f"{site.url}/news/plain")
    first_date = of(found, "response", f"{site.url}/news/plain")[0][2]["WARC-Date"]
    assert headers["WARC-Profile"].endswith("/1.1/revisit/server-not-modified")
    assert headers["WARC-Refers-To-Target-URI"] == f"{site.url}/news/plain"
    assert headers["WARC-Refers-To-Date"] == first_date
    first, sent_headers, sent_body = http(block)
    assert (first, sent_body) == (b"HTTP/1.1 304 Not Modified", b"")
    assert values(sent_headers, b"x-now") == [b"yes"]
    ((_, _, headers, block),) = of(again, "revisit", f"{site.url}/news/packed")
    assert headers["WARC-Profile"].endswith("/1.1/revisit/identical-payload-digest")
    assert headers["WARC-Truncated"] == "length"
    assert headers["WARC-Payload-Digest"] == named[f"{site.url}/news/packed"]["payload_digest"]
    assert http(block)[2] == b""
    check_with_warcio(job)

    verified = job.nordcrawl("verify")
    assert verified.code == 0, verified.text
    url = f"{site.url}/news/packed"
    body = run_binary(job, "capture", url, "--body")
    assert body == packed
    kinds = [parsed(raw)[0]["WARC-Type"] for _, raw in members(run_binary(job, "capture", url))]
    assert kinds == ["revisit", "response"]
    files = job.nordcrawl("files", "--kind", "capture").out.split()
    assert sorted(files) == sorted(map(str, job.archive.glob("captures-v1/*/*/*.warc.gz")))
    for index in job.archive.glob("captures-v1/*/*/*.cdxj"):
        for line in index.read_text().splitlines():
            told = json.loads(line.split(" ", 2)[2])
            part, offset = (job.archive / told["filename"]).read_bytes(), int(told["offset"])
            raw = gzip.decompress(part[offset : offset + int(told["length"])])
            assert parsed(raw)[0]["WARC-Target-URI"] == told["url"]


def run_binary(job: Job, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "nordcrawl", *arguments]
    return subprocess.run(
        command, env=job.environment, cwd=job.folder, capture_output=True, timeout=300, check=True
    ).stdout


def check_with_warcio(job: Job) -> None:
    """Every digest holds, and every record is read, by the library that others read with."""
    count = 0
    for file in job.archive.glob("captures-v1/*/*/*.warc.gz"):
        found = ArchiveIterator(io.BytesIO(file.read_bytes()), check_digests="raise")
        for record in found:
            record.content_stream().read()
            count += 1
    assert count == len(records(job))


@pytest.mark.slow
def test_a_setting_keeps_the_pages_of_all_sources_but_one_that_says_no(
    site: RecordingSite, tmp_path: Path
) -> None:
    site.publish("/news/1", page("A story"), HTML)
    site.list_pages("/news/1")
    for name, lines, count in (("yes", (), 1), ("no", ("capture = false",), 0)):
        folder = tmp_path / name
        folder.mkdir()
        job = job_of(site, folder, *lines, NORDCRAWL_CAPTURE="1")
        assert job.crawl().code == 0
        assert len(of(records(job), "response", f"{site.url}/news/1")) == count


@pytest.mark.slow
def test_pages_that_were_archived_before_are_sent_whole_once(
    site: RecordingSite, tmp_path: Path
) -> None:
    site.publish("/news/1", page("A story"), HTML, b'ETag: "1"')
    site.not_modified["/news/1"] = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
    site.list_pages("/news/1")
    job = job_of(site, tmp_path)
    assert job.crawl().code == 0
    job.settings["NORDCRAWL_CAPTURE"] = "1"
    for kinds in (["response"], ["response", "revisit"]):
        assert job.crawl("-a", "mode=full").code == 0
        kept = [x[2]["WARC-Type"] for x in records(job)]
        assert sorted(k for k in kept if k in ("response", "revisit")) == kinds
    assert job.nordcrawl("verify").code == 0
