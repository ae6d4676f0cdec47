"""What changed can be looked at: nothing of either text is lost, and not all of it is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nordcrawl.identity.passages import Mark, Passage, Span, render
from tests.support.random_texts import texts


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
    (passage,) = render({"authors": ["Kari Nordmann"]}, {"authors": ["Kari Nordmann", "Ola"]})
    assert passage == Passage("authors", (Span(Mark.ADDED, "Ola"),), 1)
