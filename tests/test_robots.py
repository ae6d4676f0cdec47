"""robots.txt: what RFC 9309 asks for, by real crawls and by the copy that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs import Job
from nordcrawl.copies import FRESH_FOR, Copies, Copy
from paper import Answer, Paper

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


@pytest.mark.parametrize(
    "body",
    [
        GROUPS,
        b"\xef\xbb\xbf" + GROUPS,
        GROUPS.decode().encode("utf-16"),
        GROUPS.replace(b"\n", b"\r\n"),
        GROUPS.replace(b"\n", b"\r"),
        GROUPS + b"#" * (600 << 10) + b"\nUser-agent: nordcrawl\nDisallow: /\n",
    ],
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


def test_a_redirected_robots_txt_is_followed(paper: Paper, job: Callable[..., Job]) -> None:
    """RFC 9309 section 2.3.1.2."""
    for name in "ab":
        paper.publish(f"/news/{name}", f"Story {name}")
    paper.answers["/r2"] = Answer(200, {}, b"User-agent: *\nDisallow: /news/a\n")
    paper.answers["/r1"] = Answer(301, {"Location": "/r2"})
    assert crawled(paper, job(), Answer(302, {"Location": "/r1"})) == ["/news/b"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_4xx_allows_everything(paper: Paper, job: Callable[..., Job], status: int) -> None:
    paper.publish("/news/a", "Story a")
    assert crawled(paper, job(), Answer(status, {}, b"Disallow: /")) == ["/news/a"]


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
