"""Robots directives: what robots meta elements and X-Robots-Tag headers say to whom.

Knows no page and no policy.
Source: Google Search Central, "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications":
names and values in any case, lists by commas, a header may be repeated and may begin with the name
of a robot; rules without a name hold for all, and rules of both kinds add up.
"""

from __future__ import annotations

import re

from nordcrawl.rights.signals import DIRECTIVES, VALUED, Place, Statement

#: Our product token, as in robots.txt. Source: RFC 9309 section 2.2.1.
AGENT = "nordcrawl"
#: Names of meta elements that speak to one robot: recorded, and obeyed only if it is ours.
#: Source: the robots' own documentation (Google, Microsoft, Yandex, Apple, DuckDuckGo, Baidu,
#: Common Crawl, OpenAI, Internet Archive).
OTHER_AGENTS = (
    "googlebot", "googlebot-news", "google-extended", "bingbot", "msnbot", "yandex", "applebot",
    "duckduckbot", "baiduspider", "ccbot", "gptbot", "archive.org_bot", "ia_archiver",
)  # fmt: skip

_EVERYBODY = frozenset({"", "*", "robots", "all"})
_PREFIX = re.compile(r"\s*([^\s:,=][^:,=]{0,60}?)\s*:\s*(.*)", re.DOTALL)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*", re.IGNORECASE)
_MOST = 200


def for_us(text: str, place: Place, agent: str = "") -> list[Statement]:
    """Return the known directives that one header or content attribute has for us.

    `agent` is whom the meta element names. A name before a directive holds up to the next name or
    the end of this one header.

    >>> [s.name for s in for_us("otherbot: noindex, noarchive", Place.HEADER)]
    []
    >>> [s.name for s in for_us("NoArchive, unavailable_after: 25 Jun 2027 15:00 GMT", Place.META)]
    ['noarchive', 'unavailable_after']
    """
    found = []
    for whom, name, value in _directives(text, agent):
        if whom in _EVERYBODY or whom == AGENT:
            found.append(Statement(name, value, place))
    return found


def _directives(text: str, agent: str) -> list[tuple[str, str, str]]:
    """Return (agent, directive, value) triples, lower-case, of known directives."""
    whom = agent.strip().lower()
    found: list[tuple[str, str, str]] = []
    pieces = text.split(",")[:_MOST]
    position = 0
    while position < len(pieces):
        piece = pieces[position].strip()
        position += 1
        # At most a name and then a directive with its value: two colons that mean something.
        for _ in range(2):
            match = _PREFIX.match(piece)
            if match is None or match[1].lower() in VALUED:
                break
            whom, piece = match[1].lower(), match[2]
        name, _, value = (part.strip() for part in piece.partition(":"))
        name = name.lower()
        if name == "unavailable_after" and _WEEKDAY.fullmatch(value) and position < len(pieces):
            value += f", {pieces[position].strip()}"  # RFC 9110's dates have a comma of their own
            position += 1
        if name in DIRECTIVES:
            found.append((whom, name, value if name in VALUED else ""))
    return found
