"""Probe: the marker and an object of our own, to see what a store allows."""

from __future__ import annotations

from datetime import UTC, datetime

from nordcrawl.archive.store.protocol import MARKER_KEY, check_marker
from nordcrawl.doctor.finding import Finding, failed, note, ok
from nordcrawl.errors import ArchiveDamaged


def probe_object(now: datetime) -> tuple[str, bytes]:
    """Return key and bytes of the object that is put to try a store: the same all day (UTC), so
    that it is put once however often it is tried.

    >>> probe_object(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    ('probe/2026-11-23.json', b'{"format":"nordcrawl-probe","date":"2026-11-23"}\\n')
    """
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    return f"probe/{day}.json", b'{"format":"nordcrawl-probe","date":"%s"}\n' % day.encode()


def marker_finding(uri: str, body: bytes | None) -> Finding:
    """Judge an archive's marker; None if there is none."""
    if body is None:
        return note("marker", f"no {MARKER_KEY}: no archive yet", "the first crawl begins one")
    try:
        check_marker(uri, body)
    except ArchiveDamaged as error:
        return failed("marker", error)
    return ok("marker", "an archive of version 1")
