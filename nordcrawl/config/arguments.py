"""Arguments: what ``-a NAME=VALUE`` asks of one run, checked before the first request."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from nordcrawl.config.options import T, _expanded
from nordcrawl.errors import UsageError
from nordcrawl.fetch.revisit import Mode, Window
from nordcrawl.model.printable import shown
from nordcrawl.sources.source import Source

RunKind = Literal["crawl", "reextract", "import"]
ARGUMENTS = ("since", "until", "limit", "urls", "mode")


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a single crawl was asked for (``-a name=value``)."""

    window: Window = field(default_factory=Window)
    limit: int | None = None
    urls: tuple[str, ...] = ()
    mode: Mode = "incremental"
    kind: RunKind = "crawl"
    """Not to be asked for: what the run is."""

    @property
    def told_mode(self) -> str:
        """What a report calls it: its mode, or, of what is no crawl, what it is."""
        return self.mode if self.kind == "crawl" else self.kind

    @classmethod
    def parse(cls, given: Mapping[str, str], source: Source) -> Arguments:
        """Check spider arguments; dates without a zone are of the source's.

        Raises:
            UsageError: one or more are unknown or wrong.
        """
        problems: list[str] = []
        for name in sorted(set(given) - set(ARGUMENTS)):
            near = difflib.get_close_matches(name, ARGUMENTS, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            problems.append(
                f"unknown spider argument {shown(name)!r}: {hint}there are {', '.join(ARGUMENTS)}"
            )

        def checked(name: str, parse: Callable[[str], T], fallback: T) -> T:
            if (value := given.get(name)) is None:
                return fallback
            try:
                return parse(value)
            except ValueError as error:
                problems.append(f"spider argument {name}={shown(str(value))}: {error}")
                return fallback

        zone = ZoneInfo(source.timezone)
        since = checked("since", lambda text: moment(text, zone, end=False), None)
        until = checked("until", lambda text: moment(text, zone, end=True), None)
        if since and until and since > until:
            problems.append(f"since={given['since']} lies after until={given['until']}")
        arguments = cls(
            window=Window(since, until),
            limit=checked("limit", _limit, None),
            urls=checked("urls", lambda text: _urls(text, source), ()),
            mode=checked("mode", _mode, "incremental"),
        )
        if problems:
            raise UsageError("; ".join(problems))
        return arguments


def moment(text: str, zone: ZoneInfo, *, end: bool) -> datetime:
    """Return a date's first (or last) instant, or a time as it stands, in UTC."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            "a date 2026-01-31 or a time 2026-01-31T06:00 (with Z, +01:00, or of the source's "
            "zone) is allowed"
        ) from None
    if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}|\d{4}-?W\d{2}-?\d", text.strip()) and end:
        at = datetime.combine(at.date(), time.max)
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("out of the calendar") from None


def _limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or int(text) < 1:
        raise ValueError("a whole number from 1 is allowed")
    return int(text)


def _mode(text: str) -> Mode:
    for mode in get_args(Mode):
        if text == mode:
            return text  # type: ignore[return-value]
    raise ValueError(f"{' or '.join(get_args(Mode))} is allowed")


def _urls(text: str, source: Source) -> tuple[str, ...]:
    """Return the URLs of a comma list or of a file with one a line (# starts a comment)."""
    path = _expanded(text)
    if "://" in text.split(",")[0]:
        lines = text.split(",")
    else:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise ValueError(
                f"neither a list of http(s) URLs nor a file that can be read ({why})"
            ) from None
    found: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            url = source.link(line)
        except ValueError as error:
            raise ValueError(f"entry {number}: {error}") from None
        if not source.allows(url):
            raise ValueError(
                f"entry {number}: {shown(url)} is not on a host of {source.name}: "
                f"{', '.join(source.all_hosts)}"
            )
        found[url] = None
    if not found:
        raise ValueError("no URL in it")
    return tuple(found)


def new_run_id(source: str, now: datetime, token: str) -> str:
    """Return a run's name: sortable time (UTC), source, random token; fit for a key.

    >>> new_run_id("hnn", datetime(2026, 11, 23, 4, 0, tzinfo=UTC), "3fa2")
    '20261123t040000z-hnn-3fa2'
    """
    return f"{now.astimezone(UTC):%Y%m%dt%H%M%Sz}-{source}-{token}"
