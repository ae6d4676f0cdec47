"""robots.txt: what RFC 9309 asks for, by real crawls and by the copy that is kept."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest
from scrapy.robotstxt import ProtegoRobotParser

from nordcrawl.fetch.robots import MAX_BYTES, rules
from nordcrawl.fetch.robots_copies import FRESH_FOR, Copies, Copy
from tests.support.jobs import Job
from tests.support.news_site import Answer, Paper
from tests.support.suite_parts import first_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def crawled(paper: Paper, crawl: Job, robots: Answer) -> list[str]:
    """Return the article paths that were asked for under a robots.txt."""
    paper.answers["/robots.txt"] = robots
    paper.requests.clear()
    crawl.crawl("-a", "mode=full")
    return sorted(path for path in paper.requests if path.startswith("/news/"))


GROUPS = b"""User-agent: other
Disallow: /

user-agent: NordCrawl
disallow: /news/a

User-agent: nordcrawl
Disallow: /news/b*end
Allow: /news/b-other-end

User-agent: *
Disallow: /news/c
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    first_of(
        GROUPS,
        b"\xef\xbb\xbf" + GROUPS,
        GROUPS.decode().encode("utf-16"),
        GROUPS.replace(b"\n", b"\r\n"),
        GROUPS.replace(b"\n", b"\r"),
        GROUPS + b"#" * (600 << 10) + b"\nUser-agent: nordcrawl\nDisallow: /\n",
    ),
    ids=["plain", "utf-8 mark", "utf-16", "crlf", "cr", "beyond 500 KiB"],
)
def test_groups_of_our_name_are_one_and_the_longest_rule_wins(
    paper: Paper, job: Callable[..., Job], body: bytes
) -> None:
    """RFC 9309 sections 2.2.1 (groups of one agent are merged) and 2.2.2 (most octets match)."""
    for name in ("a", "b-end", "b-other-end", "c"):
        paper.publish(f"/news/{name}", f"Story {name}")
    asked = crawled(paper, job(), Answer(200, {}, body))
    assert asked == ["/news/b-other-end", "/news/c"]


@pytest.mark.slow
def test_a_redirected_robots_txt_is_followed(paper: Paper, job: Callable[..., Job]) -> None:
    """RFC 9309 section 2.3.1.2."""
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}")
    paper.answers["/r2"] = Answer(200, {}, b"User-agent: *\nDisallow: /news/a\n")
    paper.answers["/r1"] = Answer(301, {"Location": "/r2"})
    assert crawled(paper, job(), Answer(302, {"Location": "/r1"})) == ["/news/b"]


@pytest.mark.slow
@pytest.mark.parametrize("status", first_of(404, 401, 403, 410))
def test_4xx_allows_everything(paper: Paper, job: Callable[..., Job], status: int) -> None:
    paper.publish("/news/a", "Story a")
    assert crawled(paper, job(), Answer(status, {}, b"Disallow: /")) == ["/news/a"]


@pytest.mark.slow
def test_a_copy_of_today_stands_in_for_one_that_cant_be_had(
    paper: Paper, job: Callable[..., Job], tmp_path: Path
) -> None:
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}")
    crawl = job()
    rules = Answer(200, {}, b"User-agent: *\nDisallow: /news/a\n")
    assert crawled(paper, crawl, rules) == ["/news/b"]
    assert crawled(paper, crawl, Answer(503)) == ["/news/b"]
    assert any("the copy of" in line for line in crawl.report()["warnings"])
    (file,) = tmp_path.glob("state/*/*/robots.json")
    kept = json.loads(file.read_text())
    for values in kept.values():
        values["fetched_at"] = "2020-01-01T00:00:00Z"
    file.write_text(json.dumps(kept))
    assert crawled(paper, crawl, Answer(503)) == []
    assert crawl.report()["exit_code"] == 11
    file.write_text("{ broken")
    assert crawled(paper, crawl, rules) == ["/news/b"]


def test_copies_are_fresh_for_a_day_and_survive_on_the_disk(tmp_path: Path) -> None:
    copies = Copies(tmp_path / "robots.json")
    copy = Copy(NOW, 200, b"User-agent: *\nDisallow: /\xe6\xff\n")
    copies.put("a.example:8080", copy)
    assert Copies(tmp_path / "robots.json").get("a.example:8080") == copy
    assert copies.get("b.example") is None
    assert copy.is_fresh(NOW + FRESH_FOR - timedelta(seconds=1))
    assert not copy.is_fresh(NOW + FRESH_FOR)
    assert not copy.is_fresh(NOW - timedelta(seconds=1))


@pytest.mark.parametrize("text", ["", "[]", "null", '{"a": 1}', '{"a": {"fetched_at": 5}}', "\xff"])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "robots.json").write_text(text, encoding="latin-1")
    assert Copies(tmp_path / "robots.json").get("a") is None


@pytest.mark.parametrize("listed", first_of("urls", "listings"))
def test_no_request_passes_a_robots_txt_that_it_waits_for(
    paper: Paper, job: Callable[..., Job], listed: str
) -> None:
    paths = [f"/news/{n}" for n in range(12)]
    for path in paths:
        paper.publish(path, f"Story {path}")
    paper.answers["/robots.txt"] = Answer(200, {}, b"User-agent: *\nDisallow: /\n", delay_s=0.5)
    settings = ("-s", "CONCURRENT_REQUESTS_PER_DOMAIN=12", "-s", "DOWNLOAD_DELAY=0")
    if listed == "urls":
        crawl = job()
        done = crawl.crawl("-a", f"urls={','.join(paper.url + p for p in paths)}", *settings)
    else:
        crawl = job(f"listings = {paths}", "article_urls = ['^/news/']")
        done = crawl.crawl(*settings)
    assert {path for path in paper.requests if "tdmrep" not in path} == {"/robots.txt"}, done.text
    assert crawl.report()["archived"] == 0
    assert done.code == 8, done.text


BEYOND = b"#" * 99 + b"\n"


@pytest.mark.parametrize("coding", first_of("br", ""))
@pytest.mark.slow
def test_of_a_huge_robots_txt_the_head_is_read(
    paper: Paper, job: Callable[..., Job], coding: str
) -> None:
    """RFC 9309 section 2.5. What is sent is longer than what an article may have."""
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}")
    # The limit cuts the last rule that is begun before it down to one that denies everything.
    rules = b"User-agent: *\nDisallow: /news/a\n"
    filled = rules + BEYOND * ((MAX_BYTES - len(rules)) // len(BEYOND))
    cut = b"Disallow: /".rjust(MAX_BYTES - len(filled)).ljust(200, b"x") + b"\n"
    body = filled + cut + BEYOND * (20 << 20 >> 6) + b"User-agent: nordcrawl\nDisallow: /news/b\n"
    assert len(body) > 20 << 20
    headers = {"Content-Encoding": coding} if coding else {}
    robots = Answer(200, headers, brotli.compress(body, quality=1) if coding else body)
    assert crawled(paper, job(), robots) == ["/news/b"]


def test_rules_are_whole_lines_of_the_first_500_kib() -> None:
    first = b"User-agent: *\nDisallow: /news/a\n"
    filled = first + BEYOND * ((MAX_BYTES - len(first)) // len(BEYOND))
    cut = b"Disallow: /".rjust(MAX_BYTES - len(filled)).ljust(200, b"x") + b"\n"
    assert rules(filled + cut + b"Disallow: /news/b\n", "nordcrawl") == filled
    assert rules(filled + cut[: MAX_BYTES - len(filled)], "nordcrawl") == filled


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        (b"User-agent: nord\nDisallow: /\n", True),
        (b"User-agent: nordcrawler\nDisallow: /\n", True),
        (b"User-agent: NordCrawl/9.9\nAllow: /\n\nUser-agent: *\nDisallow: /\n", True),
        (b"User-agent: nordcrawl/0.2.0\nDisallow: /\n\nUser-agent: *\nAllow: /\n", False),
        (b"user agent: NORDCRAWL (+https://x.example) # us\nDisallow: /\n", False),
        (b"User-agent: other\nUser-agent: nordcrawl\nDisallow: /\n", False),
        (b"User-agent: *  # all\nDisallow: /\n", False),
    ],
)
def test_a_group_is_ours_by_its_product_token(body: bytes, allowed: bool) -> None:
    """RFC 9309 section 2.2.1: the token is compared whole, without regard to case."""
    parser = ProtegoRobotParser(rules(body, "nordcrawl"), None)
    assert parser.allowed("http://a.example/news/a", "nordcrawl") is allowed


class Rude(Paper):
    """Hangs up on whoever asks for robots.txt, or keeps silent."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how

    def answer(self, path: str) -> Answer:
        if path == "/robots.txt":
            if self.how == "reset":
                raise ConnectionResetError
            if self.how == "silence":
                self.stopping.wait(60)
            if self.how == "loop":
                return Answer(302, {"Location": f"/robots.txt?{len(self.requests)}"})
            if self.how == "cut":
                return Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"#" * 999)[:-9])
            return Answer(int(self.how))
        if path.startswith("/robots.txt?"):
            return Answer(302, {"Location": f"/robots.txt?{len(self.requests)}"})
        return super().answer(path)


FAST = ("-s", "DOWNLOAD_TIMEOUT=2", "-s", "RETRY_TIMES=1")


@pytest.mark.slow
@pytest.mark.parametrize("how", first_of("reset", "silence", "loop", "cut", "429"))
def test_a_robots_txt_that_cant_be_had_has_a_code_of_its_own(tmp_path: Path, how: str) -> None:
    """RFC 9309 section 2.3.1.4. The host is up, so nothing else is amiss."""
    with Rude(how) as paper:
        paper.publish("/news/a", "Story a")
        source = {"NORDCRAWL_SOURCES": str(paper.source(tmp_path))}
        crawl = Job(tmp_path, "paper", source)
        given = ("-a", f"urls={paper.url}/news/a")
        for arguments in ((), given) if how == "reset" else ((),):
            done = crawl.crawl(*FAST, *arguments)
            assert done.code == 11, done.text
            assert "/robots.txt" in done.out or "robots.txt:" in done.out
            assert not [path for path in paper.requests if path.startswith("/news/")]


@pytest.mark.slow
def test_a_host_that_nobody_answers_for_is_down(tmp_path: Path) -> None:
    with socket.socket() as refusing, socket.socket() as full:
        refusing.bind(("127.0.0.1", 0))  # bound, and nobody listens
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with contextlib.ExitStack() as waiting:
            for _ in range(3):  # its queue is full: whoever knocks now hears nothing
                knocking = waiting.enter_context(socket.socket())
                knocking.setblocking(False)
                knocking.connect_ex(full.getsockname())
            for socket_, words in ((refusing, "refused"), (full, "timed out")):
                paper = Paper()  # never opened: only its source file is wanted
                paper.host = f"down.localhost:{socket_.getsockname()[1]}"
                source = {"NORDCRAWL_SOURCES": str(paper.source(tmp_path))}
                crawl = Job(tmp_path, "paper", source)
                given = ("-a", f"urls=http://{paper.host}/news/a")
                for arguments in ((), given) if words == "refused" else ((),):
                    done = crawl.crawl(*FAST, *arguments)
                    assert done.code == 10, done.text
                    assert words in crawl.report()["why"]
