"""What changed between two revisions: told exactly, compactly, and in bounded time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.identity import changes
from nordcrawl.identity.changes import (
    MOST_CHARACTERS,
    MOST_EDITS,
    MOST_WORDS,
    Mark,
    Passage,
    Span,
    compare,
    describe,
    render,
    word_edits,
)
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

#: Few words, so that many are alike; parted as records part them.
texts = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "a,", "A"]), max_size=8).map(" ".join), max_size=6
).map("\n\n".join)


def applied(words: list[str], edits: list[dict[str, Any]]) -> list[str]:
    """Make the new words of the old ones, as a reader of the record would."""
    made: list[str] = []
    rest = iter(words)
    for edit in edits:
        made += [next(rest) for _ in range(edit["at"] - len(made))]
        assert [next(rest) for _ in edit["old"].split()] == edit["old"].split()
        made += edit["new"].split()
    return [*made, *rest]


def lcs(old: list[str], new: list[str]) -> int:
    row = [0] * (len(old) + 1)
    for word in new:
        above, row = row, [0]
        for i, other in enumerate(old):
            row.append(above[i] + 1 if word == other else max(row[i], above[i + 1]))
    return row[-1]


# --- words -----------------------------------------------------------------------------------


@given(texts, texts)
def test_edits_make_the_new_words_of_the_old_ones(before: str, after: str) -> None:
    told = compare({"text": before}, {"text": after}).to_json()
    assert not told["truncated"]
    assert applied(before.split(), told["text"]) == after.split()


@given(texts, texts)
def test_there_are_edits_only_if_words_differ(before: str, after: str) -> None:
    found = compare({"text": before}, {"text": after})
    assert bool(found.edits) == (before.split() != after.split()) == ("text" in found.fields)
    assert all(edit.old != edit.new for edit in found.edits or ())
    assert compare({"text": before}, {"text": before}).edits == ()


@given(texts, texts)
def test_the_other_way_round_what_came_goes(before: str, after: str) -> None:
    there, back = compare({"text": before}, {"text": after}), compare(
        {"text": after}, {"text": before}
    )  # fmt: skip
    assert (there.words_added, there.words_removed) == (back.words_removed, back.words_added)
    assert [(e.old, e.new) for e in there.edits or ()] == [(e.new, e.old) for e in back.edits or ()]


@given(*[st.lists(st.sampled_from("abcd"), max_size=40)] * 2)
def test_a_longest_common_subsequence_is_kept(old: list[str], new: list[str]) -> None:
    kept = len(old) - sum(i2 - i1 for i1, i2, _, _ in changes._ranges(old, new))
    assert kept == lcs(old, new)


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("Havna er stengt.", "Havna er åpnet.", [("replace", 2, "stengt.", "åpnet.")]),
        ("en to", "en og to", [("insert", 1, "", "og")]),
        ("en og to", "en to", [("delete", 1, "og", "")]),
        ("Havna, sier han", "havna sier han", [("replace", 0, "Havna,", "havna")]),
        ("en to\n\ntre", "en\u00a0to tre", []),
        ("", "ny tekst", [("insert", 0, "", "ny tekst")]),
        # "the" twice between what was written anew is no anchor.
        (
            "start one two the three four end",
            "start five six the seven eight end",
            [("replace", 1, "one two the three four", "five six the seven eight")],
        ),
        # A paragraph more, and a word in another one.
        (
            "Ett her.\n\nTo der.\n\nTre nå.",
            "Ett her.\n\nNytt avsnitt.\n\nTo der.\n\nTre da.",
            [("insert", 2, "", "Nytt avsnitt."), ("replace", 7, "nå.", "da.")],
        ),
    ],
)
def test_words(before: str, after: str, edits: list[tuple[str, int, str, str]]) -> None:
    assert [
        (e.op, e.at, " ".join(e.old), " ".join(e.new)) for e in word_edits(before, after)
    ] == edits


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" ".join(f"a{n}" for n in range(100_000)), " ".join(f"b{n}" for n in range(100_000))),
        ("a b " * 50_000, "b b a " * 33_000),
        ("\n\n".join(["a"] * 100_000), "\n\n".join(["b", "a"] * 50_000)),
        ("\n\n".join("x y z " * 33 + f"{n}" for n in range(1000)),
         "\n\n".join("z y x " * 33 + f"{n}" for n in range(1000))),
        ("\n\n".join(f"{n} " + "x y " * 2450 for n in range(20)),
         "\n\n".join(f"{n} " + "y x z " * 1630 for n in range(20))),
        ("x" * 1_000_000, "y" * 1_000_000),
    ],
    ids=["all-new", "few-words", "short-paragraphs", "each-changed", "at-the-bound", "one-word"],
)  # fmt: skip
def test_hostile_texts_are_told_in_bounded_time_and_space(before: str, after: str) -> None:
    start = time.process_time()
    found = compare({"text": before}, {"text": after})
    told = found.to_json()
    assert time.process_time() - start < 3
    assert len(told["text"]) <= MOST_EDITS
    assert sum(len(e["old"]) + len(e["new"]) for e in told["text"]) <= MOST_CHARACTERS
    assert told["truncated"]
    added, removed = found.words_added or 0, found.words_removed or 0
    assert added - removed == len(after.split()) - len(before.split())
    assert added <= len(after.split())


def test_beyond_the_bound_all_gives_way_to_all() -> None:
    old, new = ["a", "b"] * MOST_WORDS, ["b", "c"] * MOST_WORDS
    assert changes._ranges(["x", *old], ["x", *new]) == [(1, len(old) + 1, 1, len(new) + 1)]


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


# --- fields ----------------------------------------------------------------------------------


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
    assert set(field_digests(full)) <= set(changes._FIELDS)


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


# --- to be looked at -------------------------------------------------------------------------


def test_unchanged_paragraphs_are_left_out_but_for_some_around() -> None:
    old = [f"Avsnitt {n}." for n in range(9)]
    new = [*old[:4], "Avsnitt fire.", *old[5:]]
    found = render({"text": "\n\n".join(old)}, {"text": "\n\n".join(new)}, context=1)
    assert found == [
        Passage("text", (Span(Mark.KEPT, "Avsnitt 3."),), 3),
        Passage(
            "text",
            (Span(Mark.KEPT, "Avsnitt"), Span(Mark.REMOVED, "4."), Span(Mark.ADDED, "fire.")),
        ),
        Passage("text", (Span(Mark.KEPT, "Avsnitt 5."),)),
        Passage("text", (), 3),
    ]


@given(texts, texts, st.integers(0, 2))
def test_passages_hold_both_texts(before: str, after: str, context: int) -> None:
    found = render({"text": before}, {"text": after}, context=context)
    if before.split() == after.split():
        assert found == []
        return
    paragraphs = [part for part in after.split("\n\n") if part]
    for mark, text in ((Mark.ADDED, after), (Mark.REMOVED, before)):
        words: list[str] = []
        at = 0  # in paragraphs of the new text, to put back what was left out
        for passage in found:
            assert context or passage.spans or passage.skipped
            words += " ".join(paragraphs[at : at + passage.skipped]).split()
            at += passage.skipped
            there = [s.text for s in passage.spans if s.mark in (Mark.KEPT, mark)]
            words += " ".join(there).split()
            of_new = [s.text for s in passage.spans if s.mark is not Mark.REMOVED]
            new_words, count = len(" ".join(of_new).split()), 0
            while count < new_words:
                count += len(paragraphs[at].split())
                at += 1
        assert words == text.split()


def test_lists_show_the_items_that_came_and_went() -> None:
    (passage,) = render(RECORD, RECORD | {"authors": ["Kari Nordmann", "Ola"]})
    assert passage == Passage("authors", (Span(Mark.ADDED, "Ola"),), 1)
