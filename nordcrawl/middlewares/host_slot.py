"""One request at a time to a host, and a delay between two, as the host sees them.

Scrapy keeps both by a slot for each host. Left alone it goes astray in three ways: a request that
was led elsewhere stays in the slot of the host that led there; a host and its ``www.`` have a slot
each; and the delay counts from when a request is begun, so that one which is slow on its way comes
close before the next.
"""

from __future__ import annotations

import time
from typing import Self

from scrapy import Request, signals
from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler

from nordcrawl.model.url import machine_of


class HostSlotMiddleware:
    """Put each request into the slot of the host that it asks, redirects and robots.txt included;
    count the delay from when its answer begins, for then the host has had it."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        crawler.signals.connect(self._answered, signals.headers_received)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Name the slot; by `machine_of`, as shards part sources."""
        request.meta[Downloader.DOWNLOAD_SLOT] = machine_of(request.url)

    def _answered(self, request: Request) -> None:
        asked_now(self._crawler, request)


def asked_now(crawler: Crawler, request: Request) -> None:
    """Count the delay of a request's host from now: it may have had the request just now."""
    downloader = crawler.engine.downloader if crawler.engine is not None else None
    slots = downloader.slots if isinstance(downloader, Downloader) else {}
    if (slot := slots.get(request.meta.get(Downloader.DOWNLOAD_SLOT, ""))) is not None:
        slot.lastseen = time.monotonic()
