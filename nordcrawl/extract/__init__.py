"""Turn a page into an article: bytes in, a value out, in a worker process of its own.

`extract` is pure: it opens nothing, asks no clock and never raises for what a page holds. Does
not know how the page was fetched nor what becomes of the article. The engine is loaded where it
works: a crawl's main process, which only names these functions, goes without.
"""

from __future__ import annotations

from importlib.metadata import version

from nordcrawl.article import Article, Rejected
from nordcrawl.page import Page, Profile

__all__ = ["VERSION", "extract", "warm_up"]

VERSION = f"trafilatura {version('trafilatura')}"


def extract(page: Page, profile: Profile) -> Article | Rejected:
    """Return the article that a page holds, or the reason why it holds none."""
    from nordcrawl.extract import build

    return build.extract(page, profile)


def warm_up() -> None:
    """Load what extraction needs; see `nordcrawl.extract.warm`."""
    from nordcrawl.extract import warm

    warm.warm_up()
