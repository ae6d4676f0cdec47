"""Deliver: send a message to an address of Apprise (extra ``alerts``).

The one module that knows Apprise. An address is a secret as a whole: whatever a library says goes
through `hidden` first, and addresses are named by their place and service only.
Source: github.com/caronc/apprise, "Troubleshooting" (addresses, timeouts, ``overflow``).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

import apprise

from nordcrawl.alerts.message import Message
from nordcrawl.errors import UsageError
from nordcrawl.model.printable import shown
from nordcrawl.model.secrets import HIDDEN, address_parts
from nordcrawl.model.words import reason

#: Libraries by which messages go, that may tell parts of addresses to a log.
_TALKATIVE: Final = ("apprise", "requests", "urllib3", "requests_oauthlib", "oauthlib")


class Address:
    """One address that alerts go to."""

    def __init__(self, number: int, url: str) -> None:
        self.url = url
        self.kind = re.sub(r"[^a-z0-9+.-]", "", url.partition("://")[0].lower())
        self.label = f"address {number} ({self.kind})"
        asset = apprise.AppriseAsset(
            app_id="nordcrawl",
            app_desc="nordcrawl",
            app_url="",
            async_mode=False,
            secure_logging=True,
        )
        with _quiet():
            service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if service is None:
            raise UsageError(
                f"NORDCRAWL_ALERTS: {self.label} is none that Apprise {apprise.__version__} takes; "
                "see appriseit.com for how those of each service are written"
            )
        if "overflow=" not in url:  # what a service cuts off is lost, what it refuses as well
            service.overflow_mode = apprise.OverflowMode.SPLIT
        self._service = service

    def send(self, message: Message) -> str | None:
        """Send a message; return why it could not be sent, None if the service took it."""
        with _quiet() as said:
            try:
                taken = self._service.notify(
                    body=message.body,
                    title=message.title,
                    notify_type=apprise.NotifyType(message.kind),
                    body_format=apprise.NotifyFormat.TEXT,
                )
            except Exception as error:  # noqa: BLE001 - a service's plug-in may raise anything
                return self.hidden(reason(error))
        if taken:
            return None
        return self.hidden(said[-1]) if said else "the service did not take it"

    def hidden(self, text: str) -> str:
        """Return a text on one line, without any part of the address."""
        for part in address_parts(self.url):
            text = re.sub(re.escape(part), HIDDEN, text, flags=re.IGNORECASE)
        return shown(text, 200)


def addresses(urls: Sequence[str]) -> list[Address]:
    """Return the addresses, in their order.

    Raises:
        UsageError: one is none that Apprise takes; its text names its place only.
    """
    return [Address(number, url) for number, url in enumerate(urls, start=1)]


class _Kept(logging.Handler):
    """Keeps what libraries say; nothing of it goes further."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        if record.levelno >= logging.WARNING:
            self.said.append(unquote(record.getMessage()))


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Let no line of the libraries reach a log, at any level; gives their warnings."""
    kept = _Kept()
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [one.propagate for one in loggers]
    for one in loggers:
        one.addHandler(kept)
        one.propagate = False
    try:
        yield kept.said
    finally:
        for one, propagate in zip(loggers, before, strict=True):
            one.removeHandler(kept)
            one.propagate = propagate
