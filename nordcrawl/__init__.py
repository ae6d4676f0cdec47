"""nordcrawl: crawl news sites, extract clean articles, archive them as JSON Lines.

The way through the house is the way of an article: ``sources`` -> ``discover`` -> fetch
(Scrapy) -> ``extract`` -> ``identity`` -> ``archive`` -> read. ARCHITECTURE.md draws it.

``from nordcrawl import Archive`` is how other programs read an archive: docs/reading.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nordcrawl._version import __version__

if TYPE_CHECKING:
    from nordcrawl.api import Archive, ArticleRecord, Changes, File, LedgerRecord

__all__ = ["Archive", "ArticleRecord", "Changes", "File", "LedgerRecord", "__version__"]


def __getattr__(name: str) -> Any:
    """Load the API when it is first asked for: the crawler's parts import this package too."""
    if name in __all__:
        from nordcrawl import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
