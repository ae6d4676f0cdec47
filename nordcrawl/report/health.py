"""Health: whether what a run asked for looks like a news site, or like one that is down, walled
or rebuilt.

A site can answer everything and give nothing: errors, empty shells, one consent page under every
address. Each page is ordinary news of its own (a dead link, a picture gallery); most of them
together are not. Pure, but for `Recent.read` and `Recent.write`.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from nordcrawl.model.ledger import LedgerEntry, Outcome, UrlState
from nordcrawl.system.disk import write_file

logger = logging.getLogger(__name__)

#: New pages of earlier runs that a run with few of its own is judged by; a day or two of a small
#: paper.
LATEST: Final = 20
#: Texts counted at a time. One that most pages share is among them whatever the number.
_MOST_TEXTS: Final = 10_000

#: Outcomes of pages that could not be had or read.
FAILED = frozenset({Outcome.FETCH_FAILED, Outcome.EXTRACTION_FAILED, Outcome.BLOCKED})
_READ = frozenset({Outcome.NEW, Outcome.UPDATED, Outcome.MOVED, Outcome.DUPLICATE})
_BAD_BEFORE = FAILED | {Outcome.NOT_ARTICLE}
#: Asked for by nobody, or kept out by order: they say nothing of the site.
NOT_ASKED = frozenset(
    {Outcome.OUT_OF_RANGE, Outcome.OVER_BUDGET, Outcome.ROBOTS_DENIED, Outcome.RIGHTS_DENIED}
)


@dataclass(frozen=True, slots=True)
class SuspectLimits:
    """When a run is suspect; see docs/operations.md."""

    share: float = 0.5
    """More than this share of the pages, from 0 to 1; 1 is never exceeded."""
    pages: int = 5
    """Of so many pages at least."""

    @property
    def crowd(self) -> int:
        """So many pages with one text are too many; an article may have two addresses."""
        return max(3, self.pages)


class Standing(StrEnum):
    """What was known of a page before it was asked for."""

    NEW = "new"
    """Nothing."""
    KNOWN = "known"
    """It is an article of the archive."""
    AGAIN = "again"
    """It ended badly before."""


class PageEnd(StrEnum):
    """How a page ended, as far as it tells of the site."""

    GOOD = "good"
    FAILED = "failed"
    NO_ARTICLE = "no_article"


def standing(known: UrlState | None) -> Standing:
    """Return what was known of a page."""
    if known is None:
        return Standing.NEW
    if known.outcome in _BAD_BEFORE or known.misses:
        return Standing.AGAIN
    if known.article_id is not None:
        return Standing.KNOWN
    if known.fetched_at is not None and known.outcome is not Outcome.OUT_OF_RANGE:
        return Standing.AGAIN  # no article the last time, and passed over since
    return Standing.NEW


def ending(entry: LedgerEntry, known: UrlState | None, *, stands: bool) -> PageEnd | None:
    """Return how a page ended; None where that says nothing of the site: it was not asked, or
    what is gone was expected to be.

    `stands` tells that the site itself names the address. One that it took off its lists and that
    answers 404 was taken down in good order; and one that was gone twice is a dead link.
    """
    if entry.outcome in NOT_ASKED or entry.outcome is Outcome.SKIPPED_FRESH:
        return None
    if entry.is_gone:
        orderly = not stands or (known is not None and known.times_gone > 1)
        return None if orderly else PageEnd.FAILED
    if entry.outcome in FAILED:
        return PageEnd.FAILED
    if entry.outcome is Outcome.NOT_ARTICLE:
        return PageEnd.NO_ARTICLE
    return PageEnd.GOOD


@dataclass(frozen=True, slots=True)
class Pages:
    """How the pages of one standing ended; the last three are parts of `asked`."""

    asked: int = 0
    failed: int = 0
    no_article: int = 0
    same_text: int = 0
    """Pages whose text so many others have, too, that it is no article's."""

    @property
    def bad(self) -> int:
        """Pages from which nothing came, or the same as from others."""
        return self.failed + self.no_article + self.same_text

    def is_suspect(self, limits: SuspectLimits, of: int | None = None) -> bool:
        """Return whether too many are bad, among these or among `of` pages."""
        many = self.bad if of is not None else self.asked
        return many >= limits.pages and self.bad > limits.share * (self.asked if of is None else of)

    def told(self) -> str:
        """Return the numbers in words."""
        parts = (
            (self.failed, "failed"),
            (self.no_article, "no article"),
            (self.same_text, "with one and the same text"),
        )
        return ", ".join(f"{count} {words}" for count, words in parts if count)

    def to_json(self) -> dict[str, int]:
        """Return them for the report file."""
        return {
            "asked": self.asked,
            "failed": self.failed,
            "no_article": self.no_article,
            "same_text": self.same_text,
        }


@dataclass(frozen=True, slots=True)
class Latest:
    """One of the latest new pages; url and text are short digests, text is empty where none was
    read."""

    url: str
    ending: PageEnd
    text: str
    here: bool = True
    """It was new in this run."""


def tally(pages: Iterable[Latest], limits: SuspectLimits, *, here: bool = False) -> Pages:
    """Count pages, or of them those of this run only; crowds are those among all of them."""
    pages = list(pages)
    texts = Counter(page.text for page in pages if page.text)
    shown = [page for page in pages if page.here or not here]
    return Pages(
        asked=len(shown),
        failed=sum(page.ending is PageEnd.FAILED for page in shown),
        no_article=sum(page.ending is PageEnd.NO_ARTICLE for page in shown),
        same_text=sum(texts[page.text] >= limits.crowd for page in shown if page.text),
    )


@dataclass(slots=True)
class _Counts:
    endings: Counter[PageEnd] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)

    def add(self, ending: PageEnd, text: str) -> None:
        self.endings[ending] += 1
        if text:
            self.texts[text] += 1
            if len(self.texts) > _MOST_TEXTS:
                self.texts = Counter(dict(self.texts.most_common(_MOST_TEXTS // 2)))

    def pages(self, limits: SuspectLimits) -> Pages:
        return Pages(
            asked=self.endings.total(),
            failed=self.endings[PageEnd.FAILED],
            no_article=self.endings[PageEnd.NO_ARTICLE],
            same_text=sum(count for count in self.texts.values() if count >= limits.crowd),
        )


@dataclass(slots=True)
class Recent:
    """The latest new pages of a source, over runs, the oldest first. Only a cache: without it a
    run with few new pages is not judged by them."""

    latest: list[Latest] = field(default_factory=list)

    def put(self, page: Latest, standing: Standing, most: int) -> None:
        """Take a page in; of one that is there already the new ending is kept."""
        for number, kept in enumerate(self.latest):
            if kept.url == page.url:
                self.latest[number] = Latest(page.url, page.ending, page.text, kept.here)
                return
        if standing is Standing.NEW:
            self.latest.append(page)
            del self.latest[:-most]

    @classmethod
    def from_json(cls, values: Any) -> Self:
        """Read back `to_json`.

        Raises:
            ValueError, TypeError: it is none.
        """
        pages = [Latest(str(u), PageEnd(e), str(t), here=False) for u, e, t in values]
        return cls(pages)

    def to_json(self) -> list[list[str]]:
        """Return them for the file."""
        return [[page.url, str(page.ending), page.text] for page in self.latest]

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the file; what can't be read is as if it were not there."""
        try:
            return cls.from_json(json.loads(file.read_text(encoding="ascii")))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError) as error:
            logger.warning("%s: not used: %s", file, error)
        return cls()

    def write(self, file: Path) -> None:
        """Write the file, whole or not at all; a disk that refuses costs no more than that."""
        try:
            write_file(file, json.dumps(self.to_json()).encode("ascii"))
        except OSError as error:
            logger.warning("%s: not kept: %s", file, error.strerror)


@dataclass(slots=True)
class Asked:
    """Takes in how the pages of a run ended, one by one; its size does not grow with them."""

    limits: SuspectLimits = field(default_factory=SuspectLimits)
    recent: Recent = field(default_factory=Recent)
    _counts: dict[Standing, _Counts] = field(
        default_factory=lambda: {standing: _Counts() for standing in Standing}
    )

    def add(
        self,
        entry: LedgerEntry,
        known: UrlState | None,
        *,
        stands: bool,
        text_sha256: str | None = None,
    ) -> None:
        """Take in a page by its ledger line and what was known of it before."""
        how = ending(entry, known, stands=stands)
        if how is None:
            return
        text = text_sha256[:16] if text_sha256 and entry.outcome in _READ else ""
        before = standing(known)
        self._counts[before].add(how, text)
        url = hashlib.sha256(entry.url.encode(errors="replace")).hexdigest()[:8]
        self.recent.put(Latest(url, how, text), before, max(LATEST, self.limits.pages))

    def health(self) -> Health:
        """Return the counts."""
        return Health(
            limits=self.limits,
            new=self._counts[Standing.NEW].pages(self.limits),
            known=self._counts[Standing.KNOWN].pages(self.limits),
            again=self._counts[Standing.AGAIN].pages(self.limits),
            latest=tally(self.recent.latest, self.limits),
            latest_here=tally(self.recent.latest, self.limits, here=True),
        )


@dataclass(frozen=True, slots=True)
class Health:
    """How the pages ended that a run asked for."""

    limits: SuspectLimits = field(default_factory=SuspectLimits)
    new: Pages = field(default_factory=Pages)
    """Those never seen before."""
    known: Pages = field(default_factory=Pages)
    """Those of archived articles, looked at again."""
    again: Pages = field(default_factory=Pages)
    """Those that had ended badly before."""
    latest: Pages = field(default_factory=Pages)
    """The latest new pages, of this run and of those before."""
    latest_here: Pages = field(default_factory=Pages)
    """Those of them that are of this run."""

    @property
    def asked(self) -> int:
        """Pages that say something of the site."""
        return self.new.asked + self.known.asked + self.again.asked

    def suspicion(self, named: int) -> str | None:
        """Return what is suspect about the run, in words; None if nothing is.

        `named` is the number of pages that the site named and that were not kept out by order.
        Pages that fail in every run are weighed against all of these, not against the few that a
        run asks for: a big site has some for ever.
        """
        limits = self.limits
        if self.new.is_suspect(limits):
            return f"{self.new.bad} of {self.new.asked} new pages: {self.new.told()}"
        few = self.latest_here
        if (
            self.new.asked < limits.pages
            and few.bad > limits.share * few.asked
            and self.latest.is_suspect(limits)
        ):
            return (
                f"{self.latest.bad} of the latest {self.latest.asked} new pages, "
                f"{few.bad} of {few.asked} in this run: {self.latest.told()}"
            )
        if self.known.is_suspect(limits):
            return (
                f"{self.known.bad} of {self.known.asked} archived pages that were looked at "
                f"again: {self.known.told()}"
            )
        if self.again.is_suspect(limits, of=named):
            return f"{self.again.bad} of {named} pages, as in an earlier run: {self.again.told()}"
        return None

    def to_json(self) -> dict[str, dict[str, int]]:
        """Return it for the report file."""
        return {
            "new": self.new.to_json(),
            "known": self.known.to_json(),
            "again": self.again.to_json(),
            "latest": self.latest.to_json(),
        }
