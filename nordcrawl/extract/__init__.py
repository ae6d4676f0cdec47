"""Turn a page into an article: bytes in, a value out, in a worker process of its own.

`extract` is pure: it opens nothing, asks no clock and never raises for what a page holds. Does
not know how the page was fetched nor what becomes of the article.
"""

from __future__ import annotations

from nordcrawl.extract.build import VERSION, extract
from nordcrawl.extract.warm import warm_up

__all__ = ["VERSION", "extract", "warm_up"]
