"""Put what a source's own selectors find before everything else.

Knows the names of the fields that a source may have selectors for. Does not select the body.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml.html import HtmlElement

from nordcrawl.extract.fields.authors import tidy
from nordcrawl.extract.fields.context import Given
from nordcrawl.extract.page import dates
from nordcrawl.extract.page.text import clean_line
from nordcrawl.extract.page.tree import select, select_one, text_of
from nordcrawl.model.profile import Profile

#: Fields of `Profile.select` that are read here, and ``body``, which the families read.
FIELDS = frozenset(
    [
        "title",
        "subtitle",
        "kicker",
        "section",
        "authors",
        "tags",
        "published_at",
        "modified_at",
        "body",
    ]
)
_TIMES = {"published_at": "published", "modified_at": "modified"}


def apply(root: HtmlElement, profile: Profile, given: Given) -> Given:
    """Return what was found, with the fields replaced that the source's selectors match."""
    if not profile.select:
        return given
    changed: dict[str, Any] = {}
    for name in ("title", "subtitle", "kicker", "section"):
        if text := _text(select_one(root, profile.selectors(name))):
            changed[name] = text
    if names := tidy(_text(e) for e in select(root, profile.selectors("authors"))):
        changed["authors"] = names
    if tags := [text for e in select(root, profile.selectors("tags")) if (text := _text(e))]:
        changed["tags"] = tuple(dict.fromkeys(tags))
    for name, field in _TIMES.items():
        element = select_one(root, profile.selectors(name))
        value = _text(element) if element is None else element.get("datetime") or _text(element)
        if moment := dates.parse(value, dates.zone_of(profile.timezone)):
            changed[field] = moment
    return replace(given, selected=frozenset(changed), **changed) if changed else given


def _text(element: HtmlElement | None) -> str:
    """Return an element's text, or the content of a meta element."""
    if element is None:
        return ""
    return clean_line(element.get("content") or text_of(element))
