"""Gather: the pages that an archive can replay of a source, and a tape of them.

Of each address the latest capture, as the ledger's lines name it: a revisit with the payload of the
response that it refers to. What is not kept of a site, its sitemaps and feeds, is not needed: the
lines say what these told of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nordcrawl.archive.read.captures import CapturedParts, Found, response_of
from nordcrawl.archive.read.reader import Reader
from nordcrawl.archive.store.protocol import Store
from nordcrawl.capture.write import NOT_MODIFIED
from nordcrawl.crawl.told import link_told
from nordcrawl.discover import Link
from nordcrawl.model.capture import Capture
from nordcrawl.model.ledger import ARCHIVED, LedgerEntry, Outcome
from nordcrawl.replay.tape import RECORDS, Place, Recorded, Tape
from nordcrawl.sources.source import LinkKind, Source

#: Outcomes by which a page became a revision of an article.
_MADE: Final = ARCHIVED - {Outcome.REMOVED}
#: What the source's table takes an address for, where that is no article's.
_NO_ARTICLE: Final[Mapping[LinkKind, str]] = {
    "listing": "the table takes the address for a listing's",
    "foreign": "the address is not on a host of the table",
    "other": "the table does not take the address for an article's",
}


@dataclass(slots=True)
class Address:
    """An address, and what the archive knows of it."""

    url: str
    """As the source's table spells it now."""
    captures: list[Found] = field(default_factory=list)
    lines: list[LedgerEntry] = field(default_factory=list)
    """Those of pages that were read, less what is not needed, the latest last."""
    refused: str | None = None
    """Why the source's table has it asked for no more; None where it has."""

    @property
    def latest(self) -> Found:
        """Its latest capture."""
        return self.captures[-1]

    @property
    def article_id(self) -> str | None:
        """Which article it is; None where only the texts agree."""
        line = self.lines[-1]
        return None if line.weak_alias else line.article_id

    def link(self) -> Link:
        """Return what was told of the page when the revision that the archive has was made; what
        was not told then is what was told before, and what was not told before, later."""
        made = max((n for n, line in enumerate(self.lines) if line.outcome in _MADE), default=-1)
        told = Link(self.url)
        for line in (*reversed(self.lines[: made + 1]), *reversed(self.lines[made + 1 :])):
            told = told.merge(link_told(line))
        return told


def addresses(reader: Reader, source: Source) -> list[Address]:
    """Return the addresses of a source of which an archive has captures, the one that was fetched
    last being the first.

    Raises:
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    found: dict[str, Address] = {}
    for entry in reader.ledger(source=source.name):
        if entry.outcome is Outcome.QUARANTINED:
            continue  # its record is not in the archive yet
        if entry.capture is None and entry.outcome not in _MADE:
            continue
        address = found.setdefault(entry.url, Address(entry.url))
        address.lines.append(entry)
        if entry.capture is not None:
            address.captures.append(Found(entry.fetched_at or entry.at, entry.capture))
    kept: dict[str, Address] = {}
    for address in found.values():
        if not address.captures:
            continue
        address.captures.sort(key=lambda one: (one.at, one.capture.object, one.capture.offset))
        address.lines.sort(key=lambda line: line.fetched_at or line.at)
        address.url, address.refused = _spelled(source, address.url)
        # A table that spells addresses otherwise may make two of them one.
        if address.url not in kept or kept[address.url].latest.at < address.latest.at:
            kept[address.url] = address
    return sorted(kept.values(), key=lambda one: one.latest.at, reverse=True)


def record(
    store: Store, reader: Reader, chosen: Iterable[Address], folder: Path
) -> tuple[Tape, int]:
    """Copy the captures of some addresses into a folder, and return the tape, with how many of the
    pages are not on it, as they were erased.

    Raises:
        OSError: the folder can't be written.
        ArchiveDamaged, StoreRefused, StoreUnavailable: the archive.
    """
    wanted = {one.url: (one, response_of(one.captures, one.latest)) for one in chosen}
    needed = {
        each.capture for one, response in wanted.values() for each in (one.latest, response) if each
    }
    places: dict[Capture, Place] = {}
    targets: dict[Capture, str] = {}
    not_modified: set[Capture] = set()
    with (folder / RECORDS).open("wb") as file:
        parts = CapturedParts(store, reader)
        for capture in sorted(needed, key=lambda one: (one.object, one.offset)):
            if (kept := parts.get(capture)) is None:
                continue
            member, warc = kept
            places[capture] = Place(file.tell(), len(member))
            targets[capture] = warc.url
            if warc.headers.get("warc-profile") == NOT_MODIFIED:
                not_modified.add(capture)
            file.write(member)
    pages = (_recorded(*one, places, targets, not_modified) for one in wanted.values())
    found = [page for page in pages if page is not None]
    return Tape(folder, found), len(wanted) - len(found)


def _recorded(
    address: Address,
    response: Found | None,
    places: Mapping[Capture, Place],
    targets: Mapping[Capture, str],
    not_modified: set[Capture],
) -> Recorded | None:
    latest = address.latest
    if response is None or not {latest.capture, response.capture} <= places.keys():
        return None
    # A 304 is no page: it says that the page is the one that was sent before.
    answer = response if latest.capture in not_modified else latest
    return Recorded(
        url=address.url,
        at=latest.at,
        target=targets[answer.capture],
        answer=places[answer.capture],
        payload=None if answer == response else places[response.capture],
        link=address.link(),
        found_by=tuple(_found_by(address.lines)),
        article_id=address.article_id,
    )


def _spelled(source: Source, url: str) -> tuple[str, str | None]:
    try:
        kind, kept = source.sort(url, url)
    except ValueError as error:
        return url, f"not asked for: {error}"
    return kept, None if kind == "article" else f"not asked for: {_NO_ARTICLE[kind]}"


def _found_by(lines: Iterable[LedgerEntry]) -> Iterator[str]:
    yield from dict.fromkeys(by for line in lines for by in line.found_by)
