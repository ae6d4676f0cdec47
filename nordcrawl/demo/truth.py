"""Truth: what of the demo site a right crawl archives, each article once.

Derived from the stories, never from the pages, so that comparing the two means something. Does
not know the archive's format; kinds of blocks have the names of
`nordcrawl.model.article.BlockKind`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from nordcrawl.demo.hosts import real_host
from nordcrawl.demo.story import Part, Picture, Story, pair_of, stories

_NO_TEXT = frozenset(("caption", "update"))


@dataclass(frozen=True, slots=True)
class ExpectedStory:
    """One article as it should be archived."""

    cms_id: str | None
    """None for pages of the system before, whose addresses have no id."""
    host: str
    """The real host name, such as ``en.highnorthnews.com``; `DemoSite.hosts` maps it."""
    url_path: str
    title: str
    language: str
    kind: str | None
    """None where the page gives no hint: old ones with nothing but meta elements."""
    blocks_text: tuple[tuple[str, str], ...]
    """(block kind, text) in the order of the page, the picture that opens it first, on whichever
    side of the standfirst a template prints it; a quote without its speaker."""
    text: str
    """As `nordcrawl.model.article.Article.text`: no captions, no update notes."""
    authors: tuple[str, ...]
    published_at: datetime
    modified_at: datetime | None
    tags: tuple[str, ...]
    kicker: str | None
    """None on old pages: only a class name of that one system marks it."""
    section: str | None
    subtitle: str
    captions: tuple[tuple[str, str | None], ...]
    """(caption, credit without its label): a credit in brackets is no part of the caption."""
    translations: tuple[tuple[str, str, str], ...]
    """(language, real host, path)."""
    traits: frozenset[str]
    """What is special about it, as in the story files."""
    shows: str
    """What it demonstrates, for people."""


def expected(edition: int = 1) -> tuple[ExpectedStory, ...]:
    """Return the truth of an edition, in the order of the story files.

    Raises:
        ValueError: there is no such edition.
    """
    everything = stories(edition)
    return tuple(_expected(story, everything) for story in everything)


def _expected(story: Story, everything: tuple[Story, ...]) -> ExpectedStory:
    blocks = _blocks(story)
    pair = pair_of(story, everything)
    pictures = [story.picture] if story.picture else []
    pictures += [Picture(*part.args[:2]) for part in story.parts if part.kind == "image"]
    return ExpectedStory(
        cms_id=str(story.cms_id) if story.cms_id else None,
        host=real_host(story),
        url_path=story.path,
        title=story.title,
        language=story.language,
        kind=None if story.is_old and not story.jsonld else story.kind,
        blocks_text=tuple((kind, text) for kind, text, _ in blocks),
        text="\n\n".join(
            _as_read(kind, text, label) for kind, text, label in blocks if kind not in _NO_TEXT
        ),
        authors=story.authors,
        published_at=story.published,
        modified_at=story.modified,
        tags=story.tags,
        kicker=None if story.is_old else story.kicker,
        section=story.section or None,
        subtitle=story.standfirst,
        captions=tuple((_words(p), _credit(p)) for p in pictures),
        translations=((pair.language, real_host(pair), pair.path),) if pair else (),
        traits=story.traits,
        shows=story.shows,
    )


def _blocks(story: Story) -> list[tuple[str, str, str]]:
    """Return (kind, text, speaker or title of a fact box) in the order of the page."""
    blocks = [("caption", _words(story.picture), "")] if story.picture else []
    blocks.append(("summary", story.standfirst, ""))
    blocks += [_block(part) for part in story.plain_parts]
    blocks += [("update", change.text, "") for change in story.changes]
    return blocks


def _block(part: Part) -> tuple[str, str, str]:
    match part.kind:
        case "h2" | "h3":
            return "heading", part.plain, ""
        case "note":
            return "heading", part.args[1], ""
        case "quote":
            return "quote", part.plain, part.args[0]
        case "image":
            return "caption", _words(Picture(*part.args[:2])), ""
        case "fact":
            return "factbox", part.plain, part.args[0]
        case "table":
            rows = (row.split("|") for row in part.plain.splitlines())
            return "table", "\n".join("\t".join(c.strip() for c in row) for row in rows), ""
        case kind:
            return kind, part.plain, ""


def _as_read(kind: str, text: str, label: str) -> str:
    if not label:
        return text
    return f"{label}\n{text}" if kind == "factbox" else f"{text}\n{label}"


def _credit(picture: Picture) -> str | None:
    """The credit, from its own field or the brackets at the caption's end, without a label."""
    bracket = re.search(r"\(([^()]+)\)$", picture.caption)
    text = picture.credit or (bracket[1] if bracket else "")
    return re.sub(r"^\w+: ", "", text) or None


def _words(picture: Picture) -> str:
    """What a caption says beside its credit."""
    return re.sub(r"\s*\([^()]+\)$", "", picture.caption) if _credit(picture) else picture.caption
