"""Crawl-delays: what hosts asked for between two requests, as the crawls of a source learned it.

For what begins one crawl after another: the first request of the next may go to the same host, and
its own crawl learns what the host asks for by that request.
"""

from __future__ import annotations

from pathlib import Path

from scrapy.robotstxt import ProtegoRobotParser

from nordcrawl.fetch import robots
from nordcrawl.fetch.robots_copies import Copies
from nordcrawl.middlewares.robots import crawl_delay
from nordcrawl.model.times import utc_now
from nordcrawl.settings import ROBOTSTXT_USER_AGENT


def greatest(state_dir: Path, source: str, most_s: float) -> float:
    """Return the greatest Crawl-delay, in seconds, of the robots.txt that a source's latest crawl
    kept; 0 where none asks for any. A host that asks for more than `most_s` was not crawled."""
    found = [0.0]
    for file in state_dir.glob(f"*/{source}/robots.json"):
        copies = Copies(file)
        for copy in filter(None, map(copies.get, copies.hosts)):
            if copy.is_fresh(utc_now()) and 200 <= copy.status < 300:
                text = robots.rules(copy.body, ROBOTSTXT_USER_AGENT)
                found.append(crawl_delay(ProtegoRobotParser(text, None), ROBOTSTXT_USER_AGENT))
    return max(asked for asked in found if asked <= most_s)
