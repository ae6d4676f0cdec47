"""Probe: the object that is put to try a store, or to see its clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_KEY: Final = re.compile(r"probe/(\d{4}-\d\d-\d\d|[0-9a-f]{10})\.json")


def probe_of_day(now: datetime) -> tuple[str, bytes]:
    """Return key and bytes of the probe that is the same all day (UTC), so that it is put once
    however often a store is tried.

    >>> probe_of_day(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    ('probe/2026-11-23.json', b'{"format":"nordcrawl-probe","date":"2026-11-23"}\\n')
    """
    return _probe(f"{now.astimezone(UTC):%Y-%m-%d}")


def probe_of(token: str) -> tuple[str, bytes]:
    """Return key and bytes of a probe for one look; `token` is ten hex digits."""
    return _probe(token)


def is_probe(key: str, body: bytes) -> bool:
    """Return whether an object is a probe, to the byte.

    >>> is_probe(*probe_of("00aa11bb22")), is_probe("probe/2026-11-23.json", b"{}")
    (True, False)
    """
    match = _KEY.fullmatch(key)
    return match is not None and _probe(match[1]) == (key, body)


def is_probe_key(key: str) -> bool:
    """Return whether this can be the key of a probe."""
    return _KEY.fullmatch(key) is not None


def _probe(name: str) -> tuple[str, bytes]:
    return f"probe/{name}.json", b'{"format":"nordcrawl-probe","date":"%s"}\n' % name.encode()
