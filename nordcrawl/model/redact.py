"""Redaction: texts of ours and of libraries without what may be a secret."""

from __future__ import annotations

import os
import re
from typing import Final

REDACTED: Final = "***"
_SECRETS: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]*(?:/[^\s@/]*)*@", r"\1***@"),
        (r"[^\s/@:\"']+:(?!//)[^\s@\"']+@", "***@"),
        (
            r"(?i)\b(x-amz-(?:signature|credential|security-token))(=|: ?|%3D)[^\s&\"'<>]+",
            r"\1\2***",
        ),
        (r"(?i)\b(authorization['\"]?(?:=|: ?)).*", r"\1***"),
        (r"AWS4-HMAC-SHA256.*", REDACTED),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", REDACTED),
    )
)
#: Secret keys have 40 characters of base64, session tokens hundreds.
_LONG: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{40,}")
#: What the parts of a path or a name are made of: a word in one of three spellings, several of them
#: run together, a number, a short id. In base64, parts of this kind alone are one in a million.
_PLAIN: Final = re.compile(r"[a-z]*|[A-Z]*|(?:[A-Z][a-z]+){1,3}|[0-9]{1,20}|[a-z0-9]{1,12}")
_SECRET_VARIABLES: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def redact(text: str) -> str:
    """Return `text` without what may be a secret: keys, tokens, signatures, URLs' userinfo.

    Rather too much than too little: any run of 40 or more base64 characters goes, unless it reads
    as a path or a name does.

    >>> redact("no route to http://key:hunter2@10.0.0.1:9000/bucket")
    'no route to http://***@10.0.0.1:9000/bucket'
    >>> redact("/var/lib/nordcrawl/file-srv-archive-8c1f0a2b/highnorthnews: can be written")
    '/var/lib/nordcrawl/file-srv-archive-8c1f0a2b/highnorthnews: can be written'
    >>> redact("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    '***'
    """
    for variable in _SECRET_VARIABLES:
        secret = os.environ.get(variable, "")
        if len(secret) >= 6:  # a shorter one is a word; replacing it would garble the text
            text = text.replace(secret, REDACTED)
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return _LONG.sub(_unless_plain, text)


def _unless_plain(found: re.Match[str]) -> str:
    parts = re.split("[/_-]", found[0])
    is_plain = len(parts) > 2 and all(map(_PLAIN.fullmatch, parts))
    return found[0] if is_plain else REDACTED
