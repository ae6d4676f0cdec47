"""What changed between two revisions: named by its field, and told within bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from nordcrawl.identity.changes import (
    CONTENT,
    MOST_CHARACTERS,
    MOST_EDITS,
    compare,
    describe,
)
from nordcrawl.identity.passages import Mark, render
from nordcrawl.model.article import Article, Block, BlockKind, Extractor, Image
from nordcrawl.model.reading import field_digests

NOW = datetime(2026, 10, 26, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "url": "https://example.org/1",
    "canonical_url": "https://example.org/1",
    "title": "Havna er stengt",
    "subtitle": None,
    "kicker": None,
    "authors": ["Kari Nordmann"],
    "published_at": "2026-10-26T08:38:00Z",
    "modified_at": None,
    "language": "nb",
    "kind": "news",
    "section": "Politikk",
    "tags": ["havn", "nord"],
    "blocks": [{"kind": "p", "text": "Ett."}, {"kind": "p", "text": "To."}],
    "text": "Ett.\n\nTo.",
    "images": [{"url": "https://example.org/a.jpg", "caption": "Havna", "credit": "Ola"}],
    "paywalled": None,
    "rights": {"robots_meta": "noai"},
}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({}, []),
        ({"title": "Havna er åpen"}, ["title"]),
        ({"rights": {"robots_meta": "all"}, "url": "https://example.org/2"}, ["url", "rights"]),
        ({"rights": {"robots_meta": "noai", "checked_at": "2027-01-01T00:00:00Z"}}, []),
        ({"tags": ["nord", "havn"]}, []),
        ({"authors": []}, ["authors"]),
        ({"subtitle": "", "paywalled": False}, []),
        ({"paywalled": True}, ["paywalled"]),
        ({"images": [{"url": "https://cdn/b.jpg", "caption": "Havna", "credit": "Ola"}]}, []),
        ({"images": [{"url": None, "caption": "Havna", "credit": "Per"}]}, ["images"]),
        ({"links": ["https://example.org/x"], "archived_at": "2027-01-01T00:00:00Z"}, []),
        ({"blocks": [{"kind": "p", "text": "Ett. To."}], "text": "Ett. To."}, ["blocks"]),
        ({"blocks": [{"kind": "p", "text": "Tre."}], "text": "Tre."}, ["text"]),
    ],
)
def test_fields_are_named_in_the_records_order(change: dict[str, Any], fields: list[str]) -> None:
    assert list(compare(RECORD, RECORD | change).fields) == fields
    assert list(compare(RECORD | change, RECORD).fields) == fields
    # What is named can be looked at, and nothing else.
    shown = render(RECORD, RECORD | change)
    assert list(dict.fromkeys(passage.field for passage in shown)) == fields
    for passage in shown:
        assert passage.spans or passage.skipped
    for name in fields:
        marks = {span.mark for passage in shown if passage.field == name for span in passage.spans}
        assert marks & {Mark.ADDED, Mark.REMOVED}


def test_names_are_those_that_dedup_uses() -> None:
    full = Article(
        "Tittel", (Block(BlockKind.P, "Ett."),), Extractor("generic", "1", "1"),
        subtitle="s", kicker="k", authors=("a",), published_at=NOW, modified_at=NOW, language="nb",
        kind="news", section="s", tags=("t",), images=(Image(None, "c", "d"),), paywalled=True,
        rights={"tdm": "1"},
    )  # fmt: skip
    assert len(field_digests(full)) >= 14
    assert set(field_digests(full)) <= set(CONTENT)


def test_a_tombstone_has_lost_all_fields() -> None:
    gone = compare(RECORD, {"url": "ni:///sha-256;x", "change": "erased"})
    assert {"title", "text", "images", "rights"} <= set(gone.fields)
    assert (gone.words_added, gone.words_removed) == (0, 2)


def test_what_a_crawl_knows_by_digests() -> None:
    assert describe(["title", "text"], "Ett.", "To tre.") == {
        "fields": ["title", "text"], "words_added": 2, "words_removed": 1,
        "text": [{"op": "replace", "at": 0, "old": "Ett.", "new": "To tre."}], "truncated": False,
    }  # fmt: skip
    unknown = describe(["text"], None, "To.")
    assert (unknown["words_added"], unknown["words_removed"], unknown["truncated"]) == (
        None, None, True,
    )  # fmt: skip
    assert describe(["title"], None, "To.")["words_added"] == 0


def test_more_edits_than_a_record_keeps_are_counted_all_the_same() -> None:
    before = " ".join(f"k{n} a{n}" for n in range(80))
    after = " ".join(f"k{n} b{n}" for n in range(80))
    told = compare({"text": before}, {"text": after}).to_json()
    assert (told["words_added"], told["words_removed"]) == (80, 80)
    assert (len(told["text"]), told["truncated"]) == (MOST_EDITS, True)


def test_an_edit_that_is_too_long_is_cut_and_says_so() -> None:
    told = compare({"text": "kort tekst"}, {"text": "lang " * 2000}).to_json()
    (edit,) = told["text"]
    assert (edit["old"], edit["new"][-1]) == ("kort tekst", "…")
    assert len(edit["old"] + edit["new"]) <= MOST_CHARACTERS
    assert (told["words_added"], told["truncated"]) == (2000, True)
