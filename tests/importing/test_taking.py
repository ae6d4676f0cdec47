"""Pages of others' files become articles as a crawl of that day would have made them, in the order
of their dates, once. By the parts of a run, in this process; the command is in test_command.py."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nordcrawl.archive.keep.verify import verify
from nordcrawl.archive.read.reader import Reader
from nordcrawl.capture.read import record_at
from nordcrawl.config.arguments import Arguments
from nordcrawl.errors import ExitCode
from nordcrawl.fetch.revisit import ToldTimes, Window, decide
from nordcrawl.importing.findings import Left
from nordcrawl.model.ledger import Outcome
from nordcrawl.reading.runs import past_run, run_names
from tests.importing.warc_files import HOST, HTML, LONG_AGO, Library, Warc, day
from tests.reextract.kept_pages import html
from tests.support.archive_runs import erase


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def three() -> Warc:
    """Three articles, of which the second changed; not in the order of their dates."""
    file = Warc()
    file.response("/news/2", html("Story two", "<p>Edited since.</p>"), day(9))
    for number in (1, 2, 3):
        file.response(f"/news/{number}", html(f"Story number {number}"), day(number))
    return file


def test_pages_become_articles_in_the_order_of_their_dates(library: Library) -> None:
    findings, report = library.take(three())
    assert report.verdict()[0] is ExitCode.WHOLE, report.verdict()
    assert findings.outcomes == {Outcome.NEW: 3, Outcome.UPDATED: 1}
    assert report.outcomes == {Outcome.UPDATED: 1}, "a run has one outcome for each URL"
    assert (findings.records, findings.taken, findings.left.total()) == (4, 4, 0)
    told = [(r["url"][-1], r["revision"], r["change"]) for r in library.records()]
    assert told == [
        ("1", 1, "new"), ("2", 1, "new"), ("2", 2, "silent_edit"), ("3", 1, "new"),
    ]  # fmt: skip
    last = library.records()[2]
    assert last["title"] == "Story two"
    assert last["fetch"]["fetched_at"] == "2024-05-15T07:08:09Z"
    assert last["archived_at"].startswith("2026-11")
    assert verify(library.store).exit_code is ExitCode.WHOLE
    lines = list(Reader(library.store).ledger(source="pier"))
    assert {line.found_by for line in lines} == {("warc:crawl-1.warc.gz",)}
    assert len(lines) == 4


def test_a_second_time_nothing_comes_of_it(library: Library) -> None:
    library.take(three())
    before, lines = library.records(), len(list(Reader(library.store).ledger(source="pier")))
    findings, report = library.take(three())
    assert findings.left == {Left.KNOWN: 3, Left.OLDER: 1}
    assert (report.verdict()[0], report.outcomes) == (ExitCode.WHOLE, {})
    assert library.records() == before
    assert len(list(Reader(library.store).ledger(source="pier"))) == lines


def test_it_is_no_crawl(library: Library) -> None:
    library.take(three())
    names = list(run_names(library.store, library.now()))
    assert len(names) == 2
    for name in names:
        past = past_run(library.store, name)
        assert past is not None
        assert (past.told["mode"], past.is_crawl) == ("import", False)
        assert past.told["import"]["records"] == 4


def known_of(library: Library, path: str) -> Any:
    run = library.opened(Arguments(urls=("given",), mode="full"))
    try:
        return run.knowledge.url(f"{HOST}{path}")
    finally:
        run.close()


def test_a_crawl_after_it_asks_for_the_pages(library: Library) -> None:
    """What was fetched long ago is no look of today; what was no article then is no miss."""
    file = three()
    file.response("/news/9", b"<html><body><h1>Nothing</h1></body></html>", day(1))
    library.take(file)
    now = library.now()
    for path in ("/news/1", "/news/9"):
        known = known_of(library, path)
        assert known.at == day(1)
        assert not known.misses
        due = decide(ToldTimes(), known, day(1), mode="incremental", window=Window(), now=now)
        assert due.fetch, due
    library.crawl({"/news/1": html("Story number 1", "<p>Of today.</p>")})
    (first, second) = [r for r in library.records() if r["url"].endswith("/1")]
    assert (first["revision"], second["revision"]) == (1, 2)
    assert "Of today." in second["text"]


def test_an_older_page_never_becomes_the_newest_revision(library: Library) -> None:
    library.crawl({"/news/1": html("Story of today")})
    known = known_of(library, "/news/1")
    file = Warc()
    file.response("/news/1", html("Story of long ago"), day(1))
    file.redirect("/news/old", "/news/1", day(1))
    file.response("/news/7", html("Another"), day(1))
    findings, _ = library.take(file)
    assert findings.left == {Left.OLDER: 2}, "by its own address and by one that led there"
    assert [r["title"] for r in library.records()] == ["Story of today", "Another"]
    assert known_of(library, "/news/1") == known


def test_the_same_bytes_make_no_revision(library: Library) -> None:
    file = Warc()
    for number in (1, 2, 3):
        file.response("/news/1", html("A story"), day(number))
    findings, report = library.take(file)
    assert report.outcomes == {Outcome.NEW: 1}
    assert findings.left == {Left.SAME: 2}
    file.response("/news/1", html("A story", "<p>Edited since.</p>"), day(4))
    file.response("/news/1", html("A story"), day(5))
    findings, _ = library.take(file)
    assert findings.left == {Left.KNOWN: 1, Left.SAME: 2}
    assert [r["change"] for r in library.records()] == ["new", "silent_edit", "silent_edit"]


def test_a_redirect_tells_by_which_address_a_page_was_asked_for(library: Library) -> None:
    file = Warc()
    file.redirect("/news/a", f"{HOST}/news/b", day(1))
    file.redirect("/news/b", "/news/c", day(1))
    file.response("/news/c", html("A story"), day(1) + timedelta(seconds=5))
    file.redirect("/news/x", "/news/y", day(1))
    file.response("/news/y", html("Another story, which came later"), day(3))
    findings, report = library.take(file)
    assert findings.redirects == 3
    assert report.outcomes == {Outcome.NEW: 2, Outcome.UNCHANGED: 1}
    first, second = library.records()
    assert first["fetch"]["requested_url"] == f"{HOST}/news/a"
    assert first["url"] == f"{HOST}/news/c"
    assert first["aliases"] == [f"{HOST}/news/a", f"{HOST}/news/b"]
    assert second["fetch"]["requested_url"] == f"{HOST}/news/y", "too long after the redirect"
    assert known_of(library, "/news/a").article_id == known_of(library, "/news/c").article_id


def test_a_circle_of_redirects_ends(library: Library) -> None:
    file = Warc()
    file.redirect("/news/a", "/news/b")
    file.redirect("/news/b", "/news/a")
    file.redirect("/news/b", "/news/c")
    file.response("/news/c", html("A story"))
    _, report = library.take(file)
    assert report.outcomes == {Outcome.NEW: 1, Outcome.UNCHANGED: 1}


def test_a_revisit_has_the_payload_of_what_it_refers_to(library: Library) -> None:
    first, second = Warc(), Warc()
    of = first.response("/news/1", html("A story"), day(1))
    elsewhere = first.response("/news/2", html("Another story"), day(1))
    second.revisit("/news/1", of, day(5))
    second.revisit("/news/3", elsewhere, day(5))
    unknown = Warc().response("/news/4", html("A story of another file"), day(1))
    second.revisit("/news/4", unknown, day(5))
    findings, report = library.take(first, second)
    assert findings.left == {Left.REVISIT: 1, Left.SAME: 1}
    assert report.outcomes == {Outcome.NEW: 2, Outcome.DUPLICATE: 1}
    assert known_of(library, "/news/3").weak_alias


def test_what_its_publisher_reserves_is_left_out(library: Library) -> None:
    file = Warc()
    file.response("/news/1", html("A story"), headers=(*HTML, ("X-Robots-Tag", "noarchive")))
    _, report = library.take(file)
    assert report.outcomes == {Outcome.RIGHTS_DENIED: 1}
    assert library.records() == []
    library.table = {"rights": "record"}
    _, report = library.take(file)
    assert report.outcomes == {Outcome.NEW: 1}
    (record,) = library.records()
    assert "noarchive" in record["rights"]["signals"]


def test_pages_are_kept_where_the_source_keeps_them(library: Library) -> None:
    library.table = {"capture": True}
    file = Warc()
    of = file.response("/news/1", html("A story"), day(1), WARC_IP_Address="192.0.2.1")
    secret = ("Cookie", "who=me"), ("Authorization", "Basic bWU6aXQ=")
    file.request("/news/1", of, ("Host", "127.0.0.1"), ("User-Agent", "wget"), *secret)
    file.response("/news/1", html("A story").replace(b"<body>", b"<body >"), day(2))
    library.take(file)
    (record,) = library.records()
    capture = record["fetch"]["capture"]
    assert capture["object"].startswith("captures-v1/source=pier/date=2024-05-07/")
    body = library.store.get(capture["object"])
    kept = record_at(body, capture["offset"])
    assert kept.http[2] == html("A story")
    assert kept.headers["warc-ip-address"] == "192.0.2.1"
    asked = record_at(body, capture["offset"] + capture["length"]).block
    assert b"User-Agent: wget" in asked
    assert b"Cookie" not in asked
    assert b"Authorization" not in asked
    lines = [one for one in Reader(library.store).ledger(source="pier") if one.capture]
    assert sorted(one.capture.type for one in lines if one.capture) == ["response", "response"]
    assert verify(library.store).exit_code is ExitCode.WHOLE
    # And they are files of ours, which another archive may take in.
    other = Library(library.folder / "other")
    other.folder.mkdir()
    _, report = other.take(body)
    assert report.outcomes == {Outcome.NEW: 1}
    (again,) = other.records()
    assert (again["text"], again["fetch"]["fetched_at"]) == (record["text"], "2024-05-07T07:08:09Z")


def test_pages_of_many_days_hold_few_files_open(library: Library) -> None:
    library.table = {"capture": True}
    file = Warc()
    for number in range(40):
        body = html(f"Story number {number}", f"<p>It is of day {number} of the year.</p>")
        file.response(f"/news/{number}", body, day(number))
    _, report = library.take(file)
    assert report.verdict()[0] is ExitCode.WHOLE, report.verdict()
    assert report.captures == 40
    assert verify(library.store).exit_code is ExitCode.WHOLE


def test_an_erased_article_stays_so(library: Library) -> None:
    file = three()
    other = f"<p>{'A text of its own. ' * 40}</p>"
    file.response("/news/9", html("The mayor of another town", other))
    library.take(file)
    erase(library.store, library.folder, f"{HOST}/news/9")
    again = Warc()
    again.response("/news/9", html("The mayor of another town", f"{other} Edited."), day(20))
    findings, _ = library.take(again)
    assert findings.left == {Left.ERASED: 1}
    assert {r["url"][-1] for r in library.records() if r["change"] != "erased"} == set("123")


def content(library: Library) -> list[Any]:
    names = ("article_id", "revision", "change", "text", "fetch", "aliases")
    return [[record[name] for name in names] for record in library.records()]


def test_told_to_stop_it_comes_to_the_same_the_next_time(library: Library, tmp_path: Path) -> None:
    file = Warc()
    for number in range(6):
        file.response("/news/1", html("A story", f"<p>Version {number}.</p>"), day(2 * number))
        file.response(f"/news/2{number}", html(f"Story number {number}"), day(2 * number + 1))
    file.redirect("/news/old", "/news/23", day(7))
    whole = Library(tmp_path / "whole")
    whole.folder.mkdir()
    whole.take(file)
    findings, report = library.take(file, stop_after=5)
    assert report.verdict()[0] is ExitCode.INTERRUPTED
    assert 0 < findings.stopped < 9
    library.take(file)
    assert content(library) == content(whole)
    assert len(content(library)) == 12


def test_a_dry_run_says_what_would_be(library: Library) -> None:
    assert library.look(three(), begun=False).outcomes == {Outcome.NEW: 3, Outcome.UPDATED: 1}
    library.take(three())
    before = library.records()
    file = three()
    file.response("/news/1", html("Story number 1", "<p>Edited since.</p>"), day(20))
    file.response("/news/3", html("Story number 3").replace(b"<body>", b"<body >"), day(20))
    file.response("/news/8", html("Another"), day(20))
    file.redirect("/news/old", "/news/8", day(20))
    findings = library.look(file)
    assert findings.left == {Left.KNOWN: 3, Left.OLDER: 1}
    assert findings.outcomes == {
        Outcome.NEW: 1, Outcome.UPDATED: 1, Outcome.UNCHANGED: 2,
    }  # fmt: skip
    assert library.records() == before


def test_what_another_file_has_of_an_address_is_told_by_its_own_name(library: Library) -> None:
    first, second = Warc(), Warc()
    first.response("/news/1", html("A story"), day(1))
    second.response("/news/1", html("A story", "<p>Edited since.</p>"), day(2))
    library.take(second, first)
    lines = sorted(Reader(library.store).ledger(source="pier"), key=lambda one: one.revision or 0)
    assert [one.found_by for one in lines] == [
        ("warc:crawl-2.warc.gz",), ("warc:crawl-1.warc.gz",),
    ]  # fmt: skip


def test_what_is_left_has_no_end_of_its_own(library: Library) -> None:
    """A page of a wall or without a body is left, and no line is told of it."""
    file = Warc()
    file.response("/news/1", b"   ", LONG_AGO)
    file.response("/news/2", html("A story"), headers=(*HTML, ("cf-mitigated", "challenge")))
    findings, report = library.take(file)
    assert findings.left == {Left.REFUSED: 2}
    assert (report.outcomes, report.verdict()[0]) == ({}, ExitCode.NOTHING)
