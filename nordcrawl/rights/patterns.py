"""Path patterns of robots.txt and tdmrep.json: ``*`` is anything, a final ``$`` the end.

Linear in pattern and path, as both come from strangers. Source: RFC 9309 sections 2.2.2 (octets
compared after percent-encoding is normalized, longest match) and 2.2.3 (special characters).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")


def path_of_url(url: str) -> str:
    """Return what patterns are matched against: path and query, percent-encoding normalized.

    >>> path_of_url("https://example.org/a%7eb/\\u00f8?x=1")
    '/a~b/%C3%B8?x=1'
    """
    parts = urlsplit(url)
    return normal(parts.path + (f"?{parts.query}" if parts.query else "")) or "/"


def normal(text: str) -> str:
    """Return a path or pattern with percent-encoding normalized. Source: RFC 3986 section 6.2.2."""

    def decoded(match: re.Match[str]) -> str:
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    text = "".join(
        c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode(errors="replace")) for c in text
    )
    return _ESCAPE.sub(decoded, text)


def matches(pattern: str, path: str) -> bool:
    """Return whether a pattern matches the beginning of a path (all of it after a final ``$``).

    >>> matches("/a/*.html$", "/a/b/c.html"), matches("/a/*.html$", "/a/b.html?x=1")
    (True, False)
    """
    pattern = normal(pattern)
    ends = pattern.endswith("$")
    first, *rest = (pattern[:-1] if ends else pattern).split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for index, part in enumerate(rest):
        if ends and index == len(rest) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not ends or at == len(path)
