"""The item pipelines, in their order: extract, dedup, archive. Each only calls its stage. Items of
somebody else's spider take all three at once, and go on as they came.

An item is dropped only after its URL has its outcome. An error in a pipeline is Scrapy's
``item_error``, which `nordcrawl.extensions.run_observer.RunObserver` turns into an outcome and a
failed run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from nordcrawl.archive.format.order import hidden_url
from nordcrawl.crawl.entries import ERASED_REASON
from nordcrawl.crawl.extraction import PageReader, permitted
from nordcrawl.crawl.run import Run
from nordcrawl.discover import Link
from nordcrawl.errors import SpoolError
from nordcrawl.fetch.answer import READABLE
from nordcrawl.items import LeftOpen, PageFields, PageItem, WrongItem
from nordcrawl.model.article import Rejected
from nordcrawl.model.ledger import Outcome
from nordcrawl.rights import Denial
from nordcrawl.spiders.news import NewsSpider
from nordcrawl.spiders.responses import page_of_item
from nordcrawl.spiders.runs import run_of
from nordcrawl.workers.pool import WorkFailed, WorkStopped


class RunPipeline(ABC):
    """What the three have in common: the run of their crawler's spider."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    @property
    def run(self) -> Run:
        """The run, which exists from the first item on.

        Raises:
            UsageError: the spider was started otherwise than by ``crawl``.
        """
        spider, run = self.crawler.spider, run_of(self.crawler)
        if run is None and isinstance(spider, NewsSpider):
            return spider.active_run
        if run is None:
            raise TypeError(f"{type(spider).__name__} has no run")
        return run

    async def process_item(self, item: Any) -> Any:
        """Scrapy's entry: an item of any kind comes in, and goes on with its fields filled in.

        Raises:
            WrongItem: it lacks what this pipeline needs.
        """
        await self.process(PageFields(item))
        return item

    @abstractmethod
    async def process(self, item: PageFields) -> None:
        """Do this pipeline's work on an item's fields."""

    def drop(self, item: PageFields, outcome: Outcome, reason: str) -> DropItem:
        """Settle an item that goes no further, and return what to raise."""
        self.run.outcomes.settle(item.url, outcome, reason, item.page)
        return DropItem(f"{outcome}: {reason}", log_level="DEBUG")


class ExtractPipeline(RunPipeline):
    """Page -> Reading, in a worker process."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pages = PageReader()

    async def process(self, item: PageFields) -> None:
        """Fill in `PageItem.article` and `PageItem.reading`, or settle the page as no article,
        failed, out of range or reserved by its publisher."""
        run, page = self.run, item.page
        source, told = run.info.source, run.discovered.told(item.url)
        try:
            found = await self._pages.article(run.workers, source, page, told)
        except WorkStopped as error:
            raise LeftOpen(str(error), log_level="DEBUG") from None
        except WorkFailed as error:
            raise self.drop(item, Outcome.EXTRACTION_FAILED, str(error)) from None
        if isinstance(found, Rejected):
            outcome = Outcome.BLOCKED if found.blocked else Outcome.NOT_ARTICLE
            raise self.drop(item, outcome, found.reason)
        published = found.article.published_at
        if published is not None and not run.info.arguments.window.holds(published):
            raise self.drop(item, Outcome.OUT_OF_RANGE, f"published {published.date()}")
        allowed = permitted(source, page, found, run.statements.of(page))
        if isinstance(allowed, Denial):
            raise self.drop(item, Outcome.RIGHTS_DENIED, allowed.reason)
        item.reading = allowed


class DedupPipeline(RunPipeline):
    """Reading -> Verdict, which reserves the article until the archive has it."""

    async def process(self, item: PageFields) -> None:
        """Fill in `PageItem.verdict`; the item's URL holds the article from here."""
        visit = self.run.info.source.locate(item.page, item.url)
        item.verdict = await self.run.judge.judge(visit, item.reading)


class ArchivePipeline(RunPipeline):
    """Verdict -> record and ledger line, durable before the URL counts as done."""

    async def process(self, item: PageFields) -> None:
        """Archive a judged page; the reservation ends whether or not that works."""
        try:
            await self.run.outcomes.archive(item.verdict, item.reading)
        except SpoolError as error:
            # The run knows, and ends; the URL stays open, to be fetched by the next one.
            raise LeftOpen(f"not archived: {error}", log_level="DEBUG") from None
        finally:
            self.run.reservations.release(item.url)


class GuestPipeline:
    """Items of somebody else's spider -> the archive; the items themselves go on unchanged."""

    def __init__(self, crawler: Crawler) -> None:
        self._first = ExtractPipeline(crawler)
        self._others = (DedupPipeline(crawler), ArchivePipeline(crawler))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Archive the page of an item; one that was yielded before in this run is left as it is.

        Raises:
            WrongItem: it has no page, which fails the run.
        """
        run = self._first.run
        page = page_of_item(item, run.info.clock())
        try:
            url = run.info.source.link(page.requested_url or page.url)
        except ValueError as error:
            raise WrongItem(f"item of type {type(item).__name__}: url: {error}") from error
        if url in run.frontier.found:
            return item
        run.discovered.note(url, Link(url), f"spider {run.info.source.name}")
        if run.outcomes.is_open(hidden_url(url)):
            run.outcomes.settle(hidden_url(url), Outcome.RIGHTS_DENIED, ERASED_REASON)
        elif run.outcomes.is_open(url):
            await self._archive(run, PageItem(url, page))
        return item

    async def _archive(self, run: Run, item: PageItem) -> None:
        if item.page.status not in READABLE:
            why = f"HTTP {item.page.status}"
            run.outcomes.settle(item.url, Outcome.FETCH_FAILED, why, item.page)
            return
        run.under_way.in_flight.add(item.url)
        try:
            for stage in (self._first, *self._others):
                await stage.process(PageFields(item))
        except DropItem:
            pass  # its URL has its outcome, or gets one when the run ends
        finally:
            run.reservations.release(item.url)
