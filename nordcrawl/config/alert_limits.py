"""Alert limits: when an alert holds, and whom it goes to; see docs/operations.md, "Alerts"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_COMMENT: Final = re.compile(r"(?m)^\s*[#;].*$")
#: An address of Apprise: a service's name and ``://``.
_URL: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+")


@dataclass(frozen=True, slots=True)
class AlertLimits:
    """How far from the usual it may be; shares from 0 to 1."""

    no_run_h: float = 0
    """Hours without the end of a run; 0: as the source's own rhythm tells."""
    fewer: float = 0.5
    """New articles of 24 hours, as a share of what is usual then on this weekday; 0: never."""
    coverage_drop: float = 0.2
    """By how much the share of articles that have a field may fall; 1: never."""
    text_change: float = 0.5
    """By how much of itself the share of a page that is text may change; 1: never."""
    errors_rise: float = 0.1
    """By how much the share of pages that fail may rise; 1: never."""


def is_address(text: str) -> bool:
    """Return whether a setting has addresses itself, and does not name a file of them."""
    return "://" in text


def read_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses that alerts go to: those in the text, parted by blanks, or those in the
    file that it names, where ``#`` begins a line of comment.

    Raises:
        ValueError: the file can't be read, or something is no address. No word of an address is in
            the text.
    """
    text = text.strip()
    if not text:
        return ()
    if is_address(text):
        where, body = "", text
    else:
        where = f"{text}: "
        try:
            body = Path(text).expanduser().read_text(encoding="utf-8-sig")
        except OSError as error:
            raise ValueError(f"{where}can't be read: {error.strerror}") from None
        except (RuntimeError, UnicodeDecodeError):
            raise ValueError(f"{where}can't be read") from None
    found = tuple(dict.fromkeys(_COMMENT.sub("", body).split()))
    for number, one in enumerate(found, start=1):
        if _URL.fullmatch(one) is None:
            raise ValueError(f"{where}address {number} is none: it begins with service://")
    if not found:
        raise ValueError(f"{where}no address in it")
    return found
