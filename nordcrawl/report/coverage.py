"""Coverage: whether others named what the failed ones of a run's entries would have. Pure."""

from __future__ import annotations

from nordcrawl.model.url import host_of
from nordcrawl.report.entry import NAMES_NOTHING, EntryReport

#: The server says that there is no such sitemap. Source: RFC 9110 sections 15.5.5 and 15.5.11.
_NONE_THERE = frozenset({404, 410})


def uncovered(entries: list[EntryReport], mode: str, unread: int) -> list[EntryReport]:
    """Return the entries that failed and that no other one of the same host stood in for.

    Two sitemaps need not name the same: one may have this year, one the last, one the latest two
    days. Another whole one stands in for a sitemap that failed where it is known to have its scope
    (all that this one named the last time is named by others now), or where nothing is at that
    address, or in it, and never was. So do the listings that others led to, if all were read. A
    feed, news sitemap or front page names the latest ones: that is enough where it shares some with
    what was known before, in a run that only wants what is new. For a feed or listing each of these
    will do.
    """
    return [
        entry
        for entry in entries
        if entry.problem is not None and not _is_covered(entry, entries, mode, unread)
    ]


def _is_covered(entry: EntryReport, entries: list[EntryReport], mode: str, unread: int) -> bool:
    here = [e for e in entries if e is not entry and host_of(e.url) == host_of(entry.url)]
    good = [e for e in here if e.answered and e.links]
    whole = _has_whole_sitemap(entry, entries, here)
    if entry.kind != "sitemap" or entry.latest:
        return whole or any(e.kind != "sitemap" or e.latest for e in good)
    nothing_there = entry.status in _NONE_THERE or entry.problem == NAMES_NOTHING
    same_scope = entry.unnamed == 0 if entry.unnamed is not None else nothing_there
    if whole and same_scope:
        return True
    followed = [e for e in here if e.kind == "listing" and e.parent is not None]
    if not unread and any(e.links for e in followed) and all(e.problem is None for e in followed):
        return True
    latest = [e for e in good if (e.kind != "sitemap" and e.parent is None) or e.latest]
    return mode == "incremental" and any(e.known for e in latest)


def _has_whole_sitemap(
    entry: EntryReport, entries: list[EntryReport], here: list[EntryReport]
) -> bool:
    """Return whether there is another sitemap than the one to which `entry` belongs that answered
    with all that it leads to, and names more than the latest articles."""
    top = entry if entry.parent is None else _root(entry, entries)
    for sitemap in (e for e in here if e.kind == "sitemap" and e.parent is None and e is not top):
        family = [e for e in here if e is sitemap or _root(e, entries) is sitemap]
        complete = all(e.problem is None and not e.unread for e in family)
        if complete and any(e.links and not e.latest for e in family):
            return True
    return False


def _root(entry: EntryReport, entries: list[EntryReport]) -> EntryReport:
    """Return the entry that led to it first of all."""
    by_url = {e.url: e for e in entries}
    seen = set()
    while entry.parent in by_url and entry.url not in seen:
        seen.add(entry.url)
        entry = by_url[entry.parent]
    return entry
