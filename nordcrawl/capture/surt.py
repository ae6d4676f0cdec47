"""SURT: an address as the key by which an index of web captures is sorted and searched.

What does not tell pages apart is folded, and the host is turned round, so that addresses of one
host, and of one domain, sort together. Source: the `surt` library 0.3.1 (IAURLCanonicalizer over
GoogleURLCanonicalizer, which follows Google Safe Browsing, "URLs and hashing"), as pywb uses it; it
had its last release in 2019, so it is no dependency.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

_WWW: Final = re.compile(r"^www\d*\.")
#: Characters that stand as they are; all others are escaped.
_PLAIN: Final = frozenset(range(0x21, 0x7F)) - frozenset(b"#%")
#: Session ids in a path. Source: `surt.URLRegexTransformer.stripPathSessionID`.
_PATH_SESSIONS: Final = (
    re.compile(r"^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$", re.IGNORECASE),
    re.compile(r"^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$", re.IGNORECASE),
)
#: Session ids in a query. Source: `surt.URLRegexTransformer.stripQuerySessionID`.
_QUERY_SESSION: Final = re.compile(
    r"(?:(?:jsessionid|phpsessid|sid)=[0-9a-z]{32}|aspsessionid[a-z]{8}=[a-z]{24}"
    r"|cfid=[^&]+&cftoken=[^&]+)(?:&|$)",
    re.IGNORECASE,
)
_PORTS: Final = {"http": 80, "https": 443}


def url_key(url: str) -> str:
    """Return the key of an http(s) address.

    >>> url_key("https://WWW.Example.org:443/A/?b=2&a=1")
    'org,example)/a?a=1&b=2'
    >>> url_key("http://127.0.0.1:8080/a/./b//c")
    '1,0,0,127:8080)/a/b/c'
    """
    parts = urlsplit(url)
    name = _host(parts.hostname or "")
    if parts.port is not None and parts.port != _PORTS.get(parts.scheme):
        name += f":{parts.port}"
    path = _straight(_escaped(parts.path))
    for session in _PATH_SESSIONS:
        path = session.sub(r"\1\2", path)
    path = path.lower()
    query = _QUERY_SESSION.sub("", _escaped(parts.query)).lower()
    query = "&".join(sorted(query.split("&"), key=lambda pair: pair.partition("=")[::2]))
    return f"{name}){path.rstrip('/') or '/'}" + (f"?{query}" if query else "")


def _host(name: str) -> str:
    try:
        name = name.encode("idna").decode("ascii") if not name.isascii() else name
    except UnicodeError:
        name = _escaped(name)
    name = _WWW.sub("", re.sub(r"\.{2,}", ".", name.strip(".")).lower())
    return name if ":" in name else ",".join(reversed(name.split(".")))


def _escaped(text: str) -> str:
    """Return a text with just those characters escaped that must be."""
    before, now = b"", text.encode(errors="replace")
    while before != now:
        before, now = now, unquote_to_bytes(now)
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in now)


def _straight(path: str) -> str:
    """Return a path without steps that lead nowhere."""
    kept: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del kept[-1:]
        elif step not in ("", "."):
            kept.append(step)
    return "/" + "/".join(kept)
