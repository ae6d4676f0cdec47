"""The add-on that puts nordcrawl's components into a Scrapy crawler, in their order.

Scrapy asks it once a crawler; see docs.scrapy.org, "Add-ons". All orders stand here.
"""

from __future__ import annotations

from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.settings import BaseSettings

from nordcrawl.extensions.budgets import RunBudgets
from nordcrawl.extensions.run_observer import RunObserver
from nordcrawl.middlewares.address_guard import UrlGuardMiddleware
from nordcrawl.middlewares.languages import LanguageMiddleware
from nordcrawl.middlewares.pauses import PauseMiddleware
from nordcrawl.middlewares.proxy import ProxyMiddleware
from nordcrawl.middlewares.redirect_target import RedirectTargetMiddleware
from nordcrawl.middlewares.robots import RobotsMiddleware
from nordcrawl.middlewares.whole_body import WholeBodyMiddleware
from nordcrawl.pipelines import ArchivePipeline, DedupPipeline, ExtractPipeline


class NordcrawlAddon:
    """Guard and robots on the way out; extract, dedup, archive on the way in; one observer."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Set the components, unless an operator's settings have placed them otherwise."""
        # Offsite compares names only and drops without an outcome; the guard checks the port and
        # raises what the spider's errback sees. Each stands where Scrapy's own one stood.
        for ours, order, replaced in (
            (UrlGuardMiddleware, 50, OffsiteMiddleware),
            (RobotsMiddleware, 100, RobotsTxtMiddleware),
            (LanguageMiddleware, 350, None),  # before DefaultHeadersMiddleware
            (ProxyMiddleware, 360, None),  # redirects and robots.txt included
            (PauseMiddleware, 560, None),  # before RetryMiddleware sees the answer
            (RedirectTargetMiddleware, 610, None),  # before RedirectMiddleware sees the answer
            (WholeBodyMiddleware, 595, None),  # behind HttpCompressionMiddleware, which inflates
        ):
            if replaced is not None:
                settings.setdefault_in_component_priority_dict(
                    "DOWNLOADER_MIDDLEWARES", replaced, None
                )
            settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", ours, order)
        for order, pipeline in (
            (100, ExtractPipeline),
            (200, DedupPipeline),
            (300, ArchivePipeline),
        ):
            settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", pipeline, order)
        for extension in (RunObserver, RunBudgets):
            settings.setdefault_in_component_priority_dict("EXTENSIONS", extension, 0)
