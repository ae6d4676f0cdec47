"""The spider of a replay: a source's own, with recorded pages in the place of the net.

What is other: the links are those of the tape, so that no sitemap, feed, listing or statement of a
host is asked for; robots.txt is not obeyed, as nobody is asked; and the handler of downloads has
no network.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from scrapy import Request, Spider
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.settings import BaseSettings

from nordcrawl.capture.write import target_of
from nordcrawl.model.printable import shown
from nordcrawl.replay.answers import answered_at, redirect_to, response_of
from nordcrawl.replay.tape import Tape, opened
from nordcrawl.spiders.loader import SourceLoader
from nordcrawl.spiders.news import NewsSpider
from nordcrawl.spiders.responses import FETCHED_AT

#: The setting that names the folder of the tape.
FOLDER: Final = "REPLAY_FOLDER"
#: Who names a page of which nobody is known to have told.
BY_TAPE: Final = "recording"


class NotRecorded(IgnoreRequest):
    """There is no recorded page of an address, and nobody else is asked."""


class ReplayHandler(BaseDownloadHandler):
    """Gives recorded pages, and refuses whatever is none. Knows no network."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._tape = _tape(crawler.settings)

    async def download_request(self, request: Request) -> Response:
        """Return the page of an address, by way of a redirect where it was elsewhere; raise
        `NotRecorded` where there is none."""
        # A discovered address is in canonical form, which a request may spell otherwise.
        page = self._tape.pages.get(request.cb_kwargs.get("url", request.url))
        if page is None:
            raise NotRecorded(f"{shown(request.url)} was not recorded")
        if not request.meta.get("redirect_urls") and page.target != target_of(request.url):
            return redirect_to(page.target, request.url)
        record, body = self._tape.records(page)
        request.meta[FETCHED_AT] = answered_at(record)
        return response_of(record, body, request.url)


class ReplaySpider(NewsSpider):
    """What all spiders of a replay have beside what their source's has."""

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Take the net away, and the manners that it asks for."""
        super().update_settings(settings)
        handlers: dict[str, Any] = dict.fromkeys(settings.getwithbase("DOWNLOAD_HANDLERS"))
        for name, value in {
            "DOWNLOAD_HANDLERS": handlers | {"http": ReplayHandler, "https": ReplayHandler},
            "ROBOTSTXT_OBEY": False,
            "DOWNLOAD_DELAY": 0,
            "CONCURRENT_REQUESTS_PER_DOMAIN": settings.getint("CONCURRENT_REQUESTS"),
        }.items():
            settings.set(name, value, priority="cmdline")

    async def start(self) -> AsyncIterator[Request]:
        """Take the tape's links for what was discovered; nothing is asked for that."""
        run = self.active_run
        run.captures.wanted = False  # they are captures already
        for page in _tape(self.settings).pages.values():
            for by in page.found_by or (BY_TAPE,):
                run.discovered.note(page.url, page.link, by)
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request


class ReplayLoader(SourceLoader):
    """Scrapy's ``SPIDER_LOADER_CLASS`` of a replay."""

    def load(self, spider_name: str) -> type[Spider]:
        """Return the spider class of a source, as `ReplaySpider`.

        Raises:
            KeyError: there is no source of this name.
        """
        own = super().load(spider_name)
        return type(own.__name__, (ReplaySpider, own), {"__doc__": own.__doc__})


def _tape(settings: BaseSettings) -> Tape:
    return opened(Path(settings[FOLDER]))
