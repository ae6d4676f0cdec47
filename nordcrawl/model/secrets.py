"""Secrets: what must stand in no log and on no terminal, whoever wrote the line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote

from nordcrawl.model.printable import redacted

HIDDEN: Final = "***"
#: Variables whose values are secret, by the ends of their names.
_NAMES: Final = ("SECRET", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "TOKEN", "PASSWORD", "PASSWD")
#: A shorter value is more likely a word that a line needs than a secret.
_LEAST: Final = 8
#: Values of headers, parameters and fields that are secret by their names. Sources: RFC 9110
#: section 11.6 (Authorization), RFC 6265 (cookies), AWS Signature Version 4 (X-Amz-...).
_FIELDS: Final = re.compile(
    r"""(?ix)
    ( \b (?: (?:proxy-)?authorization | (?:set-)?cookie | x-amz-(?:security-token|signature
      |credential) | aws_?(?:secret_?access_?key|session_?token) | secret_?(?:access_?)?key
      | session_?token | access_?token | api_?key | passw(?:or)?d | signature ) \b
      ['"]? \s* [:=] \s* )
    ( b?"[^"]*" | b?'[^']*' | (?:(?:basic|bearer|aws4-hmac-sha256)\s+)? [^\s&,;}\])]+ )
    """
)


#: A variable whose value is addresses that are secret as a whole, parted by blanks.
_ADDRESSES: Final = "NORDCRAWL_ALERTS"
_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
_SEPARATORS: Final = re.compile(r"[\s:/@?&=,;#]+")


def address_parts(url: str) -> list[str]:
    """Return an address and its parts behind the scheme, as written and decoded, the longest
    first: of a webhook's or a chat's any of them may be a secret.

    >>> address_parts("json://u%20v:tyv3rbank@h.example/a1b2")
    ['json://u%20v:tyv3rbank@h.example/a1b2', 'tyv3rbank', 'h.example', 'u%20v', 'a1b2', 'u v']
    """
    parts = [part for part in _SEPARATORS.split(url.partition("://")[2]) if len(part) > 2]
    found = dict.fromkeys([url, *parts, *map(unquote, parts)])
    return sorted(found, key=len, reverse=True)


class Secrets:
    """The secret values of a process, and a way to say anything without them."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = sorted({one for one in values if len(one) >= _LEAST}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, found))) if found else None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Secrets:
        """Return those that stand in a process's environment."""
        found = [
            value for name, value in environment.items() if name.upper().endswith(_NAMES) and value
        ]
        for url in environment.get(_ADDRESSES, "").split():
            if "://" in url:
                # Names of hosts stand in other lines as well, which would be hard to read without.
                found += [one for one in address_parts(url) if _HOST.fullmatch(one) is None]
        return cls(found)

    def hidden(self, text: str) -> str:
        """Return a text without secrets: neither those that are known, nor what a name gives away,
        nor the user names and passwords of addresses.

        >>> Secrets(["tyv3rbank"]).hidden("key tyv3rbank, Authorization: Basic dTpw, //u:p@host/")
        'key ***, Authorization: ***, //host/'
        """
        if self._values is not None:
            text = self._values.sub(HIDDEN, text)
        return redacted(_FIELDS.sub(rf"\1{HIDDEN}", text))
