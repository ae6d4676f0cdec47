"""Difference: what is other in one revision of an article than in another. Pure.

Names the fields that differ, and tells the text's difference word by word, as
`nordcrawl.identity.edits` finds it. Does not know what is reason enough for a revision
(`nordcrawl.identity.decide` does), nor how a difference is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nordcrawl.identity.edits import Edit, word_edits

#: Edits, and characters in them, that `Difference.to_json` tells.
MOST_EDITS: Final = 50
MOST_CHARACTERS: Final = 4_000


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
    differ = [name for name, of in CONTENT.items() if of(before, name) != of(after, name)]
    if "text" in differ and "blocks" in differ:
        differ.remove("blocks")
    return Difference(tuple(differ), word_edits(before.get("text"), after.get("text")))


def describe(fields: Sequence[str], before: str | None, after: str) -> dict[str, Any]:
    """Return what stands in the record under ``changed``, where the fields are known by their
    digests and of the revision before at most the text (None: not known)."""
    if before is None:
        return Difference(tuple(fields), None if "text" in fields else ()).to_json()
    return Difference(tuple(fields), word_edits(before, after)).to_json()


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
CONTENT: Final[Mapping[str, Callable[[Mapping[str, Any], str], Any]]] = {
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
