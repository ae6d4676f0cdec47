"""The guest: a run for a spider of somebody else's project, as long as its crawl.

Such a spider finds and asks for pages in its own way; what it yields is archived with the same
promises as a source's pages.
"""

from __future__ import annotations

import logging
import re
from typing import Self
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider

from nordcrawl.config.arguments import Arguments
from nordcrawl.config.options import Options
from nordcrawl.crawl.run import Run
from nordcrawl.errors import ExitCode, NordcrawlError
from nordcrawl.report.summary import summary
from nordcrawl.sources.guessed import ANY_LANGUAGE, source_for
from nordcrawl.sources.source import Source
from nordcrawl.spiders.runs import lend, run_of

logger = logging.getLogger(__name__)


class Guest:
    """Opens the run before the spider's first request, and closes it when the engine has stopped.

    The run's report is in the archive. Where it is not whole, the log has an error, and Scrapy's
    own command ends with 1.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._failed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; connects the signals."""
        guest = cls(crawler)
        crawler.signals.connect(guest.spider_opened, signals.spider_opened)
        crawler.signals.connect(guest.spider_closed, signals.spider_closed)
        crawler.signals.connect(guest.engine_stopped, signals.engine_stopped)
        return guest

    def spider_opened(self, spider: Spider) -> None:
        """Open the run; a crawl without one ends before its first request."""
        try:
            options = Options.from_settings(self.crawler.settings)
            source = source_of(options, spider)
            # As with given URLs: whoever asks for them knows which, and nothing else is looked for.
            arguments = Arguments(urls=(f"spider {spider.name}",), mode="full")
            lend(self.crawler, Run.open(options, source, arguments))
        except NordcrawlError as error:
            self._failed = True
            logger.error("nothing is archived: %s", error)
            raise CloseSpider(f"nordcrawl_{error.exit_code.name.lower()}") from error

    def spider_closed(self) -> None:
        """End a crawl that never began; the engine will not say that it has stopped."""
        if self._failed:
            self._fail()

    def engine_stopped(self) -> None:
        """Say how the run ended, and let go what it held."""
        run = run_of(self.crawler)
        if run is not None:
            report = run.report
            code = ExitCode.FAILED if report is None else report.verdict()[0]
            self._failed = code is not ExitCode.WHOLE
            level = logging.ERROR if self._failed else logging.INFO
            for line in summary(report) if report is not None else ("the crawl broke off",):
                if line:
                    logger.log(level, "%s", line.strip())
            run.close()
            if self._failed:
                self._fail()

    def _fail(self) -> None:
        # The one thing that Scrapy's command looks at when it chooses its exit status.
        self.crawler.spider = None


def source_of(options: Options, spider: Spider) -> Source:
    """Return the table of the spider's name in ``NORDCRAWL_SOURCES``, else one made of what the
    spider tells: name and hosts.

    Raises:
        UsageError: the spider's name or hosts can't be those of a source.
    """
    name = re.sub(r"[^a-z0-9._-]", "-", spider.name.lower())
    if (known := options.sources().get(name)) is not None:
        return known
    urls = [urlsplit(url).netloc for url in getattr(spider, "start_urls", ())]
    hosts = [*(getattr(spider, "allowed_domains", None) or ()), *urls] or ["localhost"]
    told = {key: getattr(spider, key, None) for key in ("title", "timezone", "country")}
    source = source_for(name, hosts, {"title": spider.name} | told)
    language = getattr(spider, "language", None) or ANY_LANGUAGE
    return source.model_copy(update={"hosts": dict.fromkeys(source.hosts, language)})
