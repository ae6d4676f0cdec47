"""Addresses: whether a record is about an address, in whatever spelling somebody gave it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.order import mentioned_addresses, own_addresses
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.url import canonicalize, path_of

#: What no spelling of an address changes: RFC 3986 section 2.3, unreserved, but "~".
PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")


def given(text: str, what: str) -> str:
    """Return an address that somebody gave, with or without scheme, in canonical form.

    Raises:
        UsageError: it is none; the text says that it is not `what`.
    """
    try:
        return canonicalize(text if "://" in text else f"https://{text}")
    except ValueError as error:
        raise UsageError(f"{shown(text)} is {what}: {error}") from None


def bare(url: str) -> str:
    """Return a canonical URL without what is no difference: scheme, ``www.``, the last slash.

    >>> bare("https://www.example.org/news/7/") == bare("http://example.org/news/7")
    True
    """
    return url.partition("://")[2].removeprefix("www.").rstrip("/")


def same(wanted: str, address: str) -> bool:
    """Return whether an address as it stands in a line is the `bare` one that is wanted."""
    try:
        return bare(canonicalize(address)) == wanted
    except ValueError:
        return False


def of_article(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses at which an article was found, its own first: not the one that the page
    merely calls canonical."""
    yield from own_addresses(PartKind.ARTICLE, record)
    yield from mentioned_addresses(PartKind.ARTICLE, {**record, "canonical_url": None})


def needle(url: str) -> str:
    """Return a part of an address that every spelling of it has; the longest is in the fewest
    lines."""
    parts = PLAIN.findall(path_of(url)) or PLAIN.findall(bare(url))
    return max(parts, key=len, default="")
