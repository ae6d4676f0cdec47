"""Content-Signal and Content-Usage: what a robots.txt, or a header, says of uses.

Knows nothing of Allow and Disallow, which are the crawler's robots middleware's.
Source: contentsignals.org (Content-Signal: search, ai-input, ai-train = yes, no);
draft-ietf-aipref-attach section 3 (Content-Usage, with a path before the words, longest match,
equal paths add up) and draft-ietf-aipref-vocab (train-ai, search = y, n), both work in progress;
RFC 9309 section 2.2.1 (groups: ours by product token, else ``*``, several of a name are one).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nordcrawl.rights.directives import AGENT
from nordcrawl.rights.patterns import matches, normal
from nordcrawl.rights.signals import Place, Statement

#: Source: RFC 9309 section 2.5.
MAX_BYTES = 500 << 10
_MAX_LINES = 1000
_LINE = re.compile(
    r"\s*(user-agent|content-signal|content-usage|allow|disallow)\s*:\s*([^#]*)", re.I
)
_WORD = re.compile(r"([a-z][a-z0-9-]{0,29})\s*=\s*(yes|no|y|n)(?:\s*;.*)?", re.IGNORECASE)
_PRODUCT = re.compile(r"[A-Za-z_-]+|\*")


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One line, as it stands, and whom it is for."""

    agents: tuple[str, ...]
    """Product tokens of its group, lower-case; empty: before any group, so for all."""
    field: str
    """``content-signal`` or ``content-usage``."""
    path: str
    """A pattern; empty where the line names none, which is every path."""
    text: str
    """What follows the path, as it stands."""

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The readable words: (name, value) in lower case."""
        return words(self.text)


def parse(body: bytes) -> tuple[UsageLine, ...]:
    """Return the lines of a robots.txt that tell of uses, in its order."""
    found: list[UsageLine] = []
    agents: list[str] = []
    in_header = False
    for line in _decoded(body).splitlines():
        if (match := _LINE.match(line)) is None:
            continue
        field, value = match[1].lower(), match[2].strip()
        if field == "user-agent":
            if not in_header:
                agents = []
            in_header = True
            agents += [a.lower() for a in _PRODUCT.findall(value)[:1]]
            continue
        in_header = False
        if field.startswith("content-") and len(found) < _MAX_LINES:
            path, text = _split(value)
            found.append(UsageLine(tuple(agents), field, path, text[:500]))
    return tuple(found)


def _decoded(body: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body[:MAX_BYTES].decode(encoding, "replace")
    return body[:MAX_BYTES].decode("utf-8-sig", "replace")


def _split(value: str) -> tuple[str, str]:
    if not value.startswith("/"):
        return "", value
    path, _, text = value.partition(" ") if " " in value else value.partition("\t")
    return path[:2000], text.strip()


def words(text: str) -> tuple[tuple[str, str], ...]:
    """Return the (name, value) pairs of a line's or header's text; others are passed over.

    >>> words("Search=yes, ai-train = no, colour=blue")
    (('search', 'yes'), ('ai-train', 'no'))
    """
    found = (_WORD.fullmatch(part.strip()) for part in text.split(",")[:50])
    return tuple((m[1].lower(), m[2].lower()) for m in found if m)


def for_us(lines: Iterable[UsageLine], path: str) -> list[UsageLine]:
    """Return the lines that hold for us on a path (in the form of `patterns.path_of_url`).

    Of each field the longest matching path's; lines of one path are all returned.
    """
    kept = list(lines)
    named = any(AGENT in line.agents for line in kept)
    # A group of ours without such a line is no group here: `parse` keeps no empty ones. That errs
    # towards obeying what is said to everybody.
    wanted = AGENT if named else "*"
    matching = [
        line
        for line in kept
        if (not line.agents or wanted in line.agents) and matches(line.path or "/", path)
    ]
    longest = {
        field: max((len(normal(line.path)) for line in matching if line.field == field), default=0)
        for field in ("content-signal", "content-usage")
    }
    return [line for line in matching if len(normal(line.path)) == longest[line.field]]


def statements(text: str, place: Place) -> list[Statement]:
    """Return the words of a text as statements."""
    return [Statement(name, value, place) for name, value in words(text)]
