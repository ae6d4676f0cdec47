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
        # Secret keys have 40 characters of base64, session tokens hundreds.
        (r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/=_-]{40,}", REDACTED),
    )
)
_SECRET_VARIABLES: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def redact(text: str) -> str:
    """Return `text` without what may be a secret: keys, tokens, signatures, URLs' userinfo.

    Rather too much than too little: any run of 40 or more base64 characters goes.

    >>> redact("no route to http://key:hunter2@10.0.0.1:9000/bucket")
    'no route to http://***@10.0.0.1:9000/bucket'
    """
    for variable in _SECRET_VARIABLES:
        secret = os.environ.get(variable, "")
        if len(secret) >= 6:  # a shorter one is a word; replacing it would garble the text
            text = text.replace(secret, REDACTED)
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text
