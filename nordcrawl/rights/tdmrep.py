"""tdmrep.json: the file in which a host reserves the rights to mine, path by path.

Source: TDM Reservation Protocol, W3C community group final report, sections "TDM File on the
Origin Server" and "Processing priority" (text of December 2025).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nordcrawl.rights.patterns import matches, path_of_url

PATH = "/.well-known/tdmrep.json"
#: Larger files are not read; the largest in use list some dozens of rules.
MAX_BYTES = 500 << 10
_MAX_RULES = 1000


@dataclass(frozen=True, slots=True)
class TdmRule:
    """One object of the array."""

    location: str
    reservation: int | None
    """0 or 1; None where the value is neither, which counts as unset."""
    policy: str | None = None

    @property
    def pattern(self) -> str:
        """The location as a path pattern: some write a whole address, or leave out the slash."""
        text = self.location.strip()
        if text.lower().startswith(("http://", "https://")):
            return path_of_url(text)
        return text if text.startswith(("/", "*")) else f"/{text}"

    def to_json(self) -> dict[str, Any]:
        """Return it by the names of the file."""
        return {
            "location": self.location,
            "tdm-reservation": self.reservation,
            "tdm-policy": self.policy,
        }


@dataclass(frozen=True, slots=True)
class TdmFile:
    """What the file says; `problem` is set where it, or a rule of it, could not be read."""

    rules: tuple[TdmRule, ...] = ()
    problem: str | None = None

    @property
    def is_unreadable(self) -> bool:
        """The host has the file and nothing in it could be read: what it reserves is unknown."""
        return self.problem is not None and not self.rules

    def rule(self, path: str) -> TdmRule | None:
        """Return the rule for a path: the first in sequence that matches."""
        return next((rule for rule in self.rules if matches(rule.pattern, path)), None)


def parse(body: bytes) -> TdmFile:
    """Read a file; a bad rule costs that rule, and is told of."""
    if len(body) > MAX_BYTES:
        return TdmFile(problem=f"unreadable: more than {MAX_BYTES} bytes")
    try:
        values = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return TdmFile(problem=f"unreadable: no JSON ({type(error).__name__})")
    if not isinstance(values, list):
        return TdmFile(problem="unreadable: not an array of rules")
    if len(values) > _MAX_RULES:
        return TdmFile(problem=f"unreadable: more than {_MAX_RULES} rules")
    rules, bad = _rules(values)
    problem = None
    if bad:
        problem = (
            f"{'unreadable: ' if not rules else ''}rules that are none: {bad} of {len(values)}"
        )
    return TdmFile(tuple(rules), problem)


def _rules(values: Sequence[object]) -> tuple[list[TdmRule], int]:
    rules, bad = [], 0
    for value in values:
        location = value.get("location") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(location, str) or not location:
            bad += 1
            continue
        policy = value.get("tdm-policy")
        reservation = reservation_of(value.get("tdm-reservation"))
        bad += reservation is None
        rules.append(
            TdmRule(
                location[:2000], reservation, policy[:2000] if isinstance(policy, str) else None
            )
        )
    return rules, bad


def reservation_of(value: object) -> int | None:
    """Return 0 or 1, whether written as number or text; None for what counts as unset.

    >>> reservation_of(1), reservation_of(" 0 "), reservation_of("yes"), reservation_of(True)
    (1, 0, None, None)
    """
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, (int, str)) else ""
    return int(text) if text in ("0", "1") else None
