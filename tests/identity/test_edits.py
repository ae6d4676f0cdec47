"""What words gave way to others: told exactly, compactly, and in bounded time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.identity.changes import MOST_CHARACTERS, MOST_EDITS, compare
from nordcrawl.identity.edits import MOST_WORDS, differing, word_edits
from tests.support.random_texts import texts


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
    kept = len(old) - sum(i2 - i1 for i1, i2, _, _ in differing(old, new))
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
    assert differing(["x", *old], ["x", *new]) == [(1, len(old) + 1, 1, len(new) + 1)]
