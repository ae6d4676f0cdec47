"""Turn a page into an article: bytes in, a value out, in a worker process of its own.

`extract` is pure: it opens nothing, asks no clock and never raises for what a page holds. Does
not know how the page was fetched nor what becomes of the article. The engine is loaded where it
works: a crawl's main process, which only names these functions, goes without.
"""

from __future__ import annotations

from nordcrawl.extract.engine_version import VERSION
from nordcrawl.model.article import Article, Rejected
from nordcrawl.model.page import Page
from nordcrawl.model.profile import Profile
from nordcrawl.model.reading import Reading

__all__ = ["VERSION", "extract", "read", "warm_up"]


def extract(page: Page, profile: Profile) -> Article | Rejected:
    """Return the article that a page holds, or the reason why it holds none."""
    from nordcrawl.extract import pipeline

    return pipeline.extract(page, profile)


def read(page: Page, profile: Profile) -> Reading | Rejected:
    """Return the article that a page holds with its digests, or why it holds none: a crawl's entry,
    which so leaves to a worker all that can be done there."""
    found = extract(page, profile)
    return found if isinstance(found, Rejected) else Reading.of(found, page.body_sha256)


def warm_up() -> None:
    """Load what extraction needs; see `nordcrawl.extract.warm`."""
    from nordcrawl.extract import warm

    warm.warm_up()
