"""Numbers and time spans as a person types them, for argparse."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}


def count(text: str) -> int:
    """Return a whole number from 1."""
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number from 1 is allowed")
    return int(text)


def number(text: str) -> float:
    """Return a number; in which range it may be is the command's to say."""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: a number is allowed") from None


def whole(text: str) -> int:
    """Return a whole number; in which range it may be is the command's to say."""
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text.strip()):
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number is allowed")
    return int(text)


def span(text: str) -> timedelta:
    """Return a time span of a whole number and a unit; without one it is of seconds.

    >>> [str(span(text)) for text in ("6h", "90 min", "2d")]
    ['6:00:00', '1:30:00', '2 days, 0:00:00']
    """
    match = re.fullmatch(r"\s*([0-9]{1,7})\s*(s|m|min|h|d)?\s*", text)
    if match is None or not int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r}: a time span such as 90m, 6h or 2d is allowed")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2] or "s"])
