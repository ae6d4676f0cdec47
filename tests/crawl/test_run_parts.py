"""The parts of a run, asked one by one: a real spool and archive in a folder, and no network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DropItem
from scrapy.http import Response
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.changed import Changed
from nordcrawl.crawl.failure import Failures
from nordcrawl.crawl.knowledge import EXTRACTOR
from nordcrawl.crawl.run import Run
from nordcrawl.crawl.statements import Statements
from nordcrawl.crawl.stopping import Stopping
from nordcrawl.discover import Discovery, Link
from nordcrawl.errors import LockHeld, NordcrawlError, SpoolError, StoreUnavailable
from nordcrawl.identity import changes
from nordcrawl.identity.decide import Verdict
from nordcrawl.items import PageFields, PageItem
from nordcrawl.middlewares.robots import RobotsUnreachable
from nordcrawl.model.article import Article, Block, BlockKind, Extractor
from nordcrawl.model.ledger import ArticleState, Outcome
from nordcrawl.model.page import Page
from nordcrawl.model.reading import Reading
from nordcrawl.pipelines import ExtractPipeline
from nordcrawl.report.health import SuspectLimits
from nordcrawl.sources.source import Source
from nordcrawl.spiders.news import NewsSpider
from nordcrawl.workers.pool import WorkFailed, WorkStopped

HOST = "http://127.0.0.1"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
EXTRACTED = Extractor("generic", *EXTRACTOR.strip("/").rsplit("/", 1))
TEXT = "The tide gauge at the old pier shows more than it ever did since it was put up. " * 6


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    source = Source(
        name="pier",
        title="The Pier",
        hosts={"127.0.0.1": "en"},
        article_urls=(r"^/news/",),
        follow_listings=(r"^/tag/",),
        deny_urls=(r"^/news/ad",),
        max_listings=2,
    )
    opened = Run.open(options, source, Arguments())
    yield opened
    opened.close()


def page(name: str, **more: Any) -> Page:
    url = f"{HOST}/news/{name}"
    return replace(Page(url, name.encode(), NOW, url, headers=(("etag", f'"{name}"'),)), **more)


def article(text: str = TEXT, **more: Any) -> Article:
    return replace(Article("Tides", (Block(BlockKind.P, text),), EXTRACTED), **more)


async def judged(run: Run, found: Page, read: Article) -> tuple[Verdict, Reading]:
    reading = Reading.of(read, found.body_sha256)
    visit = run.info.source.locate(found, found.requested_url)
    return await run.judge.judge(visit, reading), reading


async def archived(run: Run, found: Page, read: Article) -> Verdict:
    run.discovered.note(found.requested_url, Link(found.requested_url), "map")
    verdict, reading = await judged(run, found, read)
    await run.outcomes.archive(verdict, reading)
    run.reservations.release(found.requested_url)
    return verdict


@pytest.mark.parametrize(
    ("table", "limits"),
    [
        ({}, SuspectLimits(0.25, 9)),
        ({"suspect_share": 0.0}, SuspectLimits(0.0, 9)),
        ({"suspect_pages": 2}, SuspectLimits(0.25, 2)),
    ],
)
def test_a_run_is_suspect_by_its_sources_table_else_by_the_settings(
    tmp_path: Path, table: dict[str, Any], limits: SuspectLimits
) -> None:
    options = Options(
        archive=str(tmp_path / "archive"), state_dir=tmp_path, suspect=SuspectLimits(0.25, 9)
    )
    source = Source(name="pier", title="The Pier", hosts={"127.0.0.1": "en"}, **table)
    run = Run.open(options, source, Arguments())
    run.close()
    assert run._finish.asked.health().limits == limits


async def test_a_look_up_that_fails_holds_no_other_page_up(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = run.knowledge.known

    def failing(*_: object) -> None:
        raise SpoolError("the state can't be read")

    monkeypatch.setattr(run.knowledge, "known", failing)
    with pytest.raises(SpoolError):
        await judged(run, page("1"), article())
    monkeypatch.setattr(run.knowledge, "known", known)
    verdict, _ = await asyncio.wait_for(judged(run, page("2"), article()), 60)
    assert verdict.outcome is Outcome.NEW


async def test_a_page_of_an_article_under_way_waits_and_then_knows_it(run: Run) -> None:
    first, second = page("1"), page("2")
    for each in (first, second):
        run.discovered.note(each.url, Link(each.url), "map")
    verdict, reading = await judged(run, first, article())
    waiting = asyncio.ensure_future(judged(run, second, article()))
    await asyncio.sleep(0)
    assert not waiting.done()
    await run.outcomes.archive(verdict, reading)
    assert not waiting.done(), "the first still holds the text"
    run.reservations.release(first.url)
    later, _ = await asyncio.wait_for(waiting, 60)
    assert (later.outcome, later.article_id) == (Outcome.DUPLICATE, verdict.article_id)
    assert later.weak_alias


async def test_an_article_that_came_meanwhile_by_the_same_address_is_the_one_that_is_compared(
    run: Run,
) -> None:
    """What the first page gave the address only the archive knows once it has it."""
    old, new = page("1"), page("old", url=f"{HOST}/news/1", redirects=(f"{HOST}/news/old",))
    for each in (old, new):
        run.discovered.note(each.requested_url, Link(each.requested_url), "map")
    verdict, reading = await judged(run, old, article(cms_id="77"))
    waiting = asyncio.ensure_future(judged(run, new, article()))
    await asyncio.sleep(0)
    await run.outcomes.archive(verdict, reading)
    run.reservations.release(old.url)
    later, _ = await asyncio.wait_for(waiting, 60)
    assert (verdict.article_id, later.article_id) == ("pier:77", "pier:77")
    assert (later.outcome, later.weak_alias) == (Outcome.DUPLICATE, False)


async def test_a_page_is_asked_for_under_condition_only_where_it_need_not_be_read_again(
    run: Run,
) -> None:
    url = f"{HOST}/news/1"
    assert run.knowledge.validators(url) == {}
    await archived(run, page("1"), article())
    assert run.knowledge.validators(url) == {"If-None-Match": '"1"'}
    assert run.knowledge.known_body(url) == page("1").body_sha256
    run.frontier.unconditional.add(url)
    assert (run.knowledge.validators(url), run.knowledge.known_body(url)) == ({}, None)
    other = replace(EXTRACTED, version="of another day")
    await archived(run, page("2"), article(TEXT * 2, extractor=other))
    assert run.knowledge.validators(f"{HOST}/news/2") == {}


async def test_what_an_extractor_raises_is_its_pages_outcome(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = page("1")
    run.discovered.note(bad.url, Link(bad.url), "map")

    async def raising(*_: object) -> None:
        raise WorkFailed("LookupError: no such idea")

    monkeypatch.setattr(run.workers, "call", raising)
    crawler = get_crawler()
    crawler.spider = NewsSpider(run=run)
    with pytest.raises(DropItem):
        await ExtractPipeline(crawler).process(PageFields(PageItem(bad.url, bad)))
    (example,) = run.outcomes.examples[Outcome.EXTRACTION_FAILED]
    assert (example.url, example.reason) == (bad.url, "LookupError: no such idea")
    assert not run.failures.internal


async def test_what_fails_in_our_own_code_is_settled_once_and_told(run: Run) -> None:
    url = f"{HOST}/news/1"
    run.discovered.note(url, Link(url), "map")
    assert run.outcomes.is_open(url)
    run.outcomes.internal_error(url, KeyError("x"))
    assert not run.outcomes.is_open(url)
    run.outcomes.internal_error(url, None)
    assert run.outcomes.tally.outcomes == {url: Outcome.EXTRACTION_FAILED}
    assert run.failures.internal == [f"{url}: KeyError: 'x'", f"{url}: unknown"]
    (example,) = run.outcomes.examples[Outcome.EXTRACTION_FAILED]
    assert example.reason == "internal error: KeyError"


async def test_nothing_is_settled_once_the_run_cannot_go_on(run: Run) -> None:
    url = f"{HOST}/news/1"
    run.discovered.note(url, Link(url), "map")
    run.failures.stop(StoreUnavailable("away"))
    run.outcomes.internal_error(url, KeyError("x"))
    assert run.outcomes.tally.open == {url}
    assert len(run.failures.internal) == 1


async def test_a_verdict_of_no_page_is_no_outcome(run: Run) -> None:
    nobody = Verdict(Outcome.REMOVED, "pier:1", 2, "gone")
    with pytest.raises(ValueError, match="pier:1"):
        await run.outcomes.archive(nobody, Reading.of(article(), "b" * 64))


async def test_an_entry_is_counted_by_what_its_links_are(run: Run) -> None:
    await archived(run, page("1"), article())
    entry = run.discovered.begin("listing", f"{HOST}/")
    named = ("/news/1", "/news/2#top", "/news/2", "/tag/b", "/tag/a", "/about", "/news/ad/3",
             "http://elsewhere.example/news/9", "http://[", "mailto:x@y")  # fmt: skip
    links = tuple(Link(f"{HOST}{name}" if name.startswith("/") else name) for name in named)
    listings = await run.discovered.take(Discovery(links), "listing", entry.url)
    assert listings == [f"{HOST}/tag/b", f"{HOST}/tag/a"]
    assert (entry.links, entry.known, entry.listings, entry.others) == (3, 1, 2, 2)
    assert entry.foreign == ["http://elsewhere.example/news/9"]
    assert len(entry.skipped) == 2
    assert set(run.frontier.found) == {f"{HOST}/news/1", f"{HOST}/news/2"}
    assert run.outcomes.tally.open == {f"{HOST}/news/2"}
    run.info.stopping.request()
    assert await run.discovered.take(Discovery(links), "listing", entry.url) == []


async def test_a_stop_ends_the_taking_of_links(run: Run) -> None:
    links = [Link(f"{HOST}/news/{n}") for n in range(5_000)]
    taking = asyncio.ensure_future(
        run.discovered.take(Discovery(links=tuple(links)), "sitemap", "m")
    )
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    run.info.stopping.request()
    await taking
    assert 0 < run.outcomes.tally.discovered < 5_000


async def test_a_304_to_no_condition_is_no_answer_of_page_or_list(run: Run) -> None:
    spider, url, entry = NewsSpider(run=run), f"{HOST}/news/1", f"{HOST}/map.xml"
    run.discovered.note(url, Link(url), "map")
    assert spider.parse_page(Response(url, 304, request=Request(url)), url) == []
    (example,) = run.outcomes.examples[Outcome.FETCH_FAILED]
    assert example.reason == "HTTP 304 to a request without condition"
    answer = Response(entry, 304, request=Request(entry))
    assert [x async for x in spider.entries.parse(answer, "sitemap", entry, 1, None)] == []
    assert run.discovered.entries[entry].problem == "HTTP 304 to a request without condition"


async def test_a_listing_is_read_by_the_character_set_of_its_header(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.workers, "call", in_a_worker)
    body = "<meta charset=windows-1252><a href='/news/новости'>x</a>".encode("cp1251")
    header = ("content-type", "text/html; charset=windows-1251")
    found = await NewsSpider(run=run).entries._read(
        "listing", page("x", body=body, headers=(header,))
    )
    assert [link.url for link in found.links] == [f"{HOST}/news/новости"]


@pytest.mark.parametrize("down", [False, True])
async def test_a_robots_txt_that_cant_be_had_is_told_apart_from_a_host_that_is_down(
    run: Run, down: bool
) -> None:
    entries, url = NewsSpider(run=run).entries, f"{HOST}/map.xml"
    failure: Any = Failure(RobotsUnreachable("robots.txt: HTTP 503", down=down))
    failure.request = Request(url, cb_kwargs={"kind": "sitemap", "url": url})
    entries.failed(failure)
    entry = run.discovered.entries[url]
    assert (entry.robots, entry.down, entry.unanswered) == (not down, down, False)
    assert entry.problem == "robots.txt: HTTP 503"


@pytest.mark.parametrize("down", [False, True])
async def test_so_it_is_where_urls_are_given_and_no_list_is_asked(
    tmp_path: Path, down: bool
) -> None:
    url = f"{HOST}/news/1"
    options = Options(archive=str(tmp_path / "archive"), state_dir=tmp_path / "state")
    source = Source(name="pier", title="The Pier", hosts={"127.0.0.1": "en"})
    run = Run.open(options, source, Arguments(urls=(url,)))
    run.discovered.note(url, Link(url), "argument urls")
    failure: Any = Failure(RobotsUnreachable("robots.txt: HTTP 503", down=down))
    failure.request = Request(url, cb_kwargs={"url": url})
    NewsSpider(run=run).page_failed(failure)
    run.close()
    assert run.outcomes.tally.counts() == {Outcome.ROBOTS_DENIED: 1}
    entry = run.discovered.entries[f"{HOST}/robots.txt"]
    assert (entry.robots, entry.down) == (not down, down)


def test_so_many_listings_are_read_as_the_source_says_each_once(run: Run) -> None:
    asked = f"{HOST}/tag/asked"
    run.discovered.entry("listing", asked)
    urls = [asked, *(f"{HOST}/tag/{n}" for n in range(4))]
    assert list(run.discovered.listings(urls)) == urls[1:3]
    assert list(run.discovered.listings(urls)) == []
    assert run.discovered.unread == set(urls[1:])


def test_the_first_failure_stays_and_is_told_once() -> None:
    failures, told = Failures(), []
    failures.on_first = lambda: told.append(failures.first)
    first: NordcrawlError = StoreUnavailable("away")
    failures.stop(first)
    failures.stop(LockHeld("held"))
    assert failures.first is first
    assert told == [first]


def test_what_a_host_says_holds_for_its_pages_however_their_address_is_spelled() -> None:
    statements = Statements()
    statements.take(
        Page(
            "http://pier.example/.well-known/tdmrep.json",
            b'[{"location": "/", "tdm-reservation": 1}]',
            NOW,
            "http://pier.example/.well-known/tdmrep.json",
        )
    )
    for url in ("http://pier.example/a", "HTTP://Pier.Example:80/a?utm_source=x"):
        site = statements.of(Page(url, b"", NOW, "http://pier.example/a"))
        assert site is not None
        assert site.statements("http://pier.example/a")
    assert statements.of(Page("http://quay.example/a", b"", NOW)) is None


BEFORE = ArticleState("pier:1", 1, f"{HOST}/news/1", "1" * 64, "2" * 64, "x/1/1")


def changed(call: Callable[..., Any], look_up: Callable[..., Any]) -> tuple[Changed, list[str]]:
    info: Any = SimpleNamespace(notes=[], stopping=Stopping(), source=SimpleNamespace(name="pier"))
    state: Any = SimpleNamespace(fetched_at=lambda article_id: NOW)
    workers: Any = SimpleNamespace(call=call)
    nobody: Any = None
    part = Changed(info, nobody, state, workers)
    part._earlier = SimpleNamespace(record=look_up)  # type: ignore[assignment]
    return part, info.notes


def revision(*fields: str, change: str = "updated") -> Verdict:
    return Verdict(
        Outcome.UPDATED, "pier:1", 2, "changed", change=change, before=BEFORE, changed=fields
    )


def nobody_looks(*_: object) -> dict[str, Any]:
    raise AssertionError("looked up")


async def in_a_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


async def stopped(function: Callable[..., Any], *arguments: Any) -> Any:
    raise WorkStopped("the run was stopped")


async def broken(function: Callable[..., Any], *arguments: Any) -> Any:
    raise BrokenProcessPool("no worker")


async def test_words_are_compared_with_the_revision_before_in_a_worker() -> None:
    part, notes = changed(in_a_worker, lambda *_: {"text": "The old pier"})
    told = await part.describe(revision("title", "text"), "The new pier")
    assert told == changes.describe(("title", "text"), "The old pier", "The new pier")
    assert told["text"] == [{"op": "replace", "at": 1, "old": "old", "new": "new"}]
    assert notes == []


@pytest.mark.parametrize(
    "verdict",
    [revision("title"), revision("text", change="reextracted")],
)
async def test_nothing_is_looked_up_that_nobody_wants_to_know(verdict: Verdict) -> None:
    part, _ = changed(stopped, nobody_looks)
    told = await part.describe(verdict, TEXT)
    assert told is not None
    assert told["fields"] == list(verdict.changed)
    first = Verdict(Outcome.NEW, "pier:1", 1, "first seen", change="new")
    assert await part.describe(first, TEXT) is None


@pytest.mark.parametrize(("call", "why"), [(stopped, "the run was stopped"), (broken, "no worker")])
async def test_what_no_worker_compares_is_told_by_its_fields_and_noted(
    call: Callable[..., Any], why: str
) -> None:
    part, notes = changed(call, lambda *_: {"text": "The old pier"})
    told = await part.describe(revision("text"), "The new pier")
    assert told is not None
    assert told == changes.describe(("text",), None, "The new pier")
    assert told["fields"] == ["text"]
    assert notes == [f"what changed in pier:1 is not told: {why}"]


async def test_a_store_that_does_not_have_the_revision_costs_the_words_only() -> None:
    def away(*_: object) -> dict[str, Any]:
        raise StoreUnavailable("away")

    for look_up, told_of in ((lambda *_: None, 0), (away, 1)):
        part, notes = changed(stopped, look_up)
        told = await part.describe(revision("text"), "The new pier")
        assert told is not None
        assert told["fields"] == ["text"]
        assert len(notes) == told_of
