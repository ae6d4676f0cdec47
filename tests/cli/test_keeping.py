"""Keeping an archive, as an operator does: crawl, compact, erase, verify, rebuild, and crawl on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

TEXT = "A sentence that nobody else wrote, about the person in question. " * 6


@pytest.fixture
def crawled(paper, job):
    for n in range(5):
        paper.publish(f"/news/{n}", f"Story number {n}", f"Words of story {n}. " * 30)
    paper.publish("/news/the-secret", "The secret headline", TEXT)
    crawl = job()
    assert crawl.crawl().code == 0
    return crawl


def traces(folder: Path, *texts: str) -> list[str]:
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            body = file.read_bytes()
            body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
            found += [f"{file}: {text}" for text in texts if text.encode() in body]
    return found


@pytest.mark.slow
def test_an_erased_article_stays_away(paper, crawled):
    (record,) = (r for r in crawled.records() if r["title"] == "The secret headline")
    url, secret = record["url"], ("The secret headline", TEXT[:60], "the-secret")
    done = crawled.nordcrawl("erase", "--url", url, "--execute")
    assert done.code == 0, done.text
    assert traces(crawled.folder / "archive", *secret) == []
    assert traces(crawled.folder / "state", *secret) == []

    for _ in range(2):  # the site has it still, and changes it
        paper.publish(
            "/news/the-secret", "The secret headline", TEXT + "More.", lastmod="2026-11-22"
        )
        again = crawled.crawl("-a", "mode=full")
        assert again.code == 0, again.text
        outcomes = crawled.report()["outcomes"]
        assert outcomes["rights_denied"] == 1
        assert sum(outcomes.values()) == 6
    asked = crawled.crawl("-a", f"urls={url}")
    assert crawled.report()["outcomes"] == {"rights_denied": 1}, asked.text
    assert len(crawled.records("--latest")) == 5
    assert "the-secret" not in again.text
    assert traces(crawled.folder / "archive", *secret) == []
    assert traces(crawled.folder / "state", *secret) == []
    assert crawled.nordcrawl("verify").code == 0


@pytest.mark.slow
def test_the_same_text_elsewhere_stays_away_too(paper, crawled):
    (record,) = (r for r in crawled.records() if r["title"] == "The secret headline")
    assert crawled.nordcrawl("erase", "--article", record["article_id"], "--execute").code == 0
    paper.publish("/news/moved-there", "The secret headline", TEXT)
    done = crawled.crawl()
    assert crawled.report()["outcomes"]["rights_denied"] == 2, done.text
    assert "moved-there" not in "".join(line for line in done.err.splitlines() if "denied" in line)
    before = len(paper.requests)
    crawled.crawl("-a", "mode=full")
    assert "/news/moved-there" not in paper.requests[before:], "not even asked for"
    assert traces(crawled.folder / "archive", TEXT[:60], "moved-there") == []
    assert crawled.nordcrawl("verify").code == 0


@pytest.mark.slow
def test_compacted_and_on_a_new_disk_it_goes_on(paper, crawled):
    cursor = crawled.nordcrawl("read").err.split("next cursor: ")[1].strip()
    paper.publish("/news/7", "Story number 7", "Another text. " * 30)
    assert crawled.crawl().code == 0
    before = crawled.records()
    compacted = crawled.nordcrawl("compact")
    assert (compacted.code, "have become 2" in compacted.out) == (0, True), compacted.text
    assert crawled.records() == before
    assert [r["title"] for r in crawled.records("--since", cursor)] == ["Story number 7"]
    crawled.settings["NORDCRAWL_STATE_DIR"] = str(crawled.folder / "another disk")
    done = crawled.crawl()
    assert done.code == 0, done.text
    assert crawled.report()["outcomes"] == {"skipped_fresh": 7}
    rebuilt = crawled.nordcrawl("state", "rebuild", "paper")
    assert (rebuilt.code, "7 urls, 7 articles" in rebuilt.out) == (0, True), rebuilt.text
    assert crawled.nordcrawl("state", "rebuild", "papper").code == 2
    verified = json.loads(crawled.nordcrawl("verify", "--json").out)
    assert (verified["exit_code"], verified["damage"], verified["articles"]) == (0, 0, 7)
