"""The delay of a host is the greatest that is asked for, and the least that is kept.

On Scrapy's own downloader, with the project's settings: what a slot says is how long it waits.
"""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.core.downloader import Downloader, Slot
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from nordcrawl import settings as defaults
from nordcrawl.middlewares.host_slot import HostSlotMiddleware
from nordcrawl.middlewares.robots import RobotsMiddleware

DELAY_S = 2.0
"""Of the source."""


class Host:
    """Asks as a crawl does, of a site whose robots.txt say what they say."""

    def __init__(self, **crawl_delays: float) -> None:
        """Take the Crawl-delay of each name, with `_` for a dot."""
        self._texts = {
            name.replace("_", "."): f"User-agent: *\nCrawl-delay: {seconds:g}\n"
            for name, seconds in crawl_delays.items()
        }
        settings = {name: value for name, value in vars(defaults).items() if name.isupper()}
        # The two middlewares alone, in the tests' own loop.
        settings |= {"ADDONS": {}, "DOWNLOAD_DELAY": DELAY_S}
        crawler = get_crawler(Spider, settings)
        self.downloader = Downloader(crawler)
        crawler.engine = self  # type: ignore[assignment]
        self._slots = HostSlotMiddleware.from_crawler(crawler)
        self._robots = RobotsMiddleware.from_crawler(crawler)

    async def download_async(self, request: Request) -> TextResponse:
        """Answer for robots.txt, as the engine."""
        name = request.url.split("/")[2]
        return TextResponse(request.url, body=self._texts.get(name, "").encode())

    async def ask(self, name: str) -> Slot:
        """Send a request to a host as far as its slot, and return that."""
        request = Request(f"https://{name}/news/1")
        self._slots.process_request(request)
        await self._robots.process_request(request)
        slot: Any = self.downloader._get_slot(request)[1]
        assert isinstance(slot, Slot)
        return slot


def waits(slot: Slot) -> set[float]:
    """How long the slot would wait before each of the next requests, in seconds."""
    return {slot.download_delay() for _ in range(200)}


@pytest.mark.parametrize(("asked_s", "kept_s"), [(0, DELAY_S), (1, DELAY_S), (5, 5)])
async def test_no_delay_is_undercut_by_chance(asked_s: float, kept_s: float) -> None:
    """Scrapy's default takes half of it away, or adds half to it."""
    host = Host(paper_example=asked_s)
    assert waits(await host.ask("paper.example")) == {kept_s}


@pytest.mark.parametrize(("bare_s", "www_s"), [(5, 9), (9, 5)])
@pytest.mark.parametrize("first", ["paper.example", "www.paper.example"])
async def test_the_greater_of_two_crawl_delays_of_one_machine_holds(
    bare_s: float, www_s: float, first: str
) -> None:
    """A host and its www. have a robots.txt each, and one slot: whichever is read first."""
    host = Host(paper_example=bare_s, www_paper_example=www_s)
    names = sorted(["paper.example", "www.paper.example"], key=lambda name: name != first)
    before, after = [await host.ask(name) for name in names]
    assert before is after
    assert waits(after) == {9}
    assert waits(await host.ask(first)) == {9}, "and it stays, whoever is asked next"


async def test_a_crawl_delay_holds_for_the_slot_that_is_made_later() -> None:
    """Scrapy throws a slot away that nobody used for a minute."""
    host = Host(paper_example=9)
    await host.ask("paper.example")
    host.downloader.slots.clear()
    assert waits(await host.ask("paper.example")) == {9}


async def test_a_crawl_delay_is_that_of_its_machine_alone() -> None:
    host = Host(paper_example=9)
    await host.ask("paper.example")
    assert waits(await host.ask("other.example")) == {DELAY_S}
