"""Read the texts that a page's scripts keep as data, for pages that show none before they have run.

Applications that render in the browser put into the page what they render: as JSON in a script of
its own, as an object that a script assigns, as the rows of a component tree. Does not know which
of the texts is the article.

Source: Next.js (``__NEXT_DATA__``, ``self.__next_f``: React's flight rows), Nuxt
(``__NUXT_DATA__``), Redux, Apollo and others (``window.__STATE__ = {...}``), as seen on pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

from lxml.html import HtmlElement

from nordcrawl.extract.page.text import LINE_ENDS, clean

#: Larger scripts hold more than one page.
_MAX_CHARS = 4_000_000
#: Values that are looked at in all scripts together.
_MAX_VALUES = 200_000
#: A headline has so many characters at most, and stands so many levels above its text at most.
_SHORT_CHARS, _LEVELS = 300, 5
#: A string of so many words is a sentence; one of so many more may be a whole text.
_SENTENCE_WORDS, _TEXT_WORDS = 8, 100
#: Most of the strings of a text end as sentences do, or they are pieces of its paragraphs.
_MOST = 0.6
_ASSIGNED = re.compile(
    r"(?:window|self|globalThis)(?:\.[\w$]+|\[[\"'][\w$.-]+[\"']\])\s*=\s*(?=[{\[])"
)
_PARSED = re.compile(r"JSON\.parse\(\s*(?=\")")
_FLIGHT = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")
#: A row of flight data: its number, and JSON, or a length in bytes and a text.
_ROW = re.compile(r"^[0-9a-f]+:(?:T[0-9a-f]+,)?", re.MULTILINE)
_TAGS = re.compile(r"</?(?:p|br|div|h[1-6])\b", re.IGNORECASE)
#: Elements of a component tree that are lines of a text.
_LINES = frozenset(("p", "h1", "h2", "h3", "h4", "li", "blockquote"))
_DECODER = json.JSONDecoder(strict=False)

Path = tuple[str | int, ...]


def texts(root: HtmlElement) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what may be a text in a page's scripts, as markup, and the short strings beside it, in
    the objects around it: its headline is one of them.

    A text is a string that is long enough, or the strings in one place of many like objects, a
    paragraph each.
    """
    count = 0
    for data in _data(root):
        groups: dict[tuple[str, ...], list[tuple[Path, str]]] = {}
        beside: dict[Path, set[str]] = {}
        for path, string in _strings(data):
            value = unescape(string) if "&lt;" in string else string
            count += 1
            if count > _MAX_VALUES:
                return
            if len(value) <= _SHORT_CHARS:
                beside.setdefault(path[:-1], set()).add(value)
            kind = tuple("*" if isinstance(part, int) else part for part in path)
            groups.setdefault(kind, []).append((path, value))
        for group in groups.values():
            for path, value in group:
                if _words(value) >= _TEXT_WORDS and (_TAGS.search(value) or "\n" in value):
                    yield _markup(value), _around(path, beside)
            if (markup := _joined(group)) is not None:
                yield markup, _around(_common([path for path, _ in group]), beside)


def _around(path: Path, beside: dict[Path, set[str]]) -> frozenset[str]:
    """Return the short strings of the objects around a place, the nearest few."""
    levels = range(len(path), max(-1, len(path) - _LEVELS), -1)
    return frozenset().union(*(beside.get(path[:level], ()) for level in levels))


def _common(paths: list[Path]) -> Path:
    """Return what paths have in common."""
    first, last = min(paths, key=str), max(paths, key=str)
    length = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return first[:length] if first != last else first


def _data(root: HtmlElement) -> Iterator[Any]:
    """Yield the values that the scripts of a page hold as data."""
    rows: list[str] = []
    for script in root.iter("script"):
        text = script.text or ""
        kind = (script.get("type") or "").lower()
        if not text or len(text) > _MAX_CHARS or "ld+json" in kind:
            continue
        if kind.endswith("json"):
            yield from _decoded(text, 0)
        elif _FLIGHT.search(text):
            for pushed in _all(_FLIGHT, text):
                if isinstance(pushed, list):
                    rows += [part for part in pushed[1:] if isinstance(part, str)]
        else:
            yield from _all(_ASSIGNED, text)
            for said in _all(_PARSED, text):
                yield from _decoded(said, 0) if isinstance(said, str) else ()
    stream = "".join(rows)
    for row in _ROW.split(stream):
        if row[:1] in ("[", "{"):
            yield from _decoded(row, 0)
        elif row:
            yield [row]


def _all(before: re.Pattern[str], text: str) -> Iterator[Any]:
    for found in before.finditer(text):
        yield from _decoded(text, found.end())


def _decoded(text: str, start: int) -> Iterator[Any]:
    """Yield the JSON value that begins at a place of a text, if one does."""
    try:
        yield _DECODER.raw_decode(text.lstrip() if start == 0 else text, start)[0]
    except (ValueError, RecursionError):
        return


def _strings(data: Any) -> Iterator[tuple[Path, str]]:
    """Yield the strings of a value with the keys and numbers that lead to each, in their order."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            if (line := _line_of(value)) is not None:
                yield ("$",), line
            else:
                waiting += [((*path, n), item) for n, item in reversed(list(enumerate(value)))]


def _line_of(value: list[Any]) -> str | None:
    """Return the text of a component tree's element that is a line of text, None for another one.

    Source: React, the wire form of an element: ["$", type, key, props].
    """
    if len(value) < 4 or value[0] != "$" or value[1] not in _LINES:
        return None
    props = value[3]
    return _words_in(props.get("children") if isinstance(props, dict) else None)


def _words_in(children: Any) -> str:
    """Return the words of an element's children, those of elements in it among them."""
    if isinstance(children, str):
        return "" if children.startswith("$") else children
    if not isinstance(children, list):
        return ""
    if len(children) == 4 and children[0] == "$":
        props = children[3]
        return _words_in(props.get("children")) if isinstance(props, dict) else ""
    return "".join(map(_words_in, children))


def _joined(group: list[tuple[Path, str]]) -> str | None:
    """Return the strings of one place as paragraphs, None where they are no text.

    They may be pieces of paragraphs, parted by what is bold or linked in them: then those in one
    list are one paragraph, and more of them end as sentences do.
    """
    lines = [text for _, value in group if (text := clean(value))]
    if sum(map(_words, lines)) < _TEXT_WORDS:
        return None
    parts: dict[Path, str] = {}
    for path, value in group:
        last = max((at for at, part in enumerate(path) if isinstance(part, int)), default=0)
        parts[path[:last]] = parts.get(path[:last], "") + value
    whole = [text for value in parts.values() if (text := clean(value))]
    if len(whole) > 1 and _said(whole) > _said(lines):
        lines = whole
    if _said(lines) < _MOST:
        return None
    ends = [at for at, line in enumerate(lines) if _is_sentence(line)]
    return "".join(f"<p>{escape(line)}</p>" for line in lines[ends[0] : ends[-1] + 1])


def _said(lines: list[str]) -> float:
    """Return the share of words that stand in sentences, 0 to 1."""
    return sum(_words(line) for line in lines if _is_sentence(line)) / sum(map(_words, lines))


def _is_sentence(line: str) -> bool:
    return _words(line) >= _SENTENCE_WORDS and line[-1:] in LINE_ENDS


def _words(text: str) -> int:
    return text.count(" ") + 1


def _markup(text: str) -> str:
    if _TAGS.search(text):
        return text
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
