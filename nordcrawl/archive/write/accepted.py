"""Accepted: what a writer takes, as lines for the spool."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime

from nordcrawl.archive.format.keys import PartKind
from nordcrawl.archive.format.lines import encode_line
from nordcrawl.archive.local.captured import told_by
from nordcrawl.archive.local.captures import Captures
from nordcrawl.archive.local.spool import Spool
from nordcrawl.archive.local.state import Change
from nordcrawl.archive.local.waiting import SpooledLine
from nordcrawl.model.capture import Capture, Draft
from nordcrawl.model.ledger import LedgerEntry
from nordcrawl.model.record import Record


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one call of `Writer.accept` brought."""

    lines: tuple[SpooledLine, ...]
    change: Change
    future: Future[None]
    entry: LedgerEntry
    record: Record | None = None
    page: Draft | None = None
    """What is to be kept of the page itself; the lines will say where."""

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        lines = sum(len(line.line) for line in self.lines)
        return lines + (self.page.size if self.page is not None else 0)

    def placed(self, capture: Capture) -> Accepted:
        """Return it with lines that say where the page lies."""
        entry = replace(self.entry, capture=capture)
        record = replace(self.record, capture=capture) if self.record is not None else None
        lines = lines_of(entry, record, entry.source, entry.run_id)
        return replace(self, lines=lines, change=replace(self.change, captured=told_by(entry)))


def keep(spool: Spool, batch: Sequence[Accepted], now: datetime) -> tuple[list[Change], int]:
    """Make a batch durable, captures first; return what it changes, and the number of its last
    line.

    Raises:
        SpoolError: the disk refuses; nothing of it counts.
    """
    with spool.captures.lock:
        batch = _with_captures(spool.captures, batch, now)
        lines = [line for accepted in batch for line in accepted.lines]
        last_seq = spool.add(lines, spool.captures.rows())
    return [accepted.change for accepted in batch], last_seq


def _with_captures(captures: Captures, batch: Sequence[Accepted], now: datetime) -> list[Accepted]:
    """Put the captures of a batch on the disk, and return it with lines that name them."""
    pages = [accepted.page for accepted in batch if accepted.page is not None]
    places = iter(captures.append(pages, now))
    return [one if one.page is None else one.placed(next(places)) for one in batch]


def lines_of(
    entry: LedgerEntry, record: Record | None, source: str, run_id: str
) -> tuple[SpooledLine, ...]:
    """Return a ledger line, and before it the record that it tells of, as the spool takes them.

    Raises:
        ValueError: they are not of this source and run, don't agree with each other, or can't be
            written as JSON.
    """
    _check(entry, record, (source, run_id))
    line = encode_line(entry.to_json())
    ledger = SpooledLine.of(PartKind.LEDGER, entry.at, run_id, line)
    if record is None:
        return (ledger,)
    line = encode_line(record.to_json())
    return SpooledLine.of(PartKind.ARTICLE, record.page.fetched_at, run_id, line), ledger


def _check(entry: LedgerEntry, record: Record | None, here: tuple[str, str]) -> None:
    if (entry.source, entry.run_id) != here:
        raise ValueError(f"{entry.url}: {entry.source}, {entry.run_id}: not of {here}")
    if record is None:
        return
    if (record.source, record.run_id) != here:
        raise ValueError(f"{entry.url}: record not of {here}")
    if entry.article is None:
        raise ValueError(f"{entry.url}: a record without the article's new state")
    told = (entry.article_id, entry.revision)
    known = (entry.article.article_id, entry.article.revision)
    if not (record.article_id, record.revision) == told == known:
        raise ValueError(f"{entry.url}: {told} in the ledger, {known} as state, but a record "
                         f"of {record.article_id}, {record.revision}")  # fmt: skip


def has_half_characters(entry: LedgerEntry) -> bool:
    """Return whether one of the texts that the state keeps has half a surrogate pair in it."""
    article = entry.article
    kept = (entry.url, entry.lastmod, entry.etag, entry.last_modified, entry.article_id)
    more = (article.url, article.title, article.article_id, article.extractor) if article else ()
    try:
        "".join(filter(None, (*kept, *more))).encode()
    except UnicodeEncodeError:
        return True
    return False
