"""Live: how a crawl stands, as the lines of a terminal that are drawn anew. Pure: values in, lines
out."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from rich.text import Text

from nordcrawl.model.ledger import ARCHIVED, Outcome
from nordcrawl.model.printable import shown

#: Seconds over which the rate is told.
_OVER_S: Final = 60.0
_FAILED: Final = (
    Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED, Outcome.BLOCKED, Outcome.NOT_ARTICLE,
)  # fmt: skip
_SEEN: Final = (Outcome.UNCHANGED, Outcome.DUPLICATE)
_BAR: Final = 24


@dataclass(frozen=True, slots=True)
class Standing:
    """A crawl at one moment."""

    source: str
    phase: str
    """``discovering``, ``fetching``, ``shipping`` or ``stopping``."""
    seconds: float
    """Since it began."""
    asked: int
    """Sitemaps, feeds and listings that were asked."""
    answered: int
    discovered: int
    fetched: int
    """Pages that answered."""
    due: int
    """Pages that are still to be asked for."""
    in_flight: int
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    spool_bytes: int = 0
    """That wait for the store."""
    warnings: int = 0
    last_warning: str = ""


class Pace:
    """How fast pages come, over the last minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, seconds: float, fetched: int) -> None:
        """Take note of how many there are at a time."""
        self._seen.append((seconds, fetched))
        while len(self._seen) > 2 and self._seen[1][0] <= seconds - _OVER_S:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """Pages a second; 0 as long as that is not known."""
        (first_s, first), (last_s, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s else 0.0


def lines(standing: Standing, pace: Pace, width: int) -> list[Text]:
    """Return the lines of a display, none wider than `width` columns.

    >>> now = Standing("coast", "fetching", 65, 3, 3, 40, 10, 30, 2)
    >>> pace = Pace(); pace.add(0, 0); pace.add(10, 10)
    >>> [line.plain for line in lines(now, pace, 40)][1]
    'pages   █████░░░░░░░░░░░░░░░░░░░  10 of…'
    """
    count = standing.outcomes.get
    kept = sum(count(one, 0) for one in ARCHIVED)
    failed = sum(count(one, 0) for one in _FAILED)
    seen = sum(count(one, 0) for one in _SEEN)
    others = sum(standing.outcomes.values()) - kept - failed - seen
    drawn = [
        _line(
            ("bold", standing.source),
            ("", f"  {standing.phase}  {_clock(standing.seconds)}"),
            ("dim", f"  {standing.answered} of {standing.asked} sources answered"),
        ),
        _pages(standing, pace),
        _line(
            ("", "ended   "),
            ("green", f"{kept:,} archived"),
            ("", f"  {seen:,} seen before  "),
            ("red" if failed else "", f"{failed:,} failed"),
            ("", f"  {others:,} left out"),
        ),
        _line(("", f"spool   {_size(standing.spool_bytes)} to be shipped")),
    ]
    if standing.warnings:
        last = shown(standing.last_warning, 300)
        drawn.append(_line(("yellow", f"warning {standing.warnings:,}, the last: {last}")))
    for line in drawn:
        line.truncate(width, overflow="ellipsis")
    return drawn


def _pages(standing: Standing, pace: Pace) -> Text:
    if standing.phase == "discovering":
        return _line(("", f"pages   {standing.discovered:,} found so far"))
    left = standing.due + standing.in_flight
    total = standing.fetched + left
    done = _BAR * standing.fetched // total if total else _BAR
    speed = pace.per_second
    parts = [("", "pages   "), ("cyan", "█" * done), ("dim", "░" * (_BAR - done))]
    parts.append(("", f"  {standing.fetched:,} of {total:,}"))
    if speed:
        parts.append(("", f"  {speed * 60:,.0f}/min" if speed < 1 else f"  {speed:,.1f}/s"))
    if left and speed:
        parts.append(("bold", f"  {_clock(left / speed)} left"))
    return _line(*parts)


def _line(*parts: tuple[str, str]) -> Text:
    line = Text(no_wrap=True)
    for style, text in parts:
        line.append(text, style)
    return line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _size(count: int) -> str:
    if count < 1 << 20:
        return f"{count / 1024:,.0f} KiB"
    return f"{count / (1 << 20):,.1f} MiB"
