"""Read the text that a page's data tells, and judge whether it says more than the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape, unescape
from typing import Any

from lxml.html import HtmlElement

from nordcrawl.extract.body import rival
from nordcrawl.extract.body.choose import Choice
from nordcrawl.extract.body.signs import PageHints
from nordcrawl.extract.page import app_state
from nordcrawl.extract.page.jsonld import strings
from nordcrawl.extract.page.text import key
from nordcrawl.extract.page.text_runs import TextRun
from nordcrawl.extract.page.text_runs import cut as cut_runs
from nordcrawl.extract.page.tree import MAX_CHARS, parse, text_of

#: What the page's data tells of the text counts where the page shows fewer words than this, and
#: the data has so many, or twice as many as are shown.
_TOLD_BELOW = 80
_TOLD_WORDS = 100
#: A page that waits for its scripts shows fewer words.
_SHELL_WORDS = 25
#: Most of the posts must stand nowhere on the page.
_MOST = 0.6
#: Letters of a line that are looked for in what is told; data ends a line otherwise.
_BEGIN = 60
_PARAGRAPH_WORDS = 12
#: What the data tells behind the end of what is shown has so many words at least.
_REST_WORDS = 30
#: Posts of a live page that are read.
_POSTS = 500
_TAGS = re.compile(r"</?(?:p|br|div|h[1-6])\b", re.IGNORECASE)


def or_told(
    choice: Choice | None, node: dict[str, Any], root: HtmlElement, *, is_locked: bool
) -> Choice | None:
    """Return the choice, or the one that the page's data has where that says more.

    `node` is the JSON-LD object of the article: its ``articleBody``, plain or with tags in it, and
    the posts of its ``liveBlogUpdate``; `root` is the page. The body is no rival of the page's own
    text where that is there: of 274 news pages 38 have one, and most of those cut it short or run
    its paragraphs together. So it counts where the page shows next to nothing, and where the page
    is locked (`is_locked`) it goes on from where the shown text ends. Posts count that stand
    nowhere on the page.
    Source: schema.org, NewsArticle, LiveBlogPosting.
    """
    shown = choice.runs if choice else ()
    words = sum(run.words for run in shown)
    body = "\n".join(_texts(node.get("articleBody")))
    more = body.count(" ") >= _TOLD_WORDS
    if more and words < _TOLD_BELOW and body.count(" ") >= 2 * words:
        found = _runs(_markup(body))
        return Choice(found, choice.pictures if choice else (), frozenset()) if found else choice
    if choice is not None and more and is_locked and body.count(" ") > words:
        return _continued(choice, _runs(_markup(body)))
    updates = node.get("liveBlogUpdate")
    if not updates:
        return choice
    posts = _runs("".join(_posts(updates)))
    page = key(text_of(root.find("body")))
    new = tuple(run for run in posts if run.key[:_BEGIN] not in page)
    told = sum(run.words for run in new)
    if told < max(_TOLD_WORDS, words) or told < _MOST * sum(run.words for run in posts):
        return choice
    return Choice(new, (), frozenset()) if choice is None else replace(choice, runs=(*shown, *new))


def or_scripted(choice: Choice | None, root: HtmlElement, clues: PageHints) -> Choice | None:
    """Return the choice, or where a page shows nothing but a notice, the text that its scripts put
    there: one that stands with the page's headline, and speaks of what that speaks of."""
    words = sum(run.words for run in choice.runs) if choice else 0
    if words >= _SHELL_WORDS:
        return choice
    best = 0, 0
    found: tuple[TextRun, ...] = ()
    for markup, beside in app_state.texts(root):
        if clues.titles.isdisjoint(map(key, beside)):
            continue
        runs = _runs(markup)
        length = sum(run.words for run in runs)
        rank = rival.told_of(runs, clues), length
        is_text = length >= max(_TOLD_WORDS, 2 * words) and rival.is_told_of(rank[0], clues)
        if is_text and rank > best:
            best, found = rank, runs
    return Choice(found, choice.pictures if choice else (), frozenset()) if found else choice


def _continued(choice: Choice, told: tuple[TextRun, ...]) -> Choice:
    """Return a choice with what the data tells behind the last of its paragraphs that both have.

    What is shown behind that is an offer to subscribe, most often, and goes.
    """
    ends = [run.key[-_BEGIN:] for run in told]
    for place in range(len(choice.runs) - 1, -1, -1):
        run = choice.runs[place]
        if run.words < _PARAGRAPH_WORDS:
            continue
        at = next((i for i, end in enumerate(ends) if run.key.endswith(end)), None)
        if at is not None:
            rest = told[at + 1 :]
        else:
            end = run.text[-_BEGIN:]
            within = next((i for i, other in enumerate(told) if end in other.text), None)
            if within is None:
                continue
            left = told[within].text.partition(end)[2].strip()
            rest = (*_runs(f"<p>{escape(left)}</p>" if left else ""), *told[within + 1 :])
        if sum(other.words for other in rest) < _REST_WORDS:
            return choice
        behind = choice.runs[place + 1 :]
        gone = tuple((other, "locked") for other in behind)
        return replace(
            choice, runs=(*choice.runs[: place + 1], *rest), dropped=(*choice.dropped, *gone)
        )
    return choice


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
