"""Each edition is asked for its own language."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from nordcrawl.fetch.languages import accept_language
from nordcrawl.model.url import canonicalize, host_of
from nordcrawl.sources.source import Source

_HEADER = "Accept-Language"


class LanguageMiddleware:
    """Set Accept-Language by the edition that a request goes to, redirects included; on a host that
    is no edition's all of them are asked for.

    An operator's own DEFAULT_REQUEST_HEADERS with that header goes before. Stands before Scrapy's
    DefaultHeadersMiddleware, which fills in what is missing only.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        told = crawler.settings.getdict("DEFAULT_REQUEST_HEADERS")
        self._is_off = any(str(name).lower() == _HEADER.lower() for name in told)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Set the header."""
        source: Source | None = getattr(self.crawler.spider, "source", None)
        if source is None or self._is_off:
            return
        try:
            url = request.url
            if url != request.cb_kwargs.get("url"):  # a discovered one is in canonical form
                url = canonicalize(url)
            host = host_of(url)
        except ValueError:
            return  # the guard's to refuse
        own = source.hosts.get(host)
        request.headers[_HEADER] = accept_language([own] if own else source.hosts.values())
