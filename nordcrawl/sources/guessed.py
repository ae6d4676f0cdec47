"""Guessed: a source for a site that has no table yet, and the shape of its addresses. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from nordcrawl.errors import UsageError
from nordcrawl.sources.source import Source
from nordcrawl.sources.wording import in_words

#: What a host is written in of which nobody told. Source: RFC 5646 section 4.1.
ANY_LANGUAGE: Final = "und"
#: A shape that fewer of the addresses have than this share is left out.
_LEAST_SHARE: Final = 0.05
_MOST_SHAPES: Final = 6
_KINDS: Final = (
    (re.compile(r"(?:19|20)\d\d"), r"\d{4}"),
    (re.compile(r"\d{1,2}"), r"\d{1,2}"),
    (re.compile(r"\d{3,}"), r"(?P<id>\d+)"),
    (re.compile(r"[^/]+[-_.](?:\d{4,})(?:\.\w+)?"), r"[^/?#]+[-_.](?P<id>\d{4,})(?:\.\w+)?"),
    (re.compile(r"[^/]*-[^/]*-[^/]*"), r"[^/?#]*-[^/?#]+"),
)
_ANY: Final = r"[^/?#]+"


def source_for(name: str, hosts: Iterable[str], told: Mapping[str, Any] | None = None) -> Source:
    """Return a source that is made of a name, its hosts and what else is told.

    Raises:
        UsageError: a value can't be that of a source.
    """
    name = re.sub(r"[^a-z0-9_-]", "-", name.lower()).strip("-")[:40] or "site"
    values = {
        "name": name,
        "title": name,
        "hosts": dict.fromkeys(hosts, ANY_LANGUAGE),
        **{key: value for key, value in (told or {}).items() if value is not None},
    }
    try:
        return Source.model_validate(values)
    except ValidationError as error:
        raise UsageError(in_words(error, name, Source.table_keys())) from error


def shapes(urls: Iterable[str]) -> list[str]:
    """Return regular expressions of paths, as ``article_urls`` takes them, that addresses of
    articles have; none where what they have in common would be true of any address.

    >>> shapes(f"https://a.example/news/2026/11/{n}-a-quay-in-town" for n in range(9))
    ['^/news/\\\\d{4}/\\\\d{1,2}/[^/?#]*-[^/?#]+/?$']
    >>> shapes(f"https://a.example/{n}" for n in ("about", "contact"))
    []
    """
    paths = sorted({urlsplit(url).path for url in urls} - {"", "/"})
    groups: dict[tuple[str, ...], list[list[str]]] = {}
    for path in paths:
        parts = path.strip("/").split("/")
        groups.setdefault(tuple(map(_kind, parts)), []).append(parts)
    counts = Counter({kinds: len(found) for kinds, found in groups.items()})
    learnt: list[str] = []
    for kinds, count in counts.most_common(_MOST_SHAPES):
        if count < max(2, _LEAST_SHARE * len(paths)):
            continue
        columns = zip(*groups[kinds], strict=True)
        told = [_literal(kind, column) for kind, column in zip(kinds, columns, strict=True)]
        if set(told) == {_ANY} or told == [r"[^/?#]*-[^/?#]+"]:
            continue  # of pages that are no article, too
        learnt.append(_once("^/" + "/".join(told) + "/?$"))
    return learnt


def spread(urls: Iterable[str]) -> list[str]:
    """Return addresses so that the first ones differ in shape: one of each shape, a second one of
    each, and so on.

    >>> spread(["https://a.example/n/100", "https://a.example/n/101", "https://a.example/tag/a"])
    ['https://a.example/n/100', 'https://a.example/tag/a', 'https://a.example/n/101']
    """
    places: Counter[tuple[str, ...]] = Counter()
    ranked: list[tuple[int, str]] = []
    for url in urls:
        kinds = tuple(map(_kind, urlsplit(url).path.strip("/").split("/")))
        ranked.append((places[kinds], url))
        places[kinds] += 1
    return [url for _, url in sorted(ranked, key=lambda one: one[0])]


def _kind(part: str) -> str:
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(part)), _ANY)


def _literal(kind: str, column: Sequence[str]) -> str:
    """Return the kind, or the word itself where all have the same one."""
    if kind == _ANY and len(set(column)) == 1 and len(column) > 2:
        return re.escape(column[0])
    return kind


def _once(pattern: str) -> str:
    """Return a pattern in which only the last id has the name: no expression takes two."""
    head, name, tail = pattern.rpartition("(?P<id>")
    return head.replace("(?P<id>", "(?:") + name + tail
