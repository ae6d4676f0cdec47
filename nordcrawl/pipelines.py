"""The item pipelines, in their order: extract, dedup, archive. Each only calls its stage.

An item is dropped only after its URL has its outcome. An error in a pipeline is Scrapy's
``item_error``, which `nordcrawl.extensions.run_observer.RunObserver` turns into an outcome and a
failed run.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from nordcrawl.crawl.run import Run
from nordcrawl.errors import SpoolError
from nordcrawl.extract import extract
from nordcrawl.items import PageFields
from nordcrawl.model.article import Rejected
from nordcrawl.model.ledger import Outcome
from nordcrawl.rights import PageRights, decide, recorded
from nordcrawl.spiders.news import NewsSpider
from nordcrawl.workers.pool import WorkFailed, WorkStopped


class RunPipeline:
    """What the three have in common: the run of their crawler's spider."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    @property
    def run(self) -> Run:
        """The run, which exists from the first item on."""
        spider = self.crawler.spider
        if not isinstance(spider, NewsSpider):
            raise TypeError(f"{type(spider).__name__} is no NewsSpider")
        return spider.active_run

    async def process_item(self, item: Any) -> Any:
        """Scrapy's entry: an item of any kind comes in, and goes on with its fields filled in.

        Raises:
            WrongItem: it lacks what this pipeline needs.
        """
        await self.process(PageFields(item))
        return item

    async def process(self, item: PageFields) -> None:
        """Do this pipeline's work on an item's fields."""
        raise NotImplementedError

    def drop(self, item: PageFields, outcome: Outcome, reason: str) -> DropItem:
        """Settle an item that goes no further, and return what to raise."""
        self.run.settle(item.url, outcome, reason, item.page)
        return DropItem(f"{outcome}: {reason}", log_level="DEBUG")


class ExtractPipeline(RunPipeline):
    """Page -> Article, in a worker process."""

    async def process(self, item: PageFields) -> None:
        """Fill in `PageItem.article`, or settle the page as no article, failed, out of range or
        reserved by its publisher."""
        try:
            async with self.run.room_for(item.page):
                result = await self.run.workers.call(extract, item.page, self.run.source.profile)
        except WorkStopped as error:
            # The URL stays open: the run settles it when it ends, and the next one fetches it.
            raise DropItem(str(error), log_level="DEBUG") from None
        except WorkFailed as error:
            raise self.drop(item, Outcome.EXTRACTION_FAILED, str(error)) from None
        if isinstance(result, Rejected):
            outcome = Outcome.BLOCKED if result.blocked else Outcome.NOT_ARTICLE
            raise self.drop(item, outcome, result.reason)
        published = result.published_at
        if published is not None and not self.run.arguments.window.holds(published):
            raise self.drop(item, Outcome.OUT_OF_RANGE, f"published {published.date()}")
        page = PageRights.from_record(item.page.url, result.rights)
        site = self.run.site_rights(item.page.url)
        if (denial := decide(self.run.source.rights, page, site)) is not None:
            raise self.drop(item, Outcome.RIGHTS_DENIED, denial.reason)
        item.article = replace(result, rights=recorded(result.rights, page, site))


class DedupPipeline(RunPipeline):
    """Article -> Verdict, which reserves the article until the archive has it."""

    async def process(self, item: PageFields) -> None:
        """Fill in `PageItem.verdict`; the item's URL holds the article from here."""
        item.verdict = await self.run.judge(item.url, item.page, item.article)


class ArchivePipeline(RunPipeline):
    """Verdict -> record and ledger line, durable before the URL counts as done."""

    async def process(self, item: PageFields) -> None:
        """Archive a judged page; the reservation ends whether or not that works."""
        try:
            await self.run.archive(item.url, item.page, item.article, item.verdict)
        except SpoolError as error:
            # The run knows, and ends; the URL stays open, to be fetched by the next one.
            raise DropItem(f"not archived: {error}", log_level="DEBUG") from None
        finally:
            self.run.release(item.url)
