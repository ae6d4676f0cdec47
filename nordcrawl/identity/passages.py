"""Passages: what differs between two revisions, with some of what does not around it. Pure.

Which fields differ is `nordcrawl.identity.changes`' to say, and which words
`nordcrawl.identity.edits`'; how a change is coloured is for who draws it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from nordcrawl.identity.changes import CONTENT, compare
from nordcrawl.identity.edits import differing, tidied

_TOKEN: Final = re.compile(r"\n+|\S+")


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
    ranges = differing([" ".join(p.split()) for p in old], [" ".join(p.split()) for p in new])
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
    for i1, i2, j1, j2 in tidied(differing(old, new), old, new):
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
    for i1, i2, j1, j2 in differing(old, new):
        spans = [Span(Mark.REMOVED, item) for item in old[i1:i2]]
        spans += [Span(Mark.ADDED, item) for item in new[j1:j2]]
        yield Passage(name, tuple(spans), j1 - at)
        at = j2
    if at < len(new):
        yield Passage(name, (), len(new) - at)


def _items(record: Mapping[str, Any], name: str) -> list[str]:
    """Return a value as strings; no value is none."""
    value = CONTENT[name](record, name)
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
