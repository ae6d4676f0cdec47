"""Which pages an archive can replay, and what is told of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from nordcrawl.archive.read.captures import Found
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.folder import FolderStore
from nordcrawl.discover import By, Words
from nordcrawl.model.capture import Capture
from nordcrawl.model.ledger import LedgerEntry, Outcome
from nordcrawl.replay import gather
from nordcrawl.replay.gather import Address
from nordcrawl.replay.tape import Place, Recorded, opened
from nordcrawl.sources.source import Source
from tests.support.archive_builders import SOURCE, START, url_of
from tests.support.archive_runs import erase, run

URL = url_of(1)
FEED, MAP = "https://example.org/feed", "https://example.org/map.xml"


def source(**more: Any) -> Source:
    return Source(name=SOURCE, title="An Example", hosts={"example.org": "nb"}, **more)


def line(hours: int, outcome: Outcome, **more: Any) -> LedgerEntry:
    at = START + timedelta(hours=hours)
    return LedgerEntry("run-1", SOURCE, URL, outcome, at, fetched_at=at, **more)


def found(hours: int) -> Found:
    return Found(START + timedelta(hours=hours), Capture("x", hours, 1, "response", "y", None))


def test_the_latest_capture_of_each_address_comes_first_and_whole(tmp_path: Path) -> None:
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "tape"
    folder.mkdir()
    run(store, tmp_path / "spool", "run-1", 1, 2, 3, captures=True)
    reader = Reader(store)
    all_ = gather.addresses(reader, source())
    assert [one.url for one in all_] == [url_of(3), url_of(2), url_of(1)]
    assert [one.article_id for one in all_] == [f"{SOURCE}:{n}" for n in (3, 2, 1)]
    tape, erased = gather.record(store, reader, all_, folder)
    assert (len(tape.pages), erased) == (3, 0)
    texts = {record["url"]: record["blocks"][1]["text"] for record in reader.records()}
    for page in tape.pages.values():
        record, body = tape.records(page)
        assert (record.url, body.decode()) == (page.url, texts[page.url])
    tape.save()
    assert opened(folder).pages == tape.pages


def test_what_was_erased_meanwhile_is_left_out_and_counted(tmp_path: Path) -> None:
    store, folder = FolderStore(tmp_path / "archive"), tmp_path / "tape"
    folder.mkdir()
    run(store, tmp_path / "spool", "run-1", 1, 2, 3, captures=True)
    all_ = gather.addresses(Reader(store), source())
    assert erase(store, tmp_path, url_of(2)).captures == 1
    tape, erased = gather.record(store, Reader(store), all_, folder)
    assert ([*tape.pages], erased) == ([url_of(3), url_of(1)], 1)
    assert len(gather.addresses(Reader(store), source())) == 2


def test_the_table_says_which_addresses_are_asked_for(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "archive")
    run(store, tmp_path / "spool", "run-1", 1, 2, captures=True)
    narrow = gather.addresses(Reader(store), source(article_urls=("^/2$",)))
    assert [one.refused is None for one in narrow] == [True, False]
    moved = Source(name=SOURCE, title="An Example", hosts={"other.example": "nb"})
    assert {one.refused for one in gather.addresses(Reader(store), moved)} == {
        "not asked for: the address is not on a host of the table"
    }
    other = Source(name="other", title="Another", hosts={"example.org": "nb"})
    assert gather.addresses(Reader(store), other) == []


def test_told_is_what_was_told_when_the_revision_was_made_and_else_before_it() -> None:
    told = {
        "title": {"by": FEED},
        "published": {"text": "26 Oct 2026", "precision": "day", "zone": None, "by": MAP},
    }
    lines = [
        line(1, Outcome.NEW, title="Early", published="2026-10-26", told=told),
        line(2, Outcome.UPDATED, title="At the revision", told={"title": {"by": MAP}}),
        line(3, Outcome.UNCHANGED, title="Later", lastmod="2026-10-28"),
    ]
    link = Address(URL, [found(3)], lines).link()
    assert (link.url, link.title, link.published) == (URL, "At the revision", "2026-10-26")
    assert link.lastmod == "2026-10-28"
    assert link.words == Words(None, "26 Oct 2026")
    assert link.by == By(None, MAP, MAP)


def test_a_recorded_page_is_read_back_as_it_was() -> None:
    link = Address(URL, [], [line(1, Outcome.NEW, title="Æ", told={"title": {"by": FEED}})]).link()
    for payload in (None, Place(10, 20)):
        page = Recorded(URL, START, f"{URL}/x", Place(0, 10), payload, link, (FEED,), "example:1")
        read = Recorded.from_json(page.to_json())
        assert (read, read.link.by, read.link.words) == (page, link.by, link.words)
