"""What an element's tag, class and id say of the text in it, as a set of short marks.

The words are those of `class_names.toml` in the lexicon; names are split at hyphens, underscores
and capital letters. Does not decide what is kept: a class may sit on a wrapper of the whole page.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from nordcrawl.extract.lexicon.tables import table, words

_TAGS: dict[str, str] = {
    "nav": "nav", "menu": "nav", "header": "header", "footer": "footer", "form": "form",
    "aside": "aside", "figure": "figure", "figcaption": "caption", "blockquote": "quote",
    "table": "table", "ul": "list", "ol": "list", "dl": "list", "address": "byline",
    "time": "time", "button": "button", "fieldset": "form", "cite": "cite",
    "h1": "heading", "h2": "heading", "h3": "heading", "h4": "heading", "h5": "heading",
    "h6": "heading", "summary": "toggle", "main": "main", "article": "article",
}  # fmt: skip

_OF_WORD: dict[str, frozenset[str]] = {}
for _mark in table("class_names"):
    for _word in words("class_names", _mark):
        _OF_WORD[_word] = _OF_WORD.get(_word, frozenset()) | {_mark}

_STATES = frozenset(
    ["has", "have", "with", "without", "no", "is", "not", "show", "hide", "hidden", "supports"]
)
_SPLIT = re.compile(r"[^a-zæøåäöüéA-ZÆØÅÄÖÜÉ]+|(?<=[a-zæøåäö])(?=[A-ZÆØÅÄÖ])")
NONE: frozenset[str] = frozenset()
#: An element with more names than this has them made by a tool.
_NAMES = 40


def names_of(mark: str) -> frozenset[str]:
    """Return the words that make a mark."""
    return frozenset(words("class_names", mark))


def words_of(names: str) -> frozenset[str]:
    """Return the words in a class or id attribute, in lower case.

    >>> {"box", "factbox"} <= words_of("article__factBox main-col")
    True
    """
    return frozenset().union(*map(_words_of_name, names.split()[:_NAMES]))


@lru_cache(maxsize=65536)
def _words_of_name(name: str) -> frozenset[str]:
    parts = [part.lower() for part in _SPLIT.split(name[:80]) if part]
    if parts and parts[0] in _STATES:
        return NONE  # "hasCaption" tells of something elsewhere
    # Compounds: fact-box, factBox and factbox are one.
    return frozenset(parts).union(a + b for a, b in pairwise(parts))


@lru_cache(maxsize=65536)
def _marks_of_name(name: str) -> frozenset[str]:
    return NONE.union(*(_OF_WORD[word] for word in _words_of_name(name) if word in _OF_WORD))


#: Words beside those of the table that the id of a box may have and still name it as a whole.
_BOX_WORDS = frozenset(
    (
        "area",
        "articles",
        "block",
        "box",
        "container",
        "content",
        "form",
        "inner",
        "links",
        "list",
        "module",
        "outer",
        "posts",
        "section",
        "stories",
        "thread",
        "widget",
        "wrap",
        "wrapper",
    )
)
_BOXES = frozenset(("div", "section", "aside", "ul", "ol", "nav", "footer", "form"))


@lru_cache(maxsize=65536)
def marks_of_id(tag: str, identity: str) -> frozenset[str]:
    """Return the marks of a box that its id names, none of any other element.

    An id is a name for one place, most often made of the words of a heading. It says what a box is
    only where it says nothing else: ``comments``, ``related-articles``.

    >>> sorted(marks_of_id("div", "comments")), sorted(marks_of_id("section", "comments-of-many"))
    (['comments'], [])
    """
    if tag not in _BOXES or len(identity) > 80:
        return NONE
    parts = [part.lower() for part in _SPLIT.split(identity) if part]
    if not all(part in _OF_WORD or part in _BOX_WORDS or part.isdigit() for part in parts):
        joined = "".join(parts)
        return _OF_WORD.get(joined, NONE)
    return NONE.union(*(_OF_WORD[part] for part in parts if part in _OF_WORD))


@lru_cache(maxsize=8192)
def marks_of(tag: str, names: str, itemprop: str | None) -> frozenset[str]:
    """Return the marks of one element, without those of what stands around it; an element of the
    page's own making is named by its tag, too."""
    found = NONE.union(*map(_marks_of_name, names.split()[:_NAMES])) if names else NONE
    if "-" in tag:
        found |= _marks_of_name(tag)
    if mark := _TAGS.get(tag):
        found |= {mark}
    if itemprop == "caption":
        found |= {"caption"}
    elif itemprop == "author" and tag == "figcaption":
        found |= {"credit"}
    return found
