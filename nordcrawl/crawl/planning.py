"""Planning: once discovery has come to rest, which URLs are fetched, and how the others end."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from nordcrawl.archive.format.order import ERASED_URI
from nordcrawl.crawl.discovered import Discovered
from nordcrawl.crawl.entries import ERASED_REASON
from nordcrawl.crawl.frontier import Frontier, plan
from nordcrawl.crawl.info import RunInfo
from nordcrawl.crawl.outcomes import Outcomes
from nordcrawl.discover import Link
from nordcrawl.model.ledger import Outcome

#: URLs settled between two looks at what else there is to do.
SETTLED_AT_ONCE: Final = 500


class Planner:
    """Decides by `Frontier` alone, and settles what is not due."""

    def __init__(
        self, info: RunInfo, frontier: Frontier, discovered: Discovered, outcomes: Outcomes
    ) -> None:
        self.ended = False
        """The run ends, and settles itself what has no outcome."""
        self._info = info
        self._frontier = frontier
        self._discovered = discovered
        self._outcomes = outcomes

    async def plan(self) -> list[str]:
        """Return the discovered URLs to fetch, newest first; settle those that are not due.

        Discovers, besides, the archived pages that are due though nothing named them. Returns none
        once the run is told to stop: how it ends settles what is open then.
        """
        await self._discovered.weigh_failures()
        arguments, now = self._info.arguments, self._info.clock()
        mode = "full" if arguments.urls else arguments.mode
        if not arguments.urls:
            known = self._frontier.known_pages(mode, arguments.window, now)
            async for url, found_by in known:
                if self._is_over:
                    return []
                self._discovered.note(url, Link(url), found_by)
        due: list[tuple[str, str]] = []
        urls = list(self._outcomes.tally.open)
        async for url, verdict in self._frontier.decided(urls, mode, arguments.window, now):
            if self._is_over:
                return []
            if url.startswith(ERASED_URI):
                self._outcomes.settle(url, Outcome.RIGHTS_DENIED, ERASED_REASON)
            elif verdict.fetch:
                link = self._frontier.found[url].link
                due.append((link.lastmod or link.published or "", url))
            elif verdict.outcome is not None:
                self._outcomes.settle(url, verdict.outcome, verdict.reason)
        budget = self._info.options.budgets.pages or None
        limits = {"limit": arguments.limit, "NORDCRAWL_BUDGET_PAGES": budget}
        name, least = min(limits.items(), key=lambda one: one[1] or math.inf)
        planned = plan(due, least)
        for number, url in enumerate(planned.left):
            if number % SETTLED_AT_ONCE == 0:
                await asyncio.sleep(0)
                if self._is_over:
                    return []
            self._outcomes.settle(url, Outcome.OVER_BUDGET, f"{name}={least}")
        return planned.fetch

    @property
    def _is_over(self) -> bool:
        return self.ended or self._info.stopping.requested
