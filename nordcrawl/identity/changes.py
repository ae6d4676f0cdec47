"""Difference: what is other in one revision of an article than in another. Pure.

Names the fields that differ, and tells the text's difference word by word. Does not know what is
reason enough for a revision (`nordcrawl.identity.decide` does), nor how a difference is coloured.

A **word** is what stands between white space, as printed: case counts, and punctuation stays with
the word that it is printed at, so "havna," and "havna" are two words. Paragraphs are compared
first, then words between those that are the same, so time and memory are bounded for any text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Any, Final, TypeAlias

#: Edits, and characters in them, that `Difference.to_json` tells.
MOST_EDITS: Final = 50
MOST_CHARACTERS: Final = 4_000
#: Words (or paragraphs) a side that are compared one by one, beyond what both begin and end with;
#: of more, all give way to all.
MOST_WORDS: Final = 5_000

_TOKEN: Final = re.compile(r"\n+|\S+")

#: Where two sequences differ: (start, end) in the old one, (start, end) in the new one.
_Range: TypeAlias = tuple[int, int, int, int]


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


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two revisions."""

    fields: tuple[str, ...]
    """Names of the fields, in the record's order."""
    edits: tuple[Edit, ...] | None
    """Of the text, all of them, in its order; None where the text before is not known."""

    @property
    def words_added(self) -> int | None:
        """How many words of the new text are in `edits`."""
        return None if self.edits is None else sum(len(edit.new) for edit in self.edits)

    @property
    def words_removed(self) -> int | None:
        """How many words of the old text are in `edits`."""
        return None if self.edits is None else sum(len(edit.old) for edit in self.edits)

    def to_json(self) -> dict[str, Any]:
        """Return an object of the form that stands in the record under ``changed``.

        Words are joined by single spaces. Counts are of all edits; of the edits themselves there
        are at most `MOST_EDITS` with `MOST_CHARACTERS` together, and ``truncated`` says that more
        belong here. The last one may then be cut, which an ellipsis shows.
        """
        told, whole = _bounded(self.edits or ())
        return {
            "fields": list(self.fields),
            "words_added": self.words_added,
            "words_removed": self.words_removed,
            "text": told,
            "truncated": not whole or self.edits is None,
        }


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    """Return what differs in content between two records, JSON objects as the archive has them.

    No value, an empty one and false are one; the order of tags is no content, nor are the
    addresses of images. ``blocks`` is named only where the words of the text are the same: a
    paragraph became a heading, or a note of an update came.

    >>> found = compare({"text": "Havna er stengt."}, {"text": "Havna er åpnet."})
    >>> found.fields, found.to_json()["text"]
    (('text',), [{'op': 'replace', 'at': 2, 'old': 'stengt.', 'new': 'åpnet.'}])
    """
    differ = [name for name, of in _FIELDS.items() if of(before, name) != of(after, name)]
    if "text" in differ and "blocks" in differ:
        differ.remove("blocks")
    return Difference(tuple(differ), word_edits(before.get("text"), after.get("text")))


def describe(fields: Sequence[str], before: str | None, after: str) -> dict[str, Any]:
    """Return what stands in the record under ``changed``, where the fields are known by their
    digests and of the revision before at most the text (None: not known)."""
    if before is None:
        return Difference(tuple(fields), None if "text" in fields else ()).to_json()
    return Difference(tuple(fields), word_edits(before, after)).to_json()


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


def _bounded(edits: Sequence[Edit]) -> tuple[list[dict[str, Any]], bool]:
    """Return edits as JSON, and whether these are all, whole."""
    told: list[dict[str, Any]] = []
    room = MOST_CHARACTERS
    for edit in edits[:MOST_EDITS]:
        old, new = " ".join(edit.old), " ".join(edit.new)
        whole = len(old) + len(new) <= room
        if not whole:
            # A short side leaves its room to the other.
            share = room // 2
            old, new = (
                _cut(old, max(share, room - len(new))),
                _cut(new, max(share, room - len(old))),
            )
        told.append({"op": edit.op, "at": edit.at, "old": old, "new": new})
        room -= len(old) + len(new)
        if not whole or room < 2:
            return told, whole and len(told) == len(edits)
    return told, len(told) == len(edits)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


# --- fields ----------------------------------------------------------------------------------


def _plain(record: Mapping[str, Any], name: str) -> Any:
    return record.get(name) or None


def _sorted(record: Mapping[str, Any], name: str) -> Any:
    return sorted(record.get(name) or ())


def _rights(record: Mapping[str, Any], name: str) -> Any:
    # When they were looked up is no content.
    return sorted((k, v) for k, v in (record.get(name) or {}).items() if k != "checked_at")


def _images(record: Mapping[str, Any], name: str) -> Any:
    told = [(image.get("caption"), image.get("credit")) for image in record.get(name) or ()]
    return [image for image in told if any(image)]


def _words(record: Mapping[str, Any], name: str) -> Any:
    return (record.get(name) or "").split()


#: The fields that are content, in the record's order, and what of each is compared. The names are
#: those of `nordcrawl.model.reading.field_digests`, and the addresses and blocks, which it
#: leaves out.
_FIELDS: Final[Mapping[str, Callable[[Mapping[str, Any], str], Any]]] = {
    "url": _plain,
    "canonical_url": _plain,
    "title": _plain,
    "subtitle": _plain,
    "kicker": _plain,
    "authors": _plain,
    "published_at": _plain,
    "modified_at": _plain,
    "language": _plain,
    "kind": _plain,
    "section": _plain,
    "tags": _sorted,
    "blocks": _plain,
    "text": _words,
    "images": _images,
    "paywalled": _plain,
    "rights": _rights,
}


# --- words -----------------------------------------------------------------------------------


def _paragraphs(text: str | None) -> list[list[str]]:
    return [words for part in (text or "").split("\n\n") if (words := part.split())]


def _joined(paragraphs: Sequence[Sequence[str]]) -> list[str]:
    return [word for words in paragraphs for word in words]


def _text_ranges(old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]) -> list[_Range]:
    old_words, new_words = _joined(old), _joined(new)
    if old_words == new_words:  # the paragraphs may still be others
        return []
    old_at = [0, *accumulate(map(len, old))]
    new_at = [0, *accumulate(map(len, new))]
    found: list[_Range] = []
    for i1, i2, j1, j2 in _ranges([*map(" ".join, old)], [*map(" ".join, new)]):
        i, j = old_at[i1], new_at[j1]
        inner = _ranges(old_words[i : old_at[i2]], new_words[j : new_at[j2]])
        found += [(a + i, b + i, c + j, d + j) for a, b, c, d in inner]
    return _tidied(found, old_words, new_words)


def _tidied(ranges: Sequence[_Range], old: Sequence[str], new: Sequence[str]) -> list[_Range]:
    """Join ranges with hardly anything between them; take off what both sides have in common."""
    joined: list[_Range] = []
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


def _ranges(old: Sequence[str], new: Sequence[str]) -> list[_Range]:
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
    found: list[_Range] = []
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


# --- to be looked at -------------------------------------------------------------------------


class Mark(StrEnum):
    """What became of a span."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, with the article's own line breaks. Between two spans there is a space,
    unless one of them ends or begins with a line break."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of a field with its changes: a value, or some paragraphs or items."""

    field: str
    spans: tuple[Span, ...]
    """In the order of reading; none in the last passage of a field if it only tells `skipped`."""
    skipped: int = 0
    """How many unchanged paragraphs or items were left out before it."""


def render(
    before: Mapping[str, Any], after: Mapping[str, Any], *, context: int = 1
) -> list[Passage]:
    """Return the fields that differ as passages to be drawn, in the record's order.

    Title, standfirst and kicker word by word, the text also by paragraphs with `context` unchanged
    ones around; lists item by item; other values as a whole. Texts are as in the records: what
    draws them has to escape what its medium takes for something else.
    """
    passages: list[Passage] = []
    for name in compare(before, after).fields:
        match name:
            case "text":
                passages += _of_text(before.get(name) or "", after.get(name) or "", context)
            case "title" | "subtitle" | "kicker":
                spans = _word_spans(before.get(name) or "", after.get(name) or "")
                passages.append(Passage(name, tuple(spans)))
            case _:
                passages += _of_items(name, _items(before, name), _items(after, name))
    return passages


def _of_text(before: str, after: str, context: int) -> Iterator[Passage]:
    old = [part for part in before.split("\n\n") if part.split()]
    new = [part for part in after.split("\n\n") if part.split()]
    ranges = _ranges([" ".join(p.split()) for p in old], [" ".join(p.split()) for p in new])
    told = 0  # paragraphs of the new text that were shown or skipped
    for number, (i1, i2, j1, j2) in enumerate(ranges):
        first = max(told, j1 - context)
        skipped = first - told
        for part in new[first:j1]:
            yield Passage("text", (Span(Mark.KEPT, part),), skipped)
            skipped = 0
        spans = _word_spans("\n\n".join(old[i1:i2]), "\n\n".join(new[j1:j2]))
        yield Passage("text", tuple(spans), skipped)
        following = ranges[number + 1][2] if number + 1 < len(ranges) else len(new)
        told = min(j2 + context, following)
        for part in new[j2:told]:
            yield Passage("text", (Span(Mark.KEPT, part),))
    if told < len(new):
        yield Passage("text", (), len(new) - told)


def _word_spans(before: str, after: str) -> Iterator[Span]:
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    at = 0
    for i1, i2, j1, j2 in _tidied(_ranges(old, new), old, new):
        yield from _spans((Mark.KEPT, new[at:j1]), (Mark.REMOVED, old[i1:i2]))
        yield from _spans((Mark.ADDED, new[j1:j2]))
        at = j2
    yield from _spans((Mark.KEPT, new[at:]))


def _spans(*parts: tuple[Mark, Sequence[str]]) -> Iterator[Span]:
    for mark, tokens in parts:
        if tokens:
            yield Span(mark, re.sub(" ?(\n+) ?", r"\1", " ".join(tokens)))


def _of_items(name: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Passage]:
    at = 0
    for i1, i2, j1, j2 in _ranges(old, new):
        spans = [Span(Mark.REMOVED, item) for item in old[i1:i2]]
        spans += [Span(Mark.ADDED, item) for item in new[j1:j2]]
        yield Passage(name, tuple(spans), j1 - at)
        at = j2
    if at < len(new):
        yield Passage(name, (), len(new) - at)


def _items(record: Mapping[str, Any], name: str) -> list[str]:
    """Return a value as strings; no value is none."""
    value = _FIELDS[name](record, name)
    match value:
        case None:
            return []
        case list() if name == "blocks":
            # With what else a block has, for it may be all that changed.
            return [
                " / ".join(str(told) for told in block.values() if told is not None)
                for block in value
            ]
        case list() if name == "images":
            return [" / ".join(filter(None, image)) for image in value]
        case list() if name == "rights":
            return [f"{key}: {told}" for key, told in value]
        case list():
            return [*map(str, value)]
        case bool():
            return [str(value).lower()]
        case _:
            return [str(value)]
