"""Copies: the latest robots.txt of each host, kept beside the spool for when one can't be had.

Source: RFC 9309 section 2.4: a copy is used for up to 24 hours.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nordcrawl.model.times import parse_rfc3339, rfc3339
from nordcrawl.system.disk import write_file

logger = logging.getLogger(__name__)

#: How long a robots.txt is taken for what the host says.
FRESH_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Copy:
    """One host's robots.txt, as far as it is read; `body` is as sent, after content decoding."""

    fetched_at: datetime
    status: int
    body: bytes

    def is_fresh(self, now: datetime) -> bool:
        """Return whether it may still be used; one from the future may not."""
        return timedelta(0) <= now - self.fetched_at < FRESH_FOR


class Copies:
    """A small file of them. It is only a cache: what can't be read is as if it were not there."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._copies: dict[str, dict[str, Any]] = {}
        try:
            kept = json.loads(file.read_text(encoding="ascii"))
            self._copies = {str(host): dict(values) for host, values in kept.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError) as error:
            logger.warning("%s: not used: %s", file, error)

    @property
    def hosts(self) -> list[str]:
        """The hosts (with their ports) of which there is a copy."""
        return [*self._copies]

    def get(self, host: str) -> Copy | None:
        """Return the copy of a host (with its port), however old."""
        values = self._copies.get(host, {})
        try:
            at = parse_rfc3339(values["fetched_at"])
            if at is None:
                return None
            return Copy(at, int(values["status"]), str(values["body"]).encode("latin-1"))
        except (KeyError, ValueError, TypeError):
            return None

    def put(self, host: str, copy: Copy) -> None:
        """Keep a copy instead of the one before; a disk that refuses costs the copy only."""
        self._copies[host] = {
            "fetched_at": rfc3339(copy.fetched_at.astimezone(UTC)),
            "status": copy.status,
            "body": copy.body.decode("latin-1"),
        }
        try:
            write_file(self._file, json.dumps(self._copies, ensure_ascii=True).encode("ascii"))
        except OSError as error:
            logger.warning("%s: not kept: %s", self._file, error.strerror)
