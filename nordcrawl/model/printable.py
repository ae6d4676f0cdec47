"""Printable: text of strangers, made safe for a terminal or a log line."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

#: Names and passwords in the addresses of a text. Source: RFC 3986 section 3.2.1 (userinfo).
_USER = re.compile(r"(?:(?<=//)|(?<=\\\\))[^/?#\\\s]*@")


def without_user(url: str) -> str:
    """Return an address without user name and password.

    Raises:
        ValueError: unparsable.

    >>> without_user("http://user:p@ss@example.org:80/@a?b=c@d")
    'http://example.org:80/@a?b=c@d'
    """
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def redacted(text: str) -> str:
    """Return a text without the user names and passwords of the addresses in it.

    >>> redacted("not read: ftp://user:secret@example.org/a, //b:c@d and mail@example.org")
    'not read: ftp://example.org/a, //d and mail@example.org'
    """
    return _USER.sub("", text)


def shown(text: str, limit: int = 200) -> str:
    """Return a text from outside as it may stand in a log or on a terminal: one line, no control
    or direction characters, of bounded length, no password of an address.

    >>> shown("a\\x1b[31m\\u202eb\\n"), shown("http://user:secret@example.org/")
    ('a\\\\x1b[31m\\\\u202eb\\\\n', 'http://example.org/')
    """
    if "@" in text:
        text = redacted(text)
    escaped = text[: limit + 1]
    if not escaped.isprintable():
        escaped = "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in escaped
        )
    return escaped if len(escaped) <= limit else escaped[: limit - 1] + "…"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "run"), counted(1200, "word")
    ('1 run', '1,200 words')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
