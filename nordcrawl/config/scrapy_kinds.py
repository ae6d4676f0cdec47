"""Kinds of Scrapy's own settings: what a crawl would stumble over when it has begun.

Scrapy reads a setting where it is used, and there a wrong one is a traceback of a run that began.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from nordcrawl.config.options import Settings
from nordcrawl.model.printable import shown

#: Ends of the names of settings that are seconds, which Scrapy reads as a float though the default
#: be whole.
_SECONDS: Final = ("_DELAY", "_TIMEOUT", "_INTERVAL", "_SECONDS")
#: What Scrapy's ``getbool`` takes as words, besides numbers.
_TRUTHS: Final = ("True", "true", "False", "false")


def wrong_kinds(settings: Settings, defaults: Mapping[str, object]) -> list[str]:
    """Return what is wrong with the settings that Scrapy has a number or truth value for in its
    `defaults`, a sentence each.

    >>> wrong_kinds({"RETRY_TIMES": "two", "DOWNLOAD_TIMEOUT": "2.5"},
    ...             {"RETRY_TIMES": 2, "DOWNLOAD_TIMEOUT": 180})
    ['RETRY_TIMES = two: a whole number is allowed']
    """
    problems = []
    for name, default in sorted(defaults.items()):
        value = settings.get(name)
        if not isinstance(default, bool | int | float) or value is None:
            continue
        if (allowed := _allowed(name, value, default)) is not None:
            problems.append(f"{name} = {shown(str(value))}: {allowed} is allowed")
    return problems


def _allowed(name: str, value: object, default: bool | float) -> str | None:
    """Return what is allowed in place of a value; None where it may stand."""
    if isinstance(default, bool):
        return None if str(value) in _TRUTHS or _reads(int, value) else "True, False, 1 or 0"
    if isinstance(default, float) or name.endswith(_SECONDS):
        return None if _reads(float, value) else "a number"
    return None if _reads(int, value) else "a whole number"


def _reads(kind: Callable[[Any], float], value: object) -> bool:
    try:
        kind(value)
    except (TypeError, ValueError):
        return False
    return True
