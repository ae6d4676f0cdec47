"""Take strings, names and times out of values of JSON-LD, in the shapes that pages have them in.

Does not know which node of a page is its article.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from typing import Any

from nordcrawl.extract.page.text import unmarked

_ITEMS = 200
_DEPTH = 8
#: Where a node of a role or a list has what it is about.
#: Source: schema.org, Role; JSON-LD 1.1, sections 4.3 (@list, @set) and 9.4 (@graph).
_WITHIN = ("@list", "@set", "@graph", "author", "creator", "itemListElement", "item")


def types_of(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield a node's types without their vocabulary's address."""
    value = node.get("@type")
    for name in value if isinstance(value, list) else [value]:
        if isinstance(name, str):
            yield name.rsplit("/", 1)[-1].rsplit("#", 1)[-1].removeprefix("schema:")


def strings(value: Any, *names: str) -> Iterator[str]:
    """Yield the strings of a value: itself, its items, and of objects the named fields.

    >>> list(strings([{"name": "Kari"}, "Ola &amp; Per"], "name"))
    ['Kari', 'Ola & Per']
    """
    if isinstance(value, str):
        if text := unmarked(html.unescape(value)):
            yield text
    elif isinstance(value, list):
        for item in value[:_ITEMS]:
            if isinstance(item, list):  # seen: the persons, and in a list of their own the desk
                item = [inner for inner in item if not isinstance(inner, list)]
            yield from strings(item, *names)
    elif isinstance(value, dict):
        for name in (*names, "@value"):
            if found := next(strings(value.get(name)), None):
                yield found
                return


def times(value: Any) -> Iterator[str]:
    """Yield what may be dates: strings, and numbers, which count from 1970 or are digits of a day.

    >>> list(times([1717395300000, {"@value": "2024-06-03"}, 1717395300.0]))
    ['1717395300000', '2024-06-03', '1717395300']
    """
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        yield str(value)
    elif isinstance(value, float):
        if (value.is_integer() and abs(value) < 1e18) or abs(value) < 1e11:
            yield str(int(value))
    elif isinstance(value, list):
        for item in value[:_ITEMS]:
            yield from times(item)
    elif isinstance(value, dict):
        yield from times(value.get("@value"))
    else:
        yield from strings(value)


def people(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the names of authors, in whichever shape: a string, an object with one name or a list
    of them, with given and family name, a role or list around them.

    >>> list(people([{"name": ["Kari Vik", "Ola Vik"]}, {"givenName": "Per", "familyName": "Dal"}]))
    ['Kari Vik', 'Ola Vik', 'Per Dal']
    """
    if depth > _DEPTH:
        return
    if isinstance(value, str):
        yield from strings(value)
    elif isinstance(value, list):
        for item in value[:_ITEMS]:
            if isinstance(item, list):  # seen: the persons, and in a list of their own the desk
                item = [inner for inner in item if not isinstance(inner, list)]
            yield from people(item, depth + 1)
    elif isinstance(value, dict):
        if names := list(strings(value.get("name"))):
            yield from names
            return
        parts = (
            next(strings(value.get(n)), "") for n in ("givenName", "additionalName", "familyName")
        )
        if whole := " ".join(part for part in parts if part):
            yield whole
            return
        if other := next(strings(value.get("alternateName")), None) or value.get("@value"):
            yield from people(other, depth + 1)
            return
        for name in _WITHIN:
            if name in value:
                yield from people(value[name], depth + 1)
                return
