"""Records and ledger lines are made of values alone: no run, no state, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from nordcrawl.crawl import entries
from nordcrawl.crawl.entries import Around, Origin
from nordcrawl.crawl.frontier import Found
from nordcrawl.discover import Link
from nordcrawl.identity.decide import Candidate, Known, Verdict, decide, removal
from nordcrawl.model.article import Article, Block, BlockKind, Extractor, Translation
from nordcrawl.model.ledger import ArticleState, LedgerEntry, Outcome, UrlState, fold
from nordcrawl.model.page import Page, Visit
from nordcrawl.model.reading import Reading

ORIGIN = Origin("coast", "run-7")
URL = "https://coast.example/news/7"
THEN = datetime(2026, 10, 1, 6, 30, tzinfo=UTC)
NOW = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
TEXT = "The quay was washed away in the night, and the school stays shut until it is mended. " * 4
ARTICLE = Article(
    "The quay is gone",
    (Block(BlockKind.P, TEXT),),
    Extractor("generic", "5", "0.2.0"),
    published_at=THEN,
    language="en",
)
FOUND = Found(
    Link(URL, lastmod="2026-10-30", published="2026-10-01", title="Quay"), ["feed", "map"]
)


def answer(**more):
    page = Page(
        url=URL,
        body=b"<p>quay</p>",
        fetched_at=NOW,
        requested_url=URL,
        headers=(("etag", '"a"'), ("last-modified", "Thu, 01 Oct 2026 06:30:00 GMT")),
    )
    return replace(page, **more)


def seen(**more):
    """What is remembered of the address, when it was read a month ago."""
    given: dict[str, Any] = {
        "fetched_at": THEN,
        "lastmod": "2026-09-30",
        "etag": '"before"',
        "last_modified": "then",
        "body_sha256": "b" * 64,
        "article_id": "coast:7",
    }
    return UrlState(URL, Outcome.NEW, THEN, **(given | more))


def state(**more):
    given: dict[str, Any] = {"title": "The quay", "language": "en", "published_at": THEN}
    return ArticleState("coast:7", 2, URL, "1" * 64, "2" * 64, "generic/5/0.2.0", **(given | more))


def judged(before=None, **known):
    """What the page is, decided by the rules themselves."""
    visit = Visit(answer(), URL, URL, ("https://coast.example/old",), "7")
    reading = Reading.of(ARTICLE, visit.page.body_sha256)
    return decide(Candidate("coast", visit, reading), Known(before, **known), "coast:7")


def test_a_line_without_an_answer_tells_what_was_told_and_remembered():
    line = entries.settled(
        ORIGIN, URL, Outcome.SKIPPED_FRESH, "looked at", NOW, found=FOUND, known=seen()
    )
    assert line == LedgerEntry(
        "run-7", "coast", URL, Outcome.SKIPPED_FRESH, NOW, "looked at", ("feed", "map"),
        "2026-10-30", "2026-10-01", "Quay", article_id="coast:7",
    )  # fmt: skip


def test_what_nobody_told_of_an_address_stays_as_it_was():
    quiet = Found(Link(URL), ["state"])
    line = entries.settled(ORIGIN, URL, Outcome.BLOCKED, "", NOW, found=quiet, known=seen())
    assert (line.lastmod, line.published, line.title) == ("2026-09-30", None, None)
    first = entries.settled(ORIGIN, URL, Outcome.BLOCKED, "", NOW, found=quiet)
    assert (first.lastmod, first.article_id, first.weak_alias) == (None, None, False)


def test_an_answer_is_told_with_its_validators_and_digest():
    page = answer()
    line = entries.settled(ORIGIN, URL, Outcome.NEW, "", NOW, found=FOUND, page=page)
    assert (line.status, line.final_url, line.fetched_at) == (200, URL, NOW)
    assert (line.etag, line.last_modified) == ('"a"', "Thu, 01 Oct 2026 06:30:00 GMT")
    assert line.body_sha256 == page.body_sha256
    given = entries.settled(
        ORIGIN, URL, Outcome.NEW, "", NOW, found=FOUND, page=answer(), body_sha256="c" * 64
    )
    assert given.body_sha256 == "c" * 64


def test_a_digest_that_is_known_is_not_made_again():
    class Counted(Page):
        @property
        def body_sha256(self):
            raise AssertionError("hashed on the event loop")

    page = Counted(URL, b"<p>quay</p>", NOW, URL)
    line = entries.settled(
        ORIGIN, URL, Outcome.NEW, "", NOW, found=FOUND, page=page, body_sha256="c" * 64
    )
    verdict = judged()
    reading = replace(verdict.candidate.reading, body_sha256="c" * 64)
    visit = replace(verdict.candidate.visit, page=page)
    record = entries.record(ORIGIN, visit, reading, verdict, Around(URL), NOW)
    assert record.to_json()["fetch"]["body_sha256"] == line.body_sha256 == "c" * 64


def test_validators_of_another_address_are_not_kept():
    page = answer(url="https://coast.example/elsewhere", redirects=(URL,))
    line = entries.settled(ORIGIN, URL, Outcome.DUPLICATE, "", NOW, found=FOUND, page=page)
    assert (line.etag, line.last_modified) == (None, None)
    assert line.final_url == "https://coast.example/elsewhere"


@pytest.mark.parametrize(
    ("headers", "validators"),
    [((), ('"before"', "then")), ((("etag", '"after"'),), ('"after"', "then"))],
)
def test_what_a_304_leaves_out_still_holds(headers, validators):
    page = answer(status=304, headers=headers, body=b"")
    line = entries.settled(
        ORIGIN, URL, Outcome.UNCHANGED, "304", NOW, found=FOUND, known=seen(), page=page
    )
    assert (line.etag, line.last_modified) == validators
    assert line.body_sha256 == "b" * 64


def test_record_line_and_state_of_a_verdict_agree():
    verdict = judged()
    visit, reading = verdict.candidate.visit, verdict.candidate.reading
    around = Around("https://coast.example/said", ("https://coast.example/old",),
                    (Translation("se", "https://coast.example/se/7", "coast:8"),))  # fmt: skip
    record = entries.record(ORIGIN, visit, reading, verdict, around, NOW)
    known = entries.article_state(visit, reading, verdict)
    line = entries.settled(
        ORIGIN, URL, verdict.outcome, verdict.reason, NOW, found=FOUND, page=visit.page
    )
    line = entries.judged(line, verdict, known)
    written = record.to_json()
    assert (written["source"], written["run_id"]) == ("coast", "run-7")
    assert (written["article_id"], written["revision"], written["change"]) == ("coast:7", 1, "new")
    assert (line.article_id, line.revision, line.article) == ("coast:7", 1, known)
    assert written["text_sha256"] == known.text_sha256 == ARTICLE.text_sha256
    assert known.content_sha256 == ARTICLE.content_sha256
    assert known.near == reading.signature is not None
    assert known.fields == reading.fields
    assert known.extractor == "generic/5/0.2.0"
    assert written["canonical_url"] == "https://coast.example/said"
    assert written["aliases"] == ["https://coast.example/old"]
    assert [t["article_id"] for t in written["translations"]] == ["coast:8"]
    assert written["archived_at"] == "2026-11-01T06:30:00Z"
    assert fold(None, line).article_id == "coast:7"


def test_a_revision_names_what_went_before_and_what_changed():
    verdict = judged(before=state(), partners=("coast:8",))
    visit, reading = verdict.candidate.visit, verdict.candidate.reading
    record = entries.record(
        ORIGIN, visit, reading, verdict, Around(URL), NOW, changed={"fields": ["title"]}
    )
    written = record.to_json()
    assert (written["revision"], written["previous_text_sha256"]) == (3, "1" * 64)
    assert written["changed"] == {"fields": ["title"]}
    assert entries.article_state(visit, reading, verdict).partners == ("coast:8",)


def gone(known, article, status=404):
    page = answer(status=status, headers=(), body=b"nothing here")
    line = entries.settled(
        ORIGIN, URL, Outcome.FETCH_FAILED, f"HTTP {status}", NOW,
        found=FOUND, known=known, page=page,
    )  # fmt: skip
    verdict = removal(URL, known, article)
    return entries.lost(ORIGIN, line, page, verdict, ["https://coast.example/old"], NOW)


def test_an_article_that_is_gone_a_second_time_is_removed_and_what_it_was_stays_known():
    line, record = gone(seen(gone_at=(THEN.replace(day=20),)), state(near="m1:x"))
    assert (line.outcome, line.revision) == (Outcome.REMOVED, 3)
    assert line.reason == "HTTP 404: gone from the site, seen twice"
    assert (line.article.gone, line.article.near, line.article.text_sha256) == (
        True, "m1:x", "1" * 64,
    )  # fmt: skip
    written = record.to_json()
    assert (written["change"], written["title"], written["text"]) == ("removed", "The quay", "")
    assert written["previous_text_sha256"] == "1" * 64
    assert written["fetch"]["status"] == 404
    assert written["extractor"] == {"name": "generic", "version": "5", "nordcrawl": "0.2.0"}


@pytest.mark.parametrize(
    ("known", "article", "outcome"),
    [
        (None, None, Outcome.FETCH_FAILED),
        (seen(), state(), Outcome.FETCH_FAILED),
        (seen(weak_alias=True, gone_at=(NOW,)), state(), Outcome.FETCH_FAILED),
        (seen(gone_at=(NOW,)), state(gone=True), Outcome.UNCHANGED),
    ],
)
def test_no_record_says_that_what_is_not_gone_for_good_was_taken_down(known, article, outcome):
    line, record = gone(known, article)
    assert (line.outcome, record) == (outcome, None)


def test_the_line_of_an_erased_page_names_it_nowhere():
    line = entries.erased(ORIGIN, URL, NOW)
    assert (line.outcome, line.reason) == (Outcome.RIGHTS_DENIED, entries.ERASED_REASON)
    assert "coast.example" not in str(line.to_json())


def test_verdicts_without_a_record_still_name_the_article():
    same = Verdict(Outcome.DUPLICATE, "coast:9", 4, "same text", weak_alias=True)
    line = entries.settled(ORIGIN, URL, same.outcome, same.reason, NOW, found=FOUND)
    line = entries.judged(line, same, None)
    assert (line.article_id, line.revision, line.weak_alias, line.article) == (
        "coast:9", 4, True, None,
    )  # fmt: skip
