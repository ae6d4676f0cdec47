"""All requests by way of the operator's proxy, where there is one."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from nordcrawl.model.url import canonicalize, host_of, is_loopback


class ProxyMiddleware:
    """Have requests sent by way of the proxy that ``NORDCRAWL_PROXY`` names, and by no other: the
    usual environment variables are not read. What is on this machine is asked for directly.

    The proxy finds out where a name leads, so that it is the one to keep addresses that are not
    public out of reach; hosts and ports are checked here as ever.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._proxy = str(crawler.settings.get("NORDCRAWL_PROXY") or "")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Name the proxy to the download handler."""
        if not self._proxy:
            return
        try:
            here = is_loopback(host_of(canonicalize(request.url)))
        except ValueError:
            return  # the guard's to refuse
        if not here:
            request.meta["proxy"] = self._proxy
