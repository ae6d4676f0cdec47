"""Edits: the words that give way to others from one text to another.

Pure; knows words and paragraphs, no articles.

A **word** is what stands between white space, as printed: case counts, and punctuation stays with
the word that it is printed at, so "havna," and "havna" are two words. Paragraphs are compared
first, then words between those that are the same, so time and memory are bounded for any text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

#: Words (or paragraphs) a side that are compared one by one, beyond what both begin and end with;
#: of more, all give way to all.
MOST_WORDS: Final = 5_000

#: Where two sequences differ: (start, end) in the old one, (start, end) in the new one.
Range: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Edit:
    """The words `old` gave way to the words `new`; one of them may be empty."""

    at: int
    """Number of the word in the new text, from 0, where `new` begins or `old` would stand."""
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def op(self) -> str:
        """``insert``, ``delete`` or ``replace``."""
        return "replace" if self.old and self.new else "insert" if self.new else "delete"


def word_edits(before: str | None, after: str | None) -> tuple[Edit, ...]:
    """Return the edits that make the words of one text those of another, empty if they are the
    same. Turned round, the same words are removed that were added.

    Words between two edits that are at most half as many as those of each are taken for chance and
    belong to the edit: what was written anew is one edit and not one for each "the" in it.
    """
    old, new = _paragraphs(before), _paragraphs(after)
    turned = old > new  # which of several ways is taken must not hang on the direction
    ranges = _text_ranges(new, old) if turned else _text_ranges(old, new)
    if turned:
        ranges = [(i1, i2, j1, j2) for j1, j2, i1, i2 in ranges]
    old_words, new_words = _joined(old), _joined(new)
    return tuple(
        Edit(j1, tuple(old_words[i1:i2]), tuple(new_words[j1:j2])) for i1, i2, j1, j2 in ranges
    )


def differing(old: Sequence[str], new: Sequence[str]) -> list[Range]:
    """Return where two sequences differ, by a longest common subsequence.

    Source: H. Hyyrö, Bit-Parallel LCS-length Computation Revisited, AWOCA 2004. A row of the
    table is one integer, with a bit for each old item: 0 where the row's length grows.
    """
    head, tail = _shared(old, new)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not old and not new:
        return []
    if not old or not new or max(len(old), len(new)) > MOST_WORDS:
        return [(head, head + len(old), head, head + len(new))]
    places: dict[str, int] = {}
    for i, item in enumerate(old):
        places[item] = places.get(item, 0) | 1 << i
    every = (1 << len(old)) - 1
    rows, row = [], every
    for item in new:
        hit = row & places.get(item, 0)
        row = ((row + hit) | (row - hit)) & every
        rows.append(row)
    found: list[Range] = []
    i, j = len(old), len(new)
    end_i, end_j = i, j

    def differs(start_i: int, start_j: int) -> None:
        if start_i < end_i or start_j < end_j:
            found.append((start_i + head, end_i + head, start_j + head, end_j + head))

    while i and j:
        if old[i - 1] == new[j - 1]:
            differs(i, j)
            i, j = i - 1, j - 1
            end_i, end_j = i, j
        elif rows[j - 1] >> (i - 1) & 1:
            i -= 1
        else:
            j -= 1
    differs(0, 0)
    return found[::-1]


def tidied(ranges: Sequence[Range], old: Sequence[str], new: Sequence[str]) -> list[Range]:
    """Join ranges with hardly anything between them; take off what both sides have in common."""
    joined: list[Range] = []
    for i1, i2, j1, j2 in ranges:
        if joined:
            a, b, c, d = joined[-1]
            if (i1 - b) * 2 <= min(max(b - a, d - c), max(i2 - i1, j2 - j1)):
                joined[-1] = (a, i2, c, j2)
                continue
        joined.append((i1, i2, j1, j2))
    trimmed = []
    for i1, i2, j1, j2 in joined:
        head, tail = _shared(old[i1:i2], new[j1:j2])
        if i1 + head < i2 - tail or j1 + head < j2 - tail:
            trimmed.append((i1 + head, i2 - tail, j1 + head, j2 - tail))
    return trimmed


def _paragraphs(text: str | None) -> list[list[str]]:
    return [words for part in (text or "").split("\n\n") if (words := part.split())]


def _joined(paragraphs: Sequence[Sequence[str]]) -> list[str]:
    return [word for words in paragraphs for word in words]


def _text_ranges(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> list[Range]:
    old_words, new_words = _joined(old), _joined(new)
    if old_words == new_words:  # the paragraphs may still be others
        return []
    old_at = [0, *accumulate(map(len, old))]
    new_at = [0, *accumulate(map(len, new))]
    found: list[Range] = []
    for i1, i2, j1, j2 in differing([*map(" ".join, old)], [*map(" ".join, new)]):
        i, j = old_at[i1], new_at[j1]
        inner = differing(old_words[i : old_at[i2]], new_words[j : new_at[j2]])
        found += [(a + i, b + i, c + j, d + j) for a, b, c, d in inner]
    return tidied(found, old_words, new_words)


def _shared(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Return how many items two sequences both begin and, beyond these, end with."""
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail
