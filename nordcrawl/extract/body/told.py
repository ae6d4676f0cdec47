"""Read the text that a page's data tells, and judge whether it says more than the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape, unescape
from typing import Any

from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.text_runs import cut as cut_runs
from nordcrawl.extract.page.tree import MAX_CHARS, parse

#: What the page's data tells of the text counts where the page shows fewer words than this, and
#: the data has so many, or twice as many as are shown.
_TOLD_BELOW = 80
_TOLD_WORDS = 100
#: On a page that is locked the data has to say so much more than what is shown.
_MORE = 1.3
#: So much of what is shown must stand in what is told, else the one is not the whole of the other.
_SAME = 0.6
#: Letters of a shown line that are looked for in what is told; data ends a line otherwise.
_BEGIN = 60
#: Posts of a live page that are read.
_POSTS = 500
_TAGS = re.compile(r"</?(?:p|br|div|h[1-6])\b", re.IGNORECASE)


def or_told(choice: Choice | None, node: dict[str, Any], *, is_locked: bool) -> Choice | None:
    """Return the choice, or the one that the page's data has where that says more.

    `node` is the JSON-LD object of the article: its ``articleBody``, plain or with tags in it, and
    the posts of its ``liveBlogUpdate``. The body is no rival of the page's own text where that is
    there: of 274 news pages 38 have one, and most of those cut it short or run its paragraphs
    together. So it counts where the page shows next to nothing, or is locked (`is_locked`) and
    shows the beginning of the same text.
    Source: schema.org, NewsArticle, LiveBlogPosting.
    """
    shown = choice.runs if choice else ()
    words = sum(run.words for run in shown)
    body = "\n".join(_texts(node.get("articleBody")))
    if _says_more(shown, words, body, is_locked=is_locked):
        found = _runs(_markup(body))
        return Choice(found, choice.pictures if choice else (), frozenset()) if found else choice
    posts = _runs("".join(_posts(node.get("liveBlogUpdate"))))
    known = "".join(run.key for run in shown)
    new = tuple(run for run in posts if run.key not in known)
    told = sum(run.words for run in new)
    if told < max(_TOLD_WORDS, words) or told < _SAME * sum(run.words for run in posts):
        return choice
    return Choice(new, (), frozenset()) if choice is None else replace(choice, runs=(*shown, *new))


def _says_more(shown: tuple[TextRun, ...], words: int, body: str, *, is_locked: bool) -> bool:
    told = body.count(" ")
    if told < _TOLD_WORDS:
        return False
    if words < _TOLD_BELOW:
        return told >= 2 * words
    if not is_locked or told < _MORE * words:
        return False
    folded = key(body)
    same = sum(run.words for run in shown if run.key[:_BEGIN] in folded)
    return same >= _SAME * words


def _posts(value: object) -> Iterator[str]:
    """Yield the posts of a live page as markup, in their order."""
    posts = value if isinstance(value, list) else [value]
    for post in posts[:_POSTS]:
        if isinstance(post, dict):
            for headline in strings(post.get("headline")):
                yield f"<h2>{escape(headline)}</h2>"
            for body in _texts(post.get("articleBody")):
                yield _markup(body)


def _texts(value: object) -> Iterator[str]:
    """Yield the strings of a value as they stand, line breaks and tags in them."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item


def says_locked(node: dict[str, Any]) -> bool:
    """Return whether an article's data says of it or of a part of it that it is not free.

    Source: schema.org, isAccessibleForFree and hasPart, as search engines ask for them.
    """
    parts = node.get("hasPart")
    held = [
        node,
        *(
            part
            for part in (parts if isinstance(parts, list) else [parts])
            if isinstance(part, dict)
        ),
    ]
    told = [part.get("isAccessibleForFree") for part in held]
    return any(value is False or str(value).casefold().endswith("false") for value in told)


def _markup(text: str) -> str:
    """Return a text that is plain or has tags as the latter."""
    text = unescape(text[:MAX_CHARS])
    if _TAGS.search(text) is not None:
        return text
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())


def _runs(markup: str) -> tuple[TextRun, ...]:
    root = parse(f"<body>{markup}</body>") if markup else None
    return cut_runs([root]).runs if root is not None else ()
