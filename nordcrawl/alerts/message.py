"""Message: what one address is told, in plain words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from nordcrawl.alerts.condition import Alert, Severity
from nordcrawl.alerts.memory import News
from nordcrawl.model.printable import counted
from nordcrawl.report.standing import spoken


@dataclass(frozen=True, slots=True)
class Message:
    """Subject and text of a message."""

    title: str
    body: str
    kind: str
    """``failure``, ``warning``, ``success`` or ``info``, which Apprise shows by colour."""


def message(news: News, holds: int, archive: str, now: datetime) -> Message:
    """Return what an address is told; `holds` is how many conditions hold, those that it knows of
    included."""
    blocks = []
    if news.begins:
        blocks.append(
            "This address gets the alerts of the archive from here on. What it may have been told "
            "before is not remembered; what is not below does not hold now."
        )
    blocks += [f"NEW  {told(one)}" for one in news.new]
    for one in news.ended:
        ago = spoken(now - one.since)
        blocks.append(f"RECOVERED  {name(one.source, one.id)}, which held for {ago}")
    known = holds - len(news.new)
    if known:
        blocks.append(f"Still so: {counted(known, 'alert')} of which you know.")
    if not holds:
        blocks.append("Nothing is amiss.")
    blocks.append(
        f"Archive: {archive}\nAll that holds: nordcrawl alert --dry-run. What each is, and what to "
        "do: docs/operations.md, Alerts"
    )
    return Message(_title(news), "\n\n".join(blocks), _kind(news))


def told(one: Alert) -> str:
    """Return an alert in two lines."""
    return f"{one.severity}  {name(one.source, one.id)}: {one.text}\n  {one.advice}"


def name(source: str, id_: str) -> str:
    """Return what a condition is called."""
    return f"{source} {id_}" if source else id_


def _title(news: News) -> str:
    if len(news.new) == 1 and not news.ended:
        (one,) = news.new
        return f"nordcrawl: {one.severity}: {name(one.source, one.id)}"
    if len(news.ended) == 1 and not news.new:
        (ended,) = news.ended
        return f"nordcrawl: recovered: {name(ended.source, ended.id)}"
    parts = [counted(len(news.new), "new alert")] if news.new else []
    parts += [f"{len(news.ended)} recovered"] if news.ended else []
    return f"nordcrawl: {', '.join(parts) or 'alerts begin, nothing is amiss'}"


def _kind(news: News) -> str:
    if any(one.severity is Severity.CRITICAL for one in news.new):
        return "failure"
    if news.new:
        return "warning"
    return "success" if news.ended else "info"
