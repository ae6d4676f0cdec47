"""Stories: the demo site's articles as values, read from the TOML files beside this module.

A story's body is written in a light markup, one part a block, blocks parted by an empty line:

===========================  =====================================================
``text``                     a paragraph; ``[words](key)`` links to a story or a path
``## text``, ``### text``    sub-headings
``- item`` (each line)       a list
``@quote speaker`` + text    a pull quote
``@image caption | credit``  a picture; a third field is a credit prefix kept in an attribute
``@fact title`` + lines      a fact box, one paragraph a line
``@table`` + lines           a table, cells parted by ``|``
``@note time | title``       the head of a live note; its text follows as paragraphs
``@pair words``              the line that leads to the same story in the other language
``@label words``             a label that is no text ("Also read")
``@teaser key``              a related box inside the body; ``*`` is another story each time
``@ad``, ``@form``           an advertisement, a newsletter form
===========================  =====================================================

Does not know how a story is shown, nor on which host.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

#: The number of editions of the site: in the second, one story has been edited.
EDITIONS = 2

_FILES = ("en.toml", "nb.toml", "old.toml")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Part:
    """One block of a body; `kind` as in the module's table, ``p`` and ``list`` without a mark."""

    kind: str
    text: str = ""
    """Text with link marks; of lists, fact boxes and tables one line an item, paragraph, row."""
    args: tuple[str, ...] = ()
    """What stands behind the mark, parted at ``|``."""

    @property
    def plain(self) -> str:
        """The text without link marks."""
        return _LINK.sub(r"\1", self.text)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's texts; `prefix` is a credit label that stands only in an attribute."""

    caption: str
    credit: str = ""
    prefix: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a story's change log."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """One article in one language; `key` is the same in both languages of a pair."""

    key: str
    language: str
    path: str
    cms_id: int | None
    kind: str
    title: str
    standfirst: str
    parts: tuple[Part, ...]
    authors: tuple[str, ...]
    published: datetime
    modified: datetime | None
    kicker: str
    section: str
    tags: tuple[str, ...]
    picture: Picture | None
    changes: tuple[Change, ...]
    jsonld: str
    """The shape of its JSON-LD: ``a``, ``b``, ``c`` or empty."""
    traits: frozenset[str]
    """What is special about its page or where it is listed."""
    shows: str
    """What it demonstrates, for people."""
    old_path: str | None = None
    """A path of the time before, that redirects here."""
    nid: int | None = None
    """The node id in the system before, of imported stories."""

    @property
    def is_old(self) -> bool:
        """Whether its page is of the time before the present system."""
        return self.cms_id is None

    @property
    def last_change(self) -> datetime:
        """When the story was last touched."""
        return self.modified or self.published

    @property
    def plain_parts(self) -> tuple[Part, ...]:
        """The parts that are the article's own text or captions."""
        own = {"p", "h2", "h3", "list", "quote", "image", "fact", "table", "note"}
        return tuple(part for part in self.parts if part.kind in own)


@cache
def stories(edition: int = 1) -> tuple[Story, ...]:
    """Return all stories of an edition, in the editors' order.

    Raises:
        ValueError: there is no such edition.
    """
    if edition not in range(1, EDITIONS + 1):
        raise ValueError(f"edition {edition}: there are 1 to {EDITIONS}")
    folder = resources.files("nordcrawl.demo") / "stories"
    rows: list[dict[str, Any]] = []
    for name in _FILES:
        rows += tomllib.loads((folder / name).read_text(encoding="utf-8"))["story"]
    return tuple(_story(row, edition) for row in rows)


def find(all_stories: Iterable[Story], key: str, language: str) -> Story:
    """Return the story of a key in a language.

    Raises:
        KeyError: there is none.
    """
    for story in all_stories:
        if story.key == key and story.language == language:
            return story
    raise KeyError(f"{key} in {language}")


def pair_of(story: Story, all_stories: Iterable[Story]) -> Story | None:
    """Return the same story in the other language, if it was written."""
    same = (s for s in all_stories if s.key == story.key and s.language != story.language)
    return next(same, None)


def parse_body(text: str) -> tuple[Part, ...]:
    """Return the parts of a body written in the module's markup.

    >>> [(part.kind, part.plain) for part in parse_body("## Ice\\n\\nIt [grows](ice).")]
    [('h2', 'Ice'), ('p', 'It grows.')]
    """
    return tuple(_part(block) for block in re.split(r"\n\s*\n", text.strip()) if block.strip())


def split_links(text: str) -> list[tuple[str, str | None]]:
    """Return a text as (words, link target or None) pieces.

    >>> split_links("the [new ferry](ferry)")
    [('the ', None), ('new ferry', 'ferry')]
    """
    pieces: list[tuple[str, str | None]] = []
    at = 0
    for match in _LINK.finditer(text):
        if match.start() > at:
            pieces.append((text[at : match.start()], None))
        pieces.append((match[1], match[2]))
        at = match.end()
    if at < len(text):
        pieces.append((text[at:], None))
    return pieces


def _part(block: str) -> Part:
    lines = [line.strip() for line in block.strip().splitlines()]
    first, rest = lines[0], lines[1:]
    if first.startswith("@"):
        mark, _, argument = first[1:].partition(" ")
        args = tuple(piece.strip() for piece in argument.split("|")) if argument else ()
        joined = "\n" if mark in ("fact", "table") else " "
        return Part(mark, joined.join(rest), args)
    if first.startswith("#"):
        marks, _, title = first.partition(" ")
        return Part(f"h{len(marks)}", title)
    if first.startswith("- "):
        return Part("list", "\n".join(line.removeprefix("- ") for line in lines))
    return Part("p", " ".join(lines))


def _story(row: dict[str, Any], edition: int) -> Story:
    language, cms_id = row["language"], row.get("id")
    picture = row.get("picture")
    story = Story(
        key=row["key"],
        language=language,
        path=row.get("path") or f"/{row['path_section']}/{row['slug']}/{cms_id}",
        cms_id=cms_id,
        kind=row["kind"],
        title=row["title"],
        standfirst=" ".join(row["standfirst"].split()),
        parts=parse_body(row["body"]),
        authors=tuple(row.get("authors", ())),
        published=row["published"],
        modified=row.get("modified"),
        kicker=row.get("kicker", ""),
        section=row.get("section", row.get("path_section", "")),
        tags=tuple(row.get("tags", ())),
        picture=Picture(**picture) if picture else None,
        changes=tuple(Change(**change) for change in row.get("changes", ())),
        jsonld=row.get("jsonld", ""),
        traits=frozenset(row.get("traits", ())),
        shows=row["shows"],
        old_path=row.get("old_path"),
        nid=row.get("nid"),
    )
    return _edited(story, row["edition2"]) if edition == EDITIONS and "edition2" in row else story


def _edited(story: Story, edit: dict[str, Any]) -> Story:
    """Apply what the second edition changes: replacements, a new time, a change-log entry."""

    def apply(text: str) -> str:
        for old, new in edit["replace"]:
            text = text.replace(old, new)
        return text

    return replace(
        story,
        standfirst=apply(story.standfirst),
        parts=tuple(replace(part, text=apply(part.text)) for part in story.parts),
        modified=edit["modified"],
        changes=(*story.changes, Change(edit["modified"], edit["change"])),
    )
