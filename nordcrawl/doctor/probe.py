"""Probe: the marker and an object of our own, to see what a store allows."""

from __future__ import annotations

from nordcrawl.archive.store.protocol import MARKER_KEY, check_marker
from nordcrawl.doctor.finding import Finding, failed, note, ok
from nordcrawl.errors import ArchiveDamaged


def marker_finding(uri: str, body: bytes | None) -> Finding:
    """Judge an archive's marker; None if there is none."""
    if body is None:
        return note("marker", f"no {MARKER_KEY}: no archive yet", "the first crawl begins one")
    try:
        check_marker(uri, body)
    except ArchiveDamaged as error:
        return failed("marker", error)
    return ok("marker", "an archive of version 1")
