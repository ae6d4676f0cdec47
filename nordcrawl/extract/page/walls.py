"""Walls: pages that stand where an article should: challenges, consent, login, "not found".

A wall is told by its build and never by a phrase alone: it has little text, and nothing of what
marks an article (JSON-LD of one, a told day of publication). What names it is a header or a script
of its vendor, or its headline. So an article about cookies, robots or error 404 stays an article.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lxml.html import HtmlElement

from nordcrawl.extract.lexicon.tables import one_of, table, words
from nordcrawl.extract.page.head import Head
from nordcrawl.model.article import Article, Rejected, normalize
from nordcrawl.model.challenges import told_by_header
from nordcrawl.model.ledger import SOFT_404
from nordcrawl.model.page import Page

#: Characters of visible text above which a page is no wall, whatever else it has.
MOST_TEXT: Final = 1_500
#: The same where only a script says so that real pages carry, too.
MOST_TEXT_BY_SCRIPT: Final = 600
#: Characters of an article's text that make it one in spite of such a script.
LEAST_TEXT: Final = 200

#: Characters of visible text under which a page that does not say that it is an article is none.
LEAST_PAGE: Final = 80


@dataclass(frozen=True, slots=True)
class _Mark:
    name: str
    pattern: re.Pattern[str]


def _marks(tables: Mapping[str, Sequence[str]]) -> tuple[_Mark, ...]:
    return tuple(
        _Mark(name, re.compile(one_of(*phrases), re.IGNORECASE)) for name, phrases in tables.items()
    )


#: Scripts and forms of those who guard pages.
_SCRIPTS: Final = _marks(table("guard_scripts"))
#: Headlines of challenges, blocks and consent, whole but for punctuation.
_WALLS: Final = _marks(
    {name: words("wall_headlines", name) for name in table("wall_headlines")},
)
#: Those whose words may be all that stands in an article's place, under its own headline.
_NOTES: Final = frozenset(("login", "needs JavaScript", "another region", "ad blocker"))
#: Headlines of "not found", in the languages of the sources.
_NOT_FOUND: Final = re.compile(one_of(*words("not_found_headlines")), re.IGNORECASE)
_FRAME: Final = frozenset(
    {"script", "style", "noscript", "template", "head", "nav", "footer", "header"}
)
_ENDS: Final = " .!?…:-|"


def recognise(text: str, page: Page, about: Head, found: Article | Rejected) -> Rejected | None:
    """Return what the page is instead of an article; None if it is none of these. `text` is its
    `visible_text`."""
    if (wall := told_by_header(page)) is not None:
        return Rejected(f"wall: {wall}", blocked=True)
    if len(text) > MOST_TEXT:
        return None
    if (name := _is_only(found)) is not None:
        return Rejected(f"wall: {name}", blocked=True)
    if _is_article(about, found):
        return None
    headlines = _headlines(about)
    for headline in headlines:
        if _NOT_FOUND.fullmatch(headline):
            return Rejected(f"{SOFT_404}: {headline[:80]}")
    for mark in _WALLS:
        for headline in headlines:
            if mark.pattern.fullmatch(headline):
                return Rejected(f"wall: {mark.name}: {headline[:80]}", blocked=True)
    says_nothing = isinstance(found, Rejected) or len(found.text) < LEAST_TEXT
    if len(text) <= MOST_TEXT_BY_SCRIPT and says_nothing:
        markup = page.body[:200_000].decode("latin-1")
        for mark in _SCRIPTS:
            if mark.pattern.search(markup):
                return Rejected(f"wall: {mark.name}", blocked=True)
    if isinstance(found, Article) and max(len(text), len(found.text)) < LEAST_PAGE:
        return Rejected("next to no text")
    return None


def _is_only(found: Article | Rejected) -> str | None:
    """Return the name of the wall whose words are all the text that was found, if they are."""
    if isinstance(found, Rejected) or len(found.text) >= LEAST_TEXT:
        return None
    lines = [line.strip(_ENDS) for line in found.text.split("\n")]
    return next(
        (m.name for m in _WALLS if m.name in _NOTES and all(map(m.pattern.fullmatch, lines))), None
    )


def _is_article(about: Head, found: Article | Rejected) -> bool:
    """Return whether the page itself says that it is an article."""
    if about.jsonld.node:
        return True
    if isinstance(found, Rejected):
        return False
    told = found.provenance.get("published_at")
    return told is not None and told.origin not in ("htmldate", "url")


def visible_text(root: HtmlElement) -> str:
    """Return what stands on a page outside its frame, as far as it takes to see that it is much."""
    parts: list[str] = []
    length = 0
    waiting: list[HtmlElement | str] = [root]
    while waiting and length <= MOST_TEXT:
        item = waiting.pop()
        if isinstance(item, str):
            if text := " ".join(item.split()):
                parts.append(text)
                length += len(text) + 1
        elif isinstance(item.tag, str) and item.tag not in _FRAME:
            for child in reversed(item):
                waiting += [child.tail or "", child]
            waiting.append(item.text or "")
    return " ".join(parts)


def _headlines(about: Head) -> list[str]:
    found = []
    for text in (about.title, *(heading.text for heading in about.headings[:3])):
        whole = normalize(text)
        # The site's name stands before or behind.
        found += [part.strip(_ENDS) for part in (whole, *re.split(r" [|\-:·] ", whole))]
    return [text for text in dict.fromkeys(found) if 2 < len(text) < 120]
