"""Look: one look at an archive: what holds, who has to be told of what, telling it, remembering it.

The command calls it, and a crawl at its end. First a message is delivered, then that is remembered:
who is killed between tells it twice, never not at all.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nordcrawl.alerts.condition import Alert, Judged, Severity
from nordcrawl.alerts.gather import gather
from nordcrawl.alerts.judge import judge
from nordcrawl.alerts.memory import Ended, Memory
from nordcrawl.alerts.message import message
from nordcrawl.archive.store.address import open_store
from nordcrawl.archive.store.protocol import MARKER_KEY, Store
from nordcrawl.config.options import Options
from nordcrawl.config.state_folder import archive_folders
from nordcrawl.errors import (
    ExitCode,
    LockHeld,
    NordcrawlError,
    ObjectMissing,
    SpoolError,
    StoreRefused,
    UsageError,
    first_of,
)
from nordcrawl.model.printable import shown
from nordcrawl.model.times import rfc3339, utc_now
from nordcrawl.system.disk import make_folders
from nordcrawl.system.lock import Lock

if TYPE_CHECKING:  # an extra, which those who only look need not have
    from nordcrawl.alerts.deliver import Address

logger = logging.getLogger(__name__)

#: Seconds that one look waits for another to end, and between two tries.
_PATIENCE_S: Final = 60.0
_TRY_S: Final = 0.2
#: Seconds that a look at the end of a crawl may take.
_AFTER_RUN_S: Final = 120.0
#: Seconds that a store which fails is tried.
_STORE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether one address took its message."""

    label: str
    why: str | None
    """Why not; None if it did."""


@dataclass(slots=True)
class Looked:
    """What a look found and did."""

    archive: str
    now: datetime
    alerts: tuple[Alert, ...] = ()
    sources: int = 0
    since: dict[str, datetime] = field(default_factory=dict)
    """Since when those hold of which somebody was told before, by their keys."""
    new: frozenset[str] = frozenset()
    """Keys of those of which an address did not know."""
    ended: tuple[Ended, ...] = ()
    """What holds no more, though an address was told that it does."""
    sent: list[Sent] = field(default_factory=list)
    problems: list[tuple[ExitCode, str]] = field(default_factory=list)
    """What went wrong with the look itself."""

    @property
    def exit_code(self) -> ExitCode:
        """0 if all was looked at, and everybody was told what they had to be told."""
        failed = [ExitCode.FAILED] if any(one.why is not None for one in self.sent) else []
        return first_of([*failed, *(code for code, _ in self.problems)])

    def to_json(self) -> dict[str, Any]:
        """Return it for ``--json``."""
        return {
            "archive": self.archive,
            "at": rfc3339(self.now),
            "exit_code": int(self.exit_code),
            "sources": self.sources,
            "holds": [
                one.to_json()
                | {"new": one.key in self.new, "since": rfc3339(self.since.get(one.key))}
                for one in self.alerts
            ],
            "recovered": [one.to_json() for one in self.ended],
            "sent": [{"to": one.label, "why_not": one.why} for one in self.sent],
            "problems": [text for _, text in self.problems],
        }


def look(
    options: Options, sources: Sequence[str], *, dry: bool = False, now: datetime | None = None
) -> Looked:
    """Look at some sources of an archive, or at all, and tell who has to be told.

    With `dry` nobody is told, and nothing is remembered.

    Raises:
        UsageError: the archive's address is wrong; or there are no addresses, one is wrong, the
            extra is not installed.
        LockHeld: another look takes too long.
    """
    now = now or utc_now()
    urls = options.addresses()
    to = [] if dry else _addresses(urls)
    store = open_store(options.archive, retry_s=_STORE_S)
    file = archive_folders(options, None)[0] / "alerts.json"
    if dry:
        return _looked(options, store, sources, to, Memory.read(file, now), urls, None, now)
    with _alone(file.with_name(".alerts.lock")):
        return _looked(options, store, sources, to, Memory.read(file, now), urls, file, now)


def try_addresses(options: Options) -> list[Sent]:
    """Send each address a message that says no more than that it came.

    Raises:
        UsageError: as `look`.
    """
    from nordcrawl.alerts.message import Message

    text = (
        "This is a test: messages to this address arrive. Nothing is amiss that it would tell of."
    )
    tried = Message("nordcrawl: a test", text, "info")
    return [Sent(one.label, one.send(tried)) for one in _addresses(options.addresses())]


def after_run(options: Options, source: str) -> None:
    """Look at a source at the end of its crawl. Whatever goes wrong is a warning in the log; a look
    that takes too long is left to the next one."""

    def one() -> None:
        try:
            found = look(options, [source])
        except NordcrawlError as error:
            logger.warning("alerts: %s", error)
            return
        except Exception:  # what was archived is none the worse for it
            logger.warning("alerts: not looked at", exc_info=True)
            return
        for alert in found.alerts:
            logger.info("alert: %s %s: %s", alert.source, alert.id, alert.text)
        for sent in found.sent:
            if sent.why is None:
                logger.info("alerts: sent to %s", sent.label)
            else:
                logger.warning("alerts: not sent to %s, the next look tries again: %s",
                               sent.label, sent.why)  # fmt: skip
        for _, text in found.problems:
            logger.warning("alerts: %s", text)

    thread = threading.Thread(target=one, name="alerts", daemon=True)
    thread.start()
    thread.join(_AFTER_RUN_S)
    if thread.is_alive():
        logger.warning("alerts: no end after %g s, left to the next look", _AFTER_RUN_S)


def _looked(
    options: Options,
    store: Store,
    sources: Sequence[str],
    to: Sequence[Address],
    memory: Memory,
    urls: tuple[str, ...],
    file: Path | None,
    now: datetime,
) -> Looked:
    found = Looked(store.uri, now)
    if memory.trouble:
        text = f"{memory.trouble}: not used, so each address is told anew how all stands"
        logger.warning("%s", text)
    judged = _judged(found, options, store, sources)
    found.alerts = judged.alerts
    found.since = {
        one.key: at for one in judged.alerts if (at := memory.since(one.key)) is not None
    }
    news = {url: memory.news(url, judged) for url in urls}
    unheard = {alert.key for of in news.values() for alert in of.new}
    found.new = frozenset(
        unheard if news else {one.key for one in judged.alerts if one.key not in found.since}
    )
    ended = {(one.source, one.id): one for of in news.values() for one in of.ended}
    found.ended = tuple(ended[key] for key in sorted(ended))
    if file is None:
        return found
    for one in to:
        if news[one.url].is_any:
            told = message(news[one.url], len(judged.alerts), store.uri, now)
            sent = Sent(one.label, one.send(told))
            found.sent.append(sent)
            if sent.why is None:
                memory.heard(one.url, news[one.url], now)
                # At once: who is killed while the next one is told has told this one.
                _remember(found, memory, file, urls)
    _remember(found, memory, file, urls)
    return found


def _judged(found: Looked, options: Options, store: Store, sources: Sequence[str]) -> Judged:
    try:
        _require(store)
        gathered = gather(store, options, sources, found.now)
    except NordcrawlError as error:
        text = shown(str(error), 400)
        found.problems.append((error.exit_code, text))
        alert = Alert("unreadable", "", Severity.CRITICAL, f"the archive can't be read: {text}")
        return Judged((alert,), frozenset([alert.key]))
    found.sources = len(gathered.histories)
    if not gathered.histories:
        text = f"{store.uri} has no run yet: name the sources that must be there"
        found.problems.append((ExitCode.USAGE, text))
    judged = judge(gathered.histories, options.alert_limits)
    alerts, keys = judged.alerts, judged.judged | {"/unreadable"}
    if gathered.damage:
        more = f", and {len(gathered.damage) - 1} more" if len(gathered.damage) > 1 else ""
        text = f"the archive is damaged: {shown(gathered.damage[0], 300)}{more}"
        found.problems.append((ExitCode.DAMAGED, text))
        alerts = (Alert("unreadable", "", Severity.CRITICAL, text), *alerts)
    return Judged(alerts, keys)


def _require(store: Store) -> None:
    """See that there is an archive. That it is gone is no mistake of who calls: a disk that is not
    mounted looks like that, or a bucket that somebody emptied."""
    try:
        store.get(MARKER_KEY)
    except ObjectMissing:
        text = f"no archive at {store.uri} (there is no {MARKER_KEY})"
        raise StoreRefused(f"{text}; --archive or NORDCRAWL_ARCHIVE says where it lies") from None


def _addresses(urls: Sequence[str]) -> list[Address]:
    if not urls:
        raise UsageError(
            "NORDCRAWL_ALERTS is not set, so nobody would be told: set it to addresses of Apprise "
            "or a file of them (docs/operations.md, Alerts); or give --dry-run"
        )
    try:
        from nordcrawl.alerts.deliver import addresses
    except ModuleNotFoundError as error:
        if error.name != "apprise":
            raise
        raise UsageError("alerts are sent by Apprise: pip install 'nordcrawl[alerts]'") from None
    return addresses(urls)


def _remember(found: Looked, memory: Memory, file: Path, urls: tuple[str, ...]) -> None:
    try:
        memory.write(file, urls, found.now)
    except OSError as error:
        text = f"{file}: not written ({error.strerror or error}): the next call repeats messages"
        if (ExitCode.SPOOL, text) not in found.problems:
            found.problems.append((ExitCode.SPOOL, text))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let no two looks at one archive tell at once on this machine. Where the disk refuses the lock
    they may: what is told twice is not lost."""
    try:
        make_folders(path.parent, 0o700)
        lock = _lock(path)
    except (OSError, SpoolError):
        yield
        return
    try:
        yield
    finally:
        lock.release()


def _lock(path: Path) -> Lock:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return Lock(path)
        except LockHeld:
            if time.monotonic() > until:
                raise LockHeld(f"{path}: another nordcrawl alert is at work") from None
        time.sleep(_TRY_S)
