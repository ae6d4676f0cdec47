"""Whole crawls in a process of their own against a real site: what is archived, and that every
discovered URL has one outcome."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.address import open_store
from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper
from tests.support.processes import descendants
from tests.support.suite_parts import first_of
from tests.support.waiting import until


def ledger(job):
    return list(Reader(open_store(str(job.archive))).ledger())


def outcomes(job):
    return job.report()["outcomes"]


def test_a_crawl_archives_each_article_once_and_then_only_what_changed(paper, job):
    for n in range(8):
        paper.publish(f"/news/{n}", f"Story number {n}")
    crawl = job()

    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 8}
    records = crawl.records()
    assert sorted(r["title"] for r in records) == [f"Story number {n}" for n in range(8)]
    assert {r["change"] for r in records} == {"new"}
    assert {r["published_at"] for r in records} == {"2026-11-01T07:30:00Z"}
    assert len({r["article_id"] for r in records}) == 8
    assert records[0]["text"].startswith("Story number")

    paper.requests.clear()
    paper.publish("/news/3", "Story number 3", "Now it is quite another text. " * 9,
                  lastmod="2026-11-23T10:00:00Z")  # fmt: skip
    paper.publish("/news/8", "Story number 8", lastmod="2026-11-23T10:00:00Z")
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 1, "updated": 1, "skipped_fresh": 7}
    assert sorted(p for p in paper.requests if p.startswith("/news")) == ["/news/3", "/news/8"]
    latest = crawl.records("--latest")
    assert len(latest) == 9
    (changed,) = [r for r in latest if r["title"] == "Story number 3"]
    assert (changed["revision"], changed["change"]) == (2, "silent_edit")
    (first,) = [r for r in records if r["title"] == "Story number 3"]
    assert changed["previous_text_sha256"] == first["text_sha256"]
    assert len(crawl.records()) == 10

    lines = ledger(crawl)
    assert len(lines) == 8 + 3
    assert [e.count for e in lines if e.outcome == "skipped_fresh"] == [7], "one for all of them"


NO_HEARTBEAT = """
from scrapy.core.engine import ExecutionEngine
ExecutionEngine._SLOT_HEARTBEAT_INTERVAL = 86_400
"""


@pytest.mark.slow
def test_a_crawl_with_nothing_to_do_waits_for_no_heartbeat(paper, job, tmp_path):
    """Scrapy looks every five seconds whether there is something to do; here, once a day."""
    (tmp_path / "sitecustomize.py").write_text(NO_HEARTBEAT)
    paper.publish("/news/1", "Story number 1")
    crawl = job(PYTHONPATH=str(tmp_path))
    assert crawl.crawl().code == 0
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"skipped_fresh": 1}


@pytest.mark.slow
def test_a_full_run_asks_conditionally_and_archives_nothing_twice(paper, job):
    for n in range(4):
        paper.publish(f"/news/{n}", f"Story number {n}")
    crawl = job()
    assert crawl.crawl().code == 0
    paper.headers.clear()
    done = crawl.crawl("-a", "mode=full")
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"unchanged": 4}
    assert sum("if-none-match" in headers for headers in paper.headers) == 4
    assert len(crawl.records()) == 4


@pytest.mark.slow
def test_addresses_of_one_article_make_one_article(paper, job):
    paper.publish("/news/a", "The one story")
    paper.answers["/news/old"] = paper.answers["/news/copy"] = paper.answers["/news/a"]
    paper.answers["/news/moved"] = Answer(301, {"Location": "/news/a"})
    paper.lastmods |= {"/news/copy": None, "/news/moved": None, "/news/gone": None}
    paper.lastmods["/news/a?utm_source=x"] = None
    crawl = job()
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 1, "duplicate": 2, "fetch_failed": 1}
    (record,) = crawl.records()
    assert record["title"] == "The one story"
    assert {(e.url.rpartition("/")[2], str(e.outcome), e.status) for e in ledger(crawl)} >= {
        ("gone", "fetch_failed", 404)
    }
    assert len({e.article_id for e in ledger(crawl) if e.article_id}) == 1


@pytest.mark.slow
def test_a_canonical_link_that_lies_merges_nothing(paper, job):
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story {n}", f"Quite its own text {n}. " * 20,
                      canonical=f"{paper.url}/news/0")  # fmt: skip
    crawl = job()
    assert crawl.crawl().code == 0
    assert len(crawl.records()) == 5


@pytest.mark.slow
def test_a_hostile_page_costs_no_other_page(paper, job):
    for n in range(4):
        paper.publish(f"/news/{n}", f"Story number {n}")
    bad = '<a href="http://[::1">x</a><a href="javascript:alert(1)">y</a>' + "<div>" * 3000
    paper.publish("/news/bad", "Bad \x1b[31m\u202e links", extra=bad)
    paper.publish("/news/attributes", "Many attributes",
                  extra="<p " + " ".join(f"a{n}='1'" for n in range(40000)) + ">")  # fmt: skip
    paper.answers["/news/empty"] = Answer(200, {}, b"")
    paper.answers["/news/pdf"] = Answer(200, {"Content-Type": "application/pdf"}, b"%PDF-1.7")
    paper.lastmods |= {"/news/empty": None, "/news/pdf": None}
    crawl = job(NORDCRAWL_PAGE_TIMEOUT_S="15")
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert {f"Story number {n}" for n in range(4)} <= {r["title"] for r in crawl.records()}
    assert outcomes(crawl)["not_article"] == outcomes(crawl)["fetch_failed"] == 1
    assert sum(outcomes(crawl).values()) == 8
    assert "\x1b[31m" not in done.text


FOREIGN_CODE_THAT_RAISES = """
import nordcrawl.discover, nordcrawl.extract.pipeline
find = nordcrawl.extract.pipeline.find
class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(one)
def raising(root, page, profile):
    if b"Never read" in page.body:
        raise Odd("no <idea>", root)
    if b"Never left" in page.body:
        raise SystemExit(9)
    return find(root, page, profile)
nordcrawl.extract.pipeline.find = raising
def refusing(*_):
    raise LookupError("no such feed")
nordcrawl.discover.parse_feed = refusing
"""


@pytest.mark.slow
def test_whatever_an_extractor_raises_costs_that_page_only(paper, job, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(FOREIGN_CODE_THAT_RAISES)
    for n in range(3):
        paper.publish(f"/news/{n}", f"Story number {n}")
    odd = paper.answers["/news/2"]
    odd.body = odd.body.replace(b"The harbour", b"The &#1;&#xFFFF;\x1f harbour")
    paper.publish("/news/read", "Never read")
    paper.publish("/news/left", "Never left")
    paper.answers["/feed"] = Answer(200, {}, b"<rss version='2.0'><channel/></rss>")
    crawl = job("feeds = ['/feed']", "article_urls = ['^/news/']", PYTHONPATH=str(tmp_path))
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert "Traceback" not in done.text
    assert outcomes(crawl) == {"new": 3, "extraction_failed": 2}
    examples = crawl.report()["examples"]["extraction_failed"]
    assert {e["reason"] for e in examples} == {"Odd: no <idea>", "SystemExit: 9"}
    assert "LookupError: no such feed" in done.out
    assert len([r for r in crawl.records() if "The harbour froze" in r["text"]]) == 3


@pytest.mark.slow
def test_links_and_redirects_to_other_ports_are_not_followed(paper, job):
    with Paper() as other:
        paper.publish("/news/a", "A good story")
        paper.answers["/news/trap"] = Answer(302, {"Location": f"{other.url}/secret"})
        paper.answers["/news/file"] = Answer(302, {"Location": "file:///etc/passwd"})
        paper.lastmods |= {"/news/trap": None, "/news/file": None}
        sitemap = paper.sitemap().body.replace(
            b"</urlset>", f"<url><loc>{other.url}/news/x</loc></url></urlset>".encode()
        )
        paper.answers["/sitemap.xml"] = Answer(200, {}, sitemap)
        crawl = job()
        done = crawl.crawl()
        assert done.code == 0, done.text
        assert other.requests == []
        assert outcomes(crawl) == {"new": 1, "blocked": 1, "fetch_failed": 1}


@pytest.mark.slow
def test_since_until_limit_and_urls(paper, job):
    for n in range(6):
        paper.publish(f"/news/{n}", f"Story number {n}", lastmod=f"2026-11-0{n + 1}T08:00:00Z")
    crawl = job()
    done = crawl.crawl("-a", "limit=2")
    assert done.code == 7, done.text
    assert outcomes(crawl) == {"new": 2, "over_budget": 4}
    assert {r["title"] for r in crawl.records()} == {"Story number 4", "Story number 5"}

    done = crawl.crawl("-a", f"urls={paper.url}/news/0,{paper.url}/news/5")
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 1, "unchanged": 1}

    # All say that they were published on 1 November, 08:30 Norwegian time.
    done = crawl.crawl("-a", "since=2026-11-02")
    assert done.code == 0, done.text
    assert outcomes(crawl)["out_of_range"] == 6
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 3, "skipped_fresh": 3}


@pytest.mark.slow
def test_the_archive_is_the_truth_and_state_a_cache(paper, job):
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story number {n}")
    crawl = job()
    assert crawl.crawl().code == 0
    shutil.rmtree(crawl.settings["NORDCRAWL_STATE_DIR"])
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"skipped_fresh": 5}, "a fresh machine catches up from the archive"
    shutil.rmtree(crawl.archive)
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 5}, "state without its archive is worth nothing"
    assert len(crawl.records()) == 5


def killed_when(crawl, so, pause_s=0.0):
    """Start a crawl and kill it as soon as `so` is true, or later; it may be done by then."""
    process = crawl.start()
    until(lambda: so() or process.poll() is not None, "the moment to kill the crawl")
    time.sleep(pause_s)
    crawl.kill(process)


def sixty_stories(paper, job):
    for n in range(60):
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.02)
    return job(NORDCRAWL_PART_AGE_S="0.5", NORDCRAWL_PART_MIB="0.02")


def sixty_stories_once(crawl):
    done = crawl.crawl()
    assert done.code == 0, done.text
    titles = sorted(r["title"] for r in crawl.records())
    assert titles == sorted(f"Story number {n}" for n in range(60))
    assert len({e.url for e in ledger(crawl) if e.count is None}) == 60


def test_killed_every_article_is_archived_once(paper, job):
    """With pages under way, with some in the spool, and just after a commit."""
    crawl = sixty_stories(paper, job)
    killed_when(crawl, lambda: len(paper.requests) >= 3)
    asked = len(paper.requests)
    killed_when(crawl, lambda: len(paper.requests) >= asked + 25)
    commits = len(list(crawl.archive.glob("commits/*/*")))
    killed_when(crawl, lambda: len(list(crawl.archive.glob("commits/*/*"))) > commits)
    sixty_stories_once(crawl)


@pytest.mark.slow
def test_killed_at_random_moments_every_article_is_archived_once(paper, job):
    crawl = sixty_stories(paper, job)
    dice = random.Random()
    for _ in range(10):
        enough = len(paper.requests) + dice.randrange(30)
        killed_when(crawl, lambda: len(paper.requests) > enough, dice.uniform(0, 0.7))  # noqa: B023
    sixty_stories_once(crawl)


@pytest.mark.parametrize("whole_group", first_of(False, True), ids=["the crawler", "its group"])
def test_sigterm_archives_what_was_fetched_and_says_so(paper, job, whole_group):
    for n in range(300):
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.1)
    crawl = job()
    process = crawl.start()
    crawl.wait(process, lambda: len(paper.requests) >= 15, "15 requests")
    if whole_group:
        os.killpg(process.pid, signal.SIGTERM)
    else:
        process.send_signal(signal.SIGTERM)
    stopped = time.monotonic()
    done = crawl.end(process)
    assert time.monotonic() - stopped < 20
    assert done.code == 6, done.text
    report = crawl.report()
    assert report["complete"] is False
    assert sum(report["outcomes"].values()) == report["discovered"] == 300
    assert len(crawl.records()) == report["outcomes"]["new"] >= 5
    assert "extraction_failed" not in report["outcomes"]


def test_a_second_run_of_the_source_leaves_at_once(paper, job):
    for n in range(100):
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.2)
    crawl = job()
    process = crawl.start()
    try:
        crawl.wait(process, lambda: paper.requests, "a request")
        done = crawl.crawl()
        assert done.code == 9, done.text
        assert str(process.pid) in done.err
        crawl.settings["NORDCRAWL_STATE_DIR"] += " of another machine"
        done = crawl.crawl()
        assert done.code == 9, done.text
        assert f"process {process.pid} on " in done.err
    finally:
        crawl.kill(process)


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        (["-a", "since=yesterday"], {}, 2, "since=yesterday"),
        (["-s", "AWS_SECRET_ACCESS_KEY=hunter2"], {}, 2, "AWS_SECRET_ACCESS_KEY is not taken"),
        (["-a", "sinse=2026-01-01"], {}, 2, "did you mean since"),
        ([], {"NORDCRAWL_ARCHIVE": "/dev/null/archive"}, 4, "/dev/null"),
        ([], {"NORDCRAWL_STATE_DIR": "/dev/null/state"}, 3, "/dev/null/state"),
        ([], {"NORDCRAWL_ARCHIV": "x"}, 2, "did you mean NORDCRAWL_ARCHIVE"),
        (["-s", "NORDCRAWL_LOG_LEVEL=QUIET"], {}, 2, "NORDCRAWL_LOG_LEVEL = QUIET"),
        *first_of(
            ([], {"NORDCRAWL_SOURCES": "/no/such.toml"}, 2, "/no/such.toml"),
            (["-a", "limit=0"], {}, 2, "limit=0"),
            (["-a", "mode=fast"], {}, 2, "incremental or full"),
            (["-a", "urls=https://elsewhere.example/a"], {}, 2, "elsewhere.example"),
            ([], {"NORDCRAWL_ARCHIVE": "ftp://example.org/x"}, 2, "ftp"),
            ([], {"NORDCRAWL_WORKERS": "many"}, 2, "NORDCRAWL_WORKERS"),
            ([], {"NORDCRAWL_CONTACT": "me"}, 2, "NORDCRAWL_CONTACT"),
            ([], {"NORDCRAWL_LOG_LEVEL": "LOUD"}, 2, "NORDCRAWL_LOG_LEVEL = LOUD"),
        ),
    ],
)
def test_mistakes_end_before_the_first_request(paper, job, arguments, settings, code, says):
    paper.publish("/news/a", "A story")
    done = job(**settings).crawl(*arguments)
    assert done.code == code, done.text
    assert says in done.err
    assert "Traceback" not in done.text
    assert "hunter2" not in done.text
    assert paper.requests == []


def test_a_misspelt_key_is_named(paper, job):
    crawl = job("sitemap = ['/x']")
    done = crawl.crawl()
    assert done.code == 2
    assert "paper.toml" in done.err
    assert "'sitemap'" in done.err
    listed = crawl.scrapy("list")
    assert listed.code == 2
    assert "'sitemap'" in listed.err
    assert "Traceback" not in listed.text


def test_real_hosts_want_a_contact(job):
    crawl = job()
    crawl.source = "highnorthnews"
    done = crawl.crawl()
    assert done.code == 2
    assert "NORDCRAWL_CONTACT" in done.err


def test_an_unknown_source_is_named(job):
    crawl = job()
    crawl.source = "highnorthnew"
    done = crawl.crawl()
    assert done.code == 2
    assert "did you mean highnorthnews" in done.err


@pytest.mark.slow
def test_empty_is_not_success(paper, job):
    assert job().crawl().code == 8  # a sitemap without an entry
    paper.lastmods |= {"/elsewhere/a": None}
    done = job().crawl()
    assert done.code == 8
    assert "none of 1 entries looks like an article" in done.out
    paper.lastmods.clear()
    paper.publish("/news/a", "A story")
    paper.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nDisallow: /\n")
    done = job().crawl()
    assert done.code == 8, done.text
    assert "/news/a" not in paper.requests


@pytest.mark.slow
def test_a_site_that_is_down_is_no_success(paper, job):
    crawl = job()
    paper.__exit__()
    done = crawl.crawl()
    assert done.code == 10, done.text
    assert "Traceback" not in done.text


@pytest.mark.slow
def test_unreachable_robots_stop_the_host(paper, job):
    paper.publish("/news/a", "A story")
    paper.answers["/robots.txt"] = Answer(503)
    done = job().crawl()
    assert done.code == 11, done.text
    assert set(paper.requests) == {"/robots.txt"}


def test_a_silent_edition_is_a_failure_though_another_answered(paper, job, tmp_path):
    with Paper() as second:
        paper.publish("/news/a", "A story")
        second.answers["/sitemap.xml"] = Answer(500)
        source = paper.source(tmp_path)
        text = source.read_text().replace(
            f'"{paper.host}" = "en"', f'"{paper.host}" = "en", "{second.host}" = "nb"'
        )
        source.write_text(text)
        done = Job(tmp_path, "paper", {"NORDCRAWL_SOURCES": str(source)}).crawl()
        assert done.code == 10, done.text
        assert second.host in done.out


@pytest.mark.slow
def test_both_commands_are_one_job(paper, job):
    paper.publish("/news/a", "A story")
    crawl = job()
    done = crawl.nordcrawl("crawl", "paper", "-s", "NORDCRAWL_LOG_LEVEL=ERROR")
    assert done.code == 0, done.text
    assert done.err == "", "the level is taken by this name, too"
    assert crawl.nordcrawl("crawl", "paper", "-a", "since=x").code == 2
    assert crawl.nordcrawl("crawl", "nobody").code == 2
    assert outcomes(crawl) == {"new": 1}


@pytest.mark.slow
def test_read_gives_each_record_once_by_cursor(paper, job):
    paper.publish("/news/a", "First story")
    crawl = job()
    assert crawl.crawl().code == 0
    first = crawl.nordcrawl("read")
    cursor = first.err.rpartition("cursor: ")[2].strip()
    again = crawl.nordcrawl("read", "--since", cursor)
    assert again.out == ""
    paper.publish("/news/b", "Second story")
    assert crawl.crawl().code == 0
    then = crawl.nordcrawl("read", "--since", cursor)
    assert [json.loads(line)["title"] for line in then.out.splitlines()] == ["Second story"]
    bad = crawl.nordcrawl("read", "--since", "yesterday")
    assert bad.code == 2
    table = crawl.nordcrawl("read", "--latest", "--format", "table")
    assert "First story" in table.out
    assert "2 articles" in table.out


@pytest.mark.slow
def test_a_body_cut_on_the_way_is_never_archived_as_whole(paper, job):
    paper.publish("/news/a", "A story")
    paper.publish("/news/cut", "A story that breaks off")
    whole = gzip.compress(paper.answers["/news/cut"].body)
    headers = {"Content-Type": "text/html", "Content-Encoding": "gzip"}
    paper.answers["/news/cut"] = Answer(200, headers, whole[: len(whole) // 2])
    crawl = job()
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert outcomes(crawl) == {"new": 1, "fetch_failed": 1}
    assert paper.requests.count("/news/cut") == 3
    paper.answers["/news/cut"] = Answer(200, headers, whole)
    assert crawl.crawl().code == 0
    assert outcomes(crawl) == {"new": 1, "skipped_fresh": 1}


def test_robots_feeds_and_listings_lead_to_articles(paper, job):
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story number {n}")
    html = {"Content-Type": "text/html"}
    index = b"<sitemapindex><sitemap><loc>/m2</loc></sitemap></sitemapindex>"
    rss = b"<rss version='2.0'><channel><item><link>/news/2</link></item></channel></rss>"
    front = b'<a href="/news/0">0</a><a href="/section/b">b</a><a href="/about">about</a>'
    section = b'<a href="../news/3?utm_source=x">3</a><a href="/section/c">c</a>'
    paper.answers |= {
        "/robots.txt": Answer(200, {}, f"Sitemap: {paper.url}/map?b=1&a=2".encode()),
        "/map?b=1&a=2": Answer(200, html, index),
        "/m2": Answer(200, html, b"<urlset><url><loc>/news/1</loc></url></urlset>"),
        "/feed": Answer(200, html, rss),
        "/": Answer(200, html, front),
        "/section/b": Answer(200, html, section),
        "/section/c": Answer(200, html, b'<a href="/news/4">4</a>'),
    }
    paper.lastmods.clear()
    crawl = job(
        "feeds = ['/feed']", "listings = ['/']", "follow_listings = ['^/section/']",
        "max_listings = 1", "article_urls = ['^/news/']",
    )  # fmt: skip
    done = crawl.crawl()
    assert done.code == 0, done.text
    assert {r["title"] for r in crawl.records()} == {f"Story number {n}" for n in range(4)}
    assert "1 listings were not read: max_listings is 1" in done.out
    assert "/about" not in paper.requests


@pytest.mark.slow
def test_no_socket_listens_and_nobody_else_is_asked(paper, job):
    for n in range(60):
        paper.publish(f"/news/{n}", f"Story number {n}", delay_s=0.1)
        paper.answers[f"/news/{n}"].headers["Set-Cookie"] = "a=b; Domain=example.org"
    crawl = job()
    process = crawl.start()
    try:
        crawl.wait(process, lambda: len(paper.requests) >= 10, "10 requests")
        pids = {process.pid, *descendants(process.pid)}
        inodes = {
            str(descriptor.readlink())
            for pid in pids
            for descriptor in Path(f"/proc/{pid}/fd").iterdir()
            if descriptor.is_symlink()
        }
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if f"socket:[{fields[9]}]" not in inodes:
                    continue
                assert fields[3] != "0A", f"a listening {table} socket"
                assert fields[2].endswith(f"{paper.port:04X}"), f"{table} to {fields[2]}"
    finally:
        crawl.kill(process)
    assert not any("cookie" in headers for headers in paper.headers)


@pytest.mark.slow
def test_a_private_address_is_refused_by_name_and_nothing_is_sent(paper, job, tmp_path):
    file = tmp_path / "private.toml"
    file.write_text(
        '[sources.paper]\ntitle = "x"\nscheme = "http"\nsitemaps = ["/sitemap.xml"]\n'
        f'hosts = {{ "2130706433:{paper.port}" = "en", "0x7f000001:{paper.port}" = "nb" }}\n'
    )
    crawl = Job(
        tmp_path, "paper", {"NORDCRAWL_SOURCES": str(file), "NORDCRAWL_CONTACT": "a@example.org"}
    )
    done = crawl.crawl()
    assert done.code == 8, done.text
    assert "2130706433 leads to 127.0.0.1, which is not a public address" in done.out
    assert "Traceback" not in done.text
    assert paper.requests == []
