"""Let only requests to a source's own hosts and ports leave this machine."""

from __future__ import annotations

import logging
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from nordcrawl.model.printable import shown
from nordcrawl.model.url import canonicalize
from nordcrawl.sources.source import Source

logger = logging.getLogger(__name__)

#: The headers that make a request conditional. Source: RFC 9110 sections 13.1.2 and 13.1.3.
VALIDATORS = ("If-None-Match", "If-Modified-Since")


class UrlRefused(IgnoreRequest):
    """The address is not of the source's hosts and ports."""


class UrlGuardMiddleware:
    """Let only requests to the source's own hosts and ports pass, redirects included; those without
    the validators of the address that led there."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise `UrlRefused` for an address that is not the source's."""
        source: Source | None = getattr(self.crawler.spider, "source", None)
        if source is None:
            return
        try:
            url = request.url
            if url != request.cb_kwargs.get("url"):  # a discovered one is in canonical form
                url = canonicalize(url)
            allowed = source.allows(url)
        except ValueError as error:
            raise UrlRefused(str(error)) from error
        if not allowed:
            raise UrlRefused(f"{shown(request.url)} is not on {', '.join(source.all_hosts)}")
        if request.meta.get("redirect_urls"):
            # Of two pages with one tag the other would pass for unchanged.
            for name in VALIDATORS:
                request.headers.pop(name, None)
