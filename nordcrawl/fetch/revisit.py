"""Revisit: which of the discovered links to fetch in this run.

A source's own word comes first (lastmod, feed dates), the age of the article else, and a link
that never led anywhere is always due. The clock is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from nordcrawl.model.ledger import SKEW, Outcome, UrlState

Mode = Literal["incremental", "full"]

#: (age of the article up to, time between two looks). News is edited in its first hours.
SCHEDULE = (
    (timedelta(hours=3), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=3)),
    (timedelta(days=30), timedelta(days=3)),
)
#: Older ones, those whose source says that they did not change, and those that were taken down.
LONGEST = timedelta(days=30)
#: Pages that turned out to be no article, and articles that tell no day of publication.
DAILY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The span of publication that a run is asked for; open ends are None, times UTC."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether a time of publication lies inside; both ends belong to it."""
        return not (
            (self.since is not None and at < self.since)
            or (self.until is not None and at > self.until)
        )


@dataclass(frozen=True, slots=True)
class ToldTimes:
    """What sitemaps and feeds say of a link: RFC 3339 in UTC or bare dates, None if nothing."""

    lastmod: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Fetch it, or the outcome that it has without a fetch; `reason` is for the ledger."""

    fetch: bool
    reason: str
    outcome: Outcome | None = None


def decide(
    told: ToldTimes,
    known: UrlState | None,
    published_at: datetime | None,
    *,
    mode: Mode,
    window: Window,
    now: datetime,
    gone: bool = False,
    vanished: bool = False,
) -> Due:
    """Return whether a link is due.

    `published_at` is what the archive knows of its article, `gone` that its latest revision says
    that the publisher took it down, `vanished` that a sitemap named it the last time and does not
    now.
    """
    out = _outside(told, published_at, window)
    if out is not None:
        return Due(False, out, Outcome.OUT_OF_RANGE)
    if known is None:
        return Due(True, "never seen")
    if known.outcome is Outcome.QUARANTINED and mode != "full":
        return _after_hold(told, known, now)
    if known.misses and mode != "full":
        return _after_miss(told, known, gone, now)
    if known.fetched_at is None:
        return Due(True, f"last ended as {known.outcome}")
    if known.outcome in (Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED, Outcome.BLOCKED):
        return Due(True, f"last ended as {known.outcome}")
    if known.outcome is Outcome.UNCHANGED and known.article_id is None:
        return Due(True, "unchanged, though nothing was ever read")
    if known.outcome is Outcome.OUT_OF_RANGE and known.article_id is None:
        return Due(True, "read, but never archived")
    if mode == "full":
        return Due(True, "full run")
    if known.fetched_at > now + SKEW:
        return Due(True, "last looked at by a clock that was ahead")
    since_fetch = now - known.fetched_at
    if vanished:
        return Due(True, "no longer in the sitemap")
    if told.published is not None and _instant(told.published, last=False) > known.fetched_at:
        return Due(True, f"published {told.published}")
    if told.lastmod is not None:
        if _moved(told.lastmod, known):
            return Due(True, f"changed on {told.lastmod}")
        if _instant(told.lastmod, last=True) <= known.fetched_at:
            if since_fetch < LONGEST:
                return Due(False, f"unchanged since {told.lastmod}", Outcome.SKIPPED_FRESH)
            return Due(True, f"not looked at for {LONGEST.days} days")
    published = published_at or _told(told.published)
    if known.article_id is None or published is None:
        wait = DAILY
    else:
        wait = next((wait for limit, wait in SCHEDULE if now - published < limit), LONGEST)
    if since_fetch < wait:
        return Due(False, f"looked at {_span(since_fetch)} ago", Outcome.SKIPPED_FRESH)
    return Due(True, f"looked at {_span(since_fetch)} ago")


def _after_miss(told: ToldTimes, known: UrlState, gone: bool, now: datetime) -> Due:
    """Return when to look again where no article was: at once after the first time, for one may be
    the server's bad day; then ever more seldom."""
    last = known.misses[0]
    what = "nothing" if known.times_gone and last == known.gone_at[0] else "no article"
    if len(known.misses) == 1:
        return Due(True, f"{what} was there the last time")
    if last > now + SKEW:
        return Due(True, f"{what} was there by a clock that was ahead")
    if told.lastmod is not None and _instant(told.lastmod, last=False) > last:
        return Due(True, f"changed on {told.lastmod}")
    wait = LONGEST
    if not gone:
        wait = min(max(2 * (last - known.misses[1]), DAILY), LONGEST)
    if now - last < wait:
        return Due(False, f"{what} was there {_span(now - last)} ago", Outcome.SKIPPED_FRESH)
    return Due(True, f"{what} was there {_span(now - last)} ago")


def _after_hold(told: ToldTimes, known: UrlState, now: datetime) -> Due:
    """Return when to look again at a page that is held in quarantine: daily, for by then the site
    may be as it was; sooner where it says that the page changed."""
    held = "in quarantine"
    if known.at > now + SKEW:
        return Due(True, f"{held} by a clock that was ahead")
    for word, text in (("changed on", told.lastmod), ("published", told.published)):
        if text is not None and _instant(text, last=False) > known.at:
            return Due(True, f"{word} {text}")
    if now - known.at < DAILY:
        return Due(False, f"{held} since {_span(now - known.at)}", Outcome.SKIPPED_FRESH)
    return Due(True, f"{held} since {_span(now - known.at)}")


def _outside(told: ToldTimes, published_at: datetime | None, window: Window) -> str | None:
    """Return why a link can't lie in the window, going by what is known without a fetch."""
    if published_at is not None and not window.holds(published_at):
        return f"published {published_at.date()}"
    if window.since is not None and published_at is None:
        for word, text in (("changed", told.lastmod), ("published", told.published)):
            # Nothing is published after its last change.
            if text is not None and _instant(text, last=True) < window.since:
                return f"{word} {text}"
    if (
        window.until is not None
        and published_at is None
        and told.published is not None
        and _instant(told.published, last=False) > window.until
    ):
        return f"published {told.published}"
    return None


def _moved(lastmod: str, known: UrlState) -> bool:
    if known.lastmod is not None and lastmod > known.lastmod:
        return True
    # Nor does a change go unseen because a later one was told by mistake.
    return (
        lastmod != known.lastmod
        and known.fetched_at is not None
        and _instant(lastmod, last=False) > known.fetched_at
    )


def _instant(text: str, *, last: bool) -> datetime:
    """Return the first or last instant that a told time can mean, somewhere on Earth."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        return at
    midnight = at.replace(tzinfo=UTC)
    return midnight + timedelta(days=1, hours=12) if last else midnight - timedelta(hours=14)


def _told(text: str | None) -> datetime | None:
    return None if text is None else _instant(text, last=False)


def _span(span: timedelta) -> str:
    """Return a duration for people, in its largest unit."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
