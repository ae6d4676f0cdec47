"""Runs: which run a crawler works for: its own spider's, or one that was opened for a spider of
somebody else's."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from nordcrawl.crawl.run import Run
from nordcrawl.spiders.asking import AskingSpider
from nordcrawl.spiders.news import NewsSpider

_GUESTS: Final[WeakKeyDictionary[Crawler, Run]] = WeakKeyDictionary()


def is_ours(crawler: Crawler) -> bool:
    """Return whether a crawler's spider is one of ours: of a source, or one that only asks."""
    return issubclass(crawler.spidercls, (NewsSpider, AskingSpider))


def lend(crawler: Crawler, run: Run) -> None:
    """Let the spider of somebody else's work for a run."""
    _GUESTS[crawler] = run


def run_of(crawler: Crawler) -> Run | None:
    """Return the run; None before it is opened, or where there is none."""
    if crawler in _GUESTS:
        return _GUESTS[crawler]
    spider = crawler.spider
    return spider.run if isinstance(spider, NewsSpider) else None
