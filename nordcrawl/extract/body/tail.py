"""Tail: what closes a page and is no part of its text."""

from __future__ import annotations

from collections.abc import Sequence

from nordcrawl.extract.body.rules import _OUTSIDE_WORDS, Dropped, PageHints, is_label, is_pointer
from nordcrawl.extract.lexicon.phrases import NOTICES, TAIL
from nordcrawl.extract.page.text import SENTENCE_ENDS
from nordcrawl.extract.page.text_runs import TextRun

_TAIL_RUNS = 6


#: A closing paragraph up to this length is about the author when a name stands in its first
#: letters, of which so many may stand before it: "Our correspondent".
_BIO_WORDS = 70


_BIO_BEFORE = 20


#: A closing line as short as this that begins with initials is an agency's and its editor's.
_SIGN_WORDS = 3


_TAIL_SHARE = 0.3


def cut_tail(chosen: Sequence[TextRun], clues: PageHints, dropped: Dropped) -> list[TextRun]:
    """Return the runs without what follows the article: bios, appeals, pointers, bare headings."""
    kept = list(chosen)
    total = sum(run.words for run in kept)
    taken = 0
    for _ in range(_TAIL_RUNS):
        if len(kept) < 2 or not _is_tail(kept[-1], clues):
            break
        if taken + kept[-1].words > _TAIL_SHARE * total:
            break
        taken += kept[-1].words
        dropped.append((kept.pop(), "tail"))
    return kept


def _is_tail(run: TextRun, clues: PageHints) -> bool:
    if "heading" in run.near or "bio" in run.marks:
        return True
    if run.words < 60 and (TAIL.match(run.text) or NOTICES.match(run.text)):
        return True
    if is_pointer(run) or is_label(run.text, clues.labels):
        return True
    if run.link_share > 0.5 and run.words < _OUTSIDE_WORDS:
        return True
    if run.words <= _SIGN_WORDS and run.text[-1] not in SENTENCE_ENDS and run.text[:2].isupper():
        return True
    return run.words < _BIO_WORDS and any(
        run.key.find(name, 0, len(name) + _BIO_BEFORE) > -1 for name in clues.names
    )
