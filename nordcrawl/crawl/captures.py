"""Captures: which pages of a run are kept as they were fetched.

Kept are the pages of articles that may be archived, and revisits of pages that are kept. What is no
article is not: whether its publisher reserves it is read with the article.
"""

from __future__ import annotations

from nordcrawl.archive.write import Writer
from nordcrawl.crawl.info import RunInfo
from nordcrawl.crawl.statements import Statements
from nordcrawl.model.capture import Draft, Exchange
from nordcrawl.model.ledger import LedgerEntry, Outcome
from nordcrawl.model.page import Page
from nordcrawl.rights import decide, read_page


class Captures:
    """The exchanges of pages that are on their way; of the event loop's thread."""

    def __init__(self, info: RunInfo, writer: Writer, statements: Statements) -> None:
        told = info.source.capture
        self.wanted = info.options.capture if told is None else told
        """Whether pages of this run are kept."""
        self._info = info
        self._state = writer.state
        self._statements = statements
        self._held: dict[str, Exchange] = {}
        self._told = False

    def lacks(self, url: str) -> bool:
        """Return whether pages are to be kept, and that of a URL is not yet: so it must be sent
        whole, and read."""
        return self.wanted and self._state.payload(url) is None

    def hold(self, url: str, exchange: Exchange | None) -> None:
        """Take the exchange by which a URL was answered, until the URL ends."""
        if exchange is not None and self.wanted:
            self._held[url] = exchange

    def of_article(self, url: str, page: Page, article_id: str) -> Draft | None:
        """Return what is to be kept of the page of an article, which may be archived; None where
        nothing is."""
        exchange = self._held.pop(url, None)
        if exchange is not None:
            return self._draft(url, exchange, page, article_id)
        if self.wanted and not self._told:
            self._told = True
            self._info.notes.append(
                "pages were not kept as they were fetched: nothing told what was sent, as of those "
                "that another spider brings"
            )
        return None

    def of_ending(self, entry: LedgerEntry, page: Page | None) -> Draft | None:
        """Return what is to be kept of a page from which no article was read: a revisit, where the
        page is as it was."""
        exchange = self._held.pop(entry.url, None)
        if exchange is None or page is None or entry.outcome is not Outcome.UNCHANGED:
            return None
        said = read_page(page.url, page.headers, {})
        if decide(self._info.source.rights, said, self._statements.of(page)) is not None:
            return None  # it may not be kept any more
        return self._draft(entry.url, exchange, page, entry.article_id)

    def drop(self, url: str) -> None:
        """Forget the exchange of a URL, which is not to be kept."""
        self._held.pop(url, None)

    def _draft(self, url: str, exchange: Exchange, page: Page, article_id: str | None) -> Draft:
        return Draft(
            exchange=exchange,
            fetched_at=page.fetched_at,
            source=self._info.source.name,
            run_id=self._info.run_id,
            requested_url=page.requested_url or page.url,
            article_id=article_id,
            earlier=self._state.payload(url),
        )
