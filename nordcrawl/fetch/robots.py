"""Robots: the part of a robots.txt that is read, and which of its groups are ours. Pure.

Source: RFC 9309 sections 2.2.1 (the user-agent line), 2.3 (UTF-8), 2.5 (limits).
"""

from __future__ import annotations

import re

from nordcrawl.model.printable import redacted

#: Source: RFC 9309 section 2.5: at least 500 kibibytes are to be read.
MAX_BYTES = 500 << 10

#: A user-agent line in the spellings that the parser takes, and what it names.
_AGENT = re.compile(r"^([^\S\r\n]*user[- ]?agent[^\S\r\n]*[:\s])([^\r\n#]*)", re.IGNORECASE | re.M)
#: Source: RFC 9309 section 2.2.1: a product token has letters, ``_`` and ``-`` only; what follows,
#: such as a version, is none of it.
_TOKEN = re.compile(r"[a-zA-Z_-]+")
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


_SITEMAP = re.compile(r"^[^\S\r\n]*site-?maps?[^\r\n]*", re.IGNORECASE | re.M)


def kept(body: bytes) -> bytes:
    """Return a robots.txt as it may lie on a disk: UTF-8, no password in a Sitemap line."""
    return _SITEMAP.sub(lambda line: redacted(line[0]), _text(body)).encode("utf-8", "replace")


def rules(body: bytes, agent: str) -> bytes:
    """Return the whole lines in the first `MAX_BYTES` of a robots.txt as UTF-8, with the groups of
    `agent`, a product token, under just that name.

    >>> rules(b"User-agent: NordCrawl/2.0 (news)\\nUser-agent: nord\\nDisallow: /\\n", "nordcrawl")
    b'User-agent: nordcrawl\\nUser-agent: nord!\\nDisallow: /\\n'
    """
    text = _text(body[:MAX_BYTES])
    if len(body) >= MAX_BYTES:
        # The last line is cut, and half a rule says something else.
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]

    def named(match: re.Match[str]) -> str:
        return match[1] + (" " if match[1].endswith(":") else "") + _name(match[2], agent)

    return _AGENT.sub(named, text).encode("utf-8", "replace")


def _name(value: str, agent: str) -> str:
    """Return who a line speaks of; others get a mark, because the parser also takes what is only
    the beginning of our name for ours."""
    value = value.strip()
    if value.startswith("*"):
        return "*"
    token = _TOKEN.match(value)
    if token is not None and token[0].lower() == agent.lower():
        return agent
    return f"{value}!" if value else value


def _text(body: bytes) -> str:
    """Decode; UTF-16 is told by its byte order mark."""
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body.removeprefix(mark).decode(encoding, "replace")
    return body.decode("utf-8", "replace")
