"""The add-on that puts nordcrawl's components into a Scrapy crawler, in their order.

Scrapy asks it once a crawler; see docs.scrapy.org, "Add-ons". All orders stand here.
"""

from __future__ import annotations

from typing import Final, Self

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpauth import HttpAuthMiddleware
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.offsite import OffsiteMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.settings import BaseSettings
from scrapy.spidermiddlewares.depth import DepthMiddleware
from scrapy.spidermiddlewares.httperror import HttpErrorMiddleware
from scrapy.spidermiddlewares.metacopy import MetaCopyDetectionMiddleware

from nordcrawl import settings as defaults
from nordcrawl.extensions.budgets import RunBudgets
from nordcrawl.extensions.guest import Guest
from nordcrawl.extensions.live_display import LiveDisplay
from nordcrawl.extensions.metrics_endpoint import MetricsEndpoint
from nordcrawl.extensions.run_observer import RunObserver
from nordcrawl.middlewares.address_guard import UrlGuardMiddleware
from nordcrawl.middlewares.capture import CaptureMiddleware
from nordcrawl.middlewares.host_slot import HostSlotMiddleware
from nordcrawl.middlewares.languages import LanguageMiddleware
from nordcrawl.middlewares.pauses import PauseMiddleware
from nordcrawl.middlewares.proxy import ProxyMiddleware
from nordcrawl.middlewares.redirect_target import RedirectTargetMiddleware
from nordcrawl.middlewares.robots import RobotsMiddleware
from nordcrawl.middlewares.whole_body import WholeBodyMiddleware
from nordcrawl.pipelines import (
    ArchivePipeline,
    DedupPipeline,
    ExtractPipeline,
    GuestPipeline,
)
from nordcrawl.spiders.runs import is_ours

#: Scrapy's own that have nothing to do in our crawls unless one of these settings is set, and that
#: each page would pay for: (kind, middleware, settings). `MetaCopyDetectionMiddleware` looks for
#: mistakes that our spider does not make, `HttpErrorMiddleware` stands in the way of the answers
#: that `nordcrawl.fetch.answer` judges.
_IDLE: Final = (
    ("DOWNLOADER_MIDDLEWARES", HttpAuthMiddleware, ("HTTPAUTH_USER", "HTTPAUTH_PASS")),
    ("SPIDER_MIDDLEWARES", HttpErrorMiddleware, ()),
    ("SPIDER_MIDDLEWARES", MetaCopyDetectionMiddleware, ()),
    (
        "SPIDER_MIDDLEWARES",
        DepthMiddleware,
        ("DEPTH_LIMIT", "DEPTH_PRIORITY", "DEPTH_STATS_VERBOSE"),
    ),
)
_REMOTE_CONTROL: Final = "scrapy.extensions.remote_control.RemoteControl"


class NordcrawlAddon:
    """For a source's spider: guard and robots on the way out; extract, dedup, archive on the way
    in; one observer, and a display. For a spider of somebody else's project: what archives the
    items it yields, and the run that they are in; how it asks for pages stays its own affair.
    """

    def __init__(self, *, ours: bool = True) -> None:
        self._ours = ours

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(ours=is_ours(crawler))

    def update_settings(self, settings: BaseSettings) -> None:
        """Set the components, unless an operator's settings have placed them otherwise."""
        if self._ours:
            self._serve(settings)
        else:
            self._be_guest(settings)

    def _be_guest(self, settings: BaseSettings) -> None:
        # What the environment says, where the project says nothing.
        for name, value in vars(defaults).items():
            if name.startswith("NORDCRAWL_"):
                settings.set(name, value, priority="addon")
        settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", GuestPipeline, 300)
        # The run is opened before the observer looks for it.
        for order, extension in ((-10, Guest), (0, RunObserver)):
            settings.setdefault_in_component_priority_dict("EXTENSIONS", extension, order)

    def _serve(self, settings: BaseSettings) -> None:
        # Offsite compares names only and drops without an outcome; the guard checks the port and
        # raises what the spider's errback sees. Each stands where Scrapy's own one stood.
        for ours, order, replaced in (
            (UrlGuardMiddleware, 50, OffsiteMiddleware),
            (HostSlotMiddleware, 60, None),  # before RobotsMiddleware sets the delay of a slot
            (RobotsMiddleware, 100, RobotsTxtMiddleware),
            (LanguageMiddleware, 350, None),  # before DefaultHeadersMiddleware
            (ProxyMiddleware, 360, None),  # redirects and robots.txt included
            (PauseMiddleware, 560, None),  # before RetryMiddleware sees the answer
            (RedirectTargetMiddleware, 610, None),  # before RedirectMiddleware sees the answer
            (CaptureMiddleware, 598, None),  # the last answer, its body as sent
            (WholeBodyMiddleware, 595, HttpCompressionMiddleware),  # which inflates what there is
        ):
            if replaced is not None:
                settings.setdefault_in_component_priority_dict(
                    "DOWNLOADER_MIDDLEWARES", replaced, None
                )
            settings.setdefault_in_component_priority_dict("DOWNLOADER_MIDDLEWARES", ours, order)
        for kind, idle, wakes in _IDLE:
            if not any(map(settings.get, wakes)):
                settings.setdefault_in_component_priority_dict(kind, idle, None)
        if not settings.getbool("REMOTE_CONTROL_ENABLED"):
            # Scrapy loads an extension to ask whether it is wanted, here with a web server.
            settings["EXTENSIONS_BASE"].pop(_REMOTE_CONTROL, None)
        for order, pipeline in (
            (100, ExtractPipeline),
            (200, DedupPipeline),
            (300, ArchivePipeline),
        ):
            settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", pipeline, order)
        for order, extension in (
            (0, RunObserver),
            (0, RunBudgets),
            (10, LiveDisplay),
            (10, MetricsEndpoint),
        ):
            settings.setdefault_in_component_priority_dict("EXTENSIONS", extension, order)
