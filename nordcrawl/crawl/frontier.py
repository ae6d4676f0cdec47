"""Frontier: the URLs that a run discovered, what was told of each and by whom, and which are due.

Adds what the archive itself knows: pages that nothing names any more are looked at too, as the
revisit policy says. Decides by `nordcrawl.fetch.revisit` alone; settles nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from nordcrawl.archive.write import State
from nordcrawl.discover import Link
from nordcrawl.fetch.revisit import SCHEDULE, Due, Mode, ToldTimes, Window, decide
from nordcrawl.model.ledger import ArticleState, UrlState
from nordcrawl.sources.source import Source

#: Who names a page that only the archive still knows.
BY_STATE = "state"
#: URLs decided between two looks at what else the process has to do.
_AT_ONCE = 500


@dataclass(slots=True)
class Found:
    """A discovered URL: what was told of it, and by whom."""

    link: Link
    found_by: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """URLs that are due: those to fetch, in order, and those that are left for another run."""

    fetch: list[str]
    left: list[str]


def plan(due: Iterable[tuple[str, str]], limit: int | None) -> Plan:
    """Return which of the due URLs to fetch; `due` are pairs of when a URL changed or appeared, as
    told (empty if it was not), and the URL. The newest come first, and of the rest in the order in
    which they were found; `limit` takes so many, None all.

    >>> plan([("", "a"), ("2026-10-01", "b"), ("2026-10-02", "c")], 2)
    Plan(fetch=['c', 'b'], left=['a'])
    """
    ordered = [url for _, url in sorted(due, key=lambda pair: pair[0], reverse=True)]
    return Plan(ordered, []) if limit is None else Plan(ordered[:limit], ordered[limit:])


class Frontier:
    """The discovered URLs of one run, in canonical form."""

    def __init__(self, source: Source, state: State, *, stands_all: bool = False) -> None:
        self.found: dict[str, Found] = {}
        self.vanished: set[str] = set()
        """URLs that a sitemap named the last time and does not name now."""
        self.unconditional: set[str] = set()
        """Due URLs that must be read again even if their bytes are the same."""
        self._source = source
        self._state = state
        self._stands_all = stands_all

    def add(self, url: str, link: Link, found_by: str) -> bool:
        """Take note of a URL; False when it was known before."""
        found = self.found.get(url)
        if found is None:
            self.found[url] = Found(link, [found_by])
            return True
        found.link = found.link.merge(link)
        if found_by not in found.found_by:
            found.found_by.append(found_by)
        return False

    def stands(self, url: str) -> bool:
        """Return whether the site itself names an address. A run that asked nobody can't tell, and
        says yes."""
        if self._stands_all:
            return True
        found = self.found.get(url)
        return found is not None and found.found_by != [BY_STATE]

    async def known_pages(
        self, mode: Mode, window: Window, now: datetime
    ) -> AsyncIterator[tuple[str, str]]:
        """Yield (URL, who names it) of archived pages that nothing else named and that are due."""
        unlinked = self._state.unlinked()
        earliest = SCHEDULE[0][1]
        for number, (known, article) in enumerate(self._state.pages(now - earliest, now)):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            if known.url in self.found or not self._source.allows(known.url):
                continue
            due = self._decide(ToldTimes(), known, article, mode, window, now)
            if due.fetch or article.article_id in unlinked or known.url in self.vanished:
                yield known.url, BY_STATE
        for url in sorted(self.vanished - self.found.keys()):
            if self._state.url(url) is not None:
                yield url, BY_STATE

    async def decided(
        self, urls: Iterable[str], mode: Mode, window: Window, now: datetime
    ) -> AsyncIterator[tuple[str, Due]]:
        """Yield each of the URLs with what is decided about it."""
        unlinked = self._state.unlinked()
        for number, url in enumerate(urls):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            link = self.found[url].link
            known, article = self._state.url(url), None
            if known is not None and known.article_id is not None:
                article = self._state.article(known.article_id)
            if article is not None and article.article_id in unlinked and article.url == url:
                self.unconditional.add(url)
                yield url, Due(True, "the translation of an article that it does not name")
                continue
            told = ToldTimes(link.lastmod, link.published)
            yield url, self._decide(told, known, article, mode, window, now)

    def _decide(
        self,
        told: ToldTimes,
        known: UrlState | None,
        article: ArticleState | None,
        mode: Mode,
        window: Window,
        now: datetime,
    ) -> Due:
        return decide(
            told,
            known,
            article.published_at if article else None,
            gone=article.gone if article else False,
            vanished=known is not None and known.url in self.vanished,
            mode=mode,
            window=window,
            now=now,
        )
