"""Spider loader: every source is a spider of its own name; no Python file a site."""

from __future__ import annotations

import builtins
import sys
from functools import cached_property
from typing import Self

from scrapy import Request, Spider
from scrapy.settings import BaseSettings

from nordcrawl.config.logs import LEVELS
from nordcrawl.config.options import Options
from nordcrawl.errors import NordcrawlError
from nordcrawl.model.url import canonicalize
from nordcrawl.sources.source import Source
from nordcrawl.spiders.news import NewsSpider


class SourceLoader:
    """Scrapy's ``SPIDER_LOADER_CLASS``: see `scrapy.spiderloader.SpiderLoaderProtocol`."""

    def __init__(self, settings: BaseSettings) -> None:
        self._settings = settings

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Make it; nothing is loaded before a source is asked for, so that a crawl can tell what
        is wrong together with all else."""
        loader = cls(settings)
        if settings.get("LOG_LEVEL") not in LEVELS:  # with which Scrapy would fail next
            loader.list()
        return loader

    @cached_property
    def _sources(self) -> dict[str, Source]:
        """All sources; a mistake in one ends the command, naming file and key."""
        try:
            return Options.from_settings(self._settings).sources()
        except NordcrawlError as error:
            # Scrapy asks where no command can catch it, and a traceback is no message.
            print(f"nordcrawl: error: {error}", file=sys.stderr)
            sys.exit(int(error.exit_code))

    def load(self, spider_name: str) -> type[Spider]:
        """Return the spider class of a source.

        Raises:
            KeyError: there is no source of this name.
        """
        source = self._sources[spider_name]
        return type(
            f"{spider_name.title().replace('-', '').replace('_', '')}Spider",
            (NewsSpider,),
            {"name": spider_name, "source": source, "__doc__": f"{source.title}, from its table."},
        )

    def list(self) -> list[str]:
        """Return the names of all sources."""
        return [*self._sources]

    def find_by_request(self, request: Request) -> builtins.list[str]:
        """Return the names of the sources whose host a request is for."""
        try:
            url = canonicalize(request.url)
        except ValueError:
            return []
        return [name for name, source in self._sources.items() if source.allows(url)]
